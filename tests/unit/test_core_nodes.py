import json

import numpy as np
import pytest
import torch
from comfy_api.latest import io
from PIL import Image

import headless
from headless import NodeError, WorkflowError
from headless.core_nodes import CORE_NODES


def call(name, **inputs):
    result = headless.call_node(CORE_NODES[name], **inputs).args
    return result[0] if len(result) == 1 else result


def run(prompt, **more):
    return headless.Executor(CORE_NODES).run(prompt, **more)


@pytest.fixture
def picture(comfy_folders):
    """input/cat.png: 3 x 2 pixels; red, with alpha 255, 128, 0 in the columns."""
    pixels = np.zeros((2, 3, 4), dtype=np.uint8)
    pixels[..., 0] = 255
    pixels[..., 3] = [255, 128, 0]
    Image.fromarray(pixels).save(comfy_folders / "input" / "cat.png")
    return "cat.png"


def test_a_picture_is_loaded_with_its_inverted_alpha(picture):
    image, mask = call("LoadImage", image=picture)
    assert image.shape == (1, 2, 3, 3) and image.dtype == torch.float32
    assert torch.equal(image[0, 0, 0], torch.tensor([1.0, 0.0, 0.0]))
    assert torch.allclose(mask[0, 0], torch.tensor([0.0, 127 / 255, 1.0]))
    assert headless.object_info(CORE_NODES["LoadImage"])["input"]["required"]["image"][1]["options"] == ["cat.png"]


def test_a_picture_without_alpha_has_an_empty_mask(comfy_folders):
    Image.new("L", (5, 4), 51).save(comfy_folders / "input" / "grey.png")
    image, mask = call("LoadImage", image="grey.png")
    assert torch.allclose(image, torch.full((1, 4, 5, 3), 0.2))
    assert mask.shape == (1, 64, 64) and not mask.any()


def test_16_bits_of_grey_are_kept(comfy_folders):
    Image.fromarray(np.full((2, 2), 13107, dtype=np.uint16)).save(comfy_folders / "input" / "deep.png")
    assert torch.allclose(call("LoadImage", image="deep.png")[0], torch.full((1, 2, 2, 3), 0.2))


def test_all_frames_of_an_animation_are_loaded(comfy_folders):
    frames = [Image.new("RGB", (4, 4), (value, 0, 0)) for value in (0, 255)]
    frames[0].save(comfy_folders / "input" / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    image, _ = call("LoadImage", image="a.webp")
    assert image[:, 0, 0, 0].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(("channel", "first_row"), [("alpha", [0, 127 / 255, 1]), ("red", [1] * 3), ("blue", [0] * 3)])
def test_a_channel_is_loaded_as_a_mask(picture, channel, first_row):
    mask = call("LoadImageMask", image=picture, channel=channel)
    assert torch.allclose(mask[0, 0], torch.tensor(first_row, dtype=torch.float32))


def load_and_save(image):
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": image}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "sub/out"}},
    }


def test_a_missing_picture_is_said_before_anything_runs(comfy_folders):
    with pytest.raises(WorkflowError, match=r"LoadImage \(#1\): there is no picture 'no.png' in the folder .*input"):
        run(load_and_save("no.png"))


def test_pictures_are_saved_with_their_workflow(comfy_folders, picture):
    prompt = load_and_save(picture)
    result = run(prompt, extra_pnginfo={"workflow": {"nodes": []}})
    run(load_and_save(picture))
    names = sorted(path.name for path in (comfy_folders / "output" / "sub").iterdir())
    assert names == ["out_00001_.png", "out_00002_.png"]
    assert result.ui["2"]["images"] == [{"filename": "out_00001_.png", "subfolder": "sub", "type": "output"}]
    with Image.open(headless.shown_files(result)[0]) as saved:
        assert json.loads(saved.text["prompt"]) == prompt
        assert json.loads(saved.text["workflow"]) == {"nodes": []}
        assert np.asarray(saved).tolist() == [[[255, 0, 0]] * 3] * 2


def test_a_batch_is_saved_as_numbered_pictures(comfy_folders):
    call("SaveImage", images=torch.rand(3, 2, 2, 3), filename_prefix="%batch_num%")
    names = sorted(path.name for path in (comfy_folders / "output").iterdir())
    assert names == ["0_00001_.png", "1_00002_.png", "2_00003_.png"]


def test_a_picture_that_changed_on_disk_is_loaded_again(comfy_folders, picture):
    executor = headless.Executor(CORE_NODES)
    executor.run(load_and_save(picture))
    assert executor.run(load_and_save(picture)).executed == []
    Image.new("RGB", (3, 2)).save(comfy_folders / "input" / picture)
    assert executor.run(load_and_save(picture)).executed == ["1", "2"]


def test_frames_become_an_animation(comfy_folders):
    frames = torch.zeros(3, 8, 8, 3)
    frames[1] = 1.0
    shown = headless.call_node(
        CORE_NODES["SaveAnimatedWEBP"],
        images=frames,
        filename_prefix="a",
        fps=4.0,
        lossless=True,
        quality=80,
        method="default",
    ).ui.as_dict()
    assert shown["animated"] == (True,)
    with Image.open(comfy_folders / "output" / "a_00001_.webp") as saved:
        assert saved.n_frames == 3
        saved.seek(1)
        assert saved.convert("RGB").getpixel((0, 0)) == (255, 255, 255)
        assert saved.info["duration"] == 250


def test_previews_go_to_the_temp_folder(comfy_folders):
    prompt = {
        "1": {"class_type": "SolidMask", "inputs": {"value": 0.5, "width": 4, "height": 3}},
        "2": {"class_type": "MaskPreview", "inputs": {"mask": ["1", 0]}},
        "3": {"class_type": "MaskToImage", "inputs": {"mask": ["1", 0]}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
        "5": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}},
    }
    result = run(prompt)
    paths = headless.shown_files(result)
    assert len(paths) == 2 and {path.parent for path in paths} == {comfy_folders / "temp"}
    with Image.open(paths[0]) as saved:
        assert saved.size == (4, 3) and saved.getpixel((0, 0)) == (127, 127, 127)
    assert result.ui["5"]["text"][0].startswith("tensor(")


@pytest.mark.parametrize(
    ("value", "text"), [("as is", "as is"), (1.5, "1.5"), (None, "None"), ({"a": 1}, '{\n    "a": 1\n}')]
)
def test_anything_shows_as_text(value, text):
    assert call("PreviewAny", source=value) == text


def test_an_empty_image_has_its_colour():
    image = call("EmptyImage", width=3, height=2, batch_size=2, color=0xFF8000)
    assert image.shape == (2, 2, 3, 3)
    assert torch.allclose(image[1, 1, 2], torch.tensor([1.0, 128 / 255, 0.0]))


@pytest.mark.parametrize(("width", "height", "size"), [(8, 2, (2, 8)), (0, 2, (2, 4)), (8, 0, (4, 8)), (0, 0, (3, 6))])
def test_a_missing_side_keeps_the_aspect_ratio(width, height, size):
    image = torch.rand(1, 3, 6, 3)
    scaled = call("ImageScale", image=image, upscale_method="bilinear", width=width, height=height, crop="disabled")
    assert scaled.shape[1:3] == size


def test_images_scale_by_a_factor():
    assert call("ImageScaleBy", image=torch.rand(2, 4, 6, 3), upscale_method="area", scale_by=1.5).shape == (2, 6, 9, 3)


def test_batches_take_the_first_images_size_and_the_more_channels():
    one, two = torch.zeros(1, 4, 4, 3), torch.ones(2, 8, 8, 4)
    batch = call("ImageBatch", image1=one, image2=two)
    assert batch.shape == (3, 4, 4, 4)
    assert batch[:, 0, 0, 0].tolist() == [0, 1, 1] and batch[..., 3].min() == 1


@pytest.mark.parametrize(
    ("first", "length", "taken"), [(1, 2, [1, 2]), (-1, 1, [3]), (2, 9, [2, 3]), (9, 1, [3]), (-9, 2, [0, 1])]
)
def test_images_are_taken_from_a_batch(first, length, taken):
    images = torch.arange(4.0).reshape(4, 1, 1, 1)
    assert call("ImageFromBatch", image=images, batch_index=first, length=length).flatten().tolist() == taken


def test_a_batch_is_repeated():
    images = torch.arange(2.0).reshape(2, 1, 1, 1)
    assert call("RepeatImageBatch", image=images, amount=2).flatten().tolist() == [0, 1, 0, 1]


def composite(destination, source, **more):
    inputs = {"x": 0, "y": 0, "resize_source": False} | more
    return call("ImageCompositeMasked", destination=destination, source=source, **inputs)


def test_compositing_pastes_and_leaves_its_input_alone():
    destination = torch.zeros(2, 4, 4, 3)
    pasted = composite(destination, torch.ones(1, 2, 2, 3), x=3, y=1)
    assert pasted[1, :, :, 0].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert not destination.any()


def test_compositing_blends_by_the_mask_and_resizes():
    mask = torch.full((1, 8, 8), 0.25)
    pasted = composite(torch.zeros(1, 4, 4, 3), torch.ones(1, 2, 2, 4), resize_source=True, mask=mask)
    assert torch.allclose(pasted, torch.full((1, 4, 4, 3), 0.25))


def test_compositing_gives_a_source_without_alpha_an_opaque_one():
    pasted = composite(torch.zeros(1, 2, 2, 4), torch.full((1, 2, 2, 3), 0.5))
    assert pasted[0, 0, 0].tolist() == [0.5, 0.5, 0.5, 1.0]


def test_channels_and_masks_convert():
    image = torch.rand(2, 3, 3, 4)
    assert torch.equal(call("ImageToMask", image=image, channel="alpha"), image[..., 3])
    assert call("MaskToImage", mask=image[..., 0]).shape == (2, 3, 3, 3)
    assert torch.equal(call("InvertMask", mask=image[..., 0]), 1 - image[..., 0])
    assert torch.equal(call("CropMask", mask=image[0, ..., 1], x=1, y=2, width=9, height=1), image[:1, 2:3, 1:, 1])


@pytest.mark.parametrize(
    ("tapered", "rows"),
    [
        (True, [[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0], [0, 0, 1, 0, 0]]),
        (False, [[1] * 5] * 5),
    ],
)
def test_masks_grow_and_shrink(tapered, rows):
    mask = torch.zeros(1, 5, 5)
    mask[0, 2, 2] = 1
    grown = call("GrowMask", mask=mask, expand=2, tapered_corners=tapered)
    assert grown[0].tolist() == rows
    # The border is replicated, so a full mask does not shrink at its edges.
    shrunk = call("GrowMask", mask=grown, expand=-2, tapered_corners=tapered)
    assert torch.equal(shrunk, mask if tapered else grown)


def test_masks_are_feathered_from_the_sides():
    feathered = call("FeatherMask", mask=torch.ones(4, 6), left=2, top=0, right=4, bottom=1)
    assert torch.allclose(feathered[0, 0], torch.tensor([0.5, 1.0, 1.0, 0.75, 0.5, 0.25]))
    assert feathered.shape == (1, 4, 6)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PrimitiveInt", 2**60),
        ("PrimitiveFloat", 0.5),
        ("PrimitiveString", "a"),
        ("PrimitiveStringMultiline", "a\nb"),
        ("PrimitiveBoolean", True),
    ],
)
def test_primitives_hold_a_value(name, value):
    assert call(name, value=value) == value


def test_every_core_node_has_a_sound_schema():
    for node_id, node_class in CORE_NODES.items():
        assert issubclass(node_class, io.ComfyNode) and node_class.GET_SCHEMA().node_id == node_id
        json.dumps(headless.object_info(node_class))


def test_a_broken_picture_is_a_node_error(comfy_folders):
    (comfy_folders / "input" / "x.png").write_text("no picture")
    with pytest.raises(NodeError, match=r"LoadImage \(#1\): cannot identify"):
        run(load_and_save("x.png"))

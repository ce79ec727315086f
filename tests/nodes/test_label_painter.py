"""The node of the label painter: the label map that a value of its widget gives."""

import base64
import hashlib

import numpy as np
import pytest
import torch
from PIL import Image

import headless

NODE = "GauGANLabelMapPaint"


@pytest.fixture
def paint(node_classes, comfy_folders):
    """``paint(**inputs)``: the result of one call; the ids are ``[1, 64, 96]`` unless said otherwise."""
    settings = {"taxonomy": "landscape", "width": 96, "height": 64, "painting": ""}
    return lambda **inputs: headless.call_node(node_classes[NODE], **(settings | inputs))


@pytest.fixture
def drawing(pack, comfy_folders):
    """``drawing(ids, taxonomy)``: uploads a drawing, and returns the value of the widget for it."""

    def upload(ids, taxonomy="landscape"):
        data = pack.gan_models.labels.to_png(ids, taxonomy)
        name = f"{hashlib.sha256(data).hexdigest()[:32]}.png"
        (comfy_folders / "input" / "gan_atelier").mkdir(exist_ok=True)
        (comfy_folders / "input" / "gan_atelier" / name).write_bytes(data)
        return f"gan_atelier/{name} [input]"

    return upload


@pytest.fixture
def random_ids():
    return torch.randint(0, 19, (64, 96), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def label_map(pack):
    ids = torch.full((2, 16, 24), pack.gan_models.labels.taxonomy("coco_stuff").find("sea").id, dtype=torch.uint8)
    ids[:, :8] = pack.gan_models.labels.taxonomy("coco_stuff").find("sky-other").id
    return pack.gan_models.labels.LabelMap(ids, "coco_stuff")


def test_a_drawing_is_read_exactly(pack, paint, drawing, random_ids):
    painted, colors = paint(painting=drawing(random_ids)).result
    assert painted.taxonomy == "landscape"
    assert torch.equal(painted.ids, random_ids[None])
    palette = pack.gan_models.labels.palette("landscape").tensor()
    assert torch.equal((colors * 255).round().to(torch.uint8), palette[random_ids.long()][None])


def test_a_picture_from_a_paint_program_is_read_by_its_colours(pack, paint, comfy_folders):
    ids = torch.arange(19, dtype=torch.uint8).repeat_interleave(5)[:64, None].repeat(1, 96)
    ids = torch.nn.functional.pad(ids, (0, 0, 0, 64 - len(ids)))
    colors = pack.gan_models.labels.palette("landscape").tensor()[ids.long()]
    Image.fromarray(colors.numpy()).save(comfy_folders / "input" / "mine.png")
    assert torch.equal(paint(painting="mine.png").result[0].ids[0], ids)


def test_other_sizes_are_brought_to_the_nodes(pack, paint, drawing, random_ids):
    painted = paint(painting=drawing(random_ids), width=200, height=72).result[0]
    assert torch.equal(painted.ids, pack.gan_models.labels.resize(random_ids[None], 72, 200))


@pytest.mark.parametrize("taxonomy", ["landscape", "coco_stuff", "ade20k", "cityscapes"])
def test_nothing_painted_is_all_sky(pack, paint, taxonomy):
    painted = paint(taxonomy=taxonomy).result[0]
    assert painted.ids.shape == (1, 64, 96)
    (only,) = painted.classes.present(painted.ids)
    assert only.name.startswith("sky")


def test_every_example_is_there(pack, node_classes, paint):
    entry = next(e for e in node_classes[NODE].GET_SCHEMA().inputs if e.id == "painting")
    names = entry.as_dict()["examples"]
    files = sorted((headless.PACK_ROOT / "web" / "layouts").glob("*.png"))
    assert sorted(names) == [path.stem for path in files]
    assert entry.default.removeprefix("example:") in names
    for name in names:
        assert len(np.unique(paint(painting=f"example:{name}").result[0].ids)) >= 6


def test_the_label_map_is_the_start_until_something_is_painted(pack, paint, drawing, random_ids, label_map):
    labels = pack.gan_models.labels
    wanted, _ = labels.remap(label_map.ids[:1], label_map.classes, labels.taxonomy("landscape"))
    wanted = labels.resize(wanted, 64, 96)
    assert torch.equal(paint(label_map=label_map).result[0].ids, wanted)
    painted = paint(painting=drawing(random_ids), label_map=label_map)
    assert torch.equal(painted.result[0].ids, random_ids[None])


def test_the_browser_gets_the_start_and_the_picture_to_trace(pack, paint, comfy_folders, label_map):
    image = torch.rand(2, 40, 60, 4, generator=torch.Generator().manual_seed(0))
    shown = paint(label_map=label_map, image=image).ui
    assert list(shown) == ["start", "trace"]
    start, trace = (comfy_folders / shown[key][0]["type"] / shown[key][0]["subfolder"] / shown[key][0]["filename"]
                    for key in shown)  # fmt: skip
    painted = paint(label_map=label_map).result[0]
    labels = pack.gan_models.labels
    assert torch.equal(labels.read(labels.LabelPicture.open(start), painted.classes).ids, painted.ids)
    with Image.open(trace) as picture:
        assert picture.format == "JPEG" and picture.size == (60, 40)
    assert paint().ui is None


def test_what_is_gone_or_elsewhere_is_refused_in_one_sentence(paint, comfy_folders):
    with pytest.raises(FileNotFoundError, match=r"no file 'gan_atelier/gone\.png' in .*input; was it deleted\?"):
        paint(painting="gan_atelier/gone.png [input]")
    (comfy_folders / "secret.png").write_bytes(b"")
    with pytest.raises(ValueError, match="leads out of"):
        paint(painting="../secret.png")
    with pytest.raises(FileNotFoundError, match="no example layout 'moon'"):
        paint(painting="example:moon")


def test_it_runs_again_when_the_drawing_changes_and_only_then(node_classes, drawing, random_ids, comfy_folders):
    def fingerprint(painting):
        return node_classes[NODE].fingerprint_inputs("landscape", 96, 64, painting)

    first, second = drawing(random_ids), drawing(random_ids.flip(0))
    assert fingerprint(first) == fingerprint(first) != fingerprint(second)
    (comfy_folders / "input" / "copy.png").write_bytes(
        (comfy_folders / "input" / first.removesuffix(" [input]")).read_bytes()
    )
    assert fingerprint("copy.png") == fingerprint(first)
    (comfy_folders / "input" / "copy.png").write_bytes(b"something else")
    assert fingerprint("copy.png") != fingerprint(first)
    assert fingerprint("gone.png") == fingerprint("gone.png")
    assert fingerprint("") != fingerprint("example:lake") != fingerprint("example:valley")


def test_any_label_picture_is_a_drawing(pack, paint, comfy_folders, monkeypatch):
    """Ids, ids behind a palette, quantized colours, transparency and a turned JPEG, as the other readers read them."""
    labels = pack.gan_models.labels
    ids = np.repeat(np.array([0, 3, 12, 16], np.uint8), 16)[:, None].repeat(96, 1)
    colors = labels.encode(torch.from_numpy(ids)[None], labels.palette("landscape"))[0].numpy()
    indexed = Image.fromarray(ids).convert("P")
    indexed.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    turned = Image.Exif()
    turned[0x0112] = 6
    erased = Image.fromarray(np.dstack([colors, np.where(ids == 3, 0, 255).astype(np.uint8)]), "RGBA")
    files = {
        "grey.png": (Image.fromarray(ids), {}, ids),
        "deep.png": (Image.fromarray(ids.astype(np.uint16)), {}, ids),
        "indexed.png": (indexed, {}, ids),
        "quantized.png": (Image.fromarray(colors).quantize(8), {}, ids),
        "erased.png": (erased, {}, np.where(ids == 3, 18, ids)),
        "turned.jpg": (Image.fromarray(np.rot90(colors).copy()), {"exif": turned, "quality": 95}, ids),
    }
    for name, (image, options, expected) in files.items():
        image.save(comfy_folders / "input" / name, **options)
        assert np.array_equal(paint(painting=f"{name} [input]").result[0].ids[0].numpy(), expected), name
    Image.fromarray(ids).save(comfy_folders / "input" / "lossy.jpg")
    with pytest.raises(ValueError, match="cannot be ids: JPEG changes them"):
        paint(painting="lossy.jpg [input]")


def test_lost_classes_are_reported(pack, paint, drawing, said):
    person = pack.gan_models.labels.taxonomy("coco_stuff").find("person").id
    paint(painting=drawing(torch.full((64, 96), person), "coco_stuff"))
    assert said == ["translated to 'landscape'; 'landscape' has no class for person, now unknown; 100 % of the pixels "
                     "are unknown in 'landscape'; check that this is the right taxonomy"]  # fmt: skip
    paint(painting="example:lake")
    assert len(said) == 1


def test_a_label_map_of_another_size_is_said(paint, label_map, said):
    paint(label_map=label_map)
    assert said == ["label_map (24×16) resized to 96×64, the size of the drawing"]
    paint(label_map=label_map, width=24, height=16)
    assert len(said) == 1


def test_a_drawing_in_the_value_needs_no_file(pack, node_classes, paint, random_ids, comfy_folders):
    value = "data:image/png;base64," + base64.b64encode(pack.gan_models.labels.to_png(random_ids, "landscape")).decode()
    assert torch.equal(paint(painting=value).result[0].ids, random_ids[None])
    assert not list((comfy_folders / "input").rglob("*.png"))
    fingerprint = node_classes[NODE].fingerprint_inputs
    assert fingerprint("landscape", 96, 64, value) == fingerprint("landscape", 96, 64, value)
    assert fingerprint("landscape", 96, 64, value) != ["gone", None]
    assert fingerprint("landscape", 96, 64, value[:-4]) != fingerprint("landscape", 96, 64, value)


@pytest.mark.parametrize("text", ["?", "A", "Ü", "A" * (1 << 20 | 4)], ids=["sign", "short", "letter", "long"])
def test_a_damaged_drawing_in_the_value_is_refused(node_classes, paint, text):
    with pytest.raises(ValueError, match="the drawing in the workflow is damaged; paint it anew, or choose a layout"):
        paint(painting=f"data:image/png;base64,{text}")
    assert node_classes[NODE].fingerprint_inputs("landscape", 96, 64, f"data:image/png;base64,{text}") == ["gone", None]


@pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_drawing_in_the_value_is_refused(paint, data):
    with pytest.raises(ValueError, match=r"^the drawing in the workflow is damaged"):
        paint(painting=f"data:image/png;base64,{base64.b64encode(data).decode()}")

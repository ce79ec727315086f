"""What every node checks of its pictures and masks, in the same way and by the name of the input."""

import pytest
import torch

import gaugan_toys
import headless
from gan_models import gaugan
from segmentation_toys import write_checkpoint
from singan_toys import picture, trained

IMAGE, MASK = "IMAGE", "MASK"
CLASSES = {"taxonomy": "landscape", "base_class": "sky"} | {f"class_{number}": "tree" for number in range(1, 7)}
INJECTION = {"start_scale": 2, "seed": 0}


@pytest.fixture(scope="module")
def small_singan(pack):
    return pack.nodes.host.ManagedModel(trained())


@pytest.fixture
def small_gaugan(call, comfy_folders):
    path = comfy_folders / "models" / "gaugan" / "small.safetensors"
    generator = gaugan_toys.generator(gaugan_toys.config(**gaugan_toys.LANDSCAPE))
    gaugan.save(path, generator, gaugan_toys.encoder(), {"taxonomy": "landscape"})
    return call("GauGANLoad", name="small.safetensors")[0]


@pytest.fixture
def small_segmenter(comfy_folders):
    return write_checkpoint(comfy_folders / "models" / "segmentation", "segformer").name


@pytest.fixture
def inputs(pack, small_singan, small_gaugan, small_segmenter):
    """Sound inputs of every node that takes a picture or a mask."""
    image = (picture(44, 56).movedim(1, -1) + 1) / 2
    mask = torch.ones(1, 44, 56)
    label_map = pack.gan_models.labels.LabelMap(torch.zeros(1, 64, 64, dtype=torch.uint8), "landscape")
    generate = {"model": small_gaugan, "label_map": label_map, "seed": 0, "style_image": image}
    return {
        "GauGANLabelMapFromColors": {"image": torch.zeros(1, 4, 4, 3), "taxonomy": "cityscapes",
                                     "mask": torch.ones(1, 4, 4)},
        "GauGANLabelMapFromMasks": {"taxonomy": CLASSES} | {f"mask_{number}": mask for number in range(1, 7)},
        "GauGANLabelMapFromPhoto": {"image": image, "model": small_segmenter},
        "GauGANLabelMapPaint": {"taxonomy": "landscape", "width": 64, "height": 64, "image": image},
        "GauGANEncodeStyle": {"model": small_gaugan, "image": image},
        "GauGANGenerate": generate,
        "GauGANTrain": {"data": "connected pictures", "folder": "", "taxonomy": "landscape", "name": "toy",
                        "preset": "small", "minutes": 0.0, "seed": 0, "discriminators": "paper", "images": image,
                        "label_maps": label_map},
        "SinGANTrain": {"image": image, "preset": "draft", "seed": 0},
        "SinGANHarmonize": {"model": small_singan, "image": image, "mask": mask, **INJECTION},
        "SinGANEdit": {"model": small_singan, "image": image, "mask": mask, **INJECTION},
        "SinGANPaintToImage": {"model": small_singan, "image": image, **INJECTION},
        "SinGANSuperResolve": {"model": small_singan, "factor": 2.0, "seed": 0, "image": image},
    }


PICTURES = [
    ("GauGANLabelMapFromColors", "image"),
    ("GauGANLabelMapFromPhoto", "image"),
    ("GauGANLabelMapPaint", "image"),
    ("GauGANEncodeStyle", "image"),
    ("GauGANGenerate", "style_image"),
    ("GauGANTrain", "images"),
    ("SinGANTrain", "image"),
    ("SinGANHarmonize", "image"),
    ("SinGANEdit", "image"),
    ("SinGANPaintToImage", "image"),
    ("SinGANSuperResolve", "image"),
]
MASKS = [
    ("GauGANLabelMapFromColors", "mask"),
    *(("GauGANLabelMapFromMasks", f"mask_{number}") for number in range(1, 7)),
    ("SinGANHarmonize", "mask"),
    ("SinGANEdit", "mask"),
]


def test_these_are_all_inputs_for_pictures_and_masks(pack):
    found = {kind: [] for kind in (IMAGE, MASK)}
    for node_id, node_class in headless.pack_nodes(pack).items():
        for entry in node_class.GET_SCHEMA().inputs:
            if entry.io_type in found:
                found[entry.io_type].append((node_id, entry.id))
    assert sorted(found[IMAGE]) == sorted(PICTURES) and sorted(found[MASK]) == sorted(MASKS)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("node_id, name", [*PICTURES, *MASKS])
def test_numbers_that_are_not_finite_are_refused_by_the_name_of_the_input(call, inputs, node_id, name, value):
    spoilt = inputs[node_id][name].clone(memory_format=torch.contiguous_format)
    spoilt.view(-1)[5] = value
    with pytest.raises(ValueError, match=rf"\b{name} contains (pixels|values) that are NaN or infinite"):
        call(node_id, **inputs[node_id] | {name: spoilt})


def test_transparency_that_is_not_finite_is_refused_too(call):
    image = torch.zeros(1, 4, 4, 4)
    image[0, 1, 2, 3] = float("nan")
    with pytest.raises(ValueError, match="image contains values that are NaN"):
        call("GauGANLabelMapFromColors", image=image, taxonomy="cityscapes")


@pytest.mark.parametrize("node_id, name", [*PICTURES, *MASKS])
def test_empty_batches_are_refused_by_the_name_of_the_input(call, inputs, node_id, name):
    empty = inputs[node_id][name][:0]
    with pytest.raises(ValueError, match=rf"\b{name} is \[0, \d+, \d+(, 3)?\]"):
        call(node_id, **inputs[node_id] | {name: empty})


@pytest.mark.parametrize("node_id, name", [("GauGANLabelMapFromMasks", "mask_1"), *MASKS[-2:]])
def test_masks_of_other_shapes_give_the_same_result(call, inputs, node_id, name):
    wide = torch.zeros(44, 56)
    wide[10:30, 20:40] = 1
    given = inputs[node_id]
    if node_id == "GauGANLabelMapFromMasks":
        given = {"taxonomy": CLASSES}
    results = [call(node_id, **given | {name: mask})[0] for mask in (wide[None], wide, wide[None, None])]
    pixels = [getattr(result, "ids", result) for result in results]
    assert torch.equal(pixels[0], pixels[1]) and torch.equal(pixels[0], pixels[2])


def test_a_mask_batch_with_a_channel_keeps_its_batch(pack):
    mask = torch.rand(3, 1, 4, 5)
    assert torch.equal(pack.nodes.host.mask_to_model(mask), mask)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_values_beyond_black_and_white_are_clamped(pack, channels):
    image = torch.linspace(-0.5, 3, 6 * 7 * channels).view(1, 6, 7, channels)
    before, found = image.clone(), pack.nodes.host.to_model(image)
    assert found.abs().max() == 1 and torch.equal(image, before)
    assert torch.equal(found, pack.nodes.host.to_model(image.clamp(0, 1)))
    mask = image[..., 0]
    assert torch.equal(pack.nodes.host.mask_to_model(mask), pack.nodes.host.mask_to_model(mask.clamp(0, 1)))


@pytest.mark.parametrize("shape", [(1, 44, 56, 1), (1, 3, 44, 56), (5,), (1, 1, 1, 4, 4)])
def test_other_tensors_are_no_masks(call, inputs, shape):
    with pytest.raises(ValueError, match=r"a mask must be .*, but mask is \["):
        call("SinGANEdit", **inputs["SinGANEdit"] | {"mask": torch.ones(shape)})


@pytest.mark.parametrize("shape", [(1, 44, 56, 5), (44, 56), (1, 3, 44, 0)])
def test_other_tensors_are_no_pictures(call, inputs, shape):
    with pytest.raises(ValueError, match=r"an image must be .*, but style_image is \["):
        call("GauGANGenerate", **inputs["GauGANGenerate"] | {"style_image": torch.ones(shape)})

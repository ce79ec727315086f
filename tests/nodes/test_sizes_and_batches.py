"""The size of a result where several inputs could give it, and batches of masks that mean one thing."""

import pytest
import torch

import headless
from singan_toys import picture, trained

PLACEHOLDER = torch.zeros(1, 64, 64)
"""What Load Image gives for a picture without transparency."""


@pytest.fixture
def masked(call):
    """``masked(*classes, **inputs)``: a label map of masks above sky."""

    def make(*classes, **inputs):
        chosen = {f"class_{number}": "none" for number in range(1, 7)}
        chosen |= {f"class_{number}": name for number, name in enumerate(classes, 1)}
        chosen |= {"taxonomy": "landscape", "base_class": "sky"}
        return call("GauGANLabelMapFromMasks", taxonomy=chosen, **inputs)[0]

    return make


@pytest.fixture
def below(pack):
    """``below(height, width)``: a label map of sea."""
    sea = pack.gan_models.labels.taxonomy("landscape").find("sea").id

    def make(height, width):
        return pack.gan_models.labels.LabelMap(torch.full((1, height, width), sea, dtype=torch.uint8), "landscape")

    return make


def shares(label_map):
    """Class names and their numbers of pixels, for each map of a batch."""
    every = label_map.classes
    return [{c.name: int((ids == c.id).sum()) for c in every.present(ids)} for ids in label_map.ids]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_placeholder_never_decides_the_size(masked, said, order):
    masks = [PLACEHOLDER, torch.ones(1, 30, 40)]
    result = masked("tree", "tree", mask_1=masks[order[0]], mask_2=masks[order[1]])
    assert result.size == (30, 40) and shares(result) == [{"tree": 1200}] and said == []


def test_a_batch_of_placeholders_does_not_decide_either(masked):
    result = masked("tree", "tree", mask_1=torch.zeros(2, 64, 64), mask_2=torch.ones(1, 30, 40))
    assert result.size == (30, 40) and shares(result) == [{"tree": 1200}] * 2


def test_placeholders_alone_leave_the_size_unknown(masked):
    message = "the size of the label map is unknown: the masks are the empty ones that Load Image gives"
    with pytest.raises(ValueError, match=message):
        masked("tree", "sea", mask_1=PLACEHOLDER, mask_2=PLACEHOLDER)


def test_placeholders_are_no_objection_to_a_label_map(masked, below, said):
    result = masked("tree", label_map=below(30, 40), mask_1=PLACEHOLDER)
    assert shares(result) == [{"sea": 1200}] and said == []


def test_a_painted_mask_and_an_empty_one_of_another_size_decide(masked):
    painted = PLACEHOLDER.clone()
    painted[:, 3, 3] = 1
    assert masked("tree", mask_1=painted).size == (64, 64)
    assert masked("tree", mask_1=torch.zeros(1, 64, 65)).size == (64, 65)


def test_differing_sizes_are_said(masked, below, said):
    small, wide = torch.ones(1, 20, 40), torch.ones(1, 30, 80)
    masked("tree", "sea", "rock", mask_1=small, mask_2=wide, mask_3=small)
    assert said.pop() == "mask_2 (80×30) resized to 40×20, the size of mask_1"
    masked("tree", "sea", label_map=below(20, 40), mask_1=small, mask_2=wide)
    assert said.pop() == "mask_2 (80×30) resized to 40×20, the size of label_map"
    masked("tree", "sea", label_map=below(60, 50), mask_1=small, mask_2=wide)
    assert said.pop() == "mask_1 (40×20), mask_2 (80×30) resized to 50×60, the size of label_map"
    masked("tree", "sea", label_map=below(20, 40), mask_1=small)
    assert said == []


def objects(count=3):
    """A batch of masks as segmentation nodes give it: one mask for each object."""
    return torch.eye(count)[:, None].expand(-1, 4, -1)


def test_a_batch_of_masks_means_several_maps(masked):
    assert shares(masked("tree", mask_1=objects())) == [{"sky": 8, "tree": 4}] * 3


def test_masks_of_a_batch_can_be_united(masked):
    united = masked("tree", mask_1=objects(), unite_batches=True)
    assert shares(united) == [{"tree": 12}]
    soft = masked("tree", mask_1=objects() * 0.4, unite_batches=True)
    assert shares(soft) == [{"sky": 12}], "masks below one half do not add up"


def test_batches_of_different_sizes_can_be_united(masked):
    result = masked("tree", "sea", mask_1=objects(3), mask_2=objects(2)[:, :, :1], unite_batches=True)
    assert shares(result) == [{"sea": 12}]
    with pytest.raises(ValueError, match="batches of 2, 3 are incompatible"):
        masked("tree", "sea", mask_1=objects(3), mask_2=objects(2))


def test_the_tooltips_tell_of_batches(pack):
    inputs = {entry.id: entry for entry in headless.pack_nodes(pack)["GauGANLabelMapFromMasks"].GET_SCHEMA().inputs}
    for number in range(1, 7):
        assert "A batch of several masks gives several label maps" in inputs[f"mask_{number}"].tooltip
        assert "unite_batches" in inputs[f"mask_{number}"].tooltip
    assert "SAM or SEGS" in inputs["unite_batches"].tooltip
    assert list(inputs)[-1] == "unite_batches" and inputs["unite_batches"].optional


@pytest.mark.parametrize("node_id", ["SinGANHarmonize", "SinGANEdit"])
@pytest.mark.parametrize("all_scales", [False, True])
def test_a_mask_of_another_size_than_its_picture_is_said(pack, call, said, node_id, all_scales):
    model = pack.nodes.host.ManagedModel(trained())
    image = (picture(44, 56).movedim(1, -1) + 1) / 2
    inputs = {"model": model, "image": image, "start_scale": 2, "seed": 0, "all_scales": all_scales}
    call(node_id, mask=torch.ones(1, 20, 20), **inputs)
    assert said[-1].endswith("mask (20×20) resized to 56×44, the size of image")
    call(node_id, mask=torch.ones(1, 44, 56), **inputs)
    assert sum("resized" in line for line in said) == 1
    with pytest.raises(ValueError, match="the mask is empty"):
        call(node_id, mask=PLACEHOLDER, **inputs)

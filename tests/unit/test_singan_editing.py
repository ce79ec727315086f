import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage.morphology import disk

from gan_models.singan import Edit, Harmonization, edit, harmonize, super_resolve
from gan_models.singan.editing import blend_weight, dilate, super_resolution_steps
from gan_models.singan.resume import seeded
from singan_toys import TOY, picture, trained


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def pasted(model):
    image, mask = model.training_picture().clone(), torch.zeros(1, 1, 44, 56)
    image[:, :, 6:12, 6:12] = torch.tensor([1.0, -1.0, 1.0]).view(1, 3, 1, 1)
    mask[:, :, 6:12, 6:12] = 1
    return image, mask


def test_dilation_is_by_a_disk():
    mask = torch.rand(1, 1, 40, 30).pow(20)
    wanted = ndimage.grey_dilation(mask[0, 0].numpy(), footprint=disk(7), mode="constant")
    assert np.allclose(dilate(mask, 7)[0, 0].numpy(), wanted)


def test_blend_weight_is_soft_and_full_at_the_object():
    mask = torch.zeros(1, 1, 100, 120)
    mask[:, :, 40:60, 50:70] = 1
    weight = blend_weight(mask, 7)[0, 0]
    assert weight[50, 60] == pytest.approx(1, abs=1e-3)
    assert weight.max() == 1 and weight[0, 0] < 1e-4
    assert 0.3 < weight[50, 50 - 7] < 0.7


def test_a_full_mask_takes_everything():
    assert torch.allclose(blend_weight(torch.ones(1, 1, 20, 24), 7), torch.ones(1, 1, 20, 24))


def test_harmonize_changes_the_object_and_keeps_the_rest(model, pasted):
    image, mask = pasted
    out = harmonize(model, image, mask, start_scale=1, generator=seeded(0))
    assert out.shape == image.shape
    assert torch.allclose(out[..., 35:, 45:], model.training_picture()[..., 35:, 45:], atol=0.02)
    change = (out - image).abs()
    assert change[:, :, 7:11, 7:11].mean() > 0.05 > 10 * change[..., 35:, 45:].mean()
    assert torch.equal(out, harmonize(model, image, mask, start_scale=1, generator=seeded(0)))


def test_harmonize_at_any_resolution_and_in_batches(model, pasted):
    image, mask = (torch.nn.functional.interpolate(x, scale_factor=3.0) for x in pasted)
    out = harmonize(model, image.expand(2, -1, -1, -1), mask, start_scale=2, generator=seeded(0))
    assert out.shape == (2, 3, 44, 56)


@pytest.mark.parametrize("start_scale", [0, -1, 40])
def test_harmonize_start_scale_out_of_range(model, pasted, start_scale):
    with pytest.raises(ValueError, match=f"start_scale is {start_scale}; this model has scales 1 to "):
        harmonize(model, *pasted, start_scale=start_scale, generator=seeded(0))


def test_harmonize_says_what_is_wrong(model, pasted):
    image, mask = pasted

    def run(image=image, mask=mask):
        harmonize(model, image, mask, start_scale=1, generator=seeded(0))

    with pytest.raises(ValueError, match="mask is empty"):
        run(mask=torch.zeros_like(mask))
    with pytest.raises(ValueError, match="3 masks for 1 images"):
        run(mask=mask.expand(3, -1, -1, -1))
    with pytest.raises(ValueError, match="mask contains values that are NaN"):
        run(mask=mask * float("nan"))
    with pytest.raises(ValueError, match="their shapes differ"):
        run(image=picture(40, 90))
    with pytest.raises(ValueError, match="image contains pixels that are NaN"):
        run(image=image * float("nan"))


def test_an_edit_regenerates_more_of_its_surroundings(model, pasted):
    image, mask = pasted[0], torch.zeros(1, 1, 44, 56)
    mask[:, :, 20, 5] = 1
    wide, narrow = (kind(model, image, mask, seeded(0)) for kind in (Edit, Harmonization))
    assert wide.weight[..., 20, 20] > 0.7 > 0.1 > narrow.weight[..., 20, 20]
    assert torch.equal(edit(model, image, mask, start_scale=2, generator=seeded(0)), wide.inject(2))


def test_automatic_scale_is_the_coarsest_that_keeps_the_change(model, pasted, monkeypatch):
    injection = Edit(model, *pasted, seeded(0))
    training = model.training_picture()
    results = dict.fromkeys(injection.scales, training + 0.5 * (injection.image - training))
    results[1] = 2 * training - injection.image
    results[2] = training
    monkeypatch.setattr(injection, "inject", lambda scale, on_progress: results[scale])
    assert injection.choose_scale() == 3
    monkeypatch.setattr(injection, "inject", lambda scale, on_progress: training)
    assert injection.choose_scale() == injection.scales[-1]


def test_automatic_scale_goes_by_the_picture_that_changed_most(model, pasted, monkeypatch):
    image, mask = pasted
    injection = Edit(model, image.expand(2, -1, -1, -1), mask, seeded(0))
    assert injection.similarity(injection.image) == pytest.approx(1)
    assert injection.similarity(torch.cat([image, model.training_picture()])) == pytest.approx(0)


def test_all_start_scales_in_one_run(model, pasted):
    injection, seen = Harmonization(model, *pasted, seeded(0)), []
    out = injection.inject_at_all_scales(seen.append)
    stages = list(dict.fromkeys(report.stage for report in seen))
    assert stages == [f"start scale {scale} of 5" for scale in injection.scales] and len(out) == len(stages)
    assert seen[-1].step == seen[-1].total
    assert torch.equal(out[2:3, :, -44:], harmonize(model, *pasted, start_scale=3, generator=seeded(0)))


@pytest.mark.parametrize("factor, size", [(1, (44, 56)), (2.5, (110, 140)), (4, (176, 224))])
def test_super_resolution_sizes(model, factor, size):
    assert super_resolve(model, factor, generator=seeded(0)).shape[-2:] == size


def test_super_resolution_of_another_picture(model):
    out = super_resolve(model, 2, picture(30, 20).expand(2, -1, -1, -1), generator=seeded(0))
    assert out.shape == (2, 3, 60, 40)


@pytest.mark.parametrize("factor", [0, 0.5, -2, 17, float("nan")])
def test_super_resolution_factor_out_of_range(model, factor):
    with pytest.raises(ValueError, match="must lie between 1 and 16"):
        super_resolve(model, factor, generator=seeded(0))


def test_super_resolution_by_4_takes_6_steps_as_in_the_paper():
    model = trained(TOY.for_super_resolution())
    assert super_resolution_steps(model, 4) == 6


def test_super_resolution_with_two_scales_of_one_size_takes_the_steps_of_the_settings():
    model = trained(image=picture(32, 232))
    assert model.sizes == [(18, 128), (18, 128)]
    assert super_resolution_steps(model, 4) == 5
    assert super_resolve(model, 2, generator=seeded(0)).shape[-2:] == (36, 256)

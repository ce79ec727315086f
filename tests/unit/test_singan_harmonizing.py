"""Training for harmonization, fine-tuning, and the measures of harmonized pictures."""

import dataclasses

import pytest
import torch
from skimage.color import rgb2lab

from gan_models.singan import Harmonization, SinGANConfig, animate, fine_tuned, load, save, show_scales
from gan_models.singan.disturbances import pasted, recoloured
from gan_models.singan.fine_tuning import Composites
from gan_models.singan.harmony import color_excess, color_share, edge_correlation, lab_colors, to_lab
from gan_models.singan.pyramid import scale_sizes
from gan_models.singan.resume import run_key, seeded, train_resumable
from singan_toys import TOY, picture, same_weights, trained

HARMONIZING = dataclasses.replace(
    SinGANConfig.for_harmonization("draft"), channels=8, iterations=6, coarse_iterations=6, learning_rate=5e-4
)
MAGENTA = torch.tensor([1.0, -1.0, 1.0]).view(1, 3, 1, 1)


@pytest.fixture(scope="module")
def model():
    return trained(HARMONIZING)


def with_object(image, color=MAGENTA):
    """The picture with a square of one colour, and its mask."""
    copy, mask = image.clone(), torch.zeros(1, 1, *image.shape[-2:])
    copy[:, :, 12:28, 12:28] = color
    mask[:, :, 12:28, 12:28] = 1
    return copy, mask


def test_lab_is_that_of_scikit_image():
    image = torch.rand(1, 3, 20, 30, generator=seeded(0), dtype=torch.float64) * 2 - 1
    wanted = rgb2lab(((image + 1) / 2)[0].permute(1, 2, 0).numpy())
    assert (to_lab(image)[0].permute(1, 2, 0).double() - torch.from_numpy(wanted)).abs().max() < 1e-3


def test_colors_of_a_picture_are_counted_once():
    image = torch.cat([torch.full((1, 3, 8, 9), -1.0), torch.full((1, 3, 8, 9), 1.0)], -1)
    colors = lab_colors(image)
    assert torch.allclose(colors.sort(0).values, torch.tensor([[0.0, 0, 0], [100, 0, 0]]), atol=0.05)


def test_share_of_the_pictures_colors():
    image = picture()
    copy, mask = with_object(image)
    assert color_share(image, image, mask).item() == 1
    assert color_share(copy, image, mask).item() == 0
    copy[:, :, 12:28, 12:20] = image[:, :, :16, :8]
    assert color_share(copy, image, mask).item() == pytest.approx(0.5)
    assert color_share(copy, image, torch.zeros_like(mask)).item() == 1


def test_color_excess_leads_to_the_pictures_colors():
    image = picture()
    copy, mask = with_object(image)
    copy.requires_grad_(True)
    colors = lab_colors(image)
    excess = color_excess(copy, colors, mask)
    excess.backward()
    closer = color_excess((copy - 200 * copy.grad).clamp(-1, 1), colors, mask)
    assert closer < excess and color_excess(image, colors, mask) == 0
    assert not copy.grad[mask.expand(-1, 3, -1, -1) == 0].any()
    assert color_excess(copy, colors, torch.zeros_like(mask)) == 0


def test_edges_are_those_of_object_and_outline():
    image = picture()
    copy, mask = with_object(image)
    assert edge_correlation(copy, copy, mask).item() == pytest.approx(1)
    assert edge_correlation(-copy, copy, mask).item() == pytest.approx(-1)
    assert edge_correlation(0.5 * copy + 0.2, copy, mask).item() == pytest.approx(1, abs=1e-4)
    assert edge_correlation(image, copy, mask).item() < 0.5


def test_recoloured_copies_keep_shapes_and_change_colors():
    image, rng = picture(), seeded(0)
    copies = [recoloured(image, rng) for _ in range(20)]
    assert all(copy.shape == image.shape and copy.abs().max() <= 1 for copy in copies)
    whole = torch.ones(1, 1, 44, 56)
    edges = torch.stack([edge_correlation(copy, image, whole) for copy in copies])
    shares = torch.stack([color_share(copy, image, whole) for copy in copies])
    assert edges.median() > 0.8 and shares.min() < 0.5 and (shares < 0.95).float().mean() > 0.5
    assert torch.equal(recoloured(image, seeded(3)), recoloured(image, seeded(3)))


def test_pasted_copies_differ_inside_their_mask_only():
    image, rng = picture(), seeded(0)
    for _ in range(10):
        copy, mask = pasted(image, rng)
        assert set(mask.unique().tolist()) <= {0.0, 1.0} and copy.abs().max() <= 1
        assert torch.equal(copy * (1 - mask), image * (1 - mask))
    assert not torch.equal(*(pasted(image, seeded(seed))[0] for seed in (0, 1)))


def test_few_scales_with_detail_at_the_coarsest():
    config = SinGANConfig.for_harmonization("standard")
    assert scale_sizes((186, 248), config) == [(120, 160), (150, 200), (186, 248)]
    assert scale_sizes((186, 248), config.at_size(64))[0] == (34, 46)
    assert scale_sizes((50, 60), config)[0][0] <= 0.72 * 50


def test_presets_and_settings():
    with pytest.raises(ValueError, match="no preset 'paper'; use draft, standard, best"):
        SinGANConfig.for_harmonization("paper")
    with pytest.raises(ValueError, match="harmonizes needs normalization 'none'"):
        dataclasses.replace(HARMONIZING, critic_steps=2)
    assert SinGANConfig.from_dict(HARMONIZING.as_dict()) == HARMONIZING
    # Unfinished runs of versions without this setting are found by their settings.
    assert "harmonizes" not in TOY.as_dict()


def test_same_seed_same_model_and_files_keep_it(model, tmp_path):
    assert same_weights(model, trained(HARMONIZING)) and not same_weights(model, trained(HARMONIZING, seed=1))
    save(model, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert same_weights(model, loaded) and loaded.config.harmonizes
    assert torch.equal(loaded.reconstruct(), model.reconstruct())


def test_unfinished_runs_resume(model, tmp_path):
    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.stage.startswith("scale 3 "):
            raise Stopped

    image = picture()
    with pytest.raises(Stopped):
        train_resumable(image, HARMONIZING, seed=0, folder=tmp_path, on_progress=stop)
    resumed = train_resumable(image, HARMONIZING, seed=0, folder=tmp_path)
    assert same_weights(resumed, trained(HARMONIZING, image=image, seed=0))
    assert run_key(image, HARMONIZING, 0, torch.float32) != run_key(image, TOY, 0, torch.float32)


def test_training_teaches_the_pictures_colors():
    image = picture()
    copy, mask = with_object(image)
    config = dataclasses.replace(HARMONIZING, channels=16, coarse_iterations=250, iterations=40, learning_rate=2e-3)
    model = trained(config, image=image)
    training = model.training_picture()
    result = Harmonization(model, copy, mask, seeded(0)).inject(0)
    assert color_share(copy, training, mask).item() == 0
    assert color_share(result, training, mask).item() > 0.8
    assert edge_correlation(result, copy, mask).item() > 0.6
    assert 10 * torch.log10(4 / (model.reconstruct() - training).square().mean()) > 22


@pytest.mark.parametrize("changes", [{"crop": 30}, {"max_size": 40}])
def test_crops_and_small_sizes(changes):
    model = trained(dataclasses.replace(HARMONIZING, min_size=32, **changes))
    assert model.finished and torch.isfinite(model.reconstruct()).all()


def test_several_training_images():
    model = trained(HARMONIZING, image=torch.cat([picture(), picture(seed=1)]))
    assert model.reconstruct().shape == (2, 3, 44, 56)


def test_the_picture_can_enter_at_scale_0(model):
    injection = Harmonization(model, *with_object(model.training_picture()), seeded(0))
    assert list(injection.scales) == [0, 1, 2]
    results = [injection.inject(scale) for scale in injection.scales]
    assert all(result.shape == (1, 3, 44, 56) for result in results)
    assert not torch.equal(results[0], results[1])
    assert len(injection.inject_at_all_scales()) == 3


def test_the_automatic_scale_weighs_edges_and_colors(model, monkeypatch):
    copy, mask = with_object(model.training_picture())
    injection = Harmonization(model, copy, mask, seeded(0))
    training = injection.model.training_picture()
    # The outline survives, in a colour of the picture.
    color = training[:, :, 43:, 55:].expand(-1, -1, 44, 56)
    darkest = training.flatten(2)[..., training.mean(1).flatten().argmin()].view(1, 3, 1, 1)
    good = min((torch.where(mask > 0, paint, training) for paint in (color, darkest)),
               key=lambda result: -edge_correlation(result, copy, mask).item())  # fmt: skip
    lost, foreign = training, copy
    assert edge_correlation(good, copy, mask) >= 0.6 <= color_share(good, training, mask)
    for results, wanted in (
        ((lost, good, foreign), 1), ((good, good, foreign), 0), ((foreign, lost, good), 2),
        ((lost, 0.5 * good + 0.5 * foreign, foreign), 1),
    ):  # fmt: skip
        monkeypatch.setattr(injection, "inject", lambda scale, on_progress, tried=results: tried[scale])
        assert injection.choose_scale() == wanted


def test_fine_tuning_changes_a_copy_of_the_coarsest_generator(model):
    injection, seen = Harmonization(model, *with_object(model.training_picture()), seeded(0)), []
    before = [parameter.clone() for parameter in model.parameters()]
    other = fine_tuned(injection, 10, on_progress=seen.append)
    assert all(map(torch.equal, model.parameters(), before))
    assert other.finished and other.config == model.config and not same_weights(model, other)
    assert all(ours is theirs for ours, theirs in zip(other.generators[1:], model.generators[1:], strict=True))
    assert same_weights(other, fine_tuned(injection, 10))
    assert seen[-1].stage == "fine-tuning, iteration 10 of 10" and seen[-1].step == seen[-1].total
    assert any(each.preview is not None and each.preview.shape == (1, 3, 44, 112) for each in seen)


def test_only_the_critic_learns_at_first(model, monkeypatch):
    from gan_models.singan import fine_tuning

    monkeypatch.setattr(fine_tuning, "CRITIC_SHARE", 1)
    injection = Harmonization(model, *with_object(model.training_picture()), seeded(0))
    assert same_weights(model, fine_tuned(injection, 4))


def test_fine_tuning_trains_on_each_picture_of_a_batch(model):
    copies = torch.cat([picture(seed=seed) for seed in (1, 2)])
    composites = Composites(model, (44, 56), copies, torch.ones(1, 1, 44, 56), 0)
    rng = seeded(0)
    drawn = {float(composites.composite(picture(), rng)[0].sum()) for _ in range(20)}
    assert len(drawn) == 2


def test_fine_tuning_says_what_is_wrong(model):
    with pytest.raises(ValueError, match="steps is 0"):
        fine_tuned(Harmonization(model, *with_object(model.training_picture()), seeded(0)), 0)
    other = trained()
    with pytest.raises(ValueError, match="needs a model that was trained for harmonization"):
        fine_tuned(Harmonization(other, *with_object(other.training_picture()), seeded(0)), 5)


def test_models_for_harmonization_have_no_samples(model):
    for sample in (lambda: model.sample(1, generator=seeded(0)), lambda: animate(model, 2, generator=seeded(0)),
                   lambda: show_scales(model, generator=seeded(0))):  # fmt: skip
        with pytest.raises(ValueError, match="cannot make new pictures; train one for any task"):
            sample()

import pytest
import torch

from gan_models.seeds import seeded
from gan_models.singan import Painting, paint_to_image
from gan_models.singan.painting import LEAST_LAYOUT, painting_size
from gan_models.singan.palette import main_colors, quantize
from gan_models.singan.similarity import layout_correlation, patch_distance
from singan_toys import picture, same_weights, trained

PRIMARIES = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [1, 1, -1]])


@pytest.fixture(scope="module")
def model():
    return trained()


def test_main_colors_are_the_clusters_centres():
    which = torch.randint(4, (30, 40), generator=seeded(1))
    noise = 0.1 * torch.randn(30, 40, 3, generator=seeded(2))
    image = (PRIMARIES[which] + noise).movedim(-1, 0)[None]
    found = main_colors(image, 4, seeded(0))
    nearest = torch.cdist(PRIMARIES, found).argmin(1)
    assert nearest.unique().numel() == 4
    means = torch.stack([(PRIMARIES[which] + noise)[which == index].mean(0) for index in range(4)])
    assert torch.allclose(found[nearest], means, atol=1e-5)


def test_main_colors_depend_on_the_generator_alone():
    image = picture()
    assert torch.equal(main_colors(image, 5, seeded(3)), main_colors(image, 5, seeded(3)))


def test_a_picture_with_few_colours_gives_no_more():
    image = PRIMARIES[:2].repeat(8, 1).T.reshape(1, 3, 4, 4)
    found = main_colors(image, 5, seeded(0))
    assert sorted(found.tolist()) == sorted(PRIMARIES[:2].tolist())


def test_fewer_than_one_colour():
    with pytest.raises(ValueError, match="number of colours is 0"):
        main_colors(picture(), 0, seeded(0))


def test_quantize_takes_the_nearest_colour():
    image = PRIMARIES.T.reshape(1, 3, 2, 2) * 0.7
    assert torch.equal(quantize(image, PRIMARIES), PRIMARIES.T.reshape(1, 3, 2, 2))


@pytest.mark.parametrize(
    "painting, size",
    [((44, 56), (44, 56)), ((441, 559), (44, 56)), ((50, 50), (56, 56)), ((22, 56), (44, 112)), ((560, 56), (560, 56))],
)
def test_paintings_keep_their_shape_and_cover_the_training_size(painting, size):
    assert painting_size((44, 56), painting) == size


@pytest.mark.parametrize("size", [(1, 1), (13, 7), (88, 112), (40, 300)])
def test_paintings_of_any_size(model, size):
    painting = torch.rand(2, 3, *size, generator=seeded(0)) * 2 - 1
    out = paint_to_image(model, painting, start_scale=1, generator=seeded(0))
    assert out.shape == (2, 3, *painting_size(model.size, size))
    assert out.abs().max() <= 1


def test_a_painting_at_the_last_scale_stays_nearly_what_it_is(model):
    painting = picture(seed=5)
    coarse, fine = (
        paint_to_image(model, painting, start_scale=scale, generator=seeded(0)) for scale in (1, len(model.sizes) - 1)
    )
    assert (fine - painting).abs().mean() < (coarse - painting).abs().mean()
    again = paint_to_image(model, painting, start_scale=1, generator=seeded(0))
    assert torch.equal(coarse, again)


def test_quantized_colors_are_the_training_pictures(model):
    injection = Painting(model, picture(seed=5), 3, seeded(0))
    palette = injection.palette(2)
    assert palette.shape == (3, 3)
    plain = Painting(model, quantize(injection.image, palette), None, seeded(0))
    assert not torch.equal(injection.inject(2), plain.inject(2))
    seen = []
    injection._refined = lambda picture, *others: seen.append(picture) or picture
    injection.inject(2)
    colors = seen[0].movedim(1, -1).reshape(-1, 3).tolist()
    assert {tuple(color) for color in colors} <= {tuple(color) for color in palette.tolist()}


def test_automatic_scale_is_the_most_natural_of_those_that_keep_the_layout(model, monkeypatch):
    injection = Painting(model, picture(seed=5), None, seeded(0))
    training = model.training_picture()
    noise = torch.randn(training.shape, generator=seeded(0))
    results = {scale: (injection.image + 0.3 * noise).clamp(-1, 1) for scale in injection.scales}
    results[2] = injection.image
    results[3] = training
    monkeypatch.setattr(injection, "inject", lambda scale, on_progress: results[scale])
    assert layout_correlation(training, injection.image) < LEAST_LAYOUT
    assert patch_distance(results[2], training) < patch_distance(results[1], training)
    assert injection.choose_scale() == 2
    lost = {scale: training if scale != 4 else 0.5 * training + 0.5 * injection.image for scale in injection.scales}
    monkeypatch.setattr(injection, "inject", lambda scale, on_progress: lost[scale])
    assert injection.choose_scale() == 4


def test_choosing_reports_every_scale_and_can_be_stopped(model):
    seen = []
    injection = Painting(model, picture(seed=5), None, seeded(0))
    injection.choose_scale(seen.append)
    stages = list(dict.fromkeys(report.stage for report in seen))
    assert stages == [f"start scale {scale} of 5" for scale in injection.scales]
    assert seen[-1].step == seen[-1].total

    def stop(report):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        injection.choose_scale(stop)


def test_injection_at_all_scales_gives_a_labelled_picture_for_every_scale(model):
    injection = Painting(model, picture(seed=5).expand(2, -1, -1, -1), None, seeded(0))
    out = injection.inject_at_all_scales()
    assert out.shape[:2] == (2 * len(injection.scales), 3) and out.shape[-1] == 56 and out.shape[-2] > 44
    assert torch.equal(out[2:4, :, -44:], injection.inject(2))
    assert not torch.equal(out[0, :, :-44], out[2, :, :-44])


@torch.inference_mode()
def test_retraining_learns_the_start_scale_alone(model):
    before = trained()
    injection = Painting(model, picture(seed=5), 4, seeded(0))
    seen = []
    out = injection.inject_retrained(2, on_progress=seen.append)
    assert out.shape == (1, 3, 44, 56) and not torch.equal(out, injection.inject(2))
    assert seen[0].step == 0 < seen[-1].step == seen[-1].total
    assert [report.preview.shape for report in seen if report.preview is not None][:1] == [(1, 3, 44, 2 * 56)]
    assert torch.equal(out, injection.inject_retrained(2))
    assert same_weights(model, before)


def test_retraining_can_be_stopped_and_needs_quantized_colors(model):
    def stop(report):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        Painting(model, picture(), 4, seeded(0)).inject_retrained(1, on_progress=stop)
    with pytest.raises(ValueError, match="switch quantize_colors on"):
        Painting(model, picture(), None, seeded(0)).inject_retrained(1)
    with pytest.raises(ValueError, match="start_scale is 30"):
        Painting(model, picture(), 4, seeded(0)).inject_retrained(30)


@pytest.mark.parametrize(
    "painting, colors, message",
    [
        (torch.zeros(0, 3, 8, 8), None, "painting must be a tensor"),
        (torch.zeros(1, 1, 8, 8), None, "painting must be a tensor"),
        (torch.full((1, 3, 8, 8), float("nan")), None, "painting contains pixels that are NaN"),
        (torch.zeros(1, 3, 4, 400), None, "its shape is too long"),
        (torch.zeros(1, 3, 8, 8), 1, "number of colours is 1"),
    ],
)
def test_paintings_that_cannot_be(model, painting, colors, message):
    with pytest.raises(ValueError, match=message):
        Painting(model, painting, colors, seeded(0))


@pytest.mark.parametrize("start_scale", [-1, 0, 30])
def test_painting_start_scale_out_of_range(model, start_scale):
    with pytest.raises(ValueError, match=f"start_scale is {start_scale}; this model has scales 1 to "):
        paint_to_image(model, picture(), start_scale=start_scale, generator=seeded(0))


def test_patch_distance_grows_with_noise():
    image = picture(60, 80)
    noise = torch.randn(image.shape, generator=seeded(0))
    near, far = (patch_distance(image + amount * noise, image) for amount in (0.1, 0.5))
    assert patch_distance(image, image) < near < far

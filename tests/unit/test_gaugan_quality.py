"""The measures of benchmarks/gaugan_*.py, on inputs whose answer is known."""

import pytest
import torch
from safetensors.torch import save_file

import gaugan_judge
from gan_models.gaugan import Synthesizer
from gan_models.scenes import LIGHTS, lay_out, random_plan, render, render_scene
from gan_models.scenes.__main__ import main
from gaugan_heldout import STYLES, TRIALS, HeldOut, held_out, kept_held_out, to_bytes, to_float, trial
from gaugan_judge import Judge
from gaugan_metrics import (
    CLASSES,
    UNKNOWN,
    class_iou,
    color_distance,
    color_statistics,
    confusion,
    deviation,
    frechet,
    mean_iou,
    pixel_accuracy,
)
from gaugan_scores import flat, flat_scores, mean_diversity, model_scores, style_fidelity, true_scores
from gaugan_sheets import GAP, gallery, lights_sheet
from gaugan_toys import LANDSCAPE, config, encoder, generator

SIZE = 32


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def synthesizer(**changes):
    net = config(**LANDSCAPE | changes)
    return Synthesizer(generator(net), encoder() if net.z_dim else None, "landscape")


@pytest.fixture(scope="module")
def judge():
    torch.manual_seed(0)
    return Judge().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def held():
    return held_out(SIZE, layouts=3, trials=2, varied=2, lights=3, workers=1)


def test_labels_that_are_found_again():
    labels = torch.tensor([[[0, 0, 3], [3, 17, UNKNOWN]]])
    counts = confusion(labels, labels)
    assert counts.sum() == 5
    assert mean_iou(counts) == pixel_accuracy(counts) == 1


def test_labels_that_are_taken_for_others():
    labels, predicted = torch.tensor([0, 0, 0, 1, UNKNOWN]), torch.tensor([0, 0, 1, 1, 1])
    counts = confusion(predicted, labels)
    assert counts[0, :2].tolist() == [2, 1]
    assert pixel_accuracy(counts) == pytest.approx(3 / 4)
    assert class_iou(counts)[:2].tolist() == pytest.approx([2 / 3, 1 / 2])
    assert class_iou(counts)[2:].isnan().all()
    assert mean_iou(counts) == pytest.approx((2 / 3 + 1 / 2) / 2)


def test_frechet_distance_of_equal_sets_is_zero():
    features = drawn(200, 12)
    assert frechet(features, features) == pytest.approx(0, abs=1e-9)
    assert frechet(features, features + 0.5) == pytest.approx(12 * 0.25)


def test_frechet_distance_of_gaussians_has_the_closed_form():
    white = torch.linalg.qr(drawn(400, 4) - drawn(400, 4).mean(0))[0] * 399**0.5
    white -= white.mean(0)
    turn = torch.linalg.qr(drawn(4, 4, seed=1))[0]
    wide, narrow = torch.tensor([4.0, 2, 1, 0.5]).double(), torch.tensor([1.0, 3, 2, 0.25]).double()
    a, b = (white * spread @ turn for spread in (wide, narrow))
    expected = ((wide - narrow).square().sum() + 4 * 0.3**2).item()
    assert frechet(a, b + 0.3) == pytest.approx(expected, rel=0.02)
    scaled = frechet(a, 3 * a)
    assert scaled == pytest.approx(4 * a.T.cov().trace().item() + 4 * a.mean(0).square().sum().item())


def test_features_fewer_than_their_dimensions_have_a_distance():
    few = drawn(5, 20)
    assert frechet(few, few) == pytest.approx(0, abs=1e-5)
    assert frechet(few, drawn(5, 20, seed=1)) > 1


def test_color_statistics_of_flat_classes():
    labels = torch.tensor([[0, 0], [3, UNKNOWN]])
    image = torch.tensor([[1.0, 1], [-1, 0.3]]).expand(3, 2, 2)
    statistics = color_statistics(image, labels)
    assert statistics.shape == (CLASSES, 6)
    assert statistics[0].tolist() == pytest.approx([100, 0, 0, 0, 0, 0], abs=0.02)
    assert statistics[3].tolist() == pytest.approx([0] * 6, abs=0.02)
    assert statistics[1].tolist() == [0] * 6


def test_color_distance_is_weighed_by_area_and_leaves_the_unknown_out():
    labels = torch.tensor([[0, 0], [0, 3], [UNKNOWN, UNKNOWN]])
    a, b = torch.zeros(CLASSES, 6), torch.zeros(CLASSES, 6)
    b[0, 0], b[3, 4], b[UNKNOWN] = 2, 4, 99
    assert color_distance(a.double(), b.double(), labels).item() == pytest.approx(((3 * 4 + 16) / 4) ** 0.5)


def test_trials_have_a_layout_a_light_and_another_picture_in_it():
    one = trial(TRIALS + 14, SIZE)
    layout = lay_out(random_plan(TRIALS + 14), SIZE)
    assert one.light == list(LIGHTS)[2]
    assert torch.equal(one.labels, layout.labels)
    assert torch.equal(one.style_picture, to_bytes(render_scene(STYLES + 14, SIZE, LIGHTS[one.light]).image))
    assert torch.equal(one.in_lights[5], color_statistics(render(layout, list(LIGHTS.values())[5]), one.labels))
    assert not torch.equal(one.varied, one.in_lights[2])


def test_the_renderer_keeps_every_style_and_one_light_for_all_keeps_one():
    trials = [trial(TRIALS + number, SIZE) for number in range(4)]

    def rendered(tried, light):
        return color_statistics(render(lay_out(random_plan(tried.seed), SIZE), LIGHTS[light]), tried.labels)

    true = style_fidelity((tried, rendered(tried, tried.light)) for tried in trials)
    assert (true.nearest, true.nearest_two, true.mistakes.total()) == (1, 1, 0)
    same = style_fidelity((tried, rendered(tried, "sunset")) for tried in trials)
    assert same.nearest == 1 / 4
    assert same.mistakes["noon", "sunset"] == 1
    assert same.mistakes.total() == 3


def test_diversity(judge):
    assert deviation(torch.tensor([[0.0, 0], [2, 0]])) == pytest.approx(0.5)
    picture = drawn(1, 3, SIZE, SIZE).float()
    assert mean_diversity(judge, [picture.expand(4, -1, -1, -1)] * 2) == pytest.approx((0, 0), abs=1e-6)
    pixels, features = mean_diversity(judge, [torch.cat([picture, -picture])])
    assert pixels == pytest.approx(picture.abs().mean().item(), rel=1e-3)
    assert features > 0


def test_bytes_hold_pictures():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    assert torch.equal(to_bytes(to_float(pixels)), pixels)


def test_what_is_rendered_is_kept_in_a_file(tmp_path, monkeypatch):
    counts = {"size": 16, "layouts": 2, "trials": 1, "varied": 1, "lights": 2}
    made = kept_held_out(tmp_path / "held.pt", 1, **counts)
    monkeypatch.setattr("gaugan_heldout.held_out", None)
    kept = kept_held_out(tmp_path / "held.pt", 1, **counts)
    assert torch.equal(kept.images, made.images) and torch.equal(kept.varied[0][1], made.varied[0][1])
    assert (kept.trials[0].light, kept.trials[0].seed) == (made.trials[0].light, TRIALS)
    assert torch.equal(kept.trials[0].in_lights, made.trials[0].in_lights)
    with pytest.raises(ValueError, match=r"held\.pt was made with .*'layouts': 2.*, not with .*'layouts': 3"):
        kept_held_out(tmp_path / "held.pt", 1, **counts | {"layouts": 3})


def test_true_pictures_of_the_same_layouts_are_at_distance_zero(judge, held):
    same = HeldOut(held.labels, held.images, held.images, held.trials, held.varied)
    scores = true_scores(same, judge)
    assert scores.frechet == pytest.approx(0, abs=1e-6)
    assert scores.counts.sum() == (gaugan_judge.shrink_labels(held.labels) != UNKNOWN).sum()
    assert true_scores(held, judge).frechet > 0


def test_flat_pictures_have_the_mean_colors(judge, held):
    labels = torch.tensor([[0, 0], [3, UNKNOWN]])
    image = torch.tensor([[0.2, 0.4], [-1, 0.5]]).expand(3, 2, 2)
    assert torch.allclose(flat(image, labels), torch.tensor([[0.3, 0.3], [-1, 0.5]]).expand(3, 2, 2))
    scores = flat_scores(held, judge)
    assert scores.counts.sum() == true_scores(held, judge).counts.sum()
    assert scores.styles is scores.diversity is None


@pytest.mark.parametrize("z_dim", [6, 0])
def test_scores_of_a_model(judge, held, z_dim):
    scores = model_scores(held, judge, synthesizer(z_dim=z_dim))
    assert scores.counts.sum() == (gaugan_judge.shrink_labels(held.labels) != UNKNOWN).sum()
    assert scores.frechet > true_scores(held, judge).frechet
    if not z_dim:
        assert scores.styles is scores.diversity is None
        return
    assert 0 <= scores.styles.nearest <= scores.styles.nearest_two <= 1
    assert min(scores.diversity) > 0


def test_judge_learns_and_keeps(tmp_path):
    labels = torch.zeros(32, 128, 128, dtype=torch.uint8)
    labels[:, 64:] = 10
    images = torch.where(labels[:, None] == 10, torch.tensor([40, 160, 40]).view(3, 1, 1), 220).to(torch.uint8)
    losses = []
    judge = gaugan_judge.train(images, labels, steps=8, on_step=lambda step, loss: losses.append(loss))
    assert losses[-1] < losses[0] - 0.2
    gaugan_judge.save(tmp_path / "judge.safetensors", judge, {"steps": 8})
    again = gaugan_judge.load(tmp_path / "judge.safetensors")
    picture = to_float(images[:1])
    for one, two in zip(judge.look(picture), again.look(picture), strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_judge_looks_at_any_size(judge):
    picture = drawn(1, 3, 128, 128).float()
    large = picture.repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.allclose(judge.look(large)[1], judge.look(picture)[1], atol=1e-5)
    labels = torch.arange(4).repeat_interleave(64).view(1, 256, 1).expand(1, 256, 256)
    assert torch.equal(gaugan_judge.shrink_labels(labels)[0, :, 0], torch.arange(4).repeat_interleave(32))


def test_scenes_are_read_in_pairs(tmp_path):
    main(["--count", "2", "--size", "128", "--output", str(tmp_path), "--workers", "1"])
    (tmp_path / "labels" / "000000.png").unlink()
    images, labels = gaugan_judge.read_scenes(tmp_path)
    made = render_scene(1, 128)
    assert torch.equal(labels, made.labels[None])
    assert torch.equal(images, to_bytes(made.image)[None])
    with pytest.raises(FileNotFoundError, match=r"holds no images/\*\.jpg"):
        gaugan_judge.read_scenes(tmp_path / "labels")


def test_a_file_that_is_no_judge(tmp_path):
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"x\.safetensors holds no landscape judge"):
        gaugan_judge.load(tmp_path / "x.safetensors")


def test_sheets():
    model = synthesizer()
    cell = SIZE + GAP
    pixels = lights_sheet(model, SIZE, [1, 2], 3, ["noon", "fog"])
    assert pixels.shape == (3, 4 * cell - GAP, 3 * cell - GAP)
    assert torch.equal(pixels[:, :SIZE, 2 * cell :], to_bytes(render_scene(1, SIZE, LIGHTS["fog"]).image))
    assert (pixels[:, cell : 2 * cell, :cell] == 255).all()
    shown = gallery(model, SIZE, 1, [2, 3], 4, ["noon", "fog"], "dusk")
    assert shown.shape == pixels.shape
    assert torch.equal(shown[:, 3 * cell :, :SIZE], to_bytes(render_scene(4, SIZE, LIGHTS["dusk"]).image))

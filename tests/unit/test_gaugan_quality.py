"""The measures of benchmarks/gaugan_*.py, on inputs whose answer is known."""

import random
import re
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

import gaugan_gallery
import gaugan_quality
import gaugan_segmentation
from gan_models.gaugan import Synthesizer
from gan_models.gaugan.networks.efficientnet import EfficientNetLite
from gan_models.labels import encode, palette
from gan_models.pixels import to_bytes, to_float
from gaugan_looks import features, kernel_distance
from gaugan_metrics import (
    CLASSES,
    GROUND,
    SKY,
    UNKNOWN,
    class_iou,
    confusion,
    deviation,
    frechet,
    mean_iou,
    pixel_accuracy,
    region_means,
    to_lab,
)
from gaugan_photographs import (
    Crops,
    Photograph,
    crops,
    find,
    random_crop,
    read_photographs,
    squares,
)
from gaugan_scores import HeldOut, flat, spread
from gaugan_segmentation import Segmentation, shrink, shrink_labels
from gaugan_sheets import GAP, drawings, gallery, in_styles, triples
from gaugan_spectrum import DIRECTIONS, PERIODS, peaks, power_spectrum
from gaugan_styles import fidelity, in_flat_colors
from gaugan_toys import LANDSCAPE, config, encoder, generator

SIZE = 32
NAMES = ["dawn", "lake", "noon", "pass", "reef", "snow"]
STYLES = ["dawn", "noon", "snow"]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def synthesizer(**changes):
    net = config(**LANDSCAPE | changes)
    return Synthesizer(generator(net), encoder() if net.z_dim else None, "landscape")


def photograph(name, width=80, height=48):
    """A sky of a colour of its own over grass, rock and something unknown, whose colours tell the classes apart."""
    draw = np.random.default_rng(list(name.encode()))
    ids = np.zeros((height, width), np.uint8)
    ids[height // 2 :] = 10
    ids[height // 2 :, width // 2 :] = 6
    ids[-4:, -4:] = UNKNOWN
    table = draw.integers(20, 236, (CLASSES, 3))
    pixels = table[ids] + draw.integers(-15, 16, (height, width, 3))
    return Photograph(name, Image.fromarray(pixels.astype(np.uint8)), Image.fromarray(ids))


def write(folder, photographs):
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for one in photographs:
        one.image.save(folder / "images" / f"{one.name}.jpg", quality=95)
        one.labels.save(folder / "labels" / f"{one.name}.png")


@pytest.fixture(autouse=True)
def small_segmentation(monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "SIZE", SIZE)


@pytest.fixture(scope="module")
def network():
    """Fresh weights that let something of the picture through to the end."""
    torch.manual_seed(0)
    net = EfficientNetLite("lite0").eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return net


@pytest.fixture(scope="module")
def held(network):
    torch.manual_seed(0)
    net = Segmentation(network).eval().requires_grad_(False)
    return HeldOut(list(map(photograph, NAMES)), SIZE, network, net, styles=STYLES, layouts=2)


def test_labels_that_are_recognised():
    labels = torch.tensor([[[0, 0, 3], [3, 17, UNKNOWN]]])
    counts = confusion(labels, labels)
    assert counts.sum() == 5
    assert mean_iou(counts) == pixel_accuracy(counts) == 1


def test_labels_that_are_confused():
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
    assert frechet(few, drawn(7, 20, seed=1)) > 1


def test_kernel_distance_leaves_out_pairs_from_one_photograph():
    a, b = drawn(6, 3), drawn(4, 3, seed=1) + 0.2
    sources_a, sources_b = torch.tensor([0, 0, 1, 1, 2, 2]), torch.tensor([1, 2, 3, 3])

    def mean(x, y, of_x, of_y):
        pairs = [(i, j) for i in range(len(x)) for j in range(len(y)) if of_x[i] != of_y[j]]
        return sum(((x[i] @ y[j] / 3 + 1) ** 3).item() for i, j in pairs) / len(pairs)

    wanted = mean(a, a, sources_a, sources_a) + mean(b, b, sources_b, sources_b) - 2 * mean(a, b, sources_a, sources_b)
    assert kernel_distance(a, b, sources_a, sources_b)[0] == pytest.approx(wanted)
    assert kernel_distance(a, a, sources_a, sources_a)[0] == pytest.approx(0, abs=1e-12)


def test_kernel_distance_is_unbiased_and_knows_its_error():
    sources = torch.arange(30)

    def between(shift, seed):
        return kernel_distance(drawn(30, 8, seed=seed), drawn(30, 8, seed=seed + 1) + shift, sources, 100 + sources)

    same = torch.tensor([between(0, 2 * trial) for trial in range(40)], dtype=torch.float64)
    assert abs(same[:, 0].mean()) < 3 * same[:, 0].std() / 40**0.5
    # If the sets do not differ, the bootstrap overestimates the error, by up to the square root of three.
    assert 1 < same[:, 1].mean() / same[:, 0].std() < 2.2
    apart = torch.tensor([between(0.5, 2 * trial) for trial in range(40)], dtype=torch.float64)
    assert apart[:, 1].mean() / apart[:, 0].std() == pytest.approx(1, abs=0.3)
    assert apart[:, 0].mean() > 5 * same[:, 0].std()


def test_features_of_pictures(network):
    images = torch.arange(9 * 3 * SIZE * SIZE).remainder(251).to(torch.uint8).view(9, 3, SIZE, SIZE)
    seen = features(network, images)
    assert seen.shape == (9, 1280)
    assert torch.allclose(seen[8:], network.pooled(to_float(images[8:])), atol=1e-5)
    assert (seen[0] - seen[1]).abs().max() > 0


def test_sky_and_ground_have_their_mean_colors():
    labels = torch.tensor([[0, 1], [3, 10], [UNKNOWN, UNKNOWN]])
    values = torch.tensor([[1.0, 3], [5, 6], [99, 99]]).expand(3, 3, 2)
    means = region_means(values, labels)
    assert means[SKY].tolist() == [2] * 3
    assert means[GROUND].tolist() == [5.5] * 3
    assert region_means(values, labels.clamp(min=3))[SKY].isnan().all()
    few = torch.full((10, 10), 14)
    few[0, 0] = 2
    assert region_means(torch.ones(3, 10, 10), few)[SKY].isnan().all()
    few[0, 1] = 1
    assert region_means(torch.ones(3, 10, 10), few)[SKY].tolist() == [1] * 3


def test_lab():
    image = torch.tensor([[1.0, -1], [1, -1], [1, -1]])[:, :, None]
    assert torch.allclose(to_lab(image)[:, :, 0], torch.tensor([[100.0, 0], [0, 0], [0, 0]]).double(), atol=0.02)


def test_deviation():
    assert deviation(torch.tensor([[0.0, 0], [2, 0]])) == pytest.approx(0.5)


def test_styles_that_are_kept_and_one_style_for_all():
    photographs = drawn(5, 2, 3)
    own = torch.arange(5).repeat(3)
    kept = fidelity(photographs.repeat(3, 1, 1) + 0.01 * drawn(15, 2, 3, seed=1), own, photographs)
    assert (kept.nearer, kept.nearest) == (1, 1)
    same = fidelity(drawn(1, 2, 3, seed=2).expand(15, 2, 3), own, photographs)
    assert (same.nearer, same.nearest) == (1 / 2, 1 / 5)


def test_styles_are_compared_by_the_regions_that_all_have():
    photographs = torch.zeros(3, 2, 3)
    photographs[:, SKY] += torch.tensor([0.0, 5, 9])[:, None]
    photographs[:, GROUND] += torch.tensor([0.0, 9, 20])[:, None]
    photographs[2, SKY] = torch.nan
    made = torch.zeros(2, 2, 3)
    # The first picture has style 0 in the sky and style 1 on the ground, which weighs more. It is compared with style 2
    # only by the ground. The second picture has no ground, so it cannot be compared with style 2.
    made[0, GROUND] = 9
    made[1, GROUND] = torch.nan
    both = [fidelity(made[number : number + 1], torch.tensor([0]), photographs) for number in (0, 1)]
    assert (both[0].nearer, both[0].nearest) == (1 / 2, 0)
    assert (both[1].nearer, both[1].nearest) == (1, 1)


def test_label_maps_in_the_flat_colors_of_photographs():
    labels = torch.tensor([[[0, 0], [10, UNKNOWN]], [[14, 14], [14, 14]]], dtype=torch.uint8)
    images = torch.tensor([[[255, 255], [0, 9]], [[255, 255], [255, 0]]], dtype=torch.uint8)
    styles = Crops(images[:, None].expand(-1, 3, -1, -1), labels, torch.arange(2))
    made = in_flat_colors(torch.tensor([[0, 1], [3, UNKNOWN]]), styles)
    assert made.shape == (2, 3, 2, 2)
    assert torch.allclose(made[0], torch.tensor([[1.0, 1], [-1, -1]], dtype=torch.float64).expand(3, 2, 2))
    assert torch.allclose(made[1], torch.full((3, 2, 2), 0.5, dtype=torch.float64))


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("period", PERIODS)
def test_a_grid_is_found_in_the_spectrum(period, direction):
    side = 128
    rough = torch.fft.rfft2(drawn(6, 3, side, side, seed=period))
    down, across = torch.fft.fftfreq(side)[:, None], torch.fft.rfftfreq(side)
    images = torch.fft.irfft2(rough / (down.square() + across.square()).sqrt().clamp(min=1 / side))
    images = images / images.std() / 4
    assert peaks(power_spectrum(images.split(4)))[0].ratio < 4
    y, x = torch.arange(side)[:, None], torch.arange(side)
    steps_down, steps_across = DIRECTIONS[direction]
    grid = torch.cos(2 * torch.pi * (steps_down * y + steps_across * x) / period)
    first, second = peaks(power_spectrum((images + 0.05 * grid).split(4)))[:2]
    assert first.levels == pytest.approx(0.05 * 127.5, rel=0.1)
    assert first.period == period
    # At a period of 2 pixels, both diagonals are the same.
    assert first.direction == direction or (period == 2 and {first.direction, direction} < {*DIRECTIONS})
    assert first.ratio > 10
    assert second.ratio < 4 or (period, second.period, second.direction) == (2, 2, "other diagonal")


def test_spectrum_of_batches_of_any_length():
    images = drawn(5, 3, 64, 64)
    assert torch.allclose(power_spectrum(images.split(5)), power_spectrum(images.split(2)))
    assert {peak.period for peak in peaks(power_spectrum([images]))} == {2, 4, 8}


def test_crops_show_the_photograph_and_its_labels():
    photographs = [photograph("lake", 160, 96), photograph("reef", 96, 140)]
    cut = crops(photographs, SIZE, each=5)
    assert cut.images.shape == (10, 3, SIZE, SIZE)
    assert cut.sources.tolist() == [0] * 5 + [1] * 5
    again = crops(photographs[1:], SIZE, each=5)
    assert torch.equal(again.images, cut.images[5:]) and torch.equal(again.labels, cut.labels[5:])
    for index, (image, labels) in enumerate(zip(cut.images, cut.labels, strict=True)):
        colored = np.asarray(photographs[index // 5].image).astype(float)
        ids = np.asarray(photographs[index // 5].labels)
        for id in labels.unique().tolist():
            seen = image[:, labels == id].double().mean(1)
            assert seen.tolist() == pytest.approx(colored[ids == id].mean(0).tolist(), abs=12), (index, id)
    assert len({labels.numpy().tobytes() for labels in cut.labels}) > 5


def test_crops_are_whole_or_large():
    one = photograph("wide", 300, 100)
    stripes = np.arange(100, dtype=np.uint8)[:, None].repeat(300, 1)
    one = Photograph("wide", Image.fromarray(stripes).convert("RGB"), Image.fromarray(stripes))
    whole = random_crop(one, 50, random.Random(0), whole=True)[1]
    assert (whole.min(), whole.max()) == (1, 99)
    draw = random.Random(0)
    heights = [int(ids.max()) - int(ids.min()) for _, ids in (random_crop(one, 50, draw) for _ in range(60))]
    assert 56 <= min(heights) < 66 and 92 < max(heights) <= 99
    heights = [int(ids.max()) - int(ids.min()) for _, ids in (random_crop(one, 80, draw) for _ in range(60))]
    assert 78 <= min(heights) < 84


def test_squares_lie_at_the_ends_and_in_the_middle():
    columns = np.arange(90, dtype=np.uint8)[None].repeat(30, 0)
    one = Photograph("x", Image.fromarray(columns).convert("RGB"), Image.fromarray(columns))
    for place, first in ((0, 0), (0.5, 30), (1, 60)):
        assert squares([one], 30, place).labels[0, 0].tolist() == list(range(first, first + 30))
    turned = Photograph("x", one.image.transpose(Image.Transpose.ROTATE_270), Image.fromarray(columns.T.copy()))
    assert squares([turned], 30, 1).labels[0, :, 0].tolist() == list(range(60, 90))


def test_photographs_are_read_in_pairs(tmp_path):
    write(tmp_path, map(photograph, NAMES))
    (tmp_path / "images" / "lake.jpg").unlink()
    (tmp_path / "labels" / "snow.png").unlink()
    read = read_photographs(tmp_path)
    assert [one.name for one in read] == ["dawn", "noon", "pass", "reef"]
    assert np.array_equal(read[1].labels, photograph("noon").labels)
    assert np.abs(np.asarray(read[1].image).astype(int) - np.asarray(photograph("noon").image)).mean() < 12
    assert [one.name for one in find(read, ["reef", "dawn"])] == ["reef", "dawn"]
    with pytest.raises(ValueError, match="the photographs lack lake, snow; there are dawn, noon, pass, reef"):
        find(read, ["lake", "dawn", "snow"])
    photograph("dawn", 80, 40).labels.save(tmp_path / "labels" / "dawn.png")
    with pytest.raises(ValueError, match="the label map of dawn is 80×40, the photograph 80×48"):
        read_photographs(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"contains no images/\*\.jpg"):
        read_photographs(tmp_path / "labels")


def test_bytes_hold_pictures():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    assert torch.equal(to_bytes(to_float(pixels)), pixels)


def test_segmentation_learns_and_keeps(tmp_path, network, monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "BATCH", 4)
    # The only lesson is that skies are bright and ground is dark; unknown pixels teach nothing.
    ids = np.zeros((40, 60), np.uint8)
    ids[20:] = 10
    ids[:, 25:35] = UNKNOWN
    one = Photograph("x", Image.fromarray(np.where(ids == 10, 40, 220).astype(np.uint8)).convert("RGB"),
                     Image.fromarray(ids))  # fmt: skip
    losses = []
    net = gaugan_segmentation.train(network, [one] * 8, steps=30, on_step=lambda step, loss: losses.append(loss))
    assert losses[-1] < losses[0] - 0.5
    gaugan_segmentation.save(tmp_path / "net.safetensors", net, {"steps": 30})
    again = gaugan_segmentation.load(tmp_path / "net.safetensors", network)
    cut = crops([one], SIZE)
    assert torch.equal(net.look(to_float(cut.images)), again.look(to_float(cut.images)))
    assert pixel_accuracy(confusion(again.look(to_float(cut.images)), cut.labels)) > 0.8
    assert not any(name.startswith("features") for name in net.state_dict())


def test_rare_classes_count_more():
    ids = np.zeros((10, 10), np.uint8)
    ids[0, :] = 7
    ids[9, :] = UNKNOWN
    one = Photograph("x", Image.fromarray(ids).convert("RGB"), Image.fromarray(ids))
    weights = gaugan_segmentation.class_weights([one] * 2)
    assert len(weights) == UNKNOWN
    assert (weights[7] / weights[0]).item() == pytest.approx(8**0.5, rel=0.01)
    assert (8 * weights[0] + weights[7]).item() == pytest.approx(9)


def test_segmentation_looks_at_256_pixels(network, monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "SIZE", 256)
    assert Segmentation(network).eval().look(drawn(1, 3, 64, 64).float()).shape == (1, 256, 256)
    picture = drawn(1, 3, 256, 256).float()
    assert shrink(picture) is picture
    large = torch.arange(4.0).repeat_interleave(128).view(1, 1, 512, 1).expand(1, 3, 512, 512)
    assert torch.allclose(shrink(large)[0, 0, 16::32, 0], torch.arange(4.0).repeat_interleave(2)[:8], atol=0.01)
    labels = torch.arange(4).repeat_interleave(128).view(1, 512, 1).expand(1, 512, 512)
    assert torch.equal(shrink_labels(labels)[0, :, 0], torch.arange(4).repeat_interleave(64))


def test_a_file_that_is_not_a_segmentation_net(tmp_path, network):
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"x\.safetensors contains no landscape segmentation"):
        gaugan_segmentation.load(tmp_path / "x.safetensors", network)


def test_true_pictures_are_at_distance_zero_from_themselves(held):
    true = held.crops_scores(held.crops.images)
    assert true.kid[0] == pytest.approx(0, abs=1e-12)
    assert true.frechet == pytest.approx(0, abs=1e-6)
    halves = held.photograph_scores()
    assert torch.equal(true.counts, halves.counts)
    assert halves.counts.sum() == (shrink_labels(held.crops.labels) != UNKNOWN).sum()
    assert halves.numbers == (21, 21)
    assert halves.kid[1] > 0 and halves.frechet > 0
    # Both ends of these photographs have the same sky.
    assert halves.style.nearer > 0.5


def test_photographs_of_the_training(held):
    scores = held.training_scores(list(map(photograph, "abcdefghi")))
    assert scores.numbers == (42, 42)
    assert scores.counts is scores.style is scores.peaks is None
    # The same photographs, counted as different ones, are nearer but not at zero, because no pair is excluded.
    assert held.training_scores(held.photographs).kid[0] < scores.kid[0]


def test_flat_pictures_have_the_mean_colors(held):
    labels = torch.tensor([[0, 0], [3, UNKNOWN]])
    image = torch.tensor([[0.2, 0.4], [-1, 0.5]]).expand(3, 2, 2)
    assert torch.allclose(flat(image, labels), torch.tensor([[0.3, 0.3], [-1, 0.5]]).expand(3, 2, 2))
    scores = held.flat_scores()
    assert scores.kid[0] > 0 and scores.frechet > 0
    assert scores.style is scores.diversity is None


class Painter:
    """Paints sky and ground in the colours that it takes a style to be: as good as styles can be kept."""

    encoder = True

    def encode(self, images):
        halves = images.split(images.shape[2] // 2, 2)
        return torch.stack([half.mean((2, 3)) for half in halves], 1)

    def paint(self, labels, z):
        return z[:, (labels[0] > 2).long()].permute(0, 3, 1, 2)


def test_a_model_that_keeps_styles(held):
    scores = held.model_scores(Painter(), held.crops.images)
    assert (scores.style.nearer, scores.style.nearest) == (1, 1)
    assert scores.diversity[0] == pytest.approx(1, abs=0.1)
    assert scores.kid[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("z_dim", [6, 0])
def test_scores_of_a_model(held, z_dim):
    model = synthesizer(z_dim=z_dim)
    painted = held.paint_crops(model)
    assert painted.shape == held.crops.images.shape and painted.dtype == torch.uint8
    z = model.encode(to_float(held.own.images[2:3])) if z_dim else None
    again = to_bytes(model.paint(held.crops.labels[14:15], z))
    assert (painted[14] - again[0].int()).abs().max() <= 1
    scores = held.model_scores(model, painted)
    assert scores.kid[0] > 0 and scores.frechet > 0
    assert scores.counts.sum() == (shrink_labels(held.crops.labels) != UNKNOWN).sum()
    if not z_dim:
        assert scores.style is scores.diversity is None
        return
    assert 0 <= scores.style.nearest <= scores.style.nearer <= 1
    assert min(scores.diversity) > 0


def test_items_are_spread_evenly():
    assert spread(range(10), 5) == [0, 2, 4, 6, 8]
    assert spread("abc", 5) == ["a", "b", "c"]


def test_sheets(held):
    model = synthesizer()
    cell = SIZE + GAP
    painted = held.paint_crops(model)
    pixels = triples(held.crops, painted, [0, 7, 14], 2)
    assert torch.equal(pixels[:, cell:, 2 * cell : 3 * cell - GAP], painted[14])
    assert pixels.shape == (3, 2 * cell - GAP, 6 * cell - 2 * GAP + 4 * GAP)
    assert torch.equal(pixels[:, cell:, :SIZE], held.crops.images[14])
    shown = encode(held.crops.labels[7:8], palette("landscape"))[0].permute(2, 0, 1)
    left = 3 * cell - GAP + 4 * GAP + cell
    assert torch.equal(pixels[:, :SIZE, left : left + SIZE], shown)
    assert (pixels[:, cell:, 3 * cell :] == 255).all()
    pixels = in_styles(model, held.layouts.labels, held.styles.images)
    assert pixels.shape == (3, 3 * cell - GAP, 4 * cell - GAP)
    assert torch.equal(pixels[:, :SIZE, 2 * cell : 3 * cell - GAP], held.styles.images[1])


def test_drawings_are_label_maps():
    ids = drawings(64)
    assert ids.shape[1:] == (64, 64) and len(ids) == 12
    assert all(len(one.unique()) > 3 and one.max() <= UNKNOWN for one in ids)
    assert (ids == UNKNOWN).float().mean() < 0.2


def test_gallery(held):
    cell = SIZE + GAP
    shown = gallery(synthesizer(), held.layouts.labels[0], held.styles.images[:2], held.layouts.labels,
                    held.own.images[4])  # fmt: skip
    assert shown.shape == (3, 4 * cell - GAP, 3 * cell - GAP)
    assert torch.equal(shown[:, :SIZE, 2 * cell :], held.styles.images[1])
    assert torch.equal(shown[:, 3 * cell :, :SIZE], held.own.images[4])
    assert (shown[:, 2 * cell : 3 * cell, :SIZE] == 255).all()


def test_the_gallery_shows_free_photographs_only(tmp_path):
    write(tmp_path, map(photograph, NAMES))
    licences = ("CC0-1.0", "CC-BY-SA-4.0", "PD", "CC-BY-4.0", "PD", "")
    rows = [f"{name},{licence}" for name, licence in zip(NAMES, licences, strict=True)]
    (tmp_path / "CREDITS.csv").write_text("\n".join(["name,licence", *rows]))
    assert [one.name for one in gaugan_gallery.free(tmp_path)] == ["dawn", "noon", "reef"]


def test_the_whole_benchmark(tmp_path, network, monkeypatch, capsys):
    """From the files to the tables, with what takes long made small."""
    synthesizer().save(tmp_path / "one.safetensors")
    synthesizer(z_dim=0).save(tmp_path / "two.safetensors")
    write(tmp_path / "data" / "heldout", map(photograph, NAMES))
    write(tmp_path / "data" / "train", map(photograph, "abcd"))
    monkeypatch.setattr(gaugan_quality, "read_efficientnet", lambda path: network)
    monkeypatch.setattr(gaugan_quality, "HeldOut", lambda *given: HeldOut(*given, styles=STYLES, layouts=2))
    monkeypatch.setattr(gaugan_segmentation, "STEPS", 2)
    monkeypatch.setattr(gaugan_segmentation, "BATCH", 2)
    models = [str(tmp_path / f"{name}.safetensors") for name in ("one", "two")]
    options = ["--photographs", str(tmp_path / "data"), "--features", "none", "--size", "64"]
    files = ["--segmentation", str(tmp_path / "net.safetensors"), "--pictures", str(tmp_path / "sheets")]
    monkeypatch.setattr(sys, "argv", ["gaugan_quality.py", *models, *options, *files])
    gaugan_quality.main()
    printed = capsys.readouterr().out
    assert "6 held-out photographs, 42 crops of 64×64, 2 layouts in 3 styles" in printed
    table = {row[1]: row for row in (re.split(r" ?\| ?", line) for line in printed.splitlines()) if len(row) == 14}
    assert list(table)[2:] == ["photographs, half against half", "training photographs", "flat colours", "one", "two"]
    assert table["photographs, half against half"][6].endswith("(100 %)")
    assert table["training photographs"][6:13] == ["–"] * 7
    assert table["two"][8:12] == ["–"] * 4 and "–" not in table["one"]
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {
        f"{name}{ending}.png" for name in ("one", "two") for ending in ("", "-styles", "-painted")
    }

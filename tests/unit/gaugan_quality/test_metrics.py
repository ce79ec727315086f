"""The measures, on inputs whose answer is known."""

import pytest
import torch

from gan_models.pixels import to_float
from gaugan_looks import features, kernel_distance
from gaugan_metrics import (
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
from gaugan_photographs import Crops
from gaugan_spectrum import DIRECTIONS, PERIODS, peaks, power_spectrum
from gaugan_styles import fidelity, in_flat_colors
from quality_toys import SIZE, drawn


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

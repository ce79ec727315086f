import math

import pytest
import torch
from torch import nn

from gan_models.singan.batch_statistics import fix_statistics
from gan_models.singan.losses import coverage_weights, gradient_penalty, pair_diversity, patch_distance
from gan_models.singan.networks import Critic, Generator, initialize, noisy


def network(kind, normalization="none", width=8):
    net = kind(width, normalization)
    initialize(net, normalization, torch.Generator().manual_seed(3))
    return net


def test_generator_keeps_the_size_and_adds_to_the_picture():
    previous = torch.rand(2, 3, 13, 17) * 2 - 1
    net = network(Generator)
    out = net(noisy(torch.randn(2, 3, 13, 17), previous, 0.1), previous)
    assert out.shape == previous.shape
    assert (out - previous).abs().max() <= 1


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_critic_judges_patches_of_11_pixels(normalization):
    net = network(Critic, normalization).eval()
    image = torch.rand(1, 3, 31, 31, requires_grad=True)
    scores = net(image)
    assert scores.shape == (1, 1, 21, 21)
    scores[0, 0, 10, 10].backward()
    rows = image.grad.abs().sum((0, 1, 3)).nonzero().flatten()
    assert (int(rows.min()), int(rows.max())) == (10, 20)


def test_initial_weights_come_from_the_generator_alone():
    first, second = network(Critic), network(Critic)
    assert all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_gradient_penalty_of_a_linear_critic():
    class Linear(nn.Module):
        def forward(self, x):
            return 3 * x[:, :1]

    assert gradient_penalty(Linear(), torch.rand(1, 3, 6, 6)).item() == pytest.approx(4.0)


def distance(sample, real):
    return patch_distance(sample, real, torch.Generator().manual_seed(0)).item()


def test_patch_distance_counts_how_much_there_is_of_everything_and_not_where():
    def stripes(white_columns):
        image = -torch.ones(1, 3, 20, 40)
        image[..., white_columns] = 1
        return image

    real = stripes(slice(10, 20))
    assert distance(real, real) == 0
    assert distance(stripes(slice(22, 32)), real) < 1e-6
    assert distance(stripes(slice(10, 28)), real) > 0.1
    assert distance(stripes(slice(10, 36)), real) > distance(stripes(slice(10, 28)), real)


def test_patch_distance_of_flat_pictures_is_the_mean_over_directions_of_their_difference():
    # The sum of a random unit vector of 147 numbers is about a standard normal number.
    real = torch.zeros(1, 3, 30, 30)
    assert distance(real + 0.5, real) == pytest.approx(0.5 * (2 / torch.pi) ** 0.5, rel=0.25)


def test_patch_distance_of_pictures_smaller_than_a_patch():
    picture = torch.rand(1, 3, 5, 9)
    assert distance(picture, picture) == 0
    assert distance(picture + 0.1, picture) > 0


def test_spread_is_the_samples_standard_deviation_over_that_of_the_picture():
    noise = torch.Generator().manual_seed(0)
    real, first, second = (torch.randn(1, 1, 200, 200, generator=noise).expand(-1, 3, -1, -1) for _ in range(3))
    assert pair_diversity(first, second, real).item() == pytest.approx(1.0, rel=0.02)
    assert pair_diversity(first, second, 4 * real + 3).item() == pytest.approx(0.25, rel=0.02)
    assert pair_diversity(first, first, real) == 0
    flat = torch.zeros(1, 3, 20, 20)
    assert pair_diversity(flat, flat, flat) == 0
    assert pair_diversity(flat, flat + 0.01, flat).item() == pytest.approx(math.sqrt(math.pi) / 2)


@pytest.mark.parametrize("size", [(18, 27), (11, 12), (9, 30)])
def test_weights_by_coverage_count_the_critics_patches(size):
    patch = [min(11, side) for side in size]
    counted = torch.zeros(size)
    for row in range(size[0] - patch[0] + 1):
        for column in range(size[1] - patch[1] + 1):
            counted[row : row + patch[0], column : column + patch[1]] += 1
    weights = coverage_weights(size)
    assert weights.mean() == pytest.approx(1)
    torch.testing.assert_close(weights / weights.max(), (counted / counted.max() * 4).clamp_max(1))


def test_diversity_in_a_corner_counts_little_by_coverage():
    real = torch.randn(1, 1, 20, 30, generator=torch.Generator().manual_seed(0)).expand(-1, 3, -1, -1)
    corner, middle = (real.clone() for _ in range(2))
    corner[..., :3, :3] += 1
    middle[..., 9:12, 14:17] += 1
    weights = coverage_weights((20, 30))
    assert pair_diversity(corner, real, real) == pytest.approx(pair_diversity(middle, real, real).item())
    assert pair_diversity(corner, real, real, weights) < 0.15 * pair_diversity(middle, real, real, weights)


def test_fixed_statistics_give_in_use_what_training_gave():
    net = network(Generator, "batch")
    previous = torch.rand(1, 3, 20, 30) * 2 - 1
    padded = noisy(torch.randn(1, 3, 20, 30), previous, 0.5)
    for _ in range(20):
        net(noisy(torch.randn(1, 3, 20, 30), previous * 0.3, 2.0), previous)
    in_training = net.train()(padded, previous)
    running_averages = net.eval()(padded, previous)
    fix_statistics(net, padded, previous)
    in_use = net(padded, previous)
    assert (in_use - in_training).abs().max() < 1e-5
    assert (running_averages - in_training).abs().max() > 1e-3

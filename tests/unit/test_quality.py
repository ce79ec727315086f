"""The measures of benchmarks/quality.py, on pictures whose answer is known."""

import numpy as np
import pytest
import torch

import quality
from singan_toys import picture


def test_a_picture_is_at_distance_zero_from_itself():
    image = picture(64, 64)
    assert quality.sliced_wasserstein_at_scales(image, image) == [0, 0, 0]
    assert quality.patch_frechet(image, image) == pytest.approx(0, abs=1e-3)


def test_a_shift_in_brightness_is_measured():
    image = picture(64, 64)
    near, far = (quality.sliced_wasserstein(image, image + shift) for shift in (0.05, 0.2))
    assert far == pytest.approx(4 * near, rel=1e-3)
    assert quality.patch_frechet(image, image + 0.1) == pytest.approx(147 * 0.1**2, rel=1e-2)


def test_flipping_hardly_moves_the_patches_but_another_picture_does():
    image = picture(64, 64)
    flipped = quality.sliced_wasserstein(image, image.flip(-1))
    assert flipped < quality.sliced_wasserstein(image, picture(64, 64, seed=3)) / 2


def test_pictures_of_different_sizes_are_compared_patch_by_patch():
    image = picture(64, 64)
    twice = torch.cat([image, image], -1)
    assert quality.sliced_wasserstein(image, twice) < quality.sliced_wasserstein(image, picture(64, 128, seed=3)) / 3


def test_diversity_is_one_for_pictures_as_varied_as_the_pixels():
    noise = torch.randn(200, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    assert quality.diversity(noise, noise[:1]) == pytest.approx(1, abs=0.15)
    assert quality.diversity(noise[:1].expand(60, -1, -1, -1), noise[:1]) == pytest.approx(0, abs=1e-6)


def test_psnr():
    image = picture(16, 16)
    assert quality.psnr(image, image + 0.02) == pytest.approx(20 * np.log10(2 / 0.02), abs=1e-3)

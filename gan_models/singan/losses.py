"""Losses of the networks of a scale, apart from the critic's scores and the reconstruction error."""

import math
from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..pixels import LUMINANCE
from ..seeds import on_device
from .config import SinGANConfig
from .networks import MARGIN
from .pyramid import Size

PATCH = 7
PROJECTIONS = 64


class LazyGradientPenalty:
    """The gradient penalty, computed at every ``every``-th update of the critic only and weighted up accordingly.

    Args:
        weight: of the penalty; 0 leaves it out.
        every: updates of the critic per penalty, from 1.
        rng: CPU generator of the points between real and fake pictures.
    """

    def __init__(self, weight: float, every: int, rng: torch.Generator):
        self.weight, self.every, self.rng = weight, every, rng
        self.updates = 0

    def __call__(self, critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor | None:
        """The weighted penalty at a random point between ``real`` and ``fake``; None where an update goes without."""
        due = self.weight and self.updates % self.every == 0
        self.updates += 1
        if not due:
            return None
        mix = torch.rand((), generator=self.rng).item()
        return self.weight * self.every * gradient_penalty(critic, mix * real + (1 - mix) * fake)


class SampleLoss:
    """Further losses of the samples of coarse scales: their patch distance and their lack of diversity.

    Args:
        config: the settings of the training run.
        size: (height, width) of the scale.
        rng: CPU generator of the patch distance's projections.
    """

    def __init__(self, config: SinGANConfig, size: Size, rng: torch.Generator):
        coarse = config.coarse(size)
        self.distribution_weight = config.distribution_weight if coarse else 0.0
        self.diversity = config.diversity if coarse else 0.0
        self.diversity_weight = config.diversity_weight
        self.pixel_weights = coverage_weights(size) if self.diversity and config.diversity_by_coverage else None
        self.rng = rng
        self.last_fake: Tensor | None = None

    def terms(self, fake: Tensor, real: Tensor, own_size: bool) -> Iterator[Tensor]:
        """The weighted losses of a sample.

        Args:
            fake, real: ``[1, 3, H, W]``.
            own_size: whether the whole sample has the scale's own size. Only such samples are kept apart.
        """
        if self.distribution_weight:
            yield self.distribution_weight * patch_distance(fake, real, self.rng)
        if self.diversity and own_size:
            # The generator has hardly changed since the last iteration, so that iteration's fake serves as the second.
            if self.last_fake is not None:
                missing = F.relu(self.diversity - pair_diversity(fake, self.last_fake, real, self.pixel_weights))
                yield self.diversity_weight * missing
            self.last_fake = fake.detach()


def gradient_penalty(critic: nn.Module, image: Tensor) -> Tensor:
    """The critic's gradient penalty (WGAN-GP: Gulrajani et al. 2017).

    Args:
        critic: maps ``[B, 3, H, W]`` to patch scores.
        image: where the gradient is taken, ``[B, 3, H, W]``.
    Returns:
        Mean over pixels of (norm over channels of the gradient - 1) squared.
    """
    image = image.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(image).sum(), image, create_graph=True)
    penalty: Tensor = (gradient.float().norm(2, dim=1) - 1).square().mean()
    return penalty


def patch_distance(sample: Tensor, real: Tensor, generator: torch.Generator) -> Tensor:
    """Sliced Wasserstein distance between the 7x7 patches of two pictures (Elnekave and Weiss 2022).

    The critic scores patches one by one, so it asks for the right patches on average over all samples. This distance
    considers one sample as a whole: it should contain as much of everything as the picture does.

    Args:
        sample, real: ``[1, 3, H, W]`` of one size. Pictures with a side below 7 pixels have smaller patches.
        generator: CPU generator of the directions that the patches are projected on.
    Returns:
        Mean absolute difference of the sorted projections, in the pixels' units.
    """
    height, width = (min(PATCH, side) for side in real.shape[-2:])
    directions = torch.randn(PROJECTIONS, 3, height, width, generator=generator)
    directions = on_device(directions / directions.square().sum((1, 2, 3), keepdim=True).sqrt(), real.device)
    projected = (F.conv2d(image, directions).flatten(1).view(PROJECTIONS, -1) for image in (sample, real))
    sample_values, real_values = map(_sorted, projected)
    return (sample_values - real_values).abs().mean()


def coverage_weights(size: Size) -> Tensor:
    """Weight of each pixel of a picture of ``size`` in the diversity, by how many of the critic's patches cover it.

    A pixel that few of them cover, as in a corner, has a low weight. All that at least a quarter of the largest number
    cover have the same.

    Returns:
        ``[H, W]`` with a mean of 1.
    """
    patch = [min(2 * MARGIN + 1, side) for side in size]
    positions = [side - length + 1 for side, length in zip(size, patch, strict=True)]
    coverage = F.conv_transpose2d(torch.ones(1, 1, *positions), torch.ones(1, 1, *patch))[0, 0]
    weights = coverage.clamp_max(coverage.max() / 4)
    return weights / weights.mean()


def pair_diversity(sample: Tensor, other: Tensor, real: Tensor, pixel_weights: Tensor | None = None) -> Tensor:
    """How much two samples differ, scaled such that its mean over many pairs is their diversity.

    The diversity by which SinGANs are compared is the standard deviation of the samples' pixels, relative to the
    contrast of the picture. Asking for it keeps samples apart (Mao et al. 2019); long training would make them alike.

    Args:
        sample, other, real: ``[1, 3, H, W]`` of one size.
        pixel_weights: ``[H, W]`` on the CPU with a mean of 1; None weighs all pixels alike. The corners lie in few of
            the critic's patches, so with equal weights they become diverse instead of the content.
    Returns:
        Mean absolute difference in grey, times sqrt(pi) / 2 (two draws of a Gaussian differ by 2 / sqrt(pi) standard
        deviations on average), over the standard deviation of ``real`` or, where that is lower, over 0.01.
    """
    weights = on_device(torch.tensor(LUMINANCE), real.device).view(1, 3, 1, 1)
    difference = ((sample - other) * weights).sum(1).abs()
    if pixel_weights is not None:
        difference = difference * on_device(pixel_weights, real.device)
    contrast = (real * weights).sum(1).std().clamp_min(0.01)
    return math.sqrt(math.pi) / 2 * difference.mean() / contrast


def _sorted(rows: Tensor) -> Tensor:
    """``rows.sort(1).values``; on CPUs by numpy's vectorized sort, in a fifth to a half of the time."""
    if rows.device.type != "cpu":
        return rows.sort(1).values
    if rows.requires_grad:
        return rows.gather(1, torch.from_numpy(np.argsort(rows.detach().numpy(), axis=1)))
    return torch.from_numpy(np.sort(rows.numpy(), axis=1))

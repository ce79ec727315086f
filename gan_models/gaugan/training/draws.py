"""What a training step draws at random: styles, noise and windows. All of it depends on the seed and the step alone."""

import random

import torch
from torch import Tensor

from ...distributed import processes
from ...seeds import derived_seed, seeded
from ..networks.noise import Noise
from .losses import Window

NOISE_SEED = 1 << 40
"""Offset that separates the seeds of the noise from those of the styles."""


def sample_style(mu: Tensor, logvar: Tensor, seed: int, step: int) -> Tensor:
    """Styles ``[B, z_dim]`` drawn with the means and log variances of this process's share of the batch.

    The noise depends only on the seed and the step, not on the number of shares.
    """
    rank, count = processes()
    drawn = seeded(derived_seed(seed, seed * 1_000_003 + step))
    noise = torch.randn(len(mu) * count, mu.shape[1], generator=drawn)
    return mu + noise[rank * len(mu) :][: len(mu)].to(mu) * torch.exp(0.5 * logvar)


def color_window(height: int, width: int, share: float, seed: int, step: int) -> Window:
    """The index of a random window of pictures ``[..., height, width]``, the same for a seed and a step.

    Args:
        share: height and width of the window, relative to those of the pictures.
    """
    draw = random.Random(f"{seed} window {step}")
    sides = [(side, max(1, round(side * share))) for side in (height, width)]
    rows, columns = (slice(start := draw.randint(0, side - part), start + part) for side, part in sides)
    return ..., rows, columns


def training_noise(pictures: int, seed: int, step: int) -> Noise:
    """The generator's noise in a step for this process's share of the batch, which has ``pictures`` pictures."""
    rank, count = processes()
    share = slice(rank * pictures, (rank + 1) * pictures)
    return Noise(derived_seed(seed, seed * 1_000_003 + step + NOISE_SEED), pictures * count, share)

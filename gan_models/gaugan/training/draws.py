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


def shared_styles(share: float, step: int, count: int) -> tuple[list[int], list[int], list[int]]:
    """Decide which of this process's ``count`` pictures are generated in the style of their neighbour in the batch.

    Args:
        share: the share of all pictures that get the style of another one.
    Returns:
        The indices of pictures in their own styles, those of the others, and for each picture the index of the picture
        whose style it gets.
    """
    rank, shares = processes()
    first = (step * shares + rank) * count
    # They are spread evenly over all batches, so that neither batch size nor number of processes matters.
    others = [
        picture for picture in range(count)
        if int((first + picture + 1) * share) > int((first + picture) * share) and picture ^ 1 < count
    ]  # fmt: skip
    # The losses against the real picture need at least one picture in its own style.
    others = others[: count - 1]
    sources = [picture ^ 1 if picture in others else picture for picture in range(count)]
    return [picture for picture in range(count) if picture not in others], others, sources

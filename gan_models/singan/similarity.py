"""How similar pictures are in layout and in patches."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .pyramid import resize

LAYOUT_SIDE = 24
PATCH, PATCHES, PROJECTIONS = 7, 4096, 64


def layout_correlation(result: Tensor, painting: Tensor) -> float:
    """Correlation of the pixels, less their channel's mean, of pictures reduced to a short side of 24 pixels.

    Args:
        result, painting: ``[B, 3, H, W]`` and ``[B, 3, H', W']`` in [-1, 1].
    Returns:
        -1 … 1, the mean over the batch.
    """
    height, width = result.shape[-2:]
    scale = min(1.0, LAYOUT_SIDE / min(height, width))
    size = (max(1, math.floor(height * scale)), max(1, math.floor(width * scale)))
    small = [resize(image, size).flatten(2) for image in (result, painting)]
    first, second = ((image - image.mean(2, keepdim=True)).flatten(1) for image in small)
    return F.cosine_similarity(first, second).mean().item()


def patch_distance(images: Tensor, training: Tensor) -> float:
    """Sliced Wasserstein distance between the 7x7 patches of a batch and of the training image.

    Args:
        images: ``[B, 3, H, W]`` in [-1, 1], sides from 7 pixels.
        training: ``[1, 3, H', W']`` in [-1, 1], sides from 7 pixels.
    Returns:
        1000 times the mean distance at full, half and quarter size, without the sizes below 7 pixels. 0 means the same
        patches.
    """
    generator = torch.Generator().manual_seed(0)
    directions = torch.randn(3 * PATCH**2, PROJECTIONS, generator=generator, dtype=torch.float32)
    directions = (directions / directions.norm(dim=0)).to(images.device)
    levels: list[float] = []
    while len(levels) < 3 and min(*images.shape[-2:], *training.shape[-2:]) >= PATCH:
        projected = [(_patches(image, generator) @ directions).sort(0).values for image in (images, training)]
        levels.append(1000 * (projected[0] - projected[1]).abs().mean().item())
        images, training = F.avg_pool2d(images, 2), F.avg_pool2d(training, 2)
    return sum(levels) / len(levels)


def _patches(images: Tensor, generator: torch.Generator) -> Tensor:
    """Patches at random positions in ``[B, 3, H, W]``: ``[4096, 147]``."""
    views = images.unfold(2, PATCH, 1).unfold(3, PATCH, 1)
    batch, rows, columns = (
        torch.randint(length, (PATCHES,), generator=generator).to(images.device)
        for length in (views.shape[0], views.shape[2], views.shape[3])
    )
    return views[batch, :, rows, columns].flatten(1)

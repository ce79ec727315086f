"""Main colours of a picture by k-means, and the quantization of pictures to them."""

import torch
from torch import Tensor

ITERATIONS = 100


def main_colors(image: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """The cluster centres of the pixels' RGB values by k-means, initialized by k-means++.

    Args:
        image: ``[1, 3, H, W]`` in [-1, 1].
        count: number of colours; the result has fewer if the picture has fewer.
        generator: CPU generator of the initial centres.
    Returns:
        ``[count, 3]`` on the image's device.
    Raises:
        ValueError: a count below 1.
    """
    if count < 1:
        raise ValueError(f"the number of colours is {count}; it must be at least 1")
    points = image.detach().cpu().movedim(1, -1).reshape(-1, 3)
    centres = _initial_centres(points, min(count, len(torch.unique(points, dim=0))), generator)
    for _ in range(ITERATIONS):
        nearest = _distances(points, centres).argmin(1)
        members = points.new_zeros(len(centres)).index_add_(0, nearest, points.new_ones(len(points)))
        sums = torch.zeros_like(centres).index_add_(0, nearest, points)
        moved = torch.where(members[:, None] > 0, sums / members[:, None].clamp(min=1), centres)
        if torch.equal(moved, centres):
            break
        centres = moved
    return centres.to(image.device)


def quantize(image: Tensor, colors: Tensor) -> Tensor:
    """``[B, 3, H, W]`` with every pixel changed to the nearest of ``colors``, ``[count, 3]``."""
    pixels = image.movedim(1, -1)
    nearest = _distances(pixels.reshape(-1, 3), colors).argmin(1)
    return colors[nearest].view(pixels.shape).movedim(-1, 1).contiguous()


def _initial_centres(points: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """k-means++: points are drawn with probabilities in proportion to the squared distance to the nearest centre."""
    centres = points[torch.randint(len(points), (1,), generator=generator)]
    while len(centres) < count:
        weights = _distances(points, centres).amin(1).square()
        centres = torch.cat([centres, points[torch.multinomial(weights, 1, generator=generator)]])
    return centres


def _distances(points: Tensor, centres: Tensor) -> Tensor:
    return torch.cdist(points, centres, compute_mode="donot_use_mm_for_euclid_dist")

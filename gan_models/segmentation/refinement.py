"""Borders of classes that follow the edges of the photograph."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels import LUMINANCE

RADIUS = 6
"""Half the side of a window in pixels."""

SMOOTHNESS = 1e-3
"""Variance of the grey levels, in [-1, 1], below which a window counts as flat."""


def refined(probabilities: Tensor, photo: Tensor) -> Tensor:
    """The guided filter (He et al. 2010): in every window, probabilities become a linear function of the grey levels.

    Args:
        probabilities: ``[B, classes, H, W]``.
        photo: ``[B, 3, H, W]`` in [-1, 1], the guide.
    Returns:
        ``[B, classes, H, W]``, not negative, with a sum of 1 over the classes.
    """
    guide = (photo * photo.new_tensor(LUMINANCE).view(1, 3, 1, 1)).sum(1, keepdim=True)

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(F.pad(x, (RADIUS,) * 4, mode="replicate"), 2 * RADIUS + 1, stride=1)

    centre, average = mean(guide), mean(probabilities)
    variance = mean(guide.square()) - centre.square()
    slope = (mean(guide * probabilities) - centre * average) / (variance.clamp(min=0) + SMOOTHNESS)
    filtered = (mean(slope) * guide + mean(average - slope * centre)).clamp(min=0)
    return filtered / filtered.sum(1, keepdim=True).clamp(min=torch.finfo(filtered.dtype).tiny)

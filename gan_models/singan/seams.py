"""Removes the traces that a pasted piece leaves at its border: a difference in tone, and light or dark contours."""

import torch
import torch.nn.functional as F
from torch import Tensor

RIM = 3
"""Width in pixels, on both sides of a piece's border, of the bands in which tones are compared."""

SAME_SURROUNDINGS = 0.3
"""Difference in [-1, 1] at which the two sides of a border no longer count as the same surroundings."""

REACH = 8
"""Pixels inside of a piece's border in which contours are removed."""


LEAST_WEIGHT = 0.05
"""Opacity of the regenerated picture from which on contours are removed altogether."""


def matched(image: Tensor, training: Tensor, mask: Tensor) -> Tensor:
    """Shift the tones of a pasted piece so that they meet the training image's at the border.

    A smooth correction is interpolated from the differences along the border (Perez et al. 2003). Only differences
    between like surroundings count, such as those of two places in the sky: where an object meets the border, the
    correction is 0, so that objects keep their colours.

    Args:
        image: the training image with the piece, ``[B, 3, H, W]`` in [-1, 1].
        training: the training image, ``[1, 3, H, W]``.
        mask: of the piece, ``[B or 1, 1, H, W]`` in 0..1.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1], equal to ``image`` outside of the mask.
    """
    piece = (mask >= 0.5).float()
    inner = piece * (1 - _eroded(piece, RIM))
    outer = _dilated(piece, RIM) - piece
    known_inside, inside = _nearby(image, inner)
    known_outside, outside = _nearby(training, outer)
    border = _dilated(piece, 1) - _eroded(piece, 1)
    border = border * ((known_inside > 0) & (known_outside > 0))
    difference = outside - inside
    alike = (1 - (difference.abs().amax(1, keepdim=True) / SAME_SURROUNDINGS).square()).clamp(0, 1)
    return (image + mask * _interpolated(difference * alike, border)).clamp(-1, 1)


def without_contours(result: Tensor, image: Tensor, mask: Tensor, weight: Tensor, detail: int) -> Tensor:
    """Bring colours around the border of a piece back between those that the edited picture has nearby.

    Contours and ripples are lighter or darker than what they surround. They come from generators that never saw such a
    border. Colours that mix both sides of the border remain, so a border may become soft.

    Args:
        result: ``[B, 3, H, W]`` in [-1, 1].
        image: the edited picture, of the same size.
        mask: of the piece, ``[B or 1, 1, H, W]`` in 0..1.
        weight: opacity of the regenerated picture, shaped like the mask; where it is 0, nothing changes.
        detail: radius in pixels within which the edited picture is asked for colours: the size of a pixel of the
            scale at which it was injected.
    Returns:
        ``[B, 3, H, W]``, equal to ``result`` well inside of the piece.
    """
    band = 1 - _eroded((mask >= 0.5).float(), REACH)
    band = F.avg_pool2d(band, 5, 1, 2, count_include_pad=False) * (weight / LEAST_WEIGHT).clamp(0, 1)
    lightest, darkest = _dilated(image, detail), _eroded(image, detail)
    return torch.lerp(result, torch.minimum(torch.maximum(result, darkest), lightest), band)


def _dilated(image: Tensor, radius: int) -> Tensor:
    return F.max_pool2d(image, 2 * radius + 1, 1, radius)


def _eroded(image: Tensor, radius: int) -> Tensor:
    return -_dilated(-image, radius)


def _nearby(image: Tensor, where: Tensor) -> tuple[Tensor, Tensor]:
    """Weights and means of the pixels of ``where`` around each pixel, ``[B, 1, H, W]`` and ``[B, 3, H, W]``."""
    size, padding = 2 * RIM + 1, RIM
    weight = F.avg_pool2d(where, size, 1, padding)
    return weight, F.avg_pool2d(image * where, size, 1, padding) / weight.clamp_min(1e-6)


def _interpolated(values: Tensor, weight: Tensor) -> Tensor:
    """Values everywhere, smooth between the pixels where ``weight`` is 1, by a pyramid that is filled from the top."""
    if min(values.shape[-2:]) <= 2 or weight.min() > 0:
        return values
    height, width = values.shape[-2:]
    mass = F.avg_pool2d(weight, 2, ceil_mode=True, count_include_pad=False)
    coarse = F.avg_pool2d(values * weight, 2, ceil_mode=True, count_include_pad=False) / mass.clamp_min(1e-6)
    filled = _interpolated(coarse, (mass > 0).float())
    smooth = F.interpolate(filled, size=(height, width), mode="bilinear", align_corners=False)
    return values * weight + smooth * (1 - weight)

"""What speaks for and against the numbers of a grey picture being ids."""

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..user_files import check_stop
from .borders import in_patch
from .jpeg import was_jpeg

REACH = 3
SAMPLED = 8000
LEAST_SOLID = 0.3
MANY_ORPHANS = 0.5
THUMBNAIL = 64
TINY_STEP, SMALL_STEP, FLAT_STEP, MIDDLE_STEP, LARGE_STEP = 0.06, 0.28, 0.43, 0.56, 0.68
"""Differences between neighbours in relation to the contrast around them.

The limits were measured on label maps of photographs at sizes from 32 to 512 pixels: they find the same maps as JPEG,
and nearly all as lossy WebP, and leave the maps themselves alone, also with ragged borders and noise.
"""

FAR = 1 << 20
OUTSIDE = -FAR
PHOTO_LEVELS = 24


def looks_like_a_photo(values: Tensor) -> bool:
    """Whether the levels of a grey picture, int32 ``[B, H, W]``, vary as smoothly as those of a photograph.

    A photograph has many levels and few flat areas, and its neighbouring pixels differ, but by less than pixels that
    are far apart.
    """
    if _kinds(values) < PHOTO_LEVELS or in_patch(values).float().mean() > 0.3:
        return False
    across, down = values.diff(dim=2).abs().flatten().float(), values.diff(dim=1).abs().flatten().float()
    if min(len(across), len(down)) == 0 or min((steps > 0).float().mean() for steps in (across, down)) < 0.3:
        return False
    levels = values.flatten().float()
    typical = (levels - levels.median()).abs().median()
    return bool(torch.cat([across, down]).median() < 0.8 * typical)


def looks_compressed(values: Tensor) -> bool:
    """Whether a grey picture, int32 ``[B, H, W]``, was flat before JPEG, lossy WebP or a smooth resizing."""
    for picture in values:
        check_stop()
        if was_jpeg(picture) or has_mixtures(picture[None]):
            return True
    return False


def has_mixtures(values: Tensor) -> bool:
    """Whether the borders between the flat areas of a grey picture, int32 ``[1, H, W]``, are mixtures of levels.

    In a label map, the pixels around a border belong to one of the areas. Where they do not, because the map has thin
    shapes, ragged borders or noise, they are in steps to their neighbours that are as large as those between areas.
    Lossy compression and smooth resizing leave pixels that differ little from two of their neighbours at least, in
    relation to what is around.
    """
    solid = in_patch(values)
    loose = ~solid
    if not loose.any() or solid.float().mean() < LEAST_SOLID:
        return False
    _, y, x = loose.nonzero().unbind(1)
    step = len(y) // SAMPLED + 1
    y, x = y[::step], x[::step]
    steps = torch.arange(2 * REACH + 1)
    at = y[:, None, None] + steps[:, None], x[:, None, None] + steps
    around = functional.pad(values[0], [REACH] * 4, value=OUTSIDE)[at]
    in_areas = functional.pad(solid[0], [REACH] * 4)[at]
    apart = (around - values[0, y, x][:, None, None]).abs()
    orphans = ~(in_areas & (apart == 0)).flatten(1).any(1)
    if orphans.float().mean() < MANY_ORPHANS:
        return False
    around, apart = around[orphans].flatten(1), apart[orphans]
    contrast = around.amax(1) - around.masked_fill(around == OUTSIDE, FAR).amin(1)
    beside = torch.stack([apart[:, REACH, REACH - 1], apart[:, REACH, REACH + 1],
                          apart[:, REACH - 1, REACH], apart[:, REACH + 1, REACH]])  # fmt: skip
    steps = beside.sort(0).values.clamp(max=contrast) / contrast
    _, second, third, largest = steps.mean(1)
    if second >= SMALL_STEP:
        return False
    more_levels = _kinds(values[0, y, x][orphans]) / _kinds(values[solid])
    if min(values.shape[1:]) < THUMBNAIL:  # where many shapes of a label map are thin
        return more_levels > 1 and bool(largest < (MIDDLE_STEP if more_levels > 1.5 else FLAT_STEP))
    terraces = bool(third < TINY_STEP and largest < MIDDLE_STEP)
    return bool(largest < FLAT_STEP) or terraces or (more_levels > 1 and bool(largest < LARGE_STEP))


def _kinds(values: Tensor) -> int:
    """The number of different values, 0 to 65535; those outside count as one."""
    return int(np.count_nonzero(np.bincount(values.clamp(0, 65535).flatten().numpy())))

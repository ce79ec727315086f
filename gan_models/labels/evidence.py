"""What speaks for and against the numbers of a grey picture being ids."""

import numpy as np
import torch
from torch import Tensor

from .borders import in_patch

REACH = 3
SAMPLED = 20_000
CLOSE = 3
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
    """Whether a grey picture, int32 ``[B, H, W]``, was flat before JPEG, lossy WebP or a smooth resizing.

    These leave, around the borders between flat areas, levels of many kinds that are close to those of the areas. In a
    label map, nearly every pixel around a border belongs to one of the areas, and those in thin shapes have equal
    neighbours. The limits separate 130 label maps of photographs, at several sizes, from the same ones as JPEG.
    """
    solid = in_patch(values)
    loose = ~solid
    if not loose.any() or solid.float().mean() < 0.3:
        return False
    b, y, x = loose.nonzero().unbind(1)
    step = len(b) // SAMPLED + 1
    b, y, x = b[::step], y[::step], x[::step]
    height, width = values.shape[1:]
    steps = torch.arange(-REACH, REACH + 1)
    rows, columns = y[:, None, None] + steps[:, None], x[:, None, None] + steps
    outside = (rows < 0) | (rows >= height) | (columns < 0) | (columns >= width)
    at = b[:, None, None], rows.clamp(0, height - 1), columns.clamp(0, width - 1)
    apart = (values[at] - values[b, y, x][:, None, None]).abs()
    area = solid[at] & ~outside
    orphans = ~(area & (apart == 0)).flatten(1).any(1)
    share_of_all = float(orphans.float().mean() * loose.float().mean())
    if orphans.float().mean() < 0.45 or share_of_all < 0.004:
        return False
    close = (area & (apart <= CLOSE)).flatten(1).any(1)[orphans].float().mean()
    centre, sides = REACH, (REACH - 1, REACH + 1)
    equal = (apart == 0) & ~outside
    beside = torch.stack([equal[:, centre, side] for side in sides] + [equal[:, side, centre] for side in sides])
    in_shapes = (beside.sum(0)[orphans] >= 2).float().mean()
    kinds, of_areas = _kinds(values[b, y, x][orphans]), _kinds(values[solid])
    speckled = kinds > 3 and kinds > 1.2 * of_areas and close > 0.12 and (in_shapes < 0.9 or share_of_all > 0.08)
    # In thumbnails, many shapes of a label map are thin.
    speckled &= bool(min(height, width) >= 64 or kinds >= 12 or in_shapes < 0.5)
    along_straight_borders = kinds > 2 and close > 0.6 and in_shapes > 0.95 and share_of_all > 0.1
    return bool(speckled or along_straight_borders)


def _kinds(values: Tensor) -> int:
    """The number of different values, 0 to 65535; those outside count as one."""
    return int(np.count_nonzero(np.bincount(values.clamp(0, 65535).flatten().numpy())))

"""Shadows that trees, rocks and houses cast on the ground."""

import math

import torch
from torch import Tensor

from .layout import Layout
from .lighting import Lighting

LONGEST = 5.0
_WIDTH = {"conifer": 0.16, "broadleaf": 0.36, "bush": 0.7, "rock": 0.6, "house": 0.7}


def cast_shadows(layout: Layout, lighting: Lighting) -> Tensor:
    """The share of sunlight on the ground, ``[H', W']``: 1 except in the long soft shadows of standing objects."""
    view = layout.view
    shadows = torch.ones(view.height, view.width)
    sx, sy, sz = lighting.direction()
    if max(lighting.sun) < 0.4 * max(lighting.sky) or not layout.things:
        return shadows
    flat = math.hypot(sx, sz)
    reach = min(flat / max(sy, 0.05), LONGEST)
    for thing in layout.things:
        if thing.height < 5:
            continue
        metres = thing.height * thing.distance / view.focal
        depth = thing.distance - sz / flat * reach * metres
        if depth < 0.3 * thing.distance:
            depth = 0.3 * thing.distance
        drop = (thing.base - view.horizon) * (thing.distance / depth - 1)
        tip_x = thing.x - sx / flat * reach * thing.height * thing.distance / depth
        tip_x += (thing.x - view.width / 2) * (thing.distance / depth - 1)
        _darken(shadows, thing.x, thing.base, tip_x - thing.x, drop, thing.height * _WIDTH[thing.kind],
                max(0.12, (thing.base - view.horizon) / view.focal))  # fmt: skip
    return shadows


def _darken(shadows: Tensor, x: float, y: float, dx: float, dy: float, wide: float, squash: float) -> None:
    """Multiplies a stroke from (x, y) along (dx, dy) into ``[H, W]``; ``squash`` is its ratio of height to width."""
    height, width = shadows.shape
    tall = max(wide * squash, 1.0)
    x0, x1 = max(math.floor(min(x, x + dx) - wide), 0), min(math.ceil(max(x, x + dx) + wide), width)
    y0, y1 = max(math.floor(min(y, y + dy) - tall), 0), min(math.ceil(max(y, y + dy) + tall), height)
    if x0 >= x1 or y0 >= y1:
        return
    across = (torch.arange(x0, x1)[None] - x) / wide
    down = (torch.arange(y0, y1)[:, None] - y) / tall
    ax, ay = dx / wide, dy / tall
    along = ((across * ax + down * ay) / max(ax * ax + ay * ay, 1e-6)).clamp(0, 1)
    apart = (across - along * ax).square() + (down - along * ay).square()
    shadows[y0:y1, x0:x1] *= 1 - 0.72 * ((1 - apart) * 2).clamp(0, 1) * (1 - 0.35 * along)

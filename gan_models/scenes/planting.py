"""Puts trees, bushes, rocks and houses on a canvas, the farthest ones first."""

import random

import torch
from torch import Tensor

from .layout import CLASS, INDEX, Thing
from .sprites import VARIANTS, stand

_CLASSES = {"broadleaf": "tree", "conifer": "tree", "bush": "bush", "rock": "rock", "house": "house"}


def plant(canvas: Tensor, things: list[Thing], dice: random.Random, within: Tensor | None = None) -> None:
    """Puts objects on a canvas, in place; they cover pixels of ``within`` only, bool ``[H, W]``."""
    for thing in sorted(things, key=lambda thing: -thing.distance):
        _contact_shadow(canvas, thing)
        label = CLASS[_CLASSES[thing.kind]]
        stand(canvas, thing, dice.randrange(VARIANTS), label, dice.random(), dice.random() < 0.5, within)


def _contact_shadow(canvas: Tensor, thing: Thing) -> None:
    """Darkens the ground around a foot, where less of the sky is visible."""
    wide = max(2, round(thing.height * {"rock": 0.9, "bush": 0.9, "house": 0.9, "conifer": 0.35}.get(thing.kind, 0.5)))
    tall = max(1, wide // 5)
    x, y = round(thing.x), round(thing.base)
    x0, x1, y0, y1 = max(x - wide, 0), min(x + wide, canvas.shape[2]), max(y - tall, 0), min(y + tall, canvas.shape[1])
    if x0 >= x1 or y0 >= y1:
        return
    dx = (torch.arange(x0, x1)[None] - x) / wide
    dy = (torch.arange(y0, y1)[:, None] - y) / tall
    canvas[INDEX["open"], y0:y1, x0:x1] *= 1 - 0.62 * (1 - dx.square() - dy.square()).clamp(0, 1)

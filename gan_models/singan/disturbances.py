"""Disturbed copies of a picture, which harmonization learns to bring back: other colours, and foreign objects.

All random numbers are drawn on the CPU from the caller's generator, so they are the same on every device.
"""

import math

import torch
from torch import Tensor

from ..pixels import LUMINANCE
from ..seeds import on_device

SHAPES = 3
PARTS = 8
LEAST_SIDE, LARGEST_SIDE = 0.12, 0.45
PIECE_SHARE = 0.4


def recoloured(image: Tensor, rng: torch.Generator) -> Tensor:
    """A copy of the whole picture with other hues, saturation, brightness and contrast.

    Args:
        image: ``[1, 3, H, W]`` in [-1, 1].
    Returns:
        ``[1, 3, H, W]`` in [-1, 1].
    """
    turn, strength, contrast, brightness, drawn = _uniform(5, rng)
    grey = (image * _grey_weights(image)).sum(1, keepdim=True)
    color = image - grey
    angle = 2 * math.pi * turn
    # A rotation about the grey axis, by Rodrigues' formula.
    across = torch.stack([color[:, 1] - color[:, 2], color[:, 2] - color[:, 0], color[:, 0] - color[:, 1]], 1)
    turned = math.cos(angle) * color - math.sin(angle) / math.sqrt(3) * across
    # A third of the copies are grey or faint, and some are of one tint.
    saturation = 0.3 * strength if drawn < 0.33 else 0.4 + 1.4 * strength
    tint = on_device(torch.randn(1, 3, 1, 1, generator=rng) * (0.3 if drawn < 0.6 else 0.1), image.device)
    out = (0.7 + 0.6 * contrast) * grey + 0.5 * (brightness - 0.5) + saturation * turned + tint
    return out.clamp(-1, 1)


def pasted(image: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """A copy of the picture with foreign objects: overlapping shapes with parts in random colours.

    Args:
        image: ``[1, 3, H, W]`` in [-1, 1].
    Returns:
        The copy, ``[1, 3, H, W]`` in [-1, 1], and the mask of the objects, ``[1, 1, H, W]`` with 0 and 1.
    """
    height, width = image.shape[-2:]
    count = int(torch.randint(1, SHAPES + 1, (), generator=rng))
    copy, mask = image, torch.zeros(1, 1, height, width, device=image.device)
    for _ in range(count):
        shape, place = _shape(height, width, rng)
        shape = on_device(shape, image.device)
        copy = torch.where(shape, _object(image, place, rng), copy)
        mask = torch.maximum(mask, shape.float())
    return copy.clamp(-1, 1), mask


def _object(image: Tensor, place: Tensor, rng: torch.Generator) -> Tensor:
    """A foreign surface, ``[1, 3, H, W]``: a few parts of one colour each, shaded, some with the picture's texture."""
    height, width = image.shape[-2:]
    parts = int(torch.randint(1, PARTS + 1, (), generator=rng))
    colors = _colors(parts, rng)
    seeds = torch.rand(parts, 3, generator=rng)
    stretch = torch.rand(2, generator=rng) + 0.3
    distances = (place[None] - (seeds[:, :2, None, None] * 2 - 1)).mul(stretch[:, None, None]).square().sum(1)
    which = distances.argmin(0)
    surface = colors[which].permute(2, 0, 1)[None]
    slope, level, roll = _uniform(3, rng)
    shade = 0.5 * (slope - 0.5) * place[0] + 0.3 * (level - 0.5) * place[1]
    surface = on_device(surface + shade, image.device)
    if roll < PIECE_SHARE:
        shift = [int(torch.randint(side, (), generator=rng)) for side in (height, width)]
        surface = 0.5 * recoloured(torch.roll(image, shift, (2, 3)), rng) + 0.5 * surface
    return surface


def _shape(height: int, width: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """An ellipse, rectangle or triangle: where it is, ``[1, 1, H, W]``, and its coordinates in -1..1, ``[2, H, W]``."""
    longest = max(height, width)
    middle_y, middle_x, tall, wide, angle, kind = _uniform(6, rng)
    size = [LEAST_SIDE + (LARGEST_SIDE - LEAST_SIDE) * share for share in (tall, wide)]
    rows = (torch.arange(height) - middle_y * height) / (longest * size[0] / 2)
    columns = (torch.arange(width) - middle_x * width) / (longest * size[1] / 2)
    cos, sin = math.cos(angle * math.pi), math.sin(angle * math.pi)
    y = (rows * cos)[:, None] + (columns * sin)[None]
    x = (columns * cos)[None] - (rows * sin)[:, None]
    if kind < 0.4:
        inside = x.square() + y.square() < 1
    elif kind < 0.75:
        inside = torch.maximum(x.abs(), y.abs()) < 0.85
    else:
        inside = (y < 0.8) & (x.abs() < 0.5 + y / 2)
    return inside[None, None], torch.stack([y, x])


def _colors(count: int, rng: torch.Generator) -> Tensor:
    """Random colours in [-1, 1], vivid ones as often as pale ones: ``[count, 3]``."""
    colors = torch.rand(count, 3, generator=rng) * 2 - 1
    grey = torch.rand(count, 1, generator=rng) * 2 - 1
    vivid = torch.rand(count, 1, generator=rng)
    return torch.lerp(grey, colors, vivid)


def _uniform(count: int, rng: torch.Generator) -> list[float]:
    return [float(value) for value in torch.rand(count, generator=rng)]


def _grey_weights(image: Tensor) -> Tensor:
    return torch.tensor(LUMINANCE, device=image.device).view(1, 3, 1, 1)

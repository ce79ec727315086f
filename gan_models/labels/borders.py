"""Borders between classes, where blurring and lossy compression leave values of no class."""

import torch
from torch import Tensor

PATCH = 3
ROUNDS = 16

_NEIGHBOURS = [(dy, dx) for dy in (0, 1, 2) for dx in (0, 1, 2) if (dy, dx) != (1, 1)]


def in_patch(ids: Tensor, ignored: int | None = None) -> Tensor:
    """Whether each pixel belongs to a square of ``PATCH`` x ``PATCH`` pixels of its id, ``[B, H, W]`` bool.

    Args:
        ids: integers, ``[B, H, W]``.
        ignored: an id whose pixels belong to no square.
    """
    height, width = ids.shape[1:]
    inside = torch.zeros_like(ids, dtype=torch.bool)
    if min(height, width) < PATCH:
        return inside
    corners = [(dy, dx) for dy in range(PATCH) for dx in range(PATCH)]

    def shifted(map: Tensor, dy: int, dx: int) -> Tensor:
        return map[:, dy : height - PATCH + 1 + dy, dx : width - PATCH + 1 + dx]

    first = shifted(ids, 0, 0)
    uniform = torch.ones_like(first, dtype=torch.bool) if ignored is None else first != ignored
    for dy, dx in corners[1:]:
        uniform &= shifted(ids, dy, dx) == first
    for dy, dx in corners:
        shifted(inside, dy, dx).logical_or_(uniform)
    return inside


def take_from_neighbours(
    ids: Tensor, unsure: Tensor, image: Tensor, palette: Tensor, transparent: Tensor | None = None
) -> None:
    """Gives ``unsure`` pixels the class of the sure neighbour whose colour is nearest, from the border inwards.

    Works in place. Pixels that are out of reach after ``ROUNDS`` rounds keep their id. ``transparent`` pixels give
    their class to no neighbour.

    Args:
        ids: uint8 ``[B, H, W]``.
        unsure: bool ``[B, H, W]``.
        image: the colours of the pixels, uint8 ``[B, H, W, 3]``.
        palette: the colour of every id, uint8 ``[classes, 3]``.
        transparent: bool ``[B, H, W]``, or None if no pixel is transparent.
    """
    height, width = ids.shape[1:]
    padded = torch.full((len(ids), height + 2, width + 2), -1, dtype=torch.int16)
    inside = padded[:, 1:-1, 1:-1]
    inside.copy_(ids.to(torch.int16))
    inside[unsure] = -1
    if transparent is not None:
        inside[transparent] = -1
    flat = padded.view(-1)
    b, y, x = unsure.nonzero().unbind(1)
    places = (b * (height + 2) + y + 1) * (width + 2) + x + 1
    pixels = image[b, y, x].int()
    colors = palette.int()
    offsets = torch.tensor([(dy - 1) * (width + 2) + dx - 1 for dy, dx in _NEIGHBOURS])
    for _ in range(ROUNDS):
        around = flat[places[:, None] + offsets].int()
        apart = (colors[around.clamp(min=0)] - pixels[:, None]).square().sum(-1)
        apart[around < 0] = 1 << 30
        near, which = apart.min(1)
        reached = near < 1 << 30
        if not reached.any():
            break
        flat[places[reached]] = around[reached].gather(1, which[reached, None]).flatten().to(torch.int16)
        places, pixels = places[~reached], pixels[~reached]
        if not len(places):
            break
    ids.copy_(torch.where(inside >= 0, inside, ids.to(torch.int16)).to(ids.dtype))

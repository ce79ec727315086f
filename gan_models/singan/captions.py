"""Pictures with captions, and contact sheets of them."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..pixels import to_float

BACKGROUND, INK = (32, 32, 32), (235, 235, 235)
GAP = 6
FONT_SIZES = (9, 14)


def captioned(image: Tensor, text: str) -> Tensor:
    """Put ``text`` above ``[B, 3, H, W]`` in [-1, 1], cut off if it is too long: ``[B, 3, H', W]``, on the CPU."""
    count, _, _, width = image.shape
    size = min(max(FONT_SIZES[0], width // 14), FONT_SIZES[1])
    strip = Image.new("RGB", (width, 2 * size), BACKGROUND)
    font = ImageFont.load_default(size)
    ImageDraw.Draw(strip).text((size // 3, size), text, INK, font, anchor="lm")
    drawn = to_float(torch.from_numpy(np.array(strip)).movedim(-1, 0))
    return torch.cat([drawn.expand(count, -1, -1, -1), image.float().cpu()], 2)


def sheet(cells: Sequence[Tensor], columns: int) -> Tensor:
    """Pictures ``[1, 3, H, W]`` of one size in rows of ``columns``: ``[1, 3, H', W']``, on the CPU."""
    height, width = cells[0].shape[-2:]
    rows = -(-len(cells) // columns)
    paper = to_float(torch.tensor(BACKGROUND))
    out = paper.view(1, 3, 1, 1).repeat(1, 1, rows * (height + GAP) - GAP, columns * (width + GAP) - GAP)
    for index, cell in enumerate(cells):
        top, left = index // columns * (height + GAP), index % columns * (width + GAP)
        out[:, :, top : top + height, left : left + width] = cell
    return out

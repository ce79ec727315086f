"""Colour maps with the names of their classes beside them."""

import math

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from .palette import Palette, encode
from .taxonomy import LabelClass, taxonomy

BACKGROUND, INK, FRAME = (32, 32, 32), (235, 235, 235), (110, 110, 110)
SHORT = 8


def with_legend(ids: Tensor, palette: Palette) -> Tensor:
    """Paints ``[B, H, W]`` ids as a colour map with a legend on its right, ``[B, H', W', 3]`` uint8.

    The legend names the classes of the whole batch, those with the most pixels first. A map that is too low for the
    legend is padded at the bottom.
    """
    colors = encode(ids, palette)
    drawn = draw_legend(taxonomy(palette.taxonomy).present(ids), palette, ids.shape[1])
    legend = torch.from_numpy(np.array(drawn))
    canvas = torch.tensor(BACKGROUND, dtype=torch.uint8).repeat(len(ids), len(legend), ids.shape[2], 1)
    canvas[:, : ids.shape[1]] = colors
    return torch.cat([canvas, legend.expand(len(ids), -1, -1, -1)], 2)


def draw_legend(classes: list[LabelClass], palette: Palette, height: int) -> Image.Image:
    """Draws a colour field and the name of each class, column by column, in as many columns as ``height`` requires."""
    size = min(max(12, height // 32), 32)
    font = ImageFont.load_default(size)
    line = size * 3 // 2
    rows = max(min(SHORT, len(classes)), (height - line) // line)
    height = max(height, rows * line + line)
    columns = [classes[start : start + rows] for start in range(0, len(classes), rows)]
    widths = [2 * line + math.ceil(max(font.getlength(entry.name) for entry in column)) for column in columns]
    image = Image.new("RGB", (sum(widths) + line, height), BACKGROUND)
    draw = ImageDraw.Draw(image)
    left = line
    for column, width in zip(columns, widths, strict=True):
        for row, entry in enumerate(column):
            top = line // 2 + row * line + (line - size) // 2
            draw.rectangle((left, top, left + size, top + size), palette.colors[entry.id], FRAME)
            draw.text((left + line, top + size / 2), entry.name, INK, font, anchor="lm")
        left += width
    return image

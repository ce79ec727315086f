"""Recognises pictures that were JPEG files: the frequencies of their blocks are multiples of a table's entries."""

import math
from functools import cache

import torch
from torch import Tensor

SIDE = 8
ROUNDING = 0.13
"""The largest mean square by which a block differs from multiples; rounding to integers leaves 1/12."""

MOST_BLOCKS = 256
FEWEST_BLOCKS = 4
NEARLY_ALL = 0.8
LEAST_CONTRAST = 3
QUALITIES = range(20, 98)
"""The qualities that are tried. Those above divide by so little that the blocks of other pictures fit as well."""

QUANTIZATION = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
"""The luminance table of quality 50 in annex K of the JPEG standard, which libjpeg scales for the other qualities."""


def was_jpeg(values: Tensor) -> bool:
    """Whether grey levels, int32 ``[H, W]``, were decoded from a JPEG file and not moved or resized since.

    The cosine transform of each block of 8 x 8 pixels is then a multiple of the file's table, but for what rounding
    the pixels changes. Only blocks that vary in both directions say something, and none that reach black or white,
    where the decoder cut levels off. The tables are those of libjpeg, Pillow, browsers and OpenCV.
    """
    rows, columns = (side // SIDE for side in values.shape)
    if rows == 0 or columns == 0:
        return False
    whole = values[: rows * SIDE, : columns * SIDE]
    blocks = whole.reshape(rows, SIDE, columns, SIDE).transpose(1, 2).reshape(-1, SIDE, SIDE)
    low, high = blocks.amin((1, 2)), blocks.amax((1, 2))
    telling = (high - low >= LEAST_CONTRAST) & (low > 0) & (high < 255)
    for axis in (1, 2):
        telling &= (blocks.diff(dim=axis) != 0).flatten(1).any(1)
    blocks = blocks[telling]
    if len(blocks) < FEWEST_BLOCKS:
        return False
    blocks = blocks[:: math.ceil(len(blocks) / MOST_BLOCKS)]
    cosines = _cosines()
    frequencies = cosines @ (blocks.float() - 128) @ cosines.T
    tables = _tables()
    steps = frequencies / tables
    # The transform keeps squares: this is also the mean square of the difference between the pixels.
    rest = ((steps - steps.round()) * tables).square().mean((2, 3))
    return bool(((rest < ROUNDING).float().mean(1) > NEARLY_ALL).any())


@cache
def _cosines() -> Tensor:
    """The orthonormal cosine transform of 8 samples, ``[8, 8]``."""
    n = torch.arange(SIDE, dtype=torch.float32, device="cpu")
    cosines = torch.cos((2 * n + 1) * n[:, None] * math.pi / (2 * SIDE)) * math.sqrt(2 / SIDE)
    cosines[0] /= math.sqrt(2)
    return cosines


@cache
def _tables() -> Tensor:
    """The tables of all ``QUALITIES``, ``[N, 1, 8, 8]``."""
    return torch.stack([_table(quality) for quality in QUALITIES])[:, None]


def _table(quality: int) -> Tensor:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    return ((torch.tensor(QUANTIZATION, device="cpu") * percent + 50) // 100).clamp(1, 255).float()

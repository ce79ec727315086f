"""Pictures as bytes and as numbers from -1 to 1."""

import torch
from torch import Tensor

LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue (ITU-R BT.601)."""


def to_bytes(image: Tensor) -> Tensor:
    """The nearest 8-bit levels of pictures in [-1, 1], of the same shape; values beyond that range are clamped."""
    return ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_float(pixels: Tensor) -> Tensor:
    """8-bit pictures as float32 in [-1, 1], of the same shape."""
    return pixels.float() / 127.5 - 1

"""Converts linear light to a picture."""

import torch
from torch import Tensor


def develop(light: Tensor, saturation: float, grain: Tensor | None = None) -> Tensor:
    """Converts linear light ``[3, H, W]``, at least 0, to a picture in [-1, 1]. Bright light saturates softly.

    Args:
        light: linear light, red, green and blue.
        saturation: the saturation of the picture; 0 is grey, 1 leaves it unchanged.
        grain: noise ``[H, W]``, added to the finished picture.
    """
    seen = 1 - torch.exp(-light.clamp(min=0))
    grey = (seen * torch.tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(0, keepdim=True)
    seen = torch.lerp(grey, seen, saturation).clamp(0, 1)
    picture = torch.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen.clamp(min=1e-6) ** (1 / 2.4) - 0.055)
    if grain is not None:
        picture = picture + grain
    return picture.clamp(0, 1) * 2 - 1

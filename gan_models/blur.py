"""Gaussian blur."""

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_blur(image: Tensor, sigma: float, radius: int) -> Tensor:
    """Gaussian blur of ``[..., H, W]`` with replicated borders.

    Args:
        sigma: standard deviation of the kernel, in pixels.
        radius: pixels on each side of the kernel's centre.
    """
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-offsets.square() / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    flat = image.reshape(-1, 1, *image.shape[-2:])
    flat = F.conv2d(F.pad(flat, (radius, radius, 0, 0), mode="replicate"), kernel)
    flat = F.conv2d(F.pad(flat, (0, 0, radius, radius), mode="replicate"), kernel.mT)
    return flat.view(image.shape)

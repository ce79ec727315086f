"""Seeded noise by lookup: one tileable field of bumps is read at many scales, rotated and shifted by the seed."""

import random
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from ..blur import gaussian_blur

TILE = 512
UNITS = 32


@cache
def _tile(device: torch.device) -> Tensor:
    """Bumps of about one unit, ``[1, 1, TILE + 1, TILE + 1]``: the last row and column repeat the first."""
    # Kept for all callers, whatever the first one's default dtype and default device are.
    white = torch.randn(TILE, TILE, generator=torch.Generator().manual_seed(20), dtype=torch.float32, device="cpu")
    rows = torch.fft.fftfreq(TILE, dtype=torch.float32, device="cpu")[:, None] * TILE
    columns = torch.fft.rfftfreq(TILE, dtype=torch.float32, device="cpu")[None] * TILE
    frequency = (rows.square() + columns.square()).sqrt() / UNITS
    band = torch.exp(-((frequency - 0.62) / 0.26).square())
    bumps = torch.fft.irfft2(torch.fft.rfft2(white) * band)
    bumps = 0.36 * bumps / bumps.std()
    return F.pad(bumps[None, None], (0, 1, 0, 1), mode="circular").to(device)


class Noise:
    """All noise of one scene. ``key`` names a field: different keys give different fields.

    Coordinates are tensors of one shape, in units of the largest bump. The values have the same shape.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def bumps(self, x: Tensor, y: Tensor, key: str) -> Tensor:
        """Smooth noise, mostly in [-0.7, 0.7], mean 0."""
        dice = random.Random(f"{self.seed} {key}")
        u = x / UNITS + dice.random()
        v = y / UNITS + dice.random()
        grid = torch.stack([u - u.floor(), v - v.floor()], -1).mul_(2).sub_(1).view(1, 1, -1, 2)
        return F.grid_sample(_tile(x.device), grid, align_corners=True).view(x.shape)

    def fractal(
        self, x: Tensor, y: Tensor, key: str, octaves: int = 5, gain: float = 0.5, footprint: Tensor | None = None
    ) -> Tensor:
        """Sum of octaves, about [-1, 1]. Octaves finer than ``footprint`` (the size of a pixel in units) fade out."""
        total = torch.zeros_like(x)
        weight = 1.0
        for octave in range(octaves):
            layer = self.bumps(x, y, f"{key}{octave}")
            total.add_(layer if footprint is None else layer * _visible(footprint, octave), alpha=1.3 * weight)
            x, y = 1.6 * x + 1.2 * y, 1.6 * y - 1.2 * x
            weight *= gain
        return total

    def ridged(self, x: Tensor, y: Tensor, key: str, octaves: int = 6, gain: float = 0.5) -> Tensor:
        """Sum of octaves with sharp crests, about [0, 1]; detail gathers on the crests, as on mountains."""
        total, share = torch.zeros_like(x), torch.ones_like(x)
        amplitude = norm = 1.0
        for octave in range(octaves):
            crest = (1 - (self.bumps(x, y, f"{key}{octave}").abs() * 1.9).clamp(max=1)).square()
            total += amplitude * share * crest
            share = (crest * 1.6).clamp(max=1)
            x, y = 1.6 * x + 1.2 * y, 1.6 * y - 1.2 * x
            amplitude *= gain
            norm += amplitude
        return total / norm

    def puffs(self, x: Tensor, y: Tensor, key: str, octaves: int = 4, gain: float = 0.55) -> Tensor:
        """Sum of octaves with round tops and sharp creases, about [-0.7, 1], mean near 0: clouds, crowns."""
        total = torch.zeros_like(x)
        weight = 1.0
        for octave in range(octaves):
            total.add_(1 - 3.5 * self.bumps(x, y, f"{key}{octave}").abs(), alpha=weight)
            x, y = 1.6 * x + 1.2 * y, 1.6 * y - 1.2 * x
            weight *= gain
        return total * 0.55


def _visible(footprint: Tensor, octave: int) -> Tensor:
    share: Tensor = 1.6 - footprint * (1.6 * 2.0**octave)
    return share.clamp(0, 1)


def smoothstep(low: float, high: float, value: Tensor) -> Tensor:
    """0 below ``low``, 1 above ``high``, a smooth ramp between; ``low`` may be above ``high``."""
    ramp = ((value - low) / (high - low)).clamp(0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of ``[..., H, W]`` with replicated borders. Wide blurs are computed at a lower resolution."""
    if sigma > 4:
        return _blur_small(image, sigma, int(sigma / 2))
    return gaussian_blur(image, sigma, max(1, round(2.5 * sigma)))


def _blur_small(image: Tensor, sigma: float, factor: int) -> Tensor:
    height, width = image.shape[-2:]
    flat = F.pad(image.reshape(-1, 1, height, width), (0, -width % factor, 0, -height % factor), mode="replicate")
    small = blur(F.avg_pool2d(flat, factor), sigma / factor)
    large = F.interpolate(small, scale_factor=factor, mode="bilinear", align_corners=False)
    return large[..., :height, :width].reshape(image.shape)

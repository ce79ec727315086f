"""Finds grids in pictures, such as checkerboards and weaves, as peaks of the average power spectrum."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_models.pixels import LUMINANCE

PERIODS = (2, 4, 8, 16)
"""Periods, in pixels, of the patterns that doubling the resolution once, twice and so on can leave behind."""

DIRECTIONS = {"across": (0, 1), "down": (1, 0), "diagonal": (1, 1), "other diagonal": (1, -1)}
"""Vertical and horizontal steps of each frequency. A diagonal grid has the period in both directions."""

NEIGHBOURS = (-5, -4, -3, -2, 2, 3, 4, 5)
"""Steps from a peak to the frequencies that it is compared with; the window spreads a peak over one step."""


@dataclass(frozen=True)
class Peak:
    """A period and direction of the spectrum.

    Attributes:
        ratio: power relative to the neighbouring frequencies; 1 means no grid.
        levels: amplitude of a wave with the excess power, in the 255 levels of a picture's bytes. Below about 1 it is
            invisible.
    """

    ratio: float
    levels: float
    period: int
    direction: str


def power_spectrum(batches: Iterable[Tensor]) -> Tensor:
    """Mean power of the luminance of pictures ``[B, 3, H, W]`` in [-1, 1] under a Hann window, float64 ``[H, W]``.

    The unit is squared levels of a picture's bytes. A wave of one frequency contributes the square of its amplitude, or
    four times as much at a period of 2, the shortest that pixels can show.
    """
    total, count = torch.zeros(()), 0
    for images in batches:
        luma = torch.einsum("bchw,c->bhw", images.double().cpu(), torch.tensor(LUMINANCE, dtype=torch.float64)) * 127.5
        height, width = luma.shape[1:]
        window = torch.hann_window(height).double()[:, None] * torch.hann_window(width)
        luma = luma - (luma * window).sum((1, 2), keepdim=True) / window.sum()
        total = total + (torch.fft.fft2(luma * window).abs() * 2 / window.sum()).square().sum(0)
        count += len(images)
    return total / count


def peaks(power: Tensor) -> list[Peak]:
    """Every period and direction that a spectrum ``[H, W]`` resolves, with the largest ratio first.

    In any landscape, frequencies on the axes have more power than those beside them. Each frequency is therefore
    compared with the median of its neighbours along its own direction.
    """
    height, width = power.shape
    steps, found = torch.tensor([0, *NEIGHBOURS]), []
    for period in (period for period in PERIODS if min(height, width) // period > max(NEIGHBOURS)):
        for name, (down, across) in DIRECTIONS.items():
            rows, columns = down * (height // period + steps), across * (width // period + steps)
            line = power[rows % height, columns % width]
            there, beside = line[0], line[1:].quantile(0.5)
            levels = (there - beside).clamp(min=0).sqrt() / (2 if period == 2 else 1)
            found.append(Peak((there / beside).item(), levels.item(), period, name))
    return sorted(found, key=lambda peak: -peak.ratio)

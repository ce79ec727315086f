"""Grids in pictures, such as checkerboards and weaves: peaks of the average power spectrum at their periods."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

PERIODS = (2, 4, 8, 16)
"""In pixels: what doubling the resolution once, twice and so on would leave behind."""

DIRECTIONS = {"across": (0, 1), "down": (1, 0), "diagonal": (1, 1), "other diagonal": (1, -1)}
"""Steps down and across of each frequency; those of a diagonal grid have the period both ways."""

NEIGHBOURS = (-5, -4, -3, -2, 2, 3, 4, 5)
"""Steps along the direction to the frequencies that a peak is compared with; the window spreads it over one step."""

LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Peak:
    """A period and direction of the spectrum.

    Attributes:
        ratio: how much more power there is than beside it; 1 means no grid.
        levels: amplitude of a wave with the power that is too much, in the 255 levels of a picture's bytes; below
            about 1 nobody sees it.
    """

    ratio: float
    levels: float
    period: int
    direction: str


def power_spectrum(batches: Iterable[Tensor]) -> Tensor:
    """Mean power of the luminance of pictures ``[B, 3, H, W]`` in [-1, 1] under a Hann window, float64 ``[H, W]``.

    In squared levels of a picture's bytes: a wave of one frequency has there the square of its amplitude, but four
    times as much where the pixels are just enough to tell it, with a period of 2.
    """
    total, count = torch.zeros(()), 0
    for images in batches:
        luma = torch.einsum("bchw,c->bhw", images.double().cpu(), torch.tensor(LUMA, dtype=torch.float64)) * 127.5
        height, width = luma.shape[1:]
        window = torch.hann_window(height).double()[:, None] * torch.hann_window(width)
        luma = luma - (luma * window).sum((1, 2), keepdim=True) / window.sum()
        total = total + (torch.fft.fft2(luma * window).abs() * 2 / window.sum()).square().sum(0)
        count += len(images)
    return total / count


def peaks(power: Tensor) -> list[Peak]:
    """Every period and direction of a spectrum ``[H, W]`` that resolves them, the largest ratio first.

    Frequencies on the axes have more power than those beside them in any landscape, so that each is compared with the
    median of its neighbours along its own direction.
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

"""The losses of the generator, the style encoder and the discriminators (Park et al. 2019, appendix A)."""

import math
from types import EllipsisType

import torch
import torch.nn.functional as F
from torch import Tensor

from ...precision import own_dtype

Outputs = list[list[Tensor]]
"""The outputs of a discriminator."""

Window = tuple[EllipsisType, slice, slice]
"""The index of a rectangle of pictures ``[..., H, W]``."""

GROUND_WEIGHT = 0.25
"""Weight of the ground's colours in the transfer loss, since it consists of other classes in another picture."""

GRID_PERIODS = (2, 4, 8, 16)
"""Periods, in pixels, of the patterns that the last doublings of a generator can leave behind."""


def discriminator_loss(fake: Outputs, real: bool) -> Tensor:
    """Hinge loss of the discriminators for real or for generated pictures, averaged over them."""
    losses = [F.relu(1 - features[-1].float() if real else 1 + features[-1].float()).mean() for features in fake]
    return torch.stack(losses).mean()


def adversarial_loss(fake: Outputs) -> Tensor:
    """Hinge loss of the generator: the negative mean score of its pictures, averaged over the discriminators."""
    return torch.stack([-features[-1].float().mean() for features in fake]).mean()


def feature_matching_loss(fake: Outputs, real: Outputs) -> Tensor:
    """Mean absolute difference between the discriminators' features of generated and of real pictures.

    It is summed over the layers of a discriminator and averaged over the discriminators. No gradient reaches the real
    features.
    """
    total = torch.zeros((), device=fake[0][0].device)
    for features, wanted in zip(fake, real, strict=True):
        for feature, target in zip(features[:-1], wanted[:-1], strict=True):
            total = total + F.l1_loss(feature.float(), target.detach().float())
    return total / len(fake)


def color_loss(fake: Tensor, real: Tensor, cell: int = 8) -> Tensor:
    """Mean absolute difference of the mean colours of ``cell`` x ``cell`` pixels, for pictures ``[B, 3, H, W]``.

    The paper has no such loss. Without VGG19 features, only this loss and feature matching teach the style encoder to
    distinguish lighting and seasons. The texture is left to the discriminators.
    """
    return F.l1_loss(F.avg_pool2d(fake, cell), F.avg_pool2d(real, cell))


def perceptual_loss(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """Mean absolute difference of features of generated and real pictures, relative to their mean size in the
    real picture.

    Args:
        fake, real: features of some layers, ``[B, channels, h, w]`` each. No gradient reaches the real features.
    """
    apart = []
    for made, wanted in zip(fake, real, strict=True):
        size = wanted.float().abs().mean((1, 2, 3)).clamp(min=1e-3)
        apart.append(((made.float() - wanted.float()).abs().mean((1, 2, 3)) / size).mean())
    return torch.stack(apart).mean()


def transfer_loss(
    fake: Tensor, real: Tensor, labels: Tensor, real_labels: Tensor, sky: list[int], share: float = 1.0
) -> Tensor:
    """Difference in colours between generated pictures and the pictures whose styles they have.

    The paper has no such loss. It is the mean absolute difference of the mean colour and of its standard deviation,
    over each class that both label maps contain, over the sky, and, with a lower weight, over everything else.

    Args:
        fake, real: generated pictures and the pictures whose styles they have, ``[B, 3, H, W]`` each. Their sizes may
            differ.
        labels, real_labels: their one-hot label maps, ``[B, classes, H, W]``.
        sky: the channels of the classes that belong to the sky.
        share: size of ``fake`` relative to the whole generated pictures. The style's colours are means over windows of
            this size, since colours vary less in a window than in the whole picture.
    """
    masks, areas = _with_sky_and_ground(labels, sky)
    mean, deviation = _statistics(fake, masks, areas)
    wanted_mean, wanted_deviation, real_areas = _statistics_in_windows(real, real_labels, sky, share)
    apart = ((mean - wanted_mean).abs() + (deviation - wanted_deviation).abs()).sum(2, keepdim=True)
    shared = (areas * real_areas).sqrt()
    shared[:, -1] *= GROUND_WEIGHT
    return ((apart * shared).sum((1, 2)) / (3 * shared.sum((1, 2)).clamp(min=1))).mean()


def _statistics_in_windows(
    image: Tensor, labels: Tensor, sky: list[int], share: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Means over windows of the statistics of each class, the sky and everything else, and their areas."""
    weighted, areas = image.new_zeros(()), image.new_zeros(())
    height, width = image.shape[2:]
    for window in windows_of(height, width, share):
        masks, inside = _with_sky_and_ground(labels[window], sky)
        weighted = weighted + torch.cat(_statistics(image[window], masks, inside), 2) * inside
        areas = areas + inside
    mean, deviation = (weighted / areas.clamp(min=1)).chunk(2, 2)
    return mean, deviation, areas


def windows_of(height: int, width: int, share: float) -> list[Window]:
    """Windows that together cover pictures ``[..., height, width]``, as indices.

    Args:
        share: height and width of a window, relative to those of the pictures.
    """
    starts = []
    for side in (height, width):
        part, count = max(1, round(side * share)), math.ceil(1 / share)
        starts.append([slice(start := i * (side - part) // max(1, count - 1), start + part) for i in range(count)])
    return [(..., rows, columns) for rows in starts[0] for columns in starts[1]]


def _with_sky_and_ground(labels: Tensor, sky: list[int]) -> tuple[Tensor, Tensor]:
    """Masks ``[B, classes + 2, H * W]`` and their areas ``[B, classes + 2, 1]``."""
    masks = labels.float().flatten(2)
    above = masks[:, sky].sum(1, keepdim=True)
    masks = torch.cat([masks, above, 1 - above], 1)
    return masks, masks.sum(2, keepdim=True)


def region_loss(fake: Tensor, real: Tensor, labels: Tensor) -> Tensor:
    """Mean absolute difference of each class's mean colour and of its standard deviation, weighted by its area.

    The paper has no such loss. Lighting and seasons change the colour and contrast of all the grass or water in a
    picture, which can be learned before any texture agrees.

    Args:
        fake, real: pictures, ``[B, 3, H, W]``.
        labels: their one-hot label maps, ``[B, classes, H, W]``.
    """
    masks = labels.float().flatten(2)
    areas = masks.sum(2, keepdim=True)
    mean, deviation = _statistics(fake, masks, areas)
    wanted_mean, wanted_deviation = _statistics(real, masks, areas)
    apart = (mean - wanted_mean).abs() + (deviation - wanted_deviation).abs()
    return (apart * areas / areas.sum(1, keepdim=True)).sum(1).mean()


def _statistics(image: Tensor, masks: Tensor, areas: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of the colours under each mask, ``[B, masks, 3]`` each."""
    with own_dtype(image.device):
        pixels = image.float().flatten(2).mT
        both = masks @ torch.cat([pixels, pixels.square()], 2) / areas.clamp(min=1)
        mean, square = both.chunk(2, 2)
        # The small constant keeps the gradient of the root finite where a region has one colour.
        return mean, ((square - mean.square()).clamp(min=0) + 1e-4).sqrt()


def grid_loss(fake: Tensor) -> Tensor:
    """Excess power of waves with the periods of the generator's doublings.

    The paper has no such loss. Doubling by nearest neighbour leaves checkerboards and weaves, which are faint but
    regular and occur in no landscape. For each period and direction, the power is divided by the median of its
    neighbours in the spectrum. The loss is the mean of the logarithms of the ratios above 1, and 0 for pictures that
    are too small.

    Args:
        fake: generated pictures, ``[B, 3, H, W]``.
    """
    height, width = fake.shape[2:]
    if min(height, width) // GRID_PERIODS[0] <= 5:
        return fake.new_zeros(())
    with own_dtype(fake.device):
        window = torch.hann_window(height)[:, None] * torch.hann_window(width)
        window = window.to(fake.device) / window.sum()
        pictures = fake.float()
        pictures = pictures - (pictures * window).sum((2, 3), keepdim=True)
        power = torch.fft.fft2(pictures * window).abs().square().mean((0, 1))
        lines = power.flatten()[_grid_lines(height, width).to(power.device)]
        beside = lines[:, 1:].detach().quantile(0.5, dim=1)
        return F.relu(lines[:, 0] / beside.clamp(min=1e-12) - 1).log1p().mean()


def _grid_lines(height: int, width: int) -> Tensor:
    """Indices in the flattened spectrum of each wave of a grid and its neighbours in its direction: ``[N, 9]``."""
    steps = torch.tensor([0, -5, -4, -3, -2, 2, 3, 4, 5])
    periods = [period for period in GRID_PERIODS if min(height, width) // period > 5]
    places = [
        (down * (height // period + steps) % height, across * (width // period + steps) % width)
        for period in periods
        for down, across in ((0, 1), (1, 0), (1, 1), (1, -1))
    ]
    return torch.stack([rows * width + columns for rows, columns in places])


def style_loss(mu: Tensor, logvar: Tensor) -> Tensor:
    """Kullback-Leibler divergence of styles ``[B, z_dim]`` from the unit Gaussian, averaged over the batch."""
    mu, logvar = mu.float(), logvar.float()
    return -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum(1).mean()

"""What the networks of a scale minimize besides the critic's scores and the reconstruction's error."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..seeds import on_device

PATCH = 7
PROJECTIONS = 64
GREY = (0.299, 0.587, 0.114)


def gradient_penalty(critic: nn.Module, image: Tensor) -> Tensor:
    """Mean over pixels of (norm over channels of the critic's gradient - 1) squared (WGAN-GP)."""
    image = image.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(image).sum(), image, create_graph=True)
    penalty: Tensor = (gradient.float().norm(2, dim=1) - 1).square().mean()
    return penalty


def patch_distance(sample: Tensor, real: Tensor, generator: torch.Generator) -> Tensor:
    """Sliced Wasserstein distance between the 7x7 patches of two pictures (Elnekave and Weiss 2022).

    The critic judges patches one by one, and so asks for the right patches on the average of all samples.
    This distance takes one sample as a whole: it is to have as much of everything as the picture has.

    Args:
        sample, real: ``[1, 3, H, W]`` of one size. Pictures smaller than 7 pixels have smaller patches.
        generator: CPU generator of the directions that the patches are projected on.
    Returns:
        Mean absolute difference of the sorted projections, in the pixels' units.
    """
    height, width = (min(PATCH, side) for side in real.shape[-2:])
    directions = torch.randn(PROJECTIONS, 3, height, width, generator=generator)
    directions = on_device(directions / directions.square().sum((1, 2, 3), keepdim=True).sqrt(), real.device)
    ours, wanted = (F.conv2d(image, directions).flatten(1).view(PROJECTIONS, -1) for image in (sample, real))
    return (_sorted(ours) - _sorted(wanted)).abs().mean()


def spread(sample: Tensor, other: Tensor, real: Tensor) -> Tensor:
    """How much two samples differ, so that many pairs have on average the diversity that SinGANs are compared by.

    That diversity is the standard deviation of the samples' pixels, relative to the contrast of the picture. Asking for
    it keeps samples apart (Mao et al. 2019), which long training would make alike.

    Args:
        sample, other, real: ``[1, 3, H, W]`` of one size.
    Returns:
        Mean absolute difference in grey, times sqrt(pi) / 2 (two draws of a Gaussian differ by 2 / sqrt(pi) standard
        deviations), over the standard deviation of ``real`` or, where that has hardly any contrast, over 0.01.
    """
    weights = on_device(torch.tensor(GREY), real.device).view(1, 3, 1, 1)
    difference = ((sample - other) * weights).sum(1).abs().mean()
    contrast = (real * weights).sum(1).std().clamp_min(0.01)
    return math.sqrt(math.pi) / 2 * difference / contrast


def _sorted(rows: Tensor) -> Tensor:
    """``rows.sort(1).values``; on a processor by numpy's vectorized sort, which takes a fifth to a half of the time."""
    if rows.device.type != "cpu":
        return rows.sort(1).values
    if rows.requires_grad:
        return rows.gather(1, torch.from_numpy(np.argsort(rows.detach().numpy(), axis=1)))
    return torch.from_numpy(np.sort(rows.numpy(), axis=1))

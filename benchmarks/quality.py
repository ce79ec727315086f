"""How good samples of one picture are, measured without a pretrained network.

Patch distances say how near the samples' patches are to the picture's (0 = the same distribution); they
mean something only together with the diversity, as a copy of the picture has distance 0.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_models.pixels import LUMINANCE

PATCH = 7
MAX_PATCHES = 16384
PROJECTIONS = 128


def patches(image: Tensor, generator: torch.Generator, most: int = MAX_PATCHES) -> Tensor:
    """At most so many patches of 7x7 pixels of ``[1, 3, H, W]``: ``[N, 147]``."""
    columns = F.unfold(image, PATCH)[0].T
    if len(columns) > most:
        columns = columns[torch.randperm(len(columns), generator=generator)[:most]]
    return columns


def sliced_wasserstein(a: Tensor, b: Tensor, seed: int = 0) -> float:
    """Sliced Wasserstein distance x 1000 between the patches of two pictures ``[1, 3, H, W]``.

    Of pictures of different sizes the smaller one says how many patches of each are taken.
    """
    generator = torch.Generator().manual_seed(seed)
    directions = random_directions(generator)
    most = min(MAX_PATCHES, *((x.shape[-2] - PATCH + 1) * (x.shape[-1] - PATCH + 1) for x in (a, b)))
    return projected_distance(*(patches(x, generator, most) for x in (a, b)), directions)


def random_directions(generator: torch.Generator) -> Tensor:
    """Directions onto which patches are projected, ``[147, PROJECTIONS]``."""
    directions = torch.randn(3 * PATCH**2, PROJECTIONS, generator=generator)
    return directions / directions.norm(dim=0)


def projected_distance(a: Tensor, b: Tensor, directions: Tensor) -> float:
    """Sliced Wasserstein distance x 1000 between two sets of as many patches, ``[N, 147]`` each."""
    first, second = ((side @ directions).sort(0).values for side in (a, b))
    return 1000 * (first - second).abs().mean().item()


def sliced_wasserstein_at_scales(a: Tensor, b: Tensor) -> list[float]:
    """``sliced_wasserstein`` at full, half and quarter resolution."""
    return [sliced_wasserstein(_shrink(a, k), _shrink(b, k)) for k in (1, 2, 4)]


def patch_frechet(a: Tensor, b: Tensor) -> float:
    """Frechet distance between the patches of two pictures ``[1, 3, H, W]``."""
    generator = torch.Generator().manual_seed(0)
    stats = []
    for image in (a, b):
        columns = patches(image, generator).double().numpy()
        stats.append((columns.mean(0), np.cov(columns, rowvar=False)))
    (mean_a, cov_a), (mean_b, cov_b) = stats
    # The trace of the square root of a product of covariances is the sum of the roots of its eigenvalues.
    roots = np.sqrt(np.linalg.eigvals(cov_a @ cov_b).real.clip(0))
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(cov_a + cov_b) - 2 * roots.sum())


def diversity(samples: Tensor, training_image: Tensor) -> float:
    """Mean over pixels of the samples' standard deviation over that of the training image, in grey.

    Args:
        samples: at least 50 pictures of one size, ``[B, 3, H, W]``.
        training_image: ``[1, 3, H, W]``.
    """
    return (_grey(samples).std(0).mean() / _grey(training_image).std()).item()


def psnr(a: Tensor, b: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of two pictures in [-1, 1]."""
    return 10 * torch.log10(4 / F.mse_loss(a, b)).item()


def _shrink(image: Tensor, factor: int) -> Tensor:
    return image if factor == 1 else F.avg_pool2d(image, factor)


def _grey(image: Tensor) -> Tensor:
    red, green, blue = image.unbind(1)
    return LUMINANCE[0] * red + LUMINANCE[1] * green + LUMINANCE[2] * blue

"""Measures how well landscapes agree with label maps, styles and other pictures.

Pictures are float ``[..., 3, H, W]`` in [-1, 1], label maps ids of the 'landscape' taxonomy ``[..., H, W]``.
"""

import torch
from skimage.color import rgb2lab
from torch import Tensor

from gan_models.labels import taxonomy

CLASSES = len(taxonomy("landscape"))
UNKNOWN = taxonomy("landscape").unknown_id
SKY, GROUND = 0, 1
REGIONS = torch.tensor([SKY if id in taxonomy("landscape").sky else GROUND for id in range(CLASSES)])
"""The region of each class: the sky with everything in it, or the ground, which is everything else."""

LEAST_REGION = 0.02
"""Smallest share of a picture's pixels for which the colour of a region is meaningful."""


def confusion(predicted: Tensor, labels: Tensor) -> Tensor:
    """Number of pixels of each class (row) that were classified as each class (column), int64 ``[CLASSES, CLASSES]``.

    Unknown pixels of ``labels`` are not counted.
    """
    known = labels != UNKNOWN
    pairs = labels[known].long() * CLASSES + predicted[known].long()
    return pairs.bincount(minlength=CLASSES**2).view(CLASSES, CLASSES)


def pixel_accuracy(counts: Tensor) -> float:
    """The share of pixels that were classified correctly."""
    return (counts.diagonal().sum() / counts.sum()).item()


def class_iou(counts: Tensor) -> Tensor:
    """Intersection over union of each class, ``[CLASSES]``; NaN for classes that the label maps don't contain."""
    right, wanted = counts.diagonal().double(), counts.sum(1)
    return torch.where(wanted > 0, right / (wanted + counts.sum(0) - right), torch.nan)


def mean_iou(counts: Tensor) -> float:
    """Mean of ``class_iou`` over the classes that the label maps contain."""
    return class_iou(counts).nanmean().item()


def frechet(a: Tensor, b: Tensor) -> float:
    """Squared Frechet distance between the Gaussians of two sets of features, ``[N, features]`` each (N > 1)."""
    a, b = a.double(), b.double()
    mean_a, mean_b = a.mean(0), b.mean(0)
    a, b = ((some - mean) / (len(some) - 1) ** 0.5 for some, mean in ((a, mean_a), (b, mean_b)))
    # The covariances are A = a'a and B = b'b; the roots of the eigenvalues of AB are the singular values of ab'.
    cross = torch.linalg.svdvals(a @ b.T).sum()
    return ((mean_a - mean_b).square().sum() + a.square().sum() + b.square().sum() - 2 * cross).item()


def to_lab(image: Tensor) -> Tensor:
    """CIE L*a*b* of a picture ``[3, H, W]``: float64 ``[3, H, W]``."""
    pixels = image.detach().permute(1, 2, 0).cpu().double()
    return torch.from_numpy(rgb2lab((pixels / 2 + 0.5).clamp(0, 1).numpy())).permute(2, 0, 1)


def region_means(values: Tensor, labels: Tensor) -> Tensor:
    """Mean of sky and ground in ``values``, ``[3, H, W]``: float64 ``[2, 3]``.

    Unknown pixels count for neither. NaN for a region that is almost absent from ``labels``, ``[H, W]``.
    """
    ids = labels.flatten().long().cpu()
    known = ids != UNKNOWN
    regions = REGIONS[ids[known]]
    counts = regions.bincount(minlength=2)
    sums = torch.zeros(2, 3, dtype=torch.float64).index_add_(0, regions, values.flatten(1).T[known].double())
    return torch.where(counts[:, None] >= LEAST_REGION * len(ids), sums / counts[:, None], torch.nan)


def deviation(values: Tensor) -> float:
    """Mean standard deviation over the first axis, for pictures ``[B, 3, H, W]`` or features ``[B, N]``."""
    return values.double().std(0, correction=0).mean().item()

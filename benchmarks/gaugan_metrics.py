"""Measures of landscapes against the label maps, lights and pictures that they should agree with.

Pictures are float ``[..., 3, H, W]`` in [-1, 1], label maps ids of the 'landscape' taxonomy ``[..., H, W]``.
"""

import torch
from skimage.color import rgb2lab
from torch import Tensor

from gan_models.labels import taxonomy

CLASSES = len(taxonomy("landscape"))
UNKNOWN = taxonomy("landscape").unknown_id


def confusion(predicted: Tensor, labels: Tensor) -> Tensor:
    """How many pixels of each class (row) were taken for each class (column), int64 ``[CLASSES, CLASSES]``.

    Unknown pixels of ``labels`` are not counted.
    """
    known = labels != UNKNOWN
    pairs = labels[known].long() * CLASSES + predicted[known].long()
    return pairs.bincount(minlength=CLASSES**2).view(CLASSES, CLASSES)


def pixel_accuracy(counts: Tensor) -> float:
    """The share of pixels that were taken for what they are."""
    return (counts.diagonal().sum() / counts.sum()).item()


def class_iou(counts: Tensor) -> Tensor:
    """Intersection over union of each class, ``[CLASSES]``; NaN for classes that the label maps don't hold."""
    right, wanted = counts.diagonal().double(), counts.sum(1)
    return torch.where(wanted > 0, right / (wanted + counts.sum(0) - right), torch.nan)


def mean_iou(counts: Tensor) -> float:
    """Mean of ``class_iou`` over the classes that the label maps hold."""
    return class_iou(counts).nanmean().item()


def frechet(a: Tensor, b: Tensor) -> float:
    """Squared Frechet distance between the Gaussians of two sets of features, ``[N, features]`` each (N > 1)."""
    mean_a, mean_b = a.double().mean(0), b.double().mean(0)
    cov_a, cov_b = a.double().T.cov(), b.double().T.cov()
    # The trace of (A B)^(1/2) is that of (A^(1/2) B A^(1/2))^(1/2), which is symmetric.
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return ((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross).item()


def color_statistics(image: Tensor, labels: Tensor) -> Tensor:
    """Mean and standard deviation of L, a, b over the pixels of each class: float64 ``[CLASSES, 6]``.

    Args:
        image: ``[3, H, W]``.
        labels: ``[H, W]``. Absent classes get zeros.
    """
    pixels = image.detach().permute(1, 2, 0).cpu().double()
    lab = torch.from_numpy(rgb2lab((pixels / 2 + 0.5).clamp(0, 1).numpy())).flatten(0, 1)
    ids = labels.flatten().long().cpu()
    counts = ids.bincount(minlength=CLASSES).clamp(min=1)[:, None]
    mean = torch.zeros(CLASSES, 3, dtype=torch.float64).index_add_(0, ids, lab) / counts
    apart = (lab - mean[ids]).square()
    deviation = (torch.zeros(CLASSES, 3, dtype=torch.float64).index_add_(0, ids, apart) / counts).sqrt()
    return torch.cat([mean, deviation], 1)


def color_distance(a: Tensor, b: Tensor, labels: Tensor) -> Tensor:
    """How far two pictures of one label map are apart in colour, in units of Lab.

    The root of the squared differences of the ``color_statistics``, summed over the six numbers and averaged over the
    known pixels' classes by their area.

    Args:
        a, b: statistics, ``[..., CLASSES, 6]``.
        labels: ``[H, W]``, not unknown everywhere.
    Returns:
        ``[...]``.
    """
    shares = labels.flatten().long().bincount(minlength=CLASSES).double()
    shares[UNKNOWN] = 0
    return ((a - b).square().sum(-1) @ (shares / shares.sum())).sqrt()


def deviation(values: Tensor) -> float:
    """Mean standard deviation over the first axis: of pictures ``[B, 3, H, W]`` or of features ``[B, N]``."""
    return values.double().std(0, correction=0).mean().item()

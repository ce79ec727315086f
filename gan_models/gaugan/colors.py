"""Colour matching: a picture takes over the colours of another, overall or class by class.

For nets without a style it is the stated way to follow a style image. Mean and covariance of the colours are
brought to those of the other picture by the linear map that changes the colours least (the optimal transport
between two normal distributions: Pitié and Kokaram 2007).
"""

import torch
from torch import Tensor

from .sizes import nearest

FEWEST_PIXELS = 64
"""Regions with fewer pixels than this have no statistics of their own."""

SOFTENING = 1e-5
"""Added to variances (of colours in [-1, 1]), so that noise in flat regions is not blown up."""


def match_colors(
    images: Tensor, references: Tensor, ids: Tensor | None = None, reference_ids: Tensor | None = None
) -> tuple[Tensor, list[int]]:
    """The pictures with the colours of others.

    Args:
        images: ``[B, 3, H, W]`` in [-1, 1].
        references: pictures of any size that give the colours, ``[B or 1, 3, H', W']``.
        ids: label maps of the pictures, ``[B or 1, H, W]``; with ``reference_ids`` every class is matched alone.
        reference_ids: label maps of the references, ``[B or 1, h, w]``, brought to their size by nearest neighbour.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1] and float32, and the classes that no reference has (enough of): there the colours
        of the whole pictures count.
    """
    for what, batch in (("style images", references), ("label maps of style images", reference_ids)):
        if batch is not None and len(batch) not in (1, len(images)):
            raise ValueError(f"{len(batch)} {what} don't go with {len(images)} pictures; give one, or as many")
    matched, missing = [], set()
    for index, image in enumerate(images.float()):
        reference = _of(references, index).to(image)
        colors = _transport(image.flatten(1), reference.flatten(1))
        if ids is not None and reference_ids is not None:
            rows, columns = nearest(reference_ids.shape[1:], reference.shape[1:])
            here = _of(ids, index).to(image.device).flatten()
            there = _of(reference_ids, index)[rows][:, columns].to(image.device).flatten()
            for label in sorted(set(here.tolist())):
                region, example = here == label, there == label
                if example.sum() < FEWEST_PIXELS:
                    missing.add(label)
                elif region.sum() >= FEWEST_PIXELS:
                    colors[:, region] = _transport(image.flatten(1)[:, region], reference.flatten(1)[:, example])
        matched.append(colors.view_as(image))
    return torch.stack(matched).clamp(-1, 1), sorted(missing)


def _of(batch: Tensor, index: int) -> Tensor:
    return batch[index if len(batch) > 1 else 0]


def _transport(pixels: Tensor, example: Tensor) -> Tensor:
    """``[3, N]`` with mean and covariance of ``[3, M]``."""
    mean, covariance = _statistics(pixels)
    wanted_mean, wanted = _statistics(example)
    root, inverse = _root(covariance), torch.linalg.inv(_root(covariance))
    gain = inverse @ _root(root @ wanted @ root) @ inverse
    moved: Tensor = gain.to(pixels) @ (pixels - mean.to(pixels)) + wanted_mean.to(pixels)
    return moved


def _statistics(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean ``[3, 1]`` and softened covariance ``[3, 3]``, in float64 on the CPU, where 3x3 matrices are fastest."""
    mean = pixels.mean(1, keepdim=True)
    centred = pixels - mean
    covariance = (centred @ centred.T / pixels.shape[1]).double().cpu()
    return mean.double().cpu(), covariance + SOFTENING * torch.eye(3, dtype=torch.float64)


def _root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T
    return root

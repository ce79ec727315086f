"""Colour matching: a picture takes on the colours of another one, overall or class by class.

This is how a net without a style follows a style image. A linear map changes the mean and covariance of the colours to
those of the other picture. It is the map that changes the colours least: the optimal transport between two normal
distributions (Pitié and Kokaram 2007).
"""

import torch
from torch import Tensor

from .sizes import nearest

FEWEST_PIXELS = 64
"""Regions with fewer pixels than this are too small for statistics of their own."""

SOFTENING = 1e-5
"""Added to variances (of colours in [-1, 1]), so that noise in flat regions is not amplified."""


def match_colors(
    images: Tensor, references: Tensor, ids: Tensor | None = None, reference_ids: Tensor | None = None
) -> tuple[Tensor, list[int]]:
    """Give pictures the colours of other pictures.

    Args:
        images: ``[B, 3, H, W]`` in [-1, 1].
        references: pictures of any size that give the colours, ``[B or 1, 3, H', W']``.
        ids: label maps of the pictures, ``[B or 1, H, W]``; with ``reference_ids``, every class is matched separately.
        reference_ids: label maps of the references, ``[B or 1, h, w]``, resized to them by nearest neighbour.
    Returns:
        The pictures, float32 ``[B, 3, H, W]`` in [-1, 1], and the classes with too few pixels in a reference. These
        classes get the colours of the whole reference.
    Raises:
        ValueError: the numbers of pictures, references and label maps don't match.
    """
    for what, batch in (("style images", references), ("label maps of style images", reference_ids)):
        if batch is not None and len(batch) not in (1, len(images)):
            raise ValueError(f"{len(batch)} {what} don't match {len(images)} pictures; give one, or one for each")
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
    """``pixels``, ``[3, N]``, with the mean and covariance of ``example``, ``[3, M]``."""
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

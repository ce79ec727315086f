"""Colour matching: a picture takes on the colours of another one, overall or class by class.

This is how a net without a style follows a style image, and how the colours of a net with a style become those of the
photo. A linear map changes the mean and covariance of the colours to those of the other picture. It is the map that
changes the colours least: the optimal transport between two normal distributions (Pitié and Kokaram 2007).
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..blur import gaussian_blur
from .sizes import nearest

FEWEST_PIXELS = 64
"""Regions with fewer pixels than this are too small for statistics of their own."""

SOFTENING = 1e-5
"""Added to variances (of colours in [-1, 1]), so that noise in flat regions is not amplified."""

MOST_CONTRAST = 1.5
"""The most by which a soft match raises or lowers contrast. More would also raise the picture's faults."""

TRANSITION = 0.012
"""Standard deviation of the blur of the borders in a soft match, relative to the picture's shorter side."""

HALFWAY = 0.03
"""Share of the pixels at which a class is halfway between its own colours and those of the whole sky or ground."""


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
    _require_counts(images, references, reference_ids)
    matched, missing = [], set()
    for index, image in enumerate(images.float()):
        reference = _of(references, index).to(image)
        colors = _transport(image.flatten(1), reference.flatten(1))
        if ids is not None and reference_ids is not None:
            here = _of(ids, index).to(image.device).flatten()
            there = _labels_of(reference, _of(reference_ids, index))
            for label in sorted(set(here.tolist())):
                region, example = here == label, there == label
                if example.sum() < FEWEST_PIXELS:
                    missing.add(label)
                elif region.sum() >= FEWEST_PIXELS:
                    colors[:, region] = _transport(image.flatten(1)[:, region], reference.flatten(1)[:, example])
        matched.append(colors.view_as(image))
    return torch.stack(matched).clamp(-1, 1), sorted(missing)


def match_colors_softly(
    images: Tensor, references: Tensor, ids: Tensor, reference_ids: Tensor, sky: Sequence[int]
) -> tuple[Tensor, list[str]]:
    """Give pictures the colours of other pictures whose classes may be others.

    The sky and the ground get the colours of the reference's sky and ground. The more of a class both pictures show,
    the more it gets the colours that it has in the reference. Contrast is changed by at most ``MOST_CONTRAST``, and
    the classes fade into each other along their borders.

    Args:
        images, references, ids, reference_ids: as for ``match_colors``.
        sky: the ids of the classes that belong to the sky; all others are ground.
    Returns:
        The pictures, float32 ``[B, 3, H, W]`` in [-1, 1], and which of "ground" and "sky" have too few pixels in a
        reference. These stay as they are.
    Raises:
        ValueError: the numbers of pictures, references and label maps don't match.
    """
    _require_counts(images, references, reference_ids)
    matched, missing = [], set[str]()
    for index, image in enumerate(images.float()):
        reference = _of(references, index).to(image)
        here = _of(ids, index).to(image.device).flatten()
        there = _labels_of(reference, _of(reference_ids, index))
        above, above_there = (torch.isin(labels, labels.new_tensor(sky)) for labels in (here, there))
        pixels, example = image.flatten(1), reference.flatten(1)
        sigma = TRANSITION * min(image.shape[1:])
        total = torch.zeros_like(pixels)
        for name, half, half_there in (("sky", above, above_there), ("ground", ~above, ~above_there)):
            if half.any() and half_there.sum() < FEWEST_PIXELS:
                missing.add(name)
            whole = _moved(pixels, half, example, half_there, otherwise=pixels)
            for label in sorted(set(here[half].tolist())):
                region, region_there = here == label, there == label
                common = torch.minimum(region.float().mean(), region_there.float().mean())
                own = _moved(pixels, region, example, region_there, otherwise=whole)
                colors = torch.lerp(whole, own, common / (common + HALFWAY))
                mask = region.view(image.shape[1:]).to(image)
                total += gaussian_blur(mask, sigma, math.ceil(3 * sigma)).flatten() * colors
        matched.append(total.view_as(image))
    return torch.stack(matched).clamp(-1, 1), sorted(missing)


def _moved(pixels: Tensor, region: Tensor, example: Tensor, there: Tensor, *, otherwise: Tensor) -> Tensor:
    """All ``pixels``, ``[3, N]``, moved as those of a region have to be for the colours of ``example[:, there]``.

    If the region or its example is too small, ``otherwise`` is returned.
    """
    if min(region.sum(), there.sum()) < FEWEST_PIXELS:
        return otherwise
    return _linear_map(pixels[:, region], example[:, there], MOST_CONTRAST)(pixels)


def _require_counts(images: Tensor, references: Tensor, reference_ids: Tensor | None) -> None:
    for what, batch in (("style images", references), ("label maps of style images", reference_ids)):
        if batch is not None and len(batch) not in (1, len(images)):
            raise ValueError(f"{len(batch)} {what} don't match {len(images)} pictures; give one, or one for each")


def _of(batch: Tensor, index: int) -> Tensor:
    return batch[index if len(batch) > 1 else 0]


def _labels_of(picture: Tensor, ids: Tensor) -> Tensor:
    """The label map ``[h, w]`` of a picture ``[3, H, W]`` at its size: ``[H * W]``."""
    rows, columns = nearest(ids.shape, picture.shape[1:])
    return ids[rows][:, columns].to(picture.device).flatten()


def _transport(pixels: Tensor, example: Tensor) -> Tensor:
    """``pixels``, ``[3, N]``, with the mean and covariance of ``example``, ``[3, M]``."""
    return _linear_map(pixels, example)(pixels)


def _linear_map(pixels: Tensor, example: Tensor, most: float | None = None) -> Callable[[Tensor], Tensor]:
    """The map that gives ``pixels``, ``[3, N]``, the mean and covariance of ``example``, ``[3, M]``.

    Args:
        most: the most by which it raises or lowers contrast; None means no limit.
    """
    mean, covariance = _statistics(pixels)
    wanted_mean, wanted = _statistics(example)
    root, inverse = _root(covariance), torch.linalg.inv(_root(covariance))
    gain = inverse @ _root(root @ wanted @ root) @ inverse
    if most is not None:
        values, vectors = torch.linalg.eigh(gain)
        gain = vectors @ values.clamp(1 / most, most).diag() @ vectors.T

    def moved(colors: Tensor) -> Tensor:
        result: Tensor = gain.to(colors) @ (colors - mean.to(colors)) + wanted_mean.to(colors)
        return result

    return moved


def _statistics(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Mean ``[3, 1]`` and softened covariance ``[3, 3]``, in float64 on the CPU, where 3x3 matrices are fastest."""
    mean = pixels.mean(1, keepdim=True)
    centred = pixels - mean
    covariance = (centred @ centred.T / pixels.shape[1]).cpu().double()
    return mean.cpu().double(), covariance + SOFTENING * torch.eye(3, dtype=torch.float64)


def _root(matrix: Tensor) -> Tensor:
    """The square root of a symmetric positive matrix."""
    values, vectors = torch.linalg.eigh(matrix)
    root: Tensor = vectors @ values.clamp_min(0).sqrt().diag() @ vectors.T
    return root

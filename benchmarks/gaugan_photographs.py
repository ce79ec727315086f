"""Photographs with label maps, and square crops of them on which a GauGAN is measured."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_models.pictures import open_picture

SMALLEST = 0.6
"""Side of the smallest crop as a share of the photograph's shorter side."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Photograph:
    """A photograph (RGB) and its label map (8-bit ids of the 'landscape' taxonomy) of the same size."""

    name: str
    image: Image.Image
    labels: Image.Image


@dataclass(frozen=True)
class Crops:
    """Square crops of photographs.

    Attributes:
        images: uint8 ``[N, 3, S, S]``.
        labels: their label maps, uint8 ``[N, S, S]``.
        sources: index of the photograph that each crop is from, int64 ``[N]``.
    """

    images: Tensor
    labels: Tensor
    sources: Tensor


def read_photographs(folder: Path) -> list[Photograph]:
    """The photographs ``images/NAME.jpg`` of a folder with their ``labels/NAME.png``, in the order of their names.

    Raises:
        FileNotFoundError: the folder contains no such pair.
        ValueError: a label map and its photograph differ in size.
    """
    photographs = []
    for path in sorted(folder.glob("labels/*.png")):
        picture = folder / "images" / f"{path.stem}.jpg"
        if not picture.is_file():
            continue
        image, labels = open_picture(picture), open_picture(path)
        if image.size != labels.size:
            raise ValueError(f"the label map of {path.stem} is {labels.width}×{labels.height}, the photograph "
                             f"{image.width}×{image.height}; they must have the same size")  # fmt: skip
        photographs.append(Photograph(path.stem, image.convert("RGB"), labels))
    if not photographs:
        raise FileNotFoundError(f"{folder} contains no images/*.jpg with labels/*.png; make it with "
                                "python -m tools.photographs")  # fmt: skip
    return photographs


def find(photographs: Sequence[Photograph], names: Sequence[str]) -> list[Photograph]:
    """The photographs with these names, in this order.

    Raises:
        ValueError: a photograph is missing.
    """
    known = {photograph.name: photograph for photograph in photographs}
    if missing := [name for name in names if name not in known]:
        raise ValueError(f"the photographs lack {', '.join(missing)}; there are {', '.join(sorted(known))}")
    return [known[name] for name in names]


def crops(photographs: Sequence[Photograph], size: int, each: int = 7) -> Crops:
    """``each`` crops of ``size`` x ``size`` pixels of every photograph; every call gives the same ones."""
    cut, sources = [], []
    for index, photograph in enumerate(photographs):
        draw = random.Random(photograph.name)
        for number in range(each):
            cut.append(random_crop(photograph, size, draw, whole=number == 0))
            sources.append(index)
    images, labels = map(torch.stack, zip(*cut, strict=True))
    return Crops(images, labels, torch.tensor(sources))


def squares(photographs: Sequence[Photograph], size: int, place: float = 0.5) -> Crops:
    """The largest square of every photograph, from its left or upper end (``place`` 0) to its other end (1).

    One crop for each photograph, ``size`` x ``size`` pixels.
    """
    cut = []
    for photograph in photographs:
        width, height = photograph.image.size
        side = min(width, height)
        left, top = place * (width - side), place * (height - side)
        cut.append(_cut(photograph, (left, top, left + side, top + side), size, mirrored=False))
    images, labels = map(torch.stack, zip(*cut, strict=True))
    return Crops(images, labels, torch.arange(len(photographs)))


def random_crop(photograph: Photograph, size: int, draw: random.Random, whole: bool = False) -> tuple[Tensor, Tensor]:
    """A square of the photograph's whole height, or of at least 60 % of it, mirrored at random.

    It is at least as large as ``size`` if the photograph is, so that nothing is enlarged without need. Returns the
    picture, uint8 ``[3, size, size]``, and its label map, uint8 ``[size, size]``.
    """
    width, height = photograph.image.size
    most = min(width, height)
    side = most if whole else draw.uniform(max(SMALLEST * most, min(size, most)), most)
    left, top = draw.uniform(0, width - side), draw.uniform(0, height - side)
    return _cut(photograph, (left, top, left + side, top + side), size, mirrored=draw.random() < 0.5)


def _cut(photograph: Photograph, box: Box, size: int, mirrored: bool) -> tuple[Tensor, Tensor]:
    """An antialiased crop, uint8 ``[3, size, size]``, and its labels, uint8 ``[size, size]``, by nearest neighbour."""
    image = photograph.image.resize((size, size), Image.Resampling.BICUBIC, box)
    labels = photograph.labels.resize((size, size), Image.Resampling.NEAREST, box)
    pixels = torch.from_numpy(np.array(image)).permute(2, 0, 1)
    ids = torch.from_numpy(np.array(labels))
    return (pixels.flip(2), ids.flip(1)) if mirrored else (pixels, ids)

"""Drawings that tests give to the label painter, and that they read from its uploads."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gan_models import labels

UPLOADED = r"gan_atelier/[0-9a-f]{32}\.png \[input\]"
"""The value of a painter whose drawing was uploaded, as a regular expression."""


def drawing(ids: NDArray[np.uint8], taxonomy: str = "landscape") -> bytes:
    """The file of a drawing with these ids."""
    return labels.to_png(torch.as_tensor(ids), taxonomy)


def noise(height: int = 96, width: int = 128, classes: int = 19) -> NDArray[np.uint8]:
    """Random ids, the same every time."""
    return np.random.default_rng(0).integers(0, classes, (height, width), dtype=np.uint8)


def read(data: bytes, tmp_path: Path, taxonomy: str = "landscape") -> NDArray[np.uint8]:
    """The ids that Python reads from the file of a drawing."""
    (tmp_path / "read.png").write_bytes(data)
    picture = labels.LabelPicture.open(tmp_path / "read.png")
    ids: NDArray[np.uint8] = labels.read(picture, labels.taxonomy(taxonomy)).ids[0].numpy()
    return ids

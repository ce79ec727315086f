"""Arranges pictures on sheets for the README and the help pages."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan_models.pixels import to_bytes, to_float

ROOT = Path(__file__).resolve().parent.parent
HELP = ROOT / "web" / "docs" / "pictures"
FRONT = ROOT / "docs"
GAP = 6


def grid(images: list[Tensor], columns: int) -> Image.Image:
    return grid_images([to_image(image) for image in images], columns)


def grid_images(images: list[Image.Image], columns: int) -> Image.Image:
    """Arrange pictures of one size in rows."""
    width, height = images[0].size
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for index, image in enumerate(images):
        sheet.paste(image, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return sheet


def stack(images: list[Image.Image]) -> Image.Image:
    """Arrange pictures of one width below each other."""
    sheet = Image.new("RGB", (images[0].width, sum(image.height + GAP for image in images) - GAP), "white")
    top = 0
    for image in images:
        sheet.paste(image, (0, top))
        top += image.height + GAP
    return sheet


def fit_width(image: Tensor, width: int) -> Image.Image:
    picture = to_image(image)
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def to_image(image: Tensor) -> Image.Image:
    return Image.fromarray(to_bytes(image[0].permute(1, 2, 0)).numpy())


def save(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=90)


def widened(image: Image.Image, width: int) -> Image.Image:
    sheet = Image.new("RGB", (width, image.height), (32, 32, 32))
    sheet.paste(image)
    return sheet


def read(name: str) -> Tensor:
    """An example picture, ``[1, 3, H, W]`` in [-1, 1]."""
    pixels = np.array(Image.open(ROOT / "pictures" / name).convert("RGB"))
    return to_float(torch.from_numpy(pixels).permute(2, 0, 1)[None])

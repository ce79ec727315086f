"""Scenes as files."""

import io
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..files import write_atomically
from .light import random_light
from .render import render_scene


@dataclass(frozen=True)
class Writer:
    """Writes the scene of a seed, and the name of its light, and says where: picture and label map.

    What is there already stays.
    """

    output: Path
    size: tuple[int, int]
    light: str | None
    jpeg: bool

    def __call__(self, seed: int) -> tuple[Path, Path]:
        picture = self.output / "images" / f"{seed:06d}.{'jpg' if self.jpeg else 'png'}"
        labels = self.output / "labels" / f"{seed:06d}.png"
        style = self.output / "styles" / f"{seed:06d}.txt"
        if not style.exists():
            write_atomically(style, f"{random_light(seed, self.light).name}\n".encode())
        if picture.exists() and labels.exists():
            return picture, labels
        scene = render_scene(seed, self.size, self.light)
        pixels = ((scene.image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)
        write_atomically(labels, _encoded(scene.labels, "PNG"))
        write_atomically(picture, _encoded(pixels, "JPEG" if self.jpeg else "PNG"))
        return picture, labels


def _encoded(pixels: Tensor, form: str) -> bytes:
    """uint8 ``[H, W]`` or ``[H, W, 3]`` as a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(file, form, **({"quality": 95} if form == "JPEG" else {}))
    return file.getvalue()

"""Writes scenes to files."""

import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from torch import Tensor

from ..files import write_atomically
from ..pixels import to_bytes
from .lighting import random_lighting
from .render import render_scene


@dataclass(frozen=True)
class Writer:
    """Writes the picture, the label map and the name of the lighting of a seed; returns the paths of the first two.

    Existing files are kept.

    Attributes:
        output: the folder, which gets ``images``, ``labels`` and ``styles``.
        size: (height, width) in pixels.
        lighting: the name of a preset; None chooses a random one for every seed.
        jpeg: whether to write the pictures as JPEG files rather than PNG files.
    """

    output: Path
    size: tuple[int, int]
    lighting: str | None
    jpeg: bool

    def __call__(self, seed: int) -> tuple[Path, Path]:
        picture = self.output / "images" / f"{seed:06d}.{'jpg' if self.jpeg else 'png'}"
        labels = self.output / "labels" / f"{seed:06d}.png"
        style = self.output / "styles" / f"{seed:06d}.txt"
        if not style.exists():
            write_atomically(style, f"{random_lighting(seed, self.lighting).name}\n".encode())
        if picture.exists() and labels.exists():
            return picture, labels
        scene = render_scene(seed, self.size, self.lighting)
        pixels = to_bytes(scene.image).permute(1, 2, 0)
        write_atomically(labels, _encoded(scene.labels, "PNG"))
        write_atomically(picture, _encoded(pixels, "JPEG" if self.jpeg else "PNG"))
        return picture, labels


def _encoded(pixels: Tensor, form: str) -> bytes:
    """uint8 ``[H, W]`` or ``[H, W, 3]`` as a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(file, form, **({"quality": 95} if form == "JPEG" else {}))
    return file.getvalue()

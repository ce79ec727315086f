"""Writes scenes as a data set: ``python -m gan_models.scenes --count 1000 --size 256 --output scenes``.

``images/000007.png`` belongs to ``labels/000007.png``, whose pixels are class ids. What is there already stays, so
that an interrupted run goes on where it stopped.
"""

import argparse
import io
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..files import write_atomically
from .light import LIGHTS
from .render import render_scene


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_models.scenes", description="Renders labelled landscapes.")
    parser.add_argument("--count", type=int, required=True, help="how many scenes")
    parser.add_argument("--size", type=int, nargs="+", default=[256], help="one number, or height and width")
    parser.add_argument("--output", type=Path, required=True, help="folder; gets images/ and labels/")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first scene (default: %(default)s)")
    parser.add_argument("--light", choices=sorted(LIGHTS), help="one light for all scenes (default: any)")
    parser.add_argument("--jpeg", action="store_true", help="write images as JPEG, quality 95, instead of PNG")
    options = parser.parse_args(arguments)
    if len(options.size) > 2:
        parser.error("--size takes one number, or height and width")
    size = (options.size[0], options.size[-1])
    suffix = "jpg" if options.jpeg else "png"
    for seed in range(options.first_seed, options.first_seed + options.count):
        picture = options.output / "images" / f"{seed:06d}.{suffix}"
        labels = options.output / "labels" / f"{seed:06d}.png"
        if picture.exists() and labels.exists():
            continue
        scene = render_scene(seed, size, options.light)
        pixels = ((scene.image + 1) * 127.5).round().to(torch.uint8).permute(1, 2, 0)
        write_atomically(labels, _encoded(scene.labels, "PNG"))
        write_atomically(picture, _encoded(pixels, "JPEG" if options.jpeg else "PNG"))


def _encoded(pixels: Tensor, form: str) -> bytes:
    """uint8 ``[H, W]`` or ``[H, W, 3]`` as a picture file."""
    file = io.BytesIO()
    Image.fromarray(pixels.numpy()).save(file, form, **({"quality": 95} if form == "JPEG" else {}))
    return file.getvalue()


if __name__ == "__main__":
    main()

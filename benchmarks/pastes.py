"""Pictures of five kinds, each with an object pasted in whose colours the picture lacks.

The photograph is one of the pack; the oil painting, the watercolour and the pencil drawing are imitations made from
photographs of the pack (``media.py``), and the flat illustration is drawn. So everything is free and can be made anew.
"""

from dataclasses import dataclass
from pathlib import Path

import media
import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

PICTURES = Path(__file__).resolve().parent.parent / "pictures"
WIDTH, HEIGHT = 250, 188
DETAIL = 4

Color = tuple[int, int, int]


@dataclass(frozen=True)
class Paste:
    """A picture, the same with an object, ``[1, 3, H, W]`` in [-1, 1], and the object's mask, ``[1, 1, H, W]``."""

    training: Tensor
    pasted: Tensor
    mask: Tensor


def paste(kind: str) -> Paste:
    """The picture of a kind, one of ``KINDS``, with its object."""
    picture, shape, colors, box = _scene(kind)
    layer = Image.new("RGBA", (WIDTH * DETAIL, HEIGHT * DETAIL))
    SHAPES[shape](ImageDraw.Draw(layer), [side * DETAIL for side in box], colors)
    pixels = np.asarray(layer) / 255.0
    cover = pixels[..., 3:]
    shade = np.clip(1.12 - 0.35 * np.linspace(0, 1, WIDTH * DETAIL)[None, :, None], 0, 1)
    color, share = (_shrunk(values) for values in (pixels[..., :3] * cover * shade, cover))
    return Paste(_tensor(picture), _tensor(picture * (1 - share) + color), _tensor(share) / 2 + 0.5)


def _scene(kind: str) -> tuple[np.ndarray, str, list[Color], tuple[int, int, int, int]]:
    if kind == "photograph":
        return _photograph("storm.jpg"), "ship", [(176, 40, 50), (250, 176, 96), (110, 20, 40)], (92, 78, 168, 152)
    if kind == "oil":
        return media.oil(_photograph("sunset.jpg"), sizes=(9, 6, 3)), "ship", \
            [(60, 96, 190), (130, 214, 226), (40, 40, 110)], (30, 74, 112, 156)
    if kind == "watercolour":
        return media.watercolour(_photograph("mist.jpg")), "balloon", \
            [(206, 40, 122), (246, 190, 220), (110, 20, 80)], (136, 16, 196, 106)
    if kind == "pencil":
        return media.pencil(_photograph("mountains.jpg")), "house", \
            [(198, 72, 52), (240, 196, 96), (70, 110, 170)], (88, 82, 176, 160)
    if kind == "flat":
        return media.flat_landscape(WIDTH, HEIGHT), "lighthouse", \
            [(40, 150, 90), (200, 232, 206), (18, 74, 60)], (44, 62, 92, 164)
    raise ValueError(f"there is no kind {kind!r}; the kinds are {', '.join(KINDS)}")


KINDS = ("photograph", "oil", "watercolour", "pencil", "flat")


def _photograph(name: str) -> np.ndarray:
    with Image.open(PICTURES / name) as file:
        return np.asarray(file.convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)) / 255.0


def _tensor(pixels: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels)).float().permute(2, 0, 1)[None] * 2 - 1


def _shrunk(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(HEIGHT, DETAIL, WIDTH, DETAIL, -1).mean((1, 3))


def _ship(draw: ImageDraw.ImageDraw, box: list[int], colors: list[Color]) -> None:
    at = _places(box)
    main, light, dark = colors
    draw.polygon([at(0, 0.72), at(1, 0.68), at(0.86, 1), at(0.12, 1)], main)
    draw.polygon([at(0, 0.72), at(1, 0.68), at(0.98, 0.74), at(0.02, 0.79)], dark)
    for mast in (0.28, 0.6):
        draw.rectangle([at(mast - 0.012, 0), at(mast + 0.012, 0.74)], dark)
    for left, right, top, bottom in ((0.14, 0.46, 0.3, 0.62), (0.18, 0.42, 0.06, 0.27), (0.45, 0.8, 0.26, 0.6),
                                     (0.5, 0.74, 0.03, 0.23)):  # fmt: skip
        draw.polygon([at(left, top), at(right, top), at(right + 0.03, bottom), at(left - 0.03, bottom)], light)
        middle = (left + right) / 2
        draw.polygon([at(middle, top), at(right, top), at(right + 0.03, bottom), at(middle, bottom)],
                     tuple(int(0.8 * value) for value in light))  # fmt: skip
    for port in (0.25, 0.4, 0.55, 0.7):
        draw.ellipse([at(port, 0.84), at(port + 0.05, 0.9)], light)


def _balloon(draw: ImageDraw.ImageDraw, box: list[int], colors: list[Color]) -> None:
    at = _places(box)
    main, light, dark = colors
    for line in (0.4, 0.6):
        draw.line([at(line, 0.68), at((line + 0.5) / 2, 0.9)], dark, DETAIL)
    draw.polygon([at(0.04, 0.48), at(0.96, 0.48), at(0.6, 0.76), at(0.4, 0.76)], main)
    draw.ellipse([at(0, 0), at(1, 0.7)], main)
    for half, color in ((0.34, light), (0.16, main), (0.06, dark)):
        draw.ellipse([at(0.5 - half, 0.0), at(0.5 + half, 0.7)], color)
        draw.polygon([at(0.5 - half, 0.45), at(0.5 + half, 0.45), at(0.5 + half / 4, 0.76), at(0.5 - half / 4, 0.76)],
                     color)  # fmt: skip
    draw.rectangle([at(0.42, 0.88), at(0.58, 1)], dark)


def _house(draw: ImageDraw.ImageDraw, box: list[int], colors: list[Color]) -> None:
    at = _places(box)
    roof, wall, window = colors
    draw.rectangle([at(0.08, 0.42), at(0.92, 1)], wall)
    draw.rectangle([at(0.7, 0.05), at(0.8, 0.35)], roof)
    draw.polygon([at(0, 0.45), at(0.22, 0.1), at(0.78, 0.1), at(1, 0.45)], roof)
    for left in (0.16, 0.68):
        draw.rectangle([at(left, 0.54), at(left + 0.16, 0.72)], window)
        draw.line([at(left + 0.08, 0.54), at(left + 0.08, 0.72)], wall, DETAIL)
    draw.rectangle([at(0.42, 0.6), at(0.58, 1)], roof)
    draw.rectangle([at(0.08, 0.94), at(0.92, 1)], tuple(int(0.6 * value) for value in wall))


def _lighthouse(draw: ImageDraw.ImageDraw, box: list[int], colors: list[Color]) -> None:
    at = _places(box)
    main, light, dark = colors
    draw.polygon([at(0.28, 0.22), at(0.72, 0.22), at(0.92, 1), at(0.08, 1)], light)
    for top in (0.3, 0.54, 0.78):
        spread = 0.255 * (top - 0.22)
        low = spread + 0.255 * 0.12
        draw.polygon([at(0.28 - spread, top), at(0.72 + spread, top), at(0.72 + low, top + 0.12),
                      at(0.28 - low, top + 0.12)], main)  # fmt: skip
    draw.rectangle([at(0.2, 0.19), at(0.8, 0.23)], dark)
    draw.rectangle([at(0.32, 0.08), at(0.68, 0.19)], (240, 244, 200))
    draw.polygon([at(0.26, 0.08), at(0.5, 0), at(0.74, 0.08)], dark)
    draw.rectangle([at(0.42, 0.86), at(0.58, 1)], dark)


def _places(box: list[int]):
    left, top, right, bottom = box
    return lambda x, y: (left + x * (right - left), top + y * (bottom - top))


SHAPES = {"ship": _ship, "balloon": _balloon, "house": _house, "lighthouse": _lighthouse}

"""Draws the example layouts of the label painter, web/layouts/*.png, with a few strokes each.

python -m tools.layouts
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from gan_models import labels
from gan_models.files import write_atomically

FOLDER = Path(__file__).resolve().parent.parent / "web" / "layouts"
SIDE = 512
TAXONOMY = "landscape"

Point = tuple[float, float]


class Sheet:
    """A label map to draw on as if by hand. Coordinates run from 0 to 1, and outlines tremble a little."""

    def __init__(self, seed: int):
        self.classes = labels.taxonomy(TAXONOMY)
        self.image = Image.new("L", (SIDE, SIDE))
        self.draw = ImageDraw.Draw(self.image)
        self.dice = random.Random(seed)
        self.area("sky", [(-0.1, -0.1), (1.1, -0.1), (1.1, 1.1), (-0.1, 1.1)], 0)

    def area(self, name: str, points: Sequence[Point], tremble: float = 0.006) -> None:
        """A closed outline through ``points``, filled."""
        self.draw.polygon(self._trembling(closed(points), tremble), fill=self.classes.find(name).id)

    def ground(self, name: str, points: Sequence[Point], tremble: float = 0.005) -> None:
        """Everything below a line from the left edge to the right one."""
        line = self._trembling(curve([points[0], *points, points[-1]]), tremble)
        self.draw.polygon([*line, (SIDE + 9, SIDE + 9), (-9, SIDE + 9)], fill=self.classes.find(name).id)

    def stroke(self, name: str, points: Sequence[Point], start: float, end: float) -> None:
        """A stroke of the round brush, whose width changes from ``start`` to ``end``."""
        line = curve([points[0], *points, points[-1]], 60)
        for index, (x, y) in enumerate(line):
            radius = (start + (end - start) * index / len(line)) * SIDE / 2
            box = (x * SIDE - radius, y * SIDE - radius, x * SIDE + radius, y * SIDE + radius)
            self.draw.ellipse(box, fill=self.classes.find(name).id)

    def dabs(self, name: str, where: Point, spread: Point, size: float, count: int) -> None:
        """Dabs of the round brush around a place: a wood, a bank of clouds, a bed of flowers."""
        for _ in range(count):
            x, y = (self.dice.gauss(middle, reach / 2) for middle, reach in zip(where, spread, strict=True))
            width = size * self.dice.uniform(0.6, 1.2)
            self.stroke(name, [(x, y), (x + width / 3, y)], width, width * 0.8)

    def house(self, x: float, y: float, size: float) -> None:
        """A gable as a child draws it, with its foot at ``y``."""
        corners = [(0, 0), (0, -0.6), (0.5, -1), (1, -0.6), (1, 0)]
        outline = [((x + size * dx) * SIDE, (y + size * dy) * SIDE) for dx, dy in corners]
        self.draw.polygon(outline, fill=self.classes.find("house").id)

    def _trembling(self, line: Sequence[Point], amount: float) -> list[Point]:
        drift = [0.0, 0.0]
        drawn = []
        for x, y in line:
            drift = [0.7 * offset + self.dice.gauss(0, amount * 0.5) for offset in drift]
            drawn.append(((x + drift[0]) * SIDE, (y + drift[1]) * SIDE))
        return drawn


def curve(points: Sequence[Point], steps: int = 14) -> list[Point]:
    """A Catmull-Rom curve through all points except the first and the last."""
    line = []
    for a, b, c, d in zip(points, points[1:], points[2:], points[3:], strict=False):
        for step in range(steps):
            t = step / steps
            line.append(tuple(
                0.5 * (2 * q + (r - p) * t + (2 * p - 5 * q + 4 * r - s) * t**2 + (3 * q - p - 3 * r + s) * t**3)
                for p, q, r, s in zip(a, b, c, d, strict=True)
            ))  # fmt: skip
    return [*line, points[-2]]


def closed(points: Sequence[Point]) -> list[Point]:
    return curve([points[-1], *points, points[0], points[1]])


def lake(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.25, 0.13), (0.2, 0.03), 0.1, 9)
    sheet.dabs("clouds", (0.78, 0.2), (0.14, 0.02), 0.07, 7)
    sheet.ground("mountain", [(-0.05, 0.36), (0.1, 0.3), (0.24, 0.36), (0.42, 0.2), (0.52, 0.13), (0.63, 0.24),
                              (0.78, 0.31), (0.9, 0.26), (1.05, 0.34)])  # fmt: skip
    sheet.area("snow", [(0.41, 0.225), (0.47, 0.165), (0.52, 0.135), (0.58, 0.19), (0.6, 0.225), (0.55, 0.215),
                        (0.52, 0.245), (0.48, 0.215), (0.45, 0.24)])  # fmt: skip
    sheet.ground("hill", [(-0.05, 0.46), (0.2, 0.42), (0.45, 0.47), (0.7, 0.43), (1.05, 0.46)])
    sheet.dabs("tree", (0.1, 0.5), (0.14, 0.02), 0.08, 14)
    sheet.dabs("tree", (0.9, 0.5), (0.12, 0.02), 0.08, 12)
    sheet.ground("water", [(-0.05, 0.55), (0.3, 0.53), (0.7, 0.535), (1.05, 0.55)], 0.002)
    sheet.ground("grass", [(-0.05, 0.76), (0.2, 0.82), (0.42, 0.9), (0.66, 0.93), (0.85, 0.86), (1.05, 0.8)])
    sheet.area("sand", [(0.2, 0.81), (0.44, 0.885), (0.66, 0.915), (0.84, 0.85), (0.85, 0.875), (0.66, 0.945),
                        (0.42, 0.915), (0.22, 0.84)])  # fmt: skip
    sheet.dabs("rock", (0.24, 0.9), (0.06, 0.02), 0.06, 4)
    sheet.dabs("bush", (0.93, 0.9), (0.08, 0.03), 0.07, 6)


def valley(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.6, 0.1), (0.3, 0.03), 0.08, 10)
    sheet.ground("mountain", [(-0.05, 0.22), (0.12, 0.1), (0.26, 0.24), (0.4, 0.36), (0.55, 0.3), (0.72, 0.22),
                              (0.86, 0.16), (1.05, 0.26)])  # fmt: skip
    sheet.area("fog", [(0.2, 0.4), (0.45, 0.375), (0.7, 0.39), (0.85, 0.41), (0.6, 0.44), (0.3, 0.44)])
    sheet.ground("hill", [(-0.05, 0.38), (0.2, 0.42), (0.4, 0.48), (0.6, 0.46), (0.82, 0.4), (1.05, 0.36)])
    sheet.dabs("tree", (0.06, 0.47), (0.1, 0.06), 0.09, 16)
    sheet.dabs("tree", (0.93, 0.46), (0.1, 0.06), 0.09, 16)
    sheet.ground("grass", [(-0.05, 0.62), (0.22, 0.57), (0.5, 0.53), (0.8, 0.56), (1.05, 0.6)])
    sheet.stroke("river", [(0.52, 0.535), (0.47, 0.57), (0.56, 0.63), (0.44, 0.74), (0.55, 0.88), (0.5, 1.05)],
                 0.012, 0.24)  # fmt: skip
    sheet.dabs("bush", (0.22, 0.74), (0.12, 0.06), 0.06, 7)
    sheet.dabs("flower", (0.83, 0.84), (0.14, 0.07), 0.045, 14)
    sheet.dabs("rock", (0.3, 0.92), (0.05, 0.03), 0.07, 4)


def coast(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.4, 0.2), (0.3, 0.04), 0.09, 14)
    sheet.ground("sea", [(-0.05, 0.42), (0.5, 0.42), (1.05, 0.42)], 0.0008)
    sheet.area("hill", [(0.55, 0.42), (0.68, 0.37), (0.82, 0.355), (1.05, 0.3), (1.08, 0.46),
                        (0.8, 0.45), (0.62, 0.44)])  # fmt: skip
    sheet.area("rock", [(0.62, 0.425), (0.74, 0.43), (0.85, 0.42), (1.06, 0.42), (1.06, 0.56),
                        (0.9, 0.52), (0.8, 0.47)])  # fmt: skip
    sheet.area("sand", [(1.08, 0.52), (0.85, 0.55), (0.62, 0.64), (0.4, 0.78), (0.22, 0.93),
                        (0.1, 1.08), (1.1, 1.1)])  # fmt: skip
    sheet.area("grass", [(1.08, 0.68), (0.86, 0.74), (0.7, 0.86), (0.62, 1.08), (1.1, 1.1)])
    sheet.dabs("bush", (0.86, 0.82), (0.1, 0.05), 0.06, 8)
    sheet.dabs("rock", (0.14, 0.62), (0.07, 0.02), 0.06, 5)
    sheet.dabs("tree", (0.93, 0.355), (0.08, 0.012), 0.045, 8)


def river(sheet: Sheet) -> None:
    sheet.ground("mountain", [(-0.05, 0.3), (0.14, 0.22), (0.3, 0.29), (0.5, 0.33), (0.7, 0.25),
                              (0.88, 0.19), (1.05, 0.28)])  # fmt: skip
    sheet.dabs("clouds", (0.35, 0.1), (0.2, 0.03), 0.08, 8)
    sheet.ground("hill", [(-0.05, 0.38), (0.3, 0.4), (0.55, 0.37), (0.8, 0.4), (1.05, 0.37)])
    sheet.ground("tree", [(-0.05, 0.4), (0.15, 0.37), (0.32, 0.43), (0.5, 0.45), (0.7, 0.43),
                          (0.86, 0.38), (1.05, 0.4)], 0.012)  # fmt: skip
    sheet.ground("grass", [(-0.05, 0.58), (0.3, 0.51), (0.6, 0.5), (1.05, 0.55)])
    sheet.stroke("river", [(1.05, 0.54), (0.7, 0.545), (0.42, 0.58), (0.5, 0.68), (0.72, 0.77),
                           (0.6, 0.9), (0.2, 1.08)],
                 0.025, 0.3)  # fmt: skip
    sheet.dabs("rock", (0.82, 0.83), (0.07, 0.03), 0.07, 6)
    sheet.dabs("bush", (0.12, 0.68), (0.1, 0.05), 0.08, 8)
    sheet.dabs("flower", (0.2, 0.8), (0.1, 0.04), 0.035, 9)


def meadow(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.3, 0.16), (0.12, 0.03), 0.12, 8)
    sheet.dabs("clouds", (0.76, 0.26), (0.12, 0.02), 0.09, 8)
    sheet.ground("hill", [(-0.05, 0.46), (0.2, 0.4), (0.5, 0.47), (0.75, 0.42), (1.05, 0.48)])
    sheet.ground("grass", [(-0.05, 0.56), (0.3, 0.53), (0.65, 0.56), (1.05, 0.52)])
    sheet.dabs("tree", (0.12, 0.5), (0.08, 0.03), 0.1, 8)
    sheet.stroke("road", [(0.68, 0.56), (0.6, 0.62), (0.7, 0.72), (0.5, 0.86), (0.42, 1.06)], 0.02, 0.17)
    sheet.house(0.7, 0.57, 0.15)
    sheet.dabs("bush", (0.92, 0.56), (0.06, 0.015), 0.06, 6)
    sheet.stroke("tree", [(0.63, 0.58), (0.63, 0.46)], 0.05, 0.1)
    sheet.dabs("flower", (0.2, 0.8), (0.2, 0.1), 0.04, 26)
    sheet.dabs("flower", (0.85, 0.84), (0.12, 0.08), 0.04, 14)


def winter(sheet: Sheet) -> None:
    sheet.ground("mountain", [(-0.05, 0.34), (0.1, 0.22), (0.22, 0.13), (0.36, 0.28), (0.5, 0.35), (0.66, 0.2),
                              (0.78, 0.1), (0.9, 0.22), (1.05, 0.32)])  # fmt: skip
    sheet.area("snow", [(0.12, 0.215), (0.17, 0.165), (0.22, 0.135), (0.29, 0.2), (0.32, 0.25), (0.26, 0.225),
                        (0.22, 0.26), (0.17, 0.22)])  # fmt: skip
    sheet.area("snow", [(0.66, 0.21), (0.72, 0.145), (0.78, 0.105), (0.86, 0.18), (0.9, 0.24), (0.83, 0.215),
                        (0.78, 0.26), (0.72, 0.21)])  # fmt: skip
    sheet.area("fog", [(-0.05, 0.39), (0.3, 0.37), (0.6, 0.39), (1.05, 0.37), (1.05, 0.42),
                       (0.5, 0.43), (-0.05, 0.43)])  # fmt: skip
    sheet.ground("snow", [(-0.05, 0.5), (0.3, 0.46), (0.62, 0.5), (1.05, 0.45)])
    sheet.dabs("tree", (0.16, 0.5), (0.18, 0.03), 0.08, 16)
    sheet.dabs("tree", (0.85, 0.49), (0.14, 0.03), 0.09, 14)
    sheet.area("water", [(0.3, 0.66), (0.5, 0.61), (0.74, 0.64), (0.8, 0.71), (0.62, 0.77), (0.36, 0.75)])
    sheet.dabs("rock", (0.24, 0.78), (0.05, 0.02), 0.06, 4)
    sheet.stroke("tree", [(0.9, 0.9), (0.9, 0.62)], 0.16, 0.02)
    sheet.house(0.46, 0.56, 0.09)


def canyon(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.65, 0.12), (0.26, 0.03), 0.09, 10)
    sheet.ground("hill", [(-0.05, 0.34), (0.3, 0.33), (0.6, 0.345), (1.05, 0.33)])
    sheet.area("rock", [(-0.1, 0.2), (0.08, 0.17), (0.2, 0.2), (0.24, 0.3), (0.32, 0.36), (0.36, 0.52), (0.44, 0.72),
                        (0.4, 0.95), (-0.1, 1.1)])  # fmt: skip
    sheet.area("rock", [(1.1, 0.14), (0.92, 0.16), (0.8, 0.2), (0.76, 0.32), (0.68, 0.4), (0.64, 0.52), (0.58, 0.7),
                        (0.62, 0.92), (1.1, 1.1)])  # fmt: skip
    sheet.area("sand", [(0.33, 0.37), (0.5, 0.35), (0.67, 0.41), (0.63, 0.54), (0.56, 0.72), (0.66, 1.08),
                        (0.34, 1.08), (0.45, 0.72), (0.37, 0.52)])  # fmt: skip
    sheet.stroke("river", [(0.5, 0.4), (0.47, 0.48), (0.53, 0.58), (0.49, 0.74), (0.52, 1.06)], 0.015, 0.11)
    sheet.dabs("bush", (0.41, 0.88), (0.03, 0.08), 0.05, 7)
    sheet.dabs("bush", (0.6, 0.9), (0.03, 0.06), 0.05, 6)


def dunes(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.3, 0.2), (0.3, 0.02), 0.06, 9)
    sheet.ground("mountain", [(-0.05, 0.4), (0.14, 0.36), (0.3, 0.39), (0.48, 0.35), (0.62, 0.39), (0.8, 0.37),
                              (1.05, 0.4)])  # fmt: skip
    sheet.ground("dirt", [(-0.05, 0.44), (0.4, 0.43), (1.05, 0.45)])
    sheet.ground("sand", [(-0.05, 0.52), (0.2, 0.47), (0.42, 0.5), (0.62, 0.56), (0.82, 0.5), (1.05, 0.46)])
    sheet.dabs("bush", (0.72, 0.58), (0.16, 0.02), 0.04, 9)
    sheet.dabs("grass", (0.2, 0.76), (0.12, 0.03), 0.05, 10)
    sheet.dabs("rock", (0.88, 0.84), (0.06, 0.03), 0.06, 5)


def fjord(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.5, 0.1), (0.4, 0.05), 0.12, 16)
    sheet.ground("mountain", [(-0.05, 0.42), (0.3, 0.36), (0.45, 0.3), (0.58, 0.26), (0.7, 0.34), (1.05, 0.42)])
    sheet.area("snow", [(0.47, 0.3), (0.53, 0.275), (0.58, 0.262), (0.64, 0.295), (0.58, 0.31), (0.53, 0.305)])
    sheet.area("mountain", [(-0.1, 0.1), (0.06, 0.14), (0.18, 0.26), (0.28, 0.38), (0.4, 0.53), (-0.1, 0.62)])
    sheet.area("mountain", [(1.1, 0.16), (0.96, 0.18), (0.86, 0.3), (0.74, 0.42), (0.62, 0.53), (1.1, 0.6)])
    sheet.area("fog", [(0.3, 0.43), (0.45, 0.41), (0.6, 0.415), (0.72, 0.43), (0.55, 0.45), (0.4, 0.455)])
    sheet.dabs("tree", (0.1, 0.56), (0.14, 0.02), 0.06, 14)
    sheet.dabs("tree", (0.95, 0.55), (0.1, 0.02), 0.06, 10)
    sheet.ground("water", [(-0.05, 0.6), (0.3, 0.545), (0.5, 0.53), (0.72, 0.54), (1.05, 0.59)], 0.002)
    sheet.area("rock", [(-0.1, 0.84), (0.12, 0.86), (0.28, 0.92), (0.36, 1.1), (-0.1, 1.1)])
    sheet.area("grass", [(-0.1, 0.82), (0.06, 0.83), (0.14, 0.87), (0.06, 0.94), (-0.1, 0.98)])


def forest(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.6, 0.1), (0.3, 0.03), 0.09, 10)
    sheet.ground("mountain", [(-0.05, 0.3), (0.2, 0.24), (0.36, 0.16), (0.5, 0.25), (0.74, 0.3), (1.05, 0.24)])
    sheet.ground("tree", [(-0.05, 0.34), (0.12, 0.31), (0.3, 0.36), (0.48, 0.41), (0.66, 0.37), (0.86, 0.3),
                          (1.05, 0.28)], 0.014)  # fmt: skip
    sheet.area("water", [(0.18, 0.6), (0.4, 0.565), (0.66, 0.57), (0.84, 0.61), (0.7, 0.66), (0.4, 0.67)], 0.003)
    sheet.ground("grass", [(-0.05, 0.66), (0.2, 0.67), (0.45, 0.685), (0.75, 0.675), (1.05, 0.64)])
    sheet.stroke("dirt", [(0.5, 0.69), (0.44, 0.76), (0.54, 0.86), (0.46, 1.06)], 0.02, 0.16)
    sheet.dabs("bush", (0.14, 0.8), (0.12, 0.05), 0.08, 9)
    sheet.dabs("bush", (0.88, 0.84), (0.1, 0.06), 0.08, 8)


def island(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.25, 0.24), (0.16, 0.05), 0.1, 10)
    sheet.dabs("clouds", (0.74, 0.16), (0.2, 0.04), 0.09, 10)
    sheet.ground("sea", [(-0.05, 0.5), (0.5, 0.5), (1.05, 0.5)], 0.0008)
    sheet.area("hill", [(0.28, 0.505), (0.36, 0.44), (0.46, 0.37), (0.56, 0.35), (0.66, 0.42), (0.74, 0.47),
                        (0.84, 0.51)])  # fmt: skip
    sheet.area("rock", [(0.25, 0.51), (0.34, 0.485), (0.44, 0.495), (0.6, 0.49), (0.76, 0.485), (0.87, 0.515),
                        (0.6, 0.53), (0.4, 0.53)])  # fmt: skip
    sheet.dabs("tree", (0.52, 0.42), (0.08, 0.03), 0.05, 12)
    sheet.area("sand", [(-0.1, 0.88), (0.2, 0.87), (0.5, 0.91), (0.8, 0.89), (1.1, 0.86), (1.1, 1.1), (-0.1, 1.1)])
    sheet.dabs("rock", (0.12, 0.68), (0.05, 0.015), 0.05, 4)


def harvest(sheet: Sheet) -> None:
    sheet.dabs("clouds", (0.35, 0.22), (0.34, 0.06), 0.12, 18)
    sheet.ground("hill", [(-0.05, 0.5), (0.25, 0.47), (0.55, 0.5), (0.8, 0.46), (1.05, 0.49)])
    sheet.ground("tree", [(-0.05, 0.53), (0.2, 0.51), (0.5, 0.525), (0.8, 0.515), (1.05, 0.52)], 0.012)
    sheet.ground("grass", [(-0.05, 0.56), (0.4, 0.55), (1.05, 0.555)], 0.002)
    sheet.area("dirt", [(-0.1, 0.66), (0.3, 0.62), (0.62, 0.6), (1.1, 0.64), (1.1, 0.72), (0.5, 0.7), (-0.1, 0.78)])
    sheet.stroke("road", [(0.9, 0.56), (0.82, 0.6), (0.74, 0.7), (0.8, 0.84), (0.98, 1.06)], 0.01, 0.13)
    sheet.stroke("tree", [(0.26, 0.6), (0.26, 0.5)], 0.07, 0.13)
    sheet.house(0.5, 0.56, 0.07)
    sheet.dabs("bush", (0.62, 0.56), (0.05, 0.006), 0.03, 5)


LAYOUTS: tuple[Callable[[Sheet], None], ...] = (
    lake, valley, coast, river, meadow, winter, canyon, dunes, fjord, forest, island, harvest,
)  # fmt: skip


def main() -> None:
    for seed, layout in enumerate(LAYOUTS):
        sheet = Sheet(seed)
        layout(sheet)
        ids = torch.from_numpy(np.array(sheet.image))
        write_atomically(FOLDER / f"{layout.__name__}.png", labels.to_png(ids, TAXONOMY))


if __name__ == "__main__":
    main()

"""Label maps as a person paints them: bands from the horizon down, then blobs and strokes in plausible places."""

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import CLASS, Plan
from .noise import Noise

BACK = ("mountain", "mountain", "hill", "hill", "tree", "tree", "snow", "rock", "bush")
GROUND = ("grass", "grass", "sand", "dirt", "snow", "sea", "river", "water", "rock", "flower", "road", "bush", "hill")
ON_GROUND = ("tree", "tree", "tree", "bush", "bush", "rock", "rock", "flower", "flower", "sand", "dirt", "grass",
             "snow", "water", "river", "hill", "house", "house")  # fmt: skip
ANYWHERE = tuple(name for name in CLASS if name != "unknown")


@dataclass(frozen=True)
class Painting:
    """A label map that was painted.

    Attributes:
        labels: float class ids ``[H, W]``, with fog and unknown on top.
        under: the same without fog and unknown.
        houses: the centre column, the foot row and the height of each house, in pixels.
    """

    labels: Tensor
    under: Tensor
    houses: list[tuple[float, float, float]]


def plan_painting(seed: int) -> Plan:
    """The plan of a painted scene."""
    dice = random.Random(f"painting {seed}")
    return Plan(
        seed=seed,
        kind="painted",
        horizon=dice.uniform(0.28, 0.68),
        focal=dice.uniform(0.85, 1.3),
        altitude=math.exp(dice.uniform(math.log(2.5), math.log(12))),
        ground="grass",
        water=None,
        hills=0.0,
        mountains=0.0,
        snow=1.0,
        forest=dice.uniform(0.2, 0.8),
        conifers=dice.choice((0.0, dice.random(), 1.0)),
        clouds=dice.choice((0.0, 0.4, 0.6)),
        fog=dice.uniform(0.6, 1) if dice.random() < 0.25 else 0.0,
        road=dice.choice(("paved", "track")),
        flowers=0.5,
        bushes=0.5,
        rocks=0.5,
        houses=0.5,
    )


def paint(plan: Plan, height: int, width: int) -> Painting:
    """The label map of a painted scene."""
    dice = random.Random(f"paint {plan.seed}")
    noise = Noise(plan.seed)
    scale = max(height, width)
    y = (torch.arange(height)[:, None] / scale).expand(height, width).contiguous()
    x = (torch.arange(width)[None] / scale).expand(height, width).contiguous()
    top, wide, tall = plan.horizon * height / scale, width / scale, height / scale
    under = torch.full((height, width), float(CLASS["sky"]))

    def border(key: str, rough: float) -> Tensor:
        return rough * noise.fractal(x[:1] * 4, x[:1] * 0, key, dice.randint(2, 6), 0.5)

    def blob(key: str, cx: float, cy: float, rx: float, ry: float) -> Tensor:
        ragged = dice.choice((0.12, 0.35, 0.7)) * noise.fractal((x - cx) * 9, (y - cy) * 9, key, dice.randint(2, 5))
        corner = dice.choice((2.0, 2.0, 3.5))
        return ((x - cx) / rx).abs() ** corner + ((y - cy) / ry).abs() ** corner + ragged < 1

    def stroke(key: str, thick: float) -> Tensor:
        """A path from the lower edge towards the horizon, narrower with distance."""
        turn, foot, bend = dice.uniform(0, 6), dice.uniform(0.1, 0.9) * wide, dice.uniform(0.03, 0.2)
        end = dice.uniform(0.25, 0.75) * wide
        depth = ((y - top) / max(tall - top, 0.05)).clamp(0, 1)
        middle = end + (foot - end) * depth + bend * torch.sin(turn + 5 * depth.sqrt()) * depth
        ragged = 0.25 * noise.fractal(x * 6, y * 6, key, 3)
        return ((x - middle).abs() < thick * (0.06 + depth) * (1 + ragged)) & (y > top)

    for layer in range(dice.choice((0, 1, 1, 2, 2, 3))):
        name = dice.choice(BACK)
        rise = (
            {"mountain": 0.30, "snow": 0.22, "hill": 0.14}.get(name, 0.10) * dice.uniform(0.4, 1.2) / (1 + 0.5 * layer)
        )
        rough = {"mountain": 0.16, "snow": 0.14, "rock": 0.10}.get(name, 0.06) * dice.uniform(0.4, 1.2)
        under[y > top - rise + border(f"back{layer}", rough)] = CLASS[name]
    level = top + dice.uniform(0, 0.03)
    for band in range(dice.choice((1, 1, 2, 3))):
        flat = 0.012 if band == 0 else 0.10 * dice.random()
        under[y > level + border(f"band{band}", flat)] = CLASS[dice.choice(GROUND)]
        level += dice.uniform(0.25, 0.6) * max(tall - level, 0)
    if dice.random() < 0.4:
        name = dice.choice(("road", "road", "river", "dirt", "water"))
        under[stroke("path", dice.uniform(0.06, 0.3))] = CLASS[name]
    for index in range(dice.choice((0, 1, 2, 3))):
        cy = dice.uniform(0.05, 0.85) * top
        under[blob(f"cloud{index}", dice.uniform(0, wide), cy, dice.uniform(0.07, 0.35), dice.uniform(0.03, 0.13))] = (
            CLASS["clouds"]
        )
    houses = []
    for index in range(dice.choice((0, 1, 2, 3, 4, 6))):
        wild = dice.random() < 0.10
        name = dice.choice(ANYWHERE if wild else ON_GROUND)
        cy = dice.uniform(0, tall) if wild else top + (tall - top) * dice.random() ** 1.5
        cx, near = dice.uniform(0, wide), 0.35 + max(cy - top, 0) / max(tall - top, 0.05)
        size = dice.uniform(0.04, 0.22) * near
        if name == "house":
            houses.append((cx * scale, (cy + 0.02) * scale, size * 1.1 * scale))
            continue
        upright = {"tree": 1.2, "bush": 0.7, "rock": 0.7, "hill": 0.5, "mountain": 0.9}.get(name, 0.35)
        mask = blob(f"blob{index}", cx, cy - (size * upright * 0.6 if upright > 0.4 else 0), size, size * upright)
        under[mask] = CLASS[name]
    labels = under.clone()
    if plan.fog > 0:
        for index in range(dice.choice((1, 2))):
            cy = top + dice.uniform(-0.12, 0.10)
            labels[blob(f"fog{index}", dice.uniform(0, wide), cy, dice.uniform(0.2, 0.9), dice.uniform(0.04, 0.12))] = (
                CLASS["fog"]
            )
    if dice.random() < 0.15:
        gap = blob(
            "gap", dice.uniform(0, wide), dice.uniform(0, tall), dice.uniform(0.03, 0.2), dice.uniform(0.03, 0.2)
        )
        labels[gap] = CLASS["unknown"]
    return Painting(labels, under, houses)

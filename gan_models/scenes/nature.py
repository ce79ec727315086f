"""Natural scenes: the kinds of country, and their layout."""

import math
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import CLASS, INDEX, Plan, Thing, View
from .noise import Noise, blur, smoothstep
from .planting import plant
from .terrain import lay_out_terrain

WOODS_BEGIN = 170.0

Range = tuple[float, float]


@dataclass(frozen=True)
class Country:
    """A kind of country: its plans are drawn from these ranges and choices."""

    mountains: Range
    hills: Range
    snow: Range
    forest: Range
    conifers: Range
    ground: tuple[str, ...]
    water: tuple[str | None, ...]


COUNTRIES = (
    # alps, lakes, coast, meadows, plain, desert, rivers, arctic
    Country((0.16, 0.32), (0.0, 0.10), (0.25, 0.8), (0.35, 0.8), (0.6, 1), ("grass", "grass", "snow", "dirt"),
            (None, "water", "river")),
    Country((0.0, 0.30), (0.04, 0.14), (0.4, 1.6), (0.4, 0.9), (0.2, 0.9), ("grass",), ("water",)),
    Country((0.0, 0.16), (0.0, 0.08), (1.2, 2), (0.0, 0.4), (0.0, 0.6), ("sand", "grass", "sand"), ("sea",)),
    Country((0.0, 0.10), (0.02, 0.12), (1.2, 2), (0.3, 0.75), (0.0, 0.4), ("grass",), (None, None, "river", "water")),
    Country((0.0, 0.08), (0.0, 0.06), (1.2, 2), (0.0, 0.45), (0.0, 0.3), ("grass", "dirt"), (None,)),
    Country((0.0, 0.24), (0.0, 0.07), (1.5, 2), (0.0, 0.0), (0.0, 0.2), ("sand", "dirt", "sand"),
            (None, None, None, "river")),
    Country((0.0, 0.25), (0.03, 0.14), (0.5, 1.6), (0.35, 0.85), (0.1, 0.9), ("grass", "grass", "dirt"), ("river",)),
    Country((0.06, 0.28), (0.0, 0.08), (0.0, 0.3), (0.0, 0.6), (0.9, 1), ("snow",), (None, "water", "sea")),
)  # fmt: skip


def plan_nature(seed: int) -> Plan:
    """The plan of a natural scene."""
    dice = random.Random(f"nature {seed}")
    country = dice.choice(COUNTRIES)
    water, ground = dice.choice(country.water), dice.choice(country.ground)
    some = dice.random
    return Plan(
        seed=seed,
        kind="nature",
        horizon=dice.uniform(0.32, 0.62),
        focal=dice.uniform(0.85, 1.35),
        altitude=math.exp(dice.uniform(math.log(3), math.log(9 if water is None else 22))),
        ground=ground,
        water=water,
        hills=dice.uniform(*country.hills),
        mountains=dice.uniform(*country.mountains),
        snow=dice.uniform(*country.snow),
        forest=dice.uniform(*country.forest),
        conifers=dice.uniform(*country.conifers),
        clouds=dice.choice((0.0, dice.uniform(0.1, 0.5), dice.uniform(0.3, 0.8))),
        fog=dice.uniform(0.5, 1) if some() < 0.16 else 0.0,
        road=dice.choice(("paved", "track")) if some() < (0.22 if water is None else 0.06) else None,
        flowers=dice.uniform(0.15, 0.8) if ground == "grass" and some() < 0.4 else 0.0,
        bushes=dice.uniform(0.1, 1) if some() < 0.5 else 0.0,
        rocks=dice.uniform(0.1, 1) if some() < 0.4 else 0.0,
        houses=dice.uniform(0.3, 1) if ground == "grass" and some() < 0.3 else 0.0,
    )


def lay_out_nature(plan: Plan, view: View) -> tuple[Tensor, list[Thing], Tensor]:
    """The canvas ``[len(CHANNELS), H, W]``, the objects that stand on it, and the banks of fog ``[H, W]``, 0..1."""
    canvas = lay_out_terrain(plan, view)
    things = _things(plan, view, canvas)
    plant(canvas, things, random.Random(f"plants {plan.seed}"))
    return canvas, things, _fog(plan, view, canvas)


def _things(plan: Plan, view: View, canvas: Tensor) -> list[Thing]:
    """The standing objects: random places are tried, and used where the ground is suitable."""
    dice = random.Random(f"things {plan.seed}")
    noise = Noise(plan.seed)
    trials: list[tuple[str, float, float, float]] = []  # kind, across, depth, metres

    def try_some(kind: str, count: float, low: float, high: float, nearest: float, farthest: float) -> None:
        near = max(nearest, 1.05 * view.altitude * view.focal / max(view.height - view.horizon, 1))
        for _ in range(round(count)):
            depth = near * (farthest / near) ** (1 - dice.random() ** 1.6)
            trials.append((kind, dice.uniform(-0.5, 0.5) * view.width / view.focal, depth, dice.uniform(low, high)))

    if plan.forest > 0:
        for _ in range(round(150 * plan.forest)):
            kind = "conifer" if dice.random() < plan.conifers else "broadleaf"
            try_some(kind, 1, 7, 15, 24 if dice.random() < 0.25 else 60, WOODS_BEGIN * 1.4)
    try_some("bush", 60 * plan.bushes, 0.8, 2.6, 9, 150)
    try_some("rock", 45 * plan.rocks, 0.4, 2.4, 8, 120)
    try_some("house", 4 * plan.houses, 5.5, 8, 55, 260)
    depths = torch.tensor([trial[2] for trial in trials])
    across = torch.tensor([trial[1] for trial in trials])
    if not trials:
        return []
    grove = noise.fractal(across * depths / 60, depths / 60, "near groves", 3).tolist()
    things = []
    for (kind, side, depth, metres), wooded in zip(trials, grove, strict=True):
        column = int(side * view.focal + view.width / 2)
        row = int(view.horizon + view.altitude * view.focal / depth * 0.94)
        if not (0 <= column < view.width and 0 <= row < view.height):
            continue
        material, distance = canvas[:2, row, column].tolist()
        trees = kind in ("broadleaf", "conifer")
        good = {"tree", "grass", "dirt", "flower", "snow", "rock", "hill"}
        good |= {"sand"} if kind in ("rock", "bush") else set()
        good |= {"sea", "river", "water"} if kind == "rock" and dice.random() < 0.35 else set()
        if kind == "house":
            good = {"grass", "dirt", "hill"}
        if not any(material == CLASS[name] for name in good) or distance > 4 * depth:
            continue
        if trees and wooded + 1.3 * plan.forest < 0.62:
            continue
        things.append(Thing(kind, column, row + 1, metres * view.focal / distance, distance))
    return [thing for thing in things if thing.height < 1.1 * view.height]


def _fog(plan: Plan, view: View, canvas: Tensor) -> Tensor:
    """Banks of fog along the horizon, in front of distant land."""
    if plan.fog == 0:
        return torch.zeros(view.height, view.width)
    noise = Noise(plan.seed)
    slope = view.slopes().expand(-1, view.width)
    across = view.across().expand(view.height, -1)
    bank = noise.fractal(across * 3, slope * 14, "fog bank", 5, 0.55)
    centre = 0.02 + 0.06 * noise.bumps(across * 2, across * 0, "fog line")
    band = torch.exp(-((slope - centre) / 0.085).square())
    behind = smoothstep(90, 420, canvas[INDEX["distance"]])
    return blur(smoothstep(0.35, 0.85, band * (1 + 0.5 * bank)) * behind, view.height / 110) * plan.fog

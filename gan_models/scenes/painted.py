"""Surfaces for a painted label map: flat classes lie on the ground, and the others stand on it and get a relief."""

import random

import torch
from torch import Tensor
from torch.nn import functional as F

from .layout import CLASS, INDEX, SKIES, WATERS, Plan, Thing, View, empty_canvas
from .noise import Noise, blur
from .painting import Painting
from .planting import plant

_STANDING = ("mountain", "hill", "rock", "bush", "tree", "house")
_NEAREST = {"mountain": 2500.0, "hill": 1000.0}
_SHAGGY = ("tree", "bush", "grass", "flower", "dirt", "rock")


def lay_out_painting(plan: Plan, view: View, painting: Painting) -> tuple[Tensor, list[Thing]]:
    """The canvas ``[len(CHANNELS), H, W]``, and the objects that stand on it."""
    noise = Noise(plan.seed)
    canvas = empty_canvas(view)
    material = _ragged(painting.under, view, noise)
    sky = torch.zeros_like(material, dtype=torch.bool)
    for label in SKIES:
        sky |= material == label
    fall = F.softplus(-view.slopes() * 60) / 60 + 0.003
    plane = (view.altitude / fall).clamp(max=9000).expand(view.height, view.width)
    standing = torch.zeros_like(sky)
    for name in _STANDING:
        standing |= material == CLASS[name]
    wet = (material >= min(WATERS)) & (material <= max(WATERS))
    standing |= (view.slopes() > 0.012) & ~sky & ~wet
    distance = torch.where(standing, _foot_distance(standing, material, plane), plane)
    for name, least in _NEAREST.items():
        distance = torch.where(material == CLASS[name], distance.clamp(min=least), distance)
    normal = _relief(view, noise, material, standing, distance)
    values = {
        "material": torch.where(sky, float(CLASS["sky"]), material),
        "distance": torch.where(sky, 1e6, distance),
        "u": view.across() * distance,
        "v": torch.where(standing, (view.slopes() + 0.1) * distance, plane),
        "nx": normal[0],
        "ny": normal[1],
        "nz": normal[2],
        "footprint": distance / view.focal * torch.where(standing, 1.0, (plane / view.altitude).clamp(min=1).sqrt()),
    }
    for name, value in values.items():
        canvas[INDEX[name]] = value
    dice = random.Random(f"plants {plan.seed}")
    things = []
    for kind in ("rock", "bush", "tree"):
        mask = material == CLASS[kind]
        if bool(mask.any()):
            canvas[INDEX["open"]] = torch.where(mask & (kind != "rock"), 0.35, canvas[INDEX["open"]])
            filling = _fill(kind, mask, plan, view, plane, dice)
            plant(canvas, filling, dice, mask)
            things += filling
    grow = view.height / painting.labels.shape[0]
    houses = [
        Thing("house", x * grow, y * grow, size * grow, float(plane[min(int(y * grow), view.height - 1), 0]))
        for x, y, size in painting.houses
    ]
    plant(canvas, houses, dice)
    return canvas, things + houses


def _ragged(labels: Tensor, view: View, noise: Noise) -> Tensor:
    """The map at the size of the canvas with roughened borders. Those of vegetation are rougher than others."""
    rows = torch.arange(view.height, dtype=torch.float32)[:, None].expand(view.height, view.width)
    columns = torch.arange(view.width, dtype=torch.float32)[None].expand(view.height, view.width)
    size = max(view.height, view.width)
    fine = size / 60
    shaggy = torch.zeros(len(CLASS)).index_fill(0, torch.tensor([CLASS[name] for name in _SHAGGY]), 1.0)
    here = F.interpolate(labels[None, None], (view.height, view.width), mode="nearest")[0, 0]
    reach = size / 200 * (0.2 + 0.8 * shaggy[here.long()])
    dx = reach * noise.fractal(columns / fine, rows / fine, "ragged x", 3, 0.7)
    dy = reach * noise.fractal(columns / fine, rows / fine, "ragged y", 3, 0.7)
    shrink = labels.shape[0] / view.height
    jitter = torch.rand(2, view.height, view.width, generator=torch.Generator().manual_seed(view.width))
    dy, dx = torch.stack([dy, dx]) + (jitter - 0.5) / shrink
    y = ((rows + dy) * shrink).long().clamp(0, labels.shape[0] - 1)
    x = ((columns + dx) * shrink).long().clamp(0, labels.shape[1] - 1)
    return labels[y, x]


def _foot_distance(standing: Tensor, material: Tensor, plane: Tensor) -> Tensor:
    """The distance of standing classes, ``[H, W]``: that of the ground below each run of one class in a column."""
    height = len(material)
    line = torch.arange(height)[:, None].expand_as(material)
    ends = torch.ones_like(standing)
    ends[:-1] = (material[1:] != material[:-1]) | ~standing[1:]
    foot = torch.where(ends, line, height - 1).flip(0).cummin(0).values.flip(0)
    distance = plane.gather(0, foot)
    return torch.exp(blur(torch.log(distance), 3.0))


def _relief(view: View, noise: Noise, material: Tensor, standing: Tensor, distance: Tensor) -> Tensor:
    """Unit normals ``[3, H, W]``: upwards on the ground, rounded on standing classes, and ridged on mountains."""
    normal = torch.zeros(3, view.height, view.width)
    normal[1] = 1
    if not bool(standing.any()):
        return normal
    size = max(view.height, view.width)
    bulge = torch.zeros_like(distance)
    for name in ("mountain", "hill", "snow", "rock"):
        mask = ((material == CLASS[name]) & standing).float()
        if bool(mask.any()):
            bulge += sum((size / part * 0.5 * blur(mask, size / part) for part in (90, 35, 14)), torch.zeros_like(mask))
    rows = (torch.arange(view.height)[:, None] / size).expand_as(distance)
    columns = (torch.arange(view.width)[None] / size).expand_as(distance)
    rugged = (material == CLASS["mountain"]) | (material == CLASS["snow"]) | (material == CLASS["rock"])
    warp = 0.12 * noise.bumps(columns * 5, rows * 5, "fold")
    ridges = noise.ridged(columns * 5.5 + 2 * warp, rows * 3.6, "ridges", 6, 0.5) * rugged
    swells = noise.fractal(columns * 4, rows * 7, "swells", 4, 0.45)
    bulge = bulge + size * (0.085 * ridges + 0.018 * swells)
    bulge = blur(bulge, 0.8)
    slope_y, slope_x = torch.gradient(bulge)
    steep = torch.where(rugged, 1.35, 0.8)
    up = slope_y * steep + torch.where(rugged, 0.42, 0.75)
    upright = torch.stack([-slope_x * steep, up, torch.full_like(slope_x, -0.62)])
    upright = upright / upright.norm(dim=0)
    return torch.where(standing, upright, normal)


def _fill(kind: str, mask: Tensor, plan: Plan, view: View, plane: Tensor, dice: random.Random) -> list[Thing]:
    """Enough objects to fill a mask; nearer ones are larger, and in front."""
    share = {"tree": (0.10, 0.34), "bush": (0.05, 0.12), "rock": (0.07, 0.24)}[kind]
    size = dice.uniform(*share) * view.height
    spread = {"tree": 0.42, "bush": 0.9, "rock": 0.8}[kind]
    count = float(mask.sum()) / (size * size * spread * 0.34)
    size *= max(1.0, (count / 140) ** 0.5)
    ever = plan.conifers
    things: list[Thing] = []
    row = float(mask.any(1).nonzero()[0]) + 0.3 * size
    last = float(mask.any(1).nonzero()[-1]) + 0.35 * size
    while row < last:
        deep = max(row - view.horizon, 0) / view.height
        tall = size * (0.5 + 1.1 * deep)
        column = dice.uniform(0, tall * spread)
        while column < view.width:
            y, x = min(int(row + dice.uniform(-0.2, 0.2) * tall), view.height - 1), int(column)
            middle = min(max(int(y - 0.45 * tall), 0), view.height - 1)
            if bool(mask[middle, x]):
                name = ("conifer" if dice.random() < ever else "broadleaf") if kind == "tree" else kind
                things.append(Thing(name, x, y, tall * dice.uniform(0.75, 1.25), float(plane[y, 0])))
            column += tall * spread * dice.uniform(0.6, 1.3)
        row += tall * (0.28 if kind == "tree" else 0.4)
    return things

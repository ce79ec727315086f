"""Trees, bushes, rocks and houses: small models that are put into scenes at any size."""

import math
import random
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from .layout import INDEX, Thing
from .noise import Noise, blur

PARTS = ("ground", "leaves", "needles", "trunk", "stone", "wall", "roof", "window")
PART = {name: index for index, name in enumerate(PARTS)}
VARIANTS = 8
TALL = 128

_METRES = {"broadleaf": 9.0, "conifer": 11.0, "bush": 2.4, "rock": 2.2, "house": 6.5}

Clump = tuple[float, float, float, float, float]
"""An ellipsoid: x, y, z, radius, ratio of height to width."""

_FIELDS = ("nx", "ny", "nz", "open", "part")


@cache
def sprites(kind: str) -> tuple[tuple[Tensor, ...], ...]:
    """All sprites of a kind ("broadleaf", "conifer", "bush", "rock" or "house"), each in sizes that halve.

    A sprite is ``[6, h, w]``: opacity, unit normal (3), openness to the sky, part. Its last row is its foot.
    """
    makers: dict[str, Callable[[random.Random, Noise], Tensor]] = {
        "broadleaf": _broadleaf,
        "conifer": _conifer,
        "bush": _bush,
        "rock": _rock,
        "house": _house,
    }
    made = (makers[kind](random.Random(f"{kind} {i}"), Noise(1000 + i)) for i in range(VARIANTS))
    return tuple(tuple(_halved(sprite)) for sprite in made)


def _halved(sprite: Tensor) -> list[Tensor]:
    sizes = [sprite]
    while sizes[-1].shape[1] > 12:
        smaller = F.avg_pool2d(sizes[-1][None], 2)[0]
        smaller[5] = sizes[-1][5, : 2 * smaller.shape[1] : 2, : 2 * smaller.shape[2] : 2]
        sizes.append(smaller)
    return sizes


def stand(
    canvas: Tensor, thing: Thing, variant: int, material: int, tone: float, flip: bool, within: Tensor | None
) -> None:
    """Puts a sprite on a canvas, in place.

    Args:
        canvas: ``[len(CHANNELS), H, W]``.
        thing: the object and its place.
        variant: an index into ``sprites(thing.kind)``.
        material: the class id of the object.
        tone: its tone, 0..1.
        flip: whether to mirror it.
        within: bool ``[H, W]``, the pixels that it may cover; None means all.
    """
    sprite, height = sprites(thing.kind)[variant], thing.height
    size = next((small for small in reversed(sprite) if small.shape[1] >= height), sprite[0])
    tall = max(2, round(height))
    wide = max(2, round(size.shape[2] * tall / size.shape[1]))
    left, top = round(thing.x - wide / 2), round(thing.base) - tall
    x0, x1, y0, y1 = max(left, 0), min(left + wide, canvas.shape[2]), max(top, 0), min(top + tall, canvas.shape[1])
    if x0 >= x1 or y0 >= y1:
        return
    scaled = F.interpolate(size[None], (tall, wide), mode="bilinear", align_corners=False)[0]
    if flip:
        scaled = scaled.flip(2)
        scaled[1] *= -1
    rows = torch.linspace(0, 1, tall).mul(size.shape[1] - 1).round().long()
    columns = torch.linspace(0, 1, wide).mul(size.shape[2] - 1).round().long()
    parts = size[5][rows][:, columns]
    scaled[5] = parts.flip(1) if flip else parts
    crop = scaled[:, y0 - top : y1 - top, x0 - left : x1 - left]
    covered = crop[0] > 0.5
    if within is not None:
        covered = covered & within[y0:y1, x0:x1]
    region = canvas[:, y0:y1, x0:x1]
    new = region.clone()
    for field, values in zip(_FIELDS, crop[1:], strict=True):
        new[INDEX[field]] = values
    metres = _METRES[thing.kind] / height
    new[INDEX["material"]] = material
    new[INDEX["distance"]] = thing.distance
    new[INDEX["tone"]] = tone
    new[INDEX["footprint"]] = metres
    new[INDEX["u"]] = (torch.arange(x0, x1) - left)[None] * metres + 40 * tone
    new[INDEX["v"]] = (tall + top - torch.arange(y0, y1))[:, None] * metres
    region.copy_(torch.where(covered, new, region))


def _grid(width: float) -> tuple[Tensor, Tensor]:
    """The coordinates of a sprite, ``[h, w]``: x in -width/2..width/2, y from 0 at the foot to 1 at the top."""
    y = (TALL - 0.5 - torch.arange(TALL)[:, None]) / TALL
    columns = round(TALL * width)
    x = (torch.arange(columns)[None] + 0.5) / TALL - width / 2
    return x.expand(TALL, columns), y.expand(TALL, columns)


def _assemble(alpha: Tensor, normal: Tensor, opened: Tensor, part: Tensor) -> Tensor:
    normal = normal / normal.norm(dim=0).clamp(min=1e-4)
    return torch.cat([alpha[None], normal, opened[None], part[None]]).contiguous()


def _clumps(x: Tensor, y: Tensor, clumps: list[Clump], rough: Tensor) -> Tensor:
    """Roughened ellipsoids (x, y, z, radius, flatness) from the front; opacity, normal, depth: ``[5, h, w]``."""
    cx, cy, cz, r, flat = (torch.tensor(part)[:, None, None] for part in zip(*clumps, strict=True))
    dx, dy = (x - cx) / r, (y - cy) / (r * flat)
    inside = 1 - dx.square() - dy.square() + 0.9 * rough
    front = cz - r * inside.clamp(min=0).sqrt()
    front = torch.where(inside > 0, front, torch.full_like(front, 9.0))
    depth, which = front.min(0)
    pick = which[None]
    normal = torch.stack([dx.gather(0, pick)[0], dy.gather(0, pick)[0], -inside.gather(0, pick)[0].clamp(min=0).sqrt()])
    return torch.cat([(depth < 9).float()[None], normal, depth[None]])


def _leafy(x: Tensor, y: Tensor, noise: Noise, clumps: list[Clump],
           centre: tuple[float, float], part: str, leaf: float) -> Tensor:  # fmt: skip
    """A crown: clumps with ragged edges, darker inside and below."""
    rough = noise.puffs(x / leaf, y / leaf, "leaf", 3, 0.7)
    seen = _clumps(x, y, clumps, 0.8 * rough)
    whole = torch.stack([(x - centre[0]) * 1.6, (y - centre[1]) * 1.6, torch.full_like(x, -0.45)])
    normal = seen[1:4] + 0.9 * whole
    normal = normal + torch.stack([_slope(rough, 1), _slope(rough, 0), torch.zeros_like(x)]) * 0.5
    low, high = seen[4].clamp(max=1).min(), 0.15
    opened = (1 - 0.75 * ((seen[4] - low) / (high - low)).clamp(0, 1)) * (0.72 + 0.5 * (y - centre[1]) + 0.35 * rough)
    return _assemble(seen[0], normal, opened.clamp(0.12, 1.1), torch.full_like(x, PART[part]))


def _slope(values: Tensor, axis: int) -> Tensor:
    """The negative change of ``[h, w]`` to the right (axis 1) or up (axis 0), as a normal leans."""
    return values.roll(1, axis) - values.roll(-1, axis) if axis else values.roll(-1, 0) - values.roll(1, 0)


def _broadleaf(dice: random.Random, noise: Noise) -> Tensor:
    width = dice.uniform(0.75, 1.05)
    x, y = _grid(width)
    stem = dice.uniform(0.16, 0.30)
    centre_y, tall = (1 + stem) / 2, (1 - stem) / 2
    clumps = []
    for _ in range(46):
        turn, ring = dice.uniform(0, 2 * math.pi), math.sqrt(dice.random())
        up = math.sin(turn) * ring
        radius = dice.uniform(0.07, 0.13)
        broad = (width / 2 - radius) * (1 - 0.25 * max(up, 0))
        cx, cy = math.cos(turn) * ring * broad, centre_y + up * (tall - radius)
        clumps.append(
            (cx, cy, -0.35 * math.sqrt(1 - ring * ring) + dice.gauss(0, 0.05), radius, dice.uniform(0.7, 0.95))
        )
    crown = _leafy(x, y, noise, clumps, (0.0, centre_y), "leaves", 0.045)
    bend = dice.uniform(-0.05, 0.05)
    trunk = ((x - bend * (y / centre_y)).abs() < 0.030 * (1.35 - y)) & (y < centre_y) & (crown[0] < 0.5)
    return _with_trunk(crown, trunk, x)


def _conifer(dice: random.Random, noise: Noise) -> Tensor:
    width = dice.uniform(0.38, 0.56)
    x, y = _grid(width)
    clumps = []
    tiers = dice.randint(15, 20)
    for tier in range(tiers):
        share = tier / (tiers - 1)
        reach = (width / 2 - 0.02) * (1 - share) ** 0.9 * dice.uniform(0.82, 1.1) + 0.014
        level = 0.10 + 0.86 * share
        clumps.append((0.0, level, 0.02, 0.018 + 0.35 * reach, 1.0))
        for _ in range(max(3, round(9 * (1 - share)))):
            turn = dice.uniform(0, 2 * math.pi)
            out = reach * dice.uniform(0.35, 0.8)
            droop = -0.07 * out / width
            radius = 0.02 + 0.40 * reach * dice.uniform(0.7, 1)
            clumps.append((math.cos(turn) * out, level + droop + dice.gauss(0, 0.014), math.sin(turn) * out - 0.05,
                           radius, dice.uniform(0.40, 0.62)))  # fmt: skip
    clumps.append((0.0, 0.96, 0.0, 0.014, 2.6))
    crown = _leafy(x, y, noise, clumps, (0.0, 0.45), "needles", 0.028)
    return _with_trunk(crown, (x.abs() < 0.016) & (y < 0.2) & (crown[0] < 0.5), x)


def _with_trunk(crown: Tensor, trunk: Tensor, x: Tensor) -> Tensor:
    round_ = torch.stack([x * 20, torch.zeros_like(x), -torch.ones_like(x)])
    stem = _assemble(torch.ones_like(x), round_, torch.full_like(x, 0.5), torch.full_like(x, PART["trunk"]))
    return torch.where(trunk, stem, crown)


def _bush(dice: random.Random, noise: Noise) -> Tensor:
    width = dice.uniform(1.2, 2.0)
    x, y = _grid(width)
    clumps = []
    for _ in range(40):
        turn, ring = dice.uniform(0, math.pi), math.sqrt(dice.random())
        radius = dice.uniform(0.13, 0.22)
        cx = math.cos(turn) * ring * (width / 2 - radius)
        cy = math.sin(turn) * ring * (0.97 - radius) * dice.uniform(0.8, 1)
        clumps.append((cx, cy, -0.4 * math.sqrt(1 - ring * ring) + dice.gauss(0, 0.06), radius, dice.uniform(0.75, 1)))
    return _leafy(x, y, noise, clumps, (0.0, 0.35), "leaves", 0.075)


def _rock(dice: random.Random, noise: Noise) -> Tensor:
    """A stone: the remainder of a block after cuts by random planes."""
    width = dice.uniform(1.1, 1.9)
    x, y = _grid(width)
    wobble = 0.03 * noise.fractal(x / 0.2, y / 0.2, "wobble", 4)
    depth = torch.full_like(x, -9.0)
    normal = torch.zeros(3, *x.shape)
    outside = torch.zeros_like(x)
    for _ in range(16):
        nx, ny, nz = dice.gauss(0, 1), abs(dice.gauss(0, 0.8)) + 0.1, -abs(dice.gauss(0, 0.8)) - 0.05
        length = math.sqrt(nx * nx + ny * ny + nz * nz)
        nx, ny, nz = nx / length, ny / length, nz / length
        reach = math.sqrt((nx * width * 0.46) ** 2 + (ny * 0.86) ** 2 + (nz * 0.45) ** 2) * dice.uniform(0.72, 0.98)
        outside = torch.maximum(outside, nx * x + ny * y + wobble - reach if nz > -0.15 else outside)
        plane = (nx * x + ny * y + wobble - reach) / -nz  # depth at which the view ray enters
        nearer = plane > depth
        depth = torch.maximum(depth, plane)
        normal = torch.where(nearer, torch.tensor([nx, ny, nz])[:, None, None], normal)
    alpha = ((depth < 0.12 + 2 * wobble) & (outside <= 0)).float()
    chips = noise.fractal(x / 0.10, y / 0.10, "chips", 4, 0.6)
    normal = normal + 0.9 * torch.stack([_slope(chips, 1), _slope(chips, 0), 0 * x])
    opened = (0.45 + 0.6 * y + 0.2 * blur(chips, 1)).clamp(0.25, 1)
    return _assemble(alpha, normal, opened, torch.full_like(x, PART["stone"]))


def _house(dice: random.Random, noise: Noise) -> Tensor:
    """A cottage seen from its long side, with a gable to one side."""
    width = dice.uniform(1.25, 1.7)
    x, y = _grid(width)
    half, eaves = width / 2 - 0.06, dice.uniform(0.45, 0.58)
    gable = half * dice.uniform(0.45, 0.8)
    corner = half - gable  # front wall from -half to corner, gable wall from corner to half
    ridge = 0.97 if dice.random() < 0.85 else 0.85
    front = (x > -half + 0.03) & (x < corner) & (y < eaves)
    peak = corner + gable / 2
    slope = (ridge - eaves) / (gable / 2)
    side = (x >= corner) & (x < half - 0.02) & (y < ridge - 0.03 - slope * (x - peak).abs())
    lean = (y - eaves) / (ridge - eaves)
    roof = (
        (y >= eaves - 0.02) & (y < ridge) & (x > -half + lean * gable * 0.28) & (x < corner + 0.03 + lean * gable / 2)
    )
    verge = (x > peak - 0.02) & (x < half + 0.03) & ((y - ridge + slope * (x - peak).abs()).abs() < 0.035)
    part = torch.full_like(x, PART["wall"])
    normal = torch.where(side & ~roof, torch.tensor([0.75, 0.0, -0.66])[:, None, None],
                         torch.tensor([-0.25, 0.0, -0.97])[:, None, None])  # fmt: skip
    opened = 0.62 - 0.30 * ((y - eaves + 0.09) / 0.09).clamp(0, 1) * front
    for left in (-half + 0.12, (corner - half) / 2 - 0.03, corner - 0.20, peak - 0.06):
        low = eaves * 0.38
        pane = (x > left) & (x < left + 0.11) & (y > low) & (y < low + 0.18)
        cross = ((x - left - 0.055).abs() < 0.007) | ((y - low - 0.09).abs() < 0.007)
        part = torch.where(pane & ~cross & (front | side), float(PART["window"]), part)
    tiles = 0.14 * torch.sin(y * 150) + 0.25 * noise.bumps(x * 22, y * 22, "tiles")
    covered = roof | verge
    part = torch.where(covered, float(PART["roof"]), part)
    normal = torch.where(
        covered, torch.stack([tiles - 0.2, torch.full_like(x, 0.62), torch.full_like(x, -0.75)]), normal
    )
    opened = torch.where(covered, 0.9 + 0.25 * tiles, opened)
    chimney = ((x + half * 0.35).abs() < 0.05) & (y > ridge - 0.12)
    part = torch.where(chimney & ~covered, float(PART["wall"]), part)
    return _assemble((front | side | covered | chimney).float(), normal, opened, part)

"""Land in perspective: a height field up to the horizon, and the point of it that each pixel sees."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from .layout import CLASS, INDEX, WATERS, Plan, View, empty_canvas
from .noise import Noise, smoothstep

FAR = 16000.0
HILLS_AT, MOUNTAINS_AT = 900.0, 6500.0
MOUNTAINS_FROM = 2800.0
TREE = 13.0

_FIELDS = ("height", "wet", "mountain", "hill", "forest", "road", "nx", "ny", "nz", "x", "z")


def lay_out_terrain(plan: Plan, view: View) -> Tensor:
    """The canvas of a natural scene without trees and rocks, ``[len(CHANNELS), H, W]``."""
    noise = Noise(plan.seed)
    depths = _depths(view, plan.mountains > 0)
    fields = _land(plan, view, noise, depths)
    seen, at = _visible(view, depths, fields["height"])
    pixels = _gather(torch.stack([fields[name] for name in _FIELDS]), at)
    fields = dict(zip(_FIELDS, pixels, strict=True))
    canvas = empty_canvas(view)
    material = _classes(plan, view, noise, fields)
    z, upright = fields["z"], (fields["mountain"] > 0.5) | (fields["hill"] > 4)
    values = {
        "material": torch.where(seen, material, float(CLASS["sky"])),
        "distance": torch.where(seen, z, 1e6),
        "u": fields["x"],
        "v": torch.where(upright, fields["height"] + 0.12 * z, z),
        "nx": fields["nx"],
        "ny": fields["ny"],
        "nz": fields["nz"],
        "footprint": z / view.focal * torch.where(upright, 1.0, (z / view.altitude).clamp(min=1).sqrt()),
    }
    for name, value in values.items():
        canvas[INDEX[name]] = value
    return canvas


def _depths(view: View, mountains: bool) -> Tensor:
    """The depths of the samples of the land, ``[K]`` in rising order, with a spacing that suits the pixels."""
    rows = max(view.height - view.horizon, 8)
    near = view.altitude * view.focal / torch.linspace(rows * 1.35, 3, 130)
    start = min(max(float(near[0]), 40), 1000)
    middle = torch.exp(torch.linspace(math.log(start), math.log(FAR), 170))
    far = torch.exp(torch.linspace(math.log(MOUNTAINS_FROM), math.log(FAR), 200)[1:-1])
    return torch.cat([near[near < FAR], middle, far if mountains else far[:0]]).sort().values


def _land(plan: Plan, view: View, noise: Noise, depths: Tensor) -> dict[str, Tensor]:
    """The fields of the land on a fan of points, ``[K, columns]``: depth by direction."""
    columns = max(view.width // 2, 16)
    across = (torch.arange(columns) + 0.5 - columns / 2) * (view.width / columns / view.focal)
    z = depths[:, None].expand(-1, columns)
    x = across[None] * z
    a = plan.altitude
    wet = _water(plan, noise, x, z)
    dry = smoothstep(0.05, -0.55, wet)
    near, mid, far = _span(depths, 0, 1500), _span(depths, 150, 6000), _span(depths, MOUNTAINS_FROM, 2 * FAR)
    height = 0.12 * a * dry
    low = 0.16 * a * noise.fractal(x[near] / (7 * a), z[near] / (7 * a), "ground", 4)
    height[near] += low * dry[near] * smoothstep(1500, 300, z[near])
    hill, mountain, forest, crowns = (torch.zeros_like(height) for _ in range(4))
    if plan.hills > 0:
        shape = 0.55 + 0.75 * noise.fractal(x[mid] / 620, z[mid] / 620 + 0.3, "hills", 5, 0.42)
        rise = smoothstep(HILLS_AT * 0.35, HILLS_AT, z[mid]) * (plan.hills * HILLS_AT + a)
        hill[mid] = shape.clamp(min=0) * rise * smoothstep(-0.02, -0.5, wet[mid]) * smoothstep(6000, 2500, z[mid])
    if plan.mountains > 0:
        sharp = noise.ridged(x[far] / 5200, z[far] / 5200, "mountains", 6, 0.40)
        tall = (0.8 + 0.9 * noise.fractal(x[far] / 7000, z[far] / 7000, "massif", 2)).clamp(0.15, 1.35)
        rise = smoothstep(MOUNTAINS_FROM, MOUNTAINS_AT * 1.2, z[far]) * plan.mountains * MOUNTAINS_AT
        mountain[far] = sharp * tall * rise * 1.25 * smoothstep(0.0, -0.3, wet[far])
    road = _road(plan, noise, x, z)
    if plan.forest > 0:
        grove = noise.fractal(x[mid] / 260 + 9, z[mid] / 420, "groves", 4, 0.55)
        wooded = smoothstep(-0.08, 0.08, grove + 1.5 * plan.forest - 0.85 + 0.25 * smoothstep(200, 900, z[mid]))
        wooded = wooded * smoothstep(-0.03, -0.12, wet[mid]) * smoothstep(150, 190, z[mid]) * (road[mid] < 0)
        forest[mid] = wooded * smoothstep(4500, 3500, z[mid])
        crowns[mid] = noise.puffs(x[mid] / 9, z[mid] / 20, "crowns", 2)
    bare = height + hill + mountain
    height = bare + forest * TREE * (0.75 + 0.45 * crowns)
    nx, ny, nz = _normals(bare, x, z, across)
    return {"height": height, "wet": wet, "mountain": (mountain > hill + 25).float(), "hill": hill, "forest": forest,
            "road": road, "nx": nx, "ny": ny, "nz": nz, "x": x, "z": z}  # fmt: skip


def _span(depths: Tensor, low: float, high: float) -> slice:
    """The rows of the fan between two depths."""
    first, last = torch.searchsorted(depths, torch.tensor([low, high])).tolist()
    return slice(first, last)


def _water(plan: Plan, noise: Noise, x: Tensor, z: Tensor) -> Tensor:
    """The wetness of each point: above 0 in the water, -1 far from it."""
    if plan.water is None:
        return torch.full_like(x, -1.0)
    a = plan.altitude
    dice = torch.rand(6, generator=torch.Generator().manual_seed(plan.seed)).tolist()
    ragged = 0.35 * noise.fractal(x / (5 * a), torch.log(z) * 2.5, "shore", 5, 0.5)
    if plan.water == "sea":
        shore = math.exp(1.0 + 1.6 * dice[0]) * a
        wet: Tensor = torch.log(z / shore) + (dice[1] - 0.5) * 0.8 * x / shore + ragged
        land = smoothstep(0.0, 0.4, noise.fractal(x / 2600, z / 5200 + 3, "capes", 3) - 0.25 + 0.4 * (dice[2] - 0.5))
        return (wet.clamp(max=1) - 2 * land * smoothstep(600, 1500, z)).clamp(-1, 1)
    if plan.water == "river":
        bend = 0.16 * math.sin(6 * dice[0]) + (0.10 + 0.16 * dice[1]) * torch.sin(torch.log(z / a) * 2.2 + 6 * dice[2])
        wide = (0.7 + 1.3 * dice[3]) * a
        strip: Tensor = 1 - (x - bend * z).abs() / (wide * (1 + 0.35 * ragged))
        return (strip - 2 * smoothstep(500, 900, z)).clamp(-1, 1)
    centre, spread = math.log(a * (5 + 6 * dice[0])), 0.7 + 0.5 * dice[1]
    side = (dice[2] - 0.5) * 0.5
    basin: Tensor = 1 - ((torch.log(z) - centre) / spread).square() - ((x / z - side) / (0.35 + 0.5 * dice[3])).square()
    return (basin + ragged).clamp(-1, 1)


def _road(plan: Plan, noise: Noise, x: Tensor, z: Tensor) -> Tensor:
    """1 in the middle of the road, 0 at its edges, below 0 off it."""
    if plan.road is None:
        return torch.full_like(x, -1.0)
    dice = torch.rand(4, generator=torch.Generator().manual_seed(plan.seed + 5)).tolist()
    a = plan.altitude
    turn = torch.log(z / a)
    bend = 0.22 * (dice[0] - 0.5) + 0.14 * torch.sin(turn * (1 + dice[1]) + 6 * dice[2])
    offset = (dice[3] - 0.5) * 1.5 * a
    wide = 0.85 * a if plan.road == "paved" else 0.5 * a * (1 + 0.2 * noise.bumps(z / (2 * a), z / 40, "verge"))
    strip: Tensor = 1 - (x - bend * z - offset).abs() / wide
    return (strip - 3 * smoothstep(500, 1500, z)).clamp(-1, 1)


def _normals(height: Tensor, x: Tensor, z: Tensor, across: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The normals of a surface over the fan, ``[K, columns]`` each."""
    step_x = (x.roll(-1, 1) - x.roll(1, 1)).abs().clamp(min=1e-3)
    slope_x = (height.roll(-1, 1) - height.roll(1, 1)) / step_x
    slope_x[:, 0], slope_x[:, -1] = slope_x[:, 1], slope_x[:, -2]
    slope_x = slope_x.clamp(-3, 3)
    along = torch.gradient(height, dim=0)[0] / torch.gradient(z, dim=0)[0].clamp(min=1e-2)
    slope_z = (along - across[None] * slope_x).clamp(-3, 3)
    length = (1 + slope_x.square() + slope_z.square()).sqrt()
    return -slope_x / length, 1 / length, -slope_z / length


def _visible(view: View, depths: Tensor, height: Tensor) -> tuple[Tensor, Tensor]:
    """Whether each pixel sees land, bool ``[H, W]``, and the row of the fan that it sees, with fraction, ``[H, W]``."""
    rise = (height - view.altitude) / depths[:, None]
    rise = F.interpolate(rise[None, None], (len(depths), view.width), mode="bilinear", align_corners=False)[0, 0]
    skyline = rise.cummax(0).values.T.contiguous()
    slopes = view.slopes().T.expand(view.width, -1).contiguous()
    after = torch.searchsorted(skyline, slopes)
    seen = after < len(depths)
    after = after.clamp(1, len(depths) - 1)
    low, high = skyline.gather(1, after - 1), skyline.gather(1, after)
    share = ((slopes - low) / (high - low).clamp(min=1e-7)).clamp(0, 1)
    return seen.T, (after - 1 + share).T


def _gather(fields: Tensor, at: Tensor) -> Tensor:
    """Samples fields on the fan ``[C, K, columns]`` at fan rows ``[H, W]``: ``[C, H, W]``."""
    height, width = at.shape
    across = ((torch.arange(width)[None] + 0.5) / width * 2 - 1).expand(height, -1)
    down = (at + 0.5) / fields.shape[1] * 2 - 1
    grid = torch.stack([across, down], -1)[None]
    return F.grid_sample(fields[None], grid, padding_mode="border", align_corners=False)[0]


def _classes(plan: Plan, view: View, noise: Noise, fields: dict[str, Tensor]) -> Tensor:
    """The class of the land at each pixel, ``[H, W]``."""
    x, z, a = fields["x"], fields["z"], plan.altitude
    patch = noise.fractal(x / (4 * a), z / (9 * a), "patches", 5, 0.55)
    other = noise.fractal(x / (3 * a) + 7, z / (8 * a), "other", 4, 0.55)
    result = torch.full_like(x, CLASS[plan.ground])

    def put(name: str, where: Tensor) -> None:
        result.masked_fill_(where, CLASS[name])

    if plan.ground in ("grass", "dirt"):
        put("dirt" if plan.ground == "grass" else "grass", patch > 0.46)
    if plan.ground == "snow":
        put("grass" if plan.forest > 0.4 else "rock", patch > 0.52)
    if plan.flowers > 0 and plan.ground == "grass":
        put("flower", (other + plan.flowers > 0.72) & (z < 90 * a))
    if plan.water is not None:
        beach = 0.30 if plan.water == "sea" else 0.10
        sandy = plan.water == "sea" or plan.ground in ("sand", "dirt")
        bank = "sand" if sandy else ("rock", "sand", "dirt")[plan.seed % 3]
        put(bank, fields["wet"] > -beach - 0.35 * (patch - 0.1))
    put("hill", fields["hill"] > 7 + 4 * patch)
    put("mountain", fields["mountain"] > 0.5)
    height = fields["height"]
    line = plan.snow * plan.mountains * MOUNTAINS_AT
    crumbs = 0.22 * noise.fractal(x / 500, height / 300, "snowline", 5, 0.6)
    steep = (0.72 - fields["ny"]).clamp(min=0) * 0.9
    put("snow", (fields["mountain"] > 0.5) & (height / max(line, 1) - crumbs - steep > 1))
    put("tree", fields["forest"] > 0.5)
    put("road", fields["road"] > 0)
    if plan.water is not None:
        put(plan.water, fields["wet"] > 0)
    return result


def is_water(material: Tensor) -> Tensor:
    """Whether each pixel of a map of classes is water, bool."""
    return (material == WATERS[0]) | (material == WATERS[1]) | (material == WATERS[2])

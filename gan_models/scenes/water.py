"""Water: a mirror image of the scene behind it, broken by waves; the colour of the water; glitter and foam."""

import math

import torch
from torch import Tensor

from .layout import CLASS, Layout
from .lighting import Lighting, linear, vector
from .noise import smoothstep
from .shading import through_air
from .terrain import is_water

_DEEP = {
    CLASS["sea"]: ("#0b3a4a", "#0f4a5e", "#123c50", "#0a5560"),
    CLASS["river"]: ("#2c3a26", "#39422e", "#24403c", "#4a4632"),
    CLASS["water"]: ("#142e32", "#1d3a3a", "#17333f", "#26382e"),
}
_ROUGH = {CLASS["sea"]: 1.0, CLASS["river"]: 0.62, CLASS["water"]: 0.38}


def lay_water(image: Tensor, sky: Tensor, layout: Layout, lighting: Lighting, haze: Tensor) -> None:
    """Paints all water of a layout over an image of everything else, in place.

    Args:
        image: linear light ``[3, H', W']``.
        sky: the same with sky only.
        layout, lighting: the layout and its lighting.
        haze: ``[3, H', W']``, the light of the air in front of each pixel.
    """
    water = is_water(layout["material"])
    if not bool(water.any()):
        return
    rows, columns = water.nonzero().unbind(1)
    view, noise = layout.view, layout.noise
    line = torch.arange(view.height)[:, None]
    shore = torch.where(water, 0, line).cummax(0).values[rows, columns]
    label = layout["material"][rows, columns].long()
    rough = torch.zeros(19).index_copy(0, torch.tensor(list(_ROUGH)), torch.tensor(list(_ROUGH.values())))[label]
    z, a = layout["distance"][rows, columns], layout.plan.altitude
    x = view.across()[0, columns] * z
    fall = ((rows + 0.5 - view.horizon) / view.focal).clamp(min=0.004)

    size = (0.35 + 1.5 * rough) * max(1.0, a / 4)
    foot = z / view.focal / size
    long = noise.fractal(x / (5 * size), z / (1.6 * size), "swell", 3, 0.5, foot / 5)
    waves = noise.fractal(x / (1.7 * size), z / (0.8 * size) + 0.8 * long, "waves", 4, 0.62, foot / 1.2)
    waves = waves + 0.7 * long * rough
    breeze = smoothstep(-0.3, 0.6, noise.fractal(x / (40 * size), z / (60 * size), "breeze", 3))
    calm = 0.35 + 0.65 * breeze
    strength = (rough * 0.9 + 0.22) * calm

    reach = view.height * 0.05 * (fall * view.focal / view.height).clamp(0.02, 1).sqrt()
    aside = noise.fractal(x / (2.4 * size), z / (1.1 * size), "aside", 3, 0.6, foot)
    side = (columns + aside * reach * strength * 0.6).round().long().clamp(0, view.width - 1)
    lift = waves * reach * strength * 2.2
    up = _mirror_rows(layout, water, rows - lift, shore, side)
    behind = (2 * view.horizon - rows + lift).round().long().abs().clamp(max=view.height - 1)
    mirrored = torch.where(water[up, side], sky[:, behind, side], image[:, up, side])

    kinds = {name: vector(linear(tones[layout.plan.seed % 4]), image) for name, tones in _DEEP.items()}
    deep = torch.zeros_like(mirrored)
    for name, tone in kinds.items():
        deep = torch.where(label == name, tone, deep)
    sun, skylight = vector(lighting.sun, image), vector(lighting.sky, image)
    body = deep * (sun * max(lighting.direction()[1], 0.05) + 1.2 * skylight) * (1 + 0.5 * waves * rough)
    fresnel = (0.10 + 0.84 * torch.exp(-4.2 * fall) + (0.30 * waves - 0.10) * strength).clamp(0.04, 0.96)
    colour = torch.lerp(body, mirrored, fresnel)
    colour = colour + sun * _glitter(layout, lighting, columns, fall, waves, x, z, foot, strength)
    foam = _foam(layout, long + 0.6 * waves, x, z, foot, label)
    colour = torch.lerp(colour, 0.72 * (sun * max(lighting.direction()[1], 0.15) + skylight), foam)
    image[:, rows, columns] = through_air(colour, z, haze[:, rows, columns], lighting)


def _mirror_rows(layout: Layout, water: Tensor, rows: Tensor, shore: Tensor, columns: Tensor) -> Tensor:
    """The row of the point that is mirrored at some rows and columns, ``[N]``.

    A point at a distance of d metres is mirrored about the horizon, and lower by 2 * altitude / d. The objects at the
    shore, whose distance is known, are tried first. Where the ray passes above them, the distance is found step by
    step, from far away.
    """
    view, distance = layout.view, layout["distance"]
    drop = 2 * view.altitude * view.focal
    mirror = 2 * view.horizon - rows
    last = view.height - 1

    def at(row: Tensor) -> Tensor:
        return distance[row.round().long().clamp(0, last), columns]

    near = 2 * shore - rows
    near = torch.where(near < 0, mirror, near)
    true = (mirror + drop / at(near) - near).abs() < 3 + 0.12 * (rows - shore)
    far = mirror + drop / at(mirror)
    far = mirror + drop / at(far)
    line = torch.arange(view.height)[:, None]
    land = (torch.where(water, line, view.height).amin(0) - 1).clamp(min=0)[columns]
    row = torch.where(true, near, torch.minimum(far, land)).round().long().abs().clamp(max=last)
    return torch.where(water[row, columns], torch.minimum(row, land), row)


def _glitter(layout: Layout, lighting: Lighting, columns: Tensor, fall: Tensor, waves: Tensor, x: Tensor, z: Tensor,
             foot: Tensor, strength: Tensor) -> Tensor:  # fmt: skip
    """The sunlight that waves reflect to the eye, ``[N]``: a broken path under the sun."""
    sx, sy, sz = lighting.direction()
    if sz < 0.1 or lighting.elevation > 50 or lighting.overcast > 0.3:
        return torch.zeros_like(fall)
    across = layout.view.across()[0, columns] - sx / sz
    spread = 0.035 + 0.20 * strength * (0.35 + 2 * fall)
    path = torch.exp(-(across / spread).square())
    tilt = (sy / math.hypot(sx, sz) - fall).abs() / 2
    near = torch.exp(-(tilt / (0.11 + 0.16 * strength)).square())
    fine = layout.noise.fractal(x * 2.2, z * 0.7, "sparkle", 3, 0.8, foot)
    sparkle = smoothstep(0.20, 0.75, fine + 0.7 * waves + 0.3) + 0.25 * (foot > 0.4)
    return 2.0 * path * near * sparkle


def _foam(layout: Layout, waves: Tensor, x: Tensor, z: Tensor, foot: Tensor,
          label: Tensor) -> Tensor:  # fmt: skip
    """The share of foam, 0..1, ``[N]``: crests and surf of the sea, and the white water of some rivers."""
    noise = layout.noise
    lace = noise.puffs(x / 1.3, z / 0.9, "lace", 3) * (1.5 - foot).clamp(0.2, 1)
    crests = smoothstep(0.62, 1.0, waves + 0.25 * lace) * (label == CLASS["sea"])
    rapid = (label == CLASS["river"]) & (layout.plan.seed % 3 == 0)
    white = smoothstep(0.55, 1.1, 0.7 * waves + 0.8 * lace) * rapid
    return (0.85 * crests + 0.55 * white).clamp(0, 0.95)

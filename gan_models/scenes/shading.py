"""The lighting of surfaces, and the haze in front of them."""

import torch
from torch import Tensor

from .layout import SKIES, Layout
from .lighting import Lighting, vector
from .materials import Points, look_of
from .noise import smoothstep
from .shadows import cast_shadows
from .sprites import PART
from .terrain import is_water


def shade_land(image: Tensor, layout: Layout, lighting: Lighting, haze: Tensor) -> None:
    """Paints all land of a layout over an image of its sky, in place.

    Args:
        image: linear light ``[3, H', W']``, of the size of the canvas.
        layout: the layout.
        lighting: its lighting.
        haze: ``[3, H', W']``, the light of the air in front of each pixel.
    """
    material = layout["material"]
    land = ~is_water(material)
    for label in SKIES:
        land = land & (material != label)
    view, shadows = layout.view, cast_shadows(layout, lighting).view(-1)
    flat, air, canvas = image.view(3, -1), haze.reshape(3, -1), layout.canvas.view(layout.canvas.shape[0], -1)
    for label in torch.unique(material[land]).tolist():
        where = (material == label).view(-1).nonzero()[:, 0]
        across, slope = view.across()[0, where % view.width], view.slopes()[where // view.width, 0]
        points = Points(canvas[:, where], across, slope, layout.plan, lighting, layout.noise, view.focal)
        flat[:, where] = lit(points, int(label), shadows[where], air[:, where])


def lit(points: Points, label: int, shadow: Tensor, air: Tensor) -> Tensor:
    """Linear light ``[3, N]`` of surface points, seen through the air. ``shadow`` ``[N]``: 1 is full sun."""
    lighting = points.lighting
    albedo, relief = look_of(label, points)
    sx, sy, sz = lighting.direction()
    facing = points.nx * sx + points.ny * sy + points.nz * sz
    soft = ((points.part == PART["leaves"]) | (points.part == PART["needles"])) * 0.25 + 0.08
    direct = ((facing + soft) / (1 + soft)).clamp(min=0)
    direct = direct * (1 + 1.1 * relief).clamp(0.05, 2.4) * _cloud_shadow(points)
    direct = direct * (0.25 + 0.75 * points.open) * torch.where(points.part > 0, 1.0, shadow)
    ambient = points.open * (0.62 + 0.38 * points.ny) * (1 + 0.45 * relief).clamp(0.3, 1.6)
    sun, sky = vector(lighting.sun, albedo), vector(lighting.sky, albedo)
    bounce = 0.06 * (sun * max(sy, 0.1) + sky)
    colour = albedo * (sun * direct + sky * ambient + bounce)
    return through_air(colour, points.distance, air, lighting)


def _cloud_shadow(points: Points) -> Tensor:
    """The share of sunlight that the clouds let through, ``[N]``."""
    if points.lighting.overcast > 0.3 or not 0.15 < points.plan.clouds < 0.9:
        return torch.ones_like(points.u)
    shade = points.noise.fractal(points.u / 1100, points.distance / 1500, "cloud shadow", 3)
    return 1 - 0.6 * smoothstep(0.35, -0.25, shade + 0.5 - points.plan.clouds) * smoothstep(60, 250, points.distance)


def through_air(colour: Tensor, distance: Tensor, air: Tensor, lighting: Lighting) -> Tensor:
    """The remainder of ``colour`` after ``distance`` metres of air, plus the light of the air itself."""
    share = 1 - torch.exp(-distance / (1000 * lighting.visibility))
    blue = torch.tensor([0.88, 1.0, 1.12])[:, None]
    return torch.lerp(colour, air, (share * blue).clamp(max=0.97))


def air_light(layout: Layout, lighting: Lighting) -> Tensor:
    """The light of hazy air in front of each pixel, ``[3, H', W']``, brighter towards the sun."""
    view = layout.view
    slope, across = view.slopes(), view.across()
    sx, sy, sz = lighting.direction()
    facing = ((across * sx + slope * sy + sz) / (1 + slope.square() + across.square()).sqrt()).clamp(min=0)
    haze = vector(lighting.haze, across)[:, :, None]
    return haze + 0.35 * facing.pow(6) * vector(lighting.glow, across)[:, :, None] * min(1.0, sum(lighting.sun) / 3)

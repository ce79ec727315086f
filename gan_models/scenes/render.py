"""Scenes: a layout by its seed, rendered in a light."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .film import develop
from .layout import CLASS, SKIES, Layout, Plan, view_of
from .light import Light, random_light, vector
from .nature import lay_out_nature, plan_nature
from .noise import Noise, blur, smoothstep
from .painted import lay_out_painting
from .painting import paint, plan_painting
from .shading import air_light, shade_land
from .sky import cloud_field, render_sky
from .water import lay_water

DETAIL = 2
"""Pixels of the canvas for one of the picture, each way."""
PAINTED = 0.4
"""The share of painted scenes."""


@dataclass(frozen=True)
class Scene:
    """A picture and its label map.

    Attributes:
        image: float32 ``[3, H, W]`` in [-1, 1].
        labels: uint8 ``[H, W]``, ids of the 'landscape' taxonomy.
        plan: the layout's parameters.
        light: the light's.
    """

    image: Tensor
    labels: Tensor
    plan: Plan
    light: Light


def random_plan(seed: int) -> Plan:
    """A natural or a painted scene's plan."""
    return plan_painting(seed) if (seed * 2654435761 >> 7) % 100 < 100 * PAINTED else plan_nature(seed)


def lay_out(plan: Plan, size: int | tuple[int, int]) -> Layout:
    """A plan at a size: the side of a square, or (height, width)."""
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 16:
        raise ValueError(f"a scene must be at least 16 pixels wide and high; this one is {width}×{height}")
    small, view = view_of(plan, height, width), view_of(plan, height * DETAIL, width * DETAIL)
    noise = Noise(plan.seed)
    if plan.kind == "nature":
        canvas, things, fog = lay_out_nature(plan, view)
        clouds = cloud_field(small, noise, plan.clouds)
        fog = F.avg_pool2d(fog[None, None], DETAIL)[0, 0]
        labels = _labels_of(canvas, clouds, fog)
    else:
        painting = paint(plan, height, width)
        canvas, things = lay_out_painting(plan, view, painting)
        clouds = _puffed((painting.under == CLASS["clouds"]).float(), noise)
        fog = _misty((painting.labels == CLASS["fog"]).float(), noise) * plan.fog
        labels = painting.labels.clone()
        houses = canvas[0, ::DETAIL, ::DETAIL] == CLASS["house"]
        labels[houses & (labels != CLASS["fog"]) & (labels != CLASS["unknown"])] = CLASS["house"]
    return Layout(plan, view, labels.to(torch.uint8), canvas, things, clouds, fog)


def render(layout: Layout, light: Light) -> Tensor:
    """The picture of a layout in a light: float32 ``[3, H, W]`` in [-1, 1]."""
    height, width = layout.labels.shape
    small = view_of(layout.plan, height, width)
    sky = render_sky(small, light, layout.noise, layout.clouds)
    sky = F.interpolate(sky[None], scale_factor=DETAIL, mode="bilinear", align_corners=False)[0]
    haze = air_light(layout, light)
    image = sky.clone()
    shade_land(image, layout, light, haze)
    lay_water(image, sky, layout, light, haze)
    picture = F.avg_pool2d((1 - torch.exp(-image))[None], DETAIL)[0]
    picture = -torch.log((1 - picture).clamp(min=1e-4))
    mist = 0.75 * vector(light.haze, picture)[:, :, None] + 0.25 * vector(light.cloud, picture)[:, :, None]
    picture = torch.lerp(picture, mist, layout.fog * 0.93)
    grain = 0.006 * torch.randn(height, width, generator=torch.Generator().manual_seed(layout.plan.seed + 1))
    return develop(picture, light.saturation, grain)


def render_scene(seed: int, size: int | tuple[int, int] = 256, light: Light | str | None = None) -> Scene:
    """The scene of a seed: always the same for the same seed, size and light.

    Args:
        seed: of the layout, and of what is random in the light.
        size: the side of a square, or (height, width); at least 16 each way.
        light: a ``Light``; or the name of one of ``LIGHTS``, which the seed varies a little; any of them by default.
    """
    plan = random_plan(seed)
    if not isinstance(light, Light):
        light = random_light(seed, light)
    layout = lay_out(plan, size)
    return Scene(render(layout, light), layout.labels, plan, light)


def render_scenes(
    seeds: Sequence[int], size: int | tuple[int, int] = 256, light: Light | str | None = None
) -> tuple[Tensor, Tensor]:
    """Scenes as a batch: images ``[B, 3, H, W]`` in [-1, 1] and labels uint8 ``[B, H, W]``."""
    scenes = [render_scene(seed, size, light) for seed in seeds]
    return torch.stack([scene.image for scene in scenes]), torch.stack([scene.labels for scene in scenes])


def _labels_of(canvas: Tensor, clouds: Tensor, fog: Tensor) -> Tensor:
    """Class ids ``[H, W]`` of a natural scene: the canvas's, tidied as a person would paint them."""
    material = canvas[0]
    present = torch.unique(material)
    masks = torch.stack([(material == label).float() for label in present])
    masks = F.avg_pool2d(masks[None], DETAIL)[0]
    labels = present[blur(masks, max(0.8, max(clouds.shape) / 160)).argmax(0)]
    sky = (labels == SKIES[0]) & (blur(clouds, max(clouds.shape) / 80) > 0.42)
    labels = torch.where(sky, float(CLASS["clouds"]), labels)
    return torch.where(fog > 0.5, float(CLASS["fog"]), labels)


def _puffed(mask: Tensor, noise: Noise) -> Tensor:
    """Density of clouds ``[H, W]`` that fill a painted mask."""
    if not bool(mask.any()):
        return mask
    size = max(mask.shape)
    rows = (torch.arange(mask.shape[0])[:, None] / size).expand_as(mask)
    columns = (torch.arange(mask.shape[1])[None] / size).expand_as(mask)
    shape = 0.5 * noise.fractal(columns * 7, rows * 11, "heap", 5)
    shape = shape + 0.16 * noise.puffs(columns * 16, rows * 22, "puff", 3)
    soft = 0.45 * blur(mask, size / 60) + 0.75 * blur(mask, size / 22)
    return smoothstep(0.20, 1.25, soft * (1 + 0.5 * shape) + 0.35 * shape * (soft > 0.08))


def _misty(mask: Tensor, noise: Noise) -> Tensor:
    """Opacity of fog ``[H, W]`` that fills a painted mask."""
    if not bool(mask.any()):
        return mask
    size = max(mask.shape)
    rows = (torch.arange(mask.shape[0])[:, None] / size).expand_as(mask)
    columns = (torch.arange(mask.shape[1])[None] / size).expand_as(mask)
    wisps = noise.fractal(columns * 5, rows * 15, "wisps", 5, 0.6)
    soft = blur(mask, size / 26)
    return smoothstep(0.12, 0.95, soft * (1 + 0.35 * wisps)) * (0.86 + 0.3 * wisps).clamp(0.5, 1)

"""Scenes: layouts of a seed, rendered in a lighting."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from .film import develop
from .layout import CLASS, SKIES, Layout, Plan, view_of
from .lighting import Lighting, random_lighting, vector
from .nature import lay_out_nature, plan_nature
from .noise import Noise, blur, smoothstep
from .painted import lay_out_painting
from .painting import paint, plan_painting
from .shading import air_light, shade_land
from .sky import cloud_field, render_sky
from .water import lay_water

DETAIL = 2
"""The number of canvas pixels per picture pixel in each direction."""
PAINTED = 0.4
"""The share of painted scenes."""


@dataclass(frozen=True)
class Scene:
    """A picture and its label map.

    Attributes:
        image: float32 ``[3, H, W]`` in [-1, 1].
        labels: uint8 ``[H, W]``, ids of the 'landscape' taxonomy.
        plan: the parameters of the layout.
        lighting: the parameters of the lighting.
    """

    image: Tensor
    labels: Tensor
    plan: Plan
    lighting: Lighting


def random_plan(seed: int) -> Plan:
    """The plan of a seed, of a natural or a painted scene."""
    return plan_painting(seed) if (seed * 2654435761 >> 7) % 100 < 100 * PAINTED else plan_nature(seed)


def lay_out(plan: Plan, size: int | tuple[int, int]) -> Layout:
    """Lays out a plan at a size in pixels: the side of a square, or (height, width).

    Raises:
        ValueError: a side is below 16 pixels.
    """
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


def render(layout: Layout, lighting: Lighting) -> Tensor:
    """Renders a layout in a lighting: float32 ``[3, H, W]`` in [-1, 1]."""
    height, width = layout.labels.shape
    small = view_of(layout.plan, height, width)
    sky = render_sky(small, lighting, layout.noise, layout.clouds)
    sky = F.interpolate(sky[None], scale_factor=DETAIL, mode="bilinear", align_corners=False)[0]
    haze = air_light(layout, lighting)
    image = sky.clone()
    shade_land(image, layout, lighting, haze)
    lay_water(image, sky, layout, lighting, haze)
    picture = F.avg_pool2d((1 - torch.exp(-image))[None], DETAIL)[0]
    picture = -torch.log((1 - picture).clamp(min=1e-4))
    mist = 0.75 * vector(lighting.haze, picture)[:, :, None] + 0.25 * vector(lighting.cloud, picture)[:, :, None]
    picture = torch.lerp(picture, mist, layout.fog * 0.93)
    grain = 0.006 * torch.randn(height, width, generator=torch.Generator().manual_seed(layout.plan.seed + 1))
    return develop(picture, lighting.saturation, grain)


def render_scene(seed: int, size: int | tuple[int, int] = 256, lighting: Lighting | str | None = None) -> Scene:
    """Renders the scene of a seed. The same seed, size and lighting always give the same scene.

    Args:
        seed: the seed of the layout, and of the variation of the lighting.
        size: the side of a square in pixels, or (height, width); each side is at least 16.
        lighting: a ``Lighting``, or the name of one of ``LIGHTING_PRESETS``, which the seed varies a little. None
            chooses a random preset.
    Raises:
        ValueError: a side is too small, or there is no such preset.
    """
    plan = random_plan(seed)
    if not isinstance(lighting, Lighting):
        lighting = random_lighting(seed, lighting)
    layout = lay_out(plan, size)
    return Scene(render(layout, lighting), layout.labels, plan, lighting)


def render_scenes(
    seeds: Sequence[int], size: int | tuple[int, int] = 256, lighting: Lighting | str | None = None
) -> tuple[Tensor, Tensor]:
    """Renders a batch of scenes: images ``[B, 3, H, W]`` in [-1, 1] and labels uint8 ``[B, H, W]``."""
    scenes = [render_scene(seed, size, lighting) for seed in seeds]
    return torch.stack([scene.image for scene in scenes]), torch.stack([scene.labels for scene in scenes])


def _labels_of(canvas: Tensor, clouds: Tensor, fog: Tensor) -> Tensor:
    """Class ids ``[H, W]`` of a natural scene: those of the canvas, smoothed as a person would paint them."""
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

"""Rendered landscapes with label maps, as training data for GauGAN models.

    >>> scene = render_scene(seed=7, size=256, lighting="sunset")
    >>> scene.image.shape, scene.labels.shape
    (torch.Size([3, 256, 256]), torch.Size([256, 256]))

A ``Plan`` determines the label map, and a ``Lighting`` determines its look. Any plan can be rendered in any lighting.
"""

from .layout import Layout, Plan
from .lighting import LIGHTING_PRESETS, Lighting, random_lighting
from .render import Scene, lay_out, random_plan, render, render_scene, render_scenes

__all__ = [
    "LIGHTING_PRESETS",
    "Layout",
    "Lighting",
    "Plan",
    "Scene",
    "lay_out",
    "random_lighting",
    "random_plan",
    "render",
    "render_scene",
    "render_scenes",
]

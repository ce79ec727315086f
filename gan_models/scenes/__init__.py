"""Labelled landscapes, rendered: the training set of the GauGAN model that ships with the pack.

    >>> scene = render_scene(seed=7, size=256, light="sunset")
    >>> scene.image.shape, scene.labels.shape
    (torch.Size([3, 256, 256]), torch.Size([256, 256]))

A ``Plan`` says what is where, a ``Light`` how it looks: any plan can be rendered in any light.
"""

from .layout import Layout, Plan
from .light import LIGHTS, Light, random_light
from .render import Scene, lay_out, random_plan, render, render_scene, render_scenes

__all__ = [
    "LIGHTS",
    "Layout",
    "Light",
    "Plan",
    "Scene",
    "lay_out",
    "random_light",
    "random_plan",
    "render",
    "render_scene",
    "render_scenes",
]

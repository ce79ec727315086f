"""Layouts: the label map and the surfaces of a scene, independent of its lighting."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..labels import taxonomy
from .noise import Noise

CLASS = {entry.name: entry.id for entry in taxonomy("landscape").classes}
SKIES = (CLASS["sky"], CLASS["clouds"], CLASS["fog"])
WATERS = (CLASS["sea"], CLASS["river"], CLASS["water"])

CHANNELS = ("material", "distance", "u", "v", "nx", "ny", "nz", "open", "tone", "part", "footprint")
"""The channels of a canvas, each one float per pixel:

material: class id. distance: metres. u, v: metres along the surface, right and up in the picture (textures).
nx, ny, nz: unit normal: right, up, ahead (towards us is negative). open: 0..1, how much of the sky lights it.
tone: 0..1, one random number for each tree, rock, house. part: see ``sprites``. footprint: metres per pixel.
"""
INDEX = {name: index for index, name in enumerate(CHANNELS)}


@dataclass(frozen=True)
class Plan:
    """The parameters of a layout, which determine it completely.

    Attributes:
        seed: the seed of all noise and of all places.
        kind: "nature" is terrain in perspective; "painted" is a map of blobs, as a person paints it.
        horizon: the row of the horizon as a share of the height.
        focal: focal length in units of the longer side.
        altitude: the height of the eye above the ground in metres.
        ground: the class of the open ground.
        water: the class of the water, or None.
        hills, mountains: their height above the horizon as a slope (0: none).
        snow: the share of the mountains' height where snow begins (above 1: none).
        forest: 0..1, the share of the land that is wooded.
        conifers: 0..1, the share of conifers among the trees.
        clouds: 0..1, the share of the sky that they cover.
        fog: 0..1, the density of the banks of fog.
        road: None, "paved" or "track".
        flowers, bushes, rocks, houses: 0..1, their abundance.
    """

    seed: int
    kind: Literal["nature", "painted"]
    horizon: float
    focal: float
    altitude: float
    ground: str
    water: str | None
    hills: float
    mountains: float
    snow: float
    forest: float
    conifers: float
    clouds: float
    fog: float
    road: str | None
    flowers: float
    bushes: float
    rocks: float
    houses: float


@dataclass(frozen=True)
class View:
    """A camera that looks straight ahead from the altitude of the plan; sizes are in pixels, the altitude in metres."""

    height: int
    width: int
    horizon: float
    focal: float
    altitude: float

    def slopes(self) -> Tensor:
        """The rise per distance at each row, ``[H, 1]``, positive above the horizon."""
        return (self.horizon - torch.arange(self.height)[:, None] - 0.5) / self.focal

    def across(self) -> Tensor:
        """The offset to the right per distance at each column, ``[1, W]``."""
        return (torch.arange(self.width)[None] + 0.5 - self.width / 2) / self.focal


def view_of(plan: Plan, height: int, width: int) -> View:
    return View(height, width, plan.horizon * height, plan.focal * max(height, width), plan.altitude)


@dataclass(frozen=True)
class Thing:
    """A standing object: the kind of its sprite, the pixel of its foot, its height in pixels, its distance in m."""

    kind: str
    x: float
    base: float
    height: float
    distance: float


@dataclass
class Layout:
    """A plan that was laid out at a size.

    Attributes:
        plan: the parameters.
        view: the camera, at the size of the canvas.
        labels: uint8 ``[H, W]``: the label map, at the size of the picture.
        canvas: ``[len(CHANNELS), H', W']``: the surfaces, with several pixels for each one of the picture.
        things: the objects that stand on the canvas.
        clouds: density of clouds in 0..1, ``[H, W]``.
        fog: opacity of banks of fog in 0..1, ``[H, W]``.
    """

    plan: Plan
    view: View
    labels: Tensor
    canvas: Tensor
    things: list[Thing]
    clouds: Tensor
    fog: Tensor

    @property
    def noise(self) -> Noise:
        return Noise(self.plan.seed)

    def __getitem__(self, channel: str) -> Tensor:
        """A channel of the canvas, ``[H', W']``."""
        return self.canvas[INDEX[channel]]


def empty_canvas(view: View) -> Tensor:
    """A canvas of sky."""
    canvas = torch.zeros(len(CHANNELS), view.height, view.width)
    canvas[INDEX["distance"]] = 1e6
    canvas[INDEX["footprint"]] = 1e3
    canvas[INDEX["ny"]] = 1
    canvas[INDEX["open"]] = 1
    canvas[INDEX["tone"]] = 0.5
    return canvas

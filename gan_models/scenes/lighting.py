"""Lighting, weather and season: everything that changes the look of a place but not its layout."""

import colorsys
import math
import random
from dataclasses import dataclass, replace

import torch
from torch import Tensor

Rgb = tuple[float, float, float]


def linear(color: str) -> Rgb:
    """Converts ``"#rrggbb"`` to linear reflectance, 0..1."""
    red, green, blue = (part / 255 for part in bytes.fromhex(color.removeprefix("#")))
    return _linear(red), _linear(green), _linear(blue)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def glowing(color: str) -> Rgb:
    """The linear light that ``film.develop`` turns into ``"#rrggbb"``."""
    red, green, blue = (-math.log(1 - min(part, 0.985)) for part in linear(color))
    return red, green, blue


@dataclass(frozen=True)
class Lighting:
    """Lighting, weather and season.

    Attributes:
        name: the name of the preset, a key of ``LIGHTING_PRESETS``.
        azimuth, elevation: place of the sun (or moon) in degrees; azimuth 0 is straight ahead, 90 right, 180 behind.
        sun, sky: linear light from the sun and from the whole sky.
        overhead, middle, horizon, glow: linear colours of the sky: up, halfway, at the horizon, around the sun.
        cloud, cloud_shade: linear colours of lit and of shaded cloud.
        haze: linear colour of distant air; visibility: the distance in kilometres where 63 % of the colour is haze.
        overcast: 0..1, the share of the sky between the clouds that is covered by grey.
        autumn, frost, spring: 0..1, the season of the vegetation.
        dry: 0..1, the share of yellow in the grass.
        saturation: the saturation of the finished picture.
    """

    name: str
    azimuth: float
    elevation: float
    sun: Rgb
    sky: Rgb
    overhead: Rgb
    middle: Rgb
    horizon: Rgb
    glow: Rgb
    cloud: Rgb
    cloud_shade: Rgb
    haze: Rgb
    visibility: float
    overcast: float = 0.0
    autumn: float = 0.0
    frost: float = 0.0
    spring: float = 0.0
    dry: float = 0.0
    saturation: float = 1.0

    def direction(self) -> tuple[float, float, float]:
        """The unit vector to the sun: right, up, ahead."""
        azimuth, elevation = math.radians(self.azimuth), math.radians(self.elevation)
        flat = math.cos(elevation)
        return flat * math.sin(azimuth), math.sin(elevation), flat * math.cos(azimuth)


def vector(color: Rgb, like: Tensor) -> Tensor:
    """A colour as ``[3, 1]``, which broadcasts over ``[3, N]`` pixels."""
    return torch.tensor(color, device=like.device, dtype=like.dtype)[:, None]


def _preset(
    name: str, azimuth: float, elevation: float, sun: Rgb, sky: Rgb, dome: str, clouds: str, haze: str,
    visibility: float, **rest: float,
) -> Lighting:  # fmt: skip
    """Makes a lighting of sRGB colours: ``dome`` is overhead, middle, horizon, glow; ``clouds`` is lit, shaded."""
    overhead, middle, horizon, glow = map(glowing, dome.split())
    lit, shaded = map(glowing, clouds.split())
    return Lighting(name, azimuth, elevation, sun, sky, overhead, middle, horizon, glow, lit, shaded, glowing(haze),
                 visibility, **rest)  # fmt: skip


_PRESETS = (
    _preset("noon", 120, 58, (2.5, 2.35, 2.1), (0.50, 0.64, 0.86), "#2a68b8 #5f9bd8 #bcd9ee #fff6e0",
            "#ffffff #a3b0c2", "#b3cde4", 34),
    _preset("morning", -75, 24, (1.9, 1.65, 1.3), (0.55, 0.62, 0.78), "#5f96cc #a3c6e2 #f0e4d2 #fff0cc",
            "#fff9f0 #b4bcc9", "#d9dfe4", 14, spring=0.3),
    _preset("golden hour", 65, 13, (2.6, 1.6, 0.75), (0.46, 0.48, 0.60), "#5580ae #a3b4bd #f6d8a4 #ffc873",
            "#ffe9c4 #a08f8a", "#eccfa4", 16, dry=0.35),
    _preset("sunset", 14, 4, (1.7, 0.72, 0.30), (0.34, 0.28, 0.36), "#3c4a80 #a2688a #f79a55 #ffb04a",
            "#ff9e6a #6d4a62", "#d98a62", 13, dry=0.2, saturation=1.08),
    _preset("dusk", -20, 1, (0.10, 0.07, 0.08), (0.26, 0.30, 0.50), "#1b2550 #46558c #c08a96 #f0a080",
            "#8a83a5 #3c4468", "#7f7a9c", 11, saturation=1.0),
    _preset("overcast", 150, 50, (0.22, 0.22, 0.22), (1.00, 1.03, 1.08), "#a4abb4 #bcc1c8 #d5d8db #d9d9d9",
            "#e4e6e8 #a3a9b1", "#ccd0d4", 9, overcast=0.85, saturation=0.88),
    _preset("storm", 100, 40, (0.30, 0.30, 0.28), (0.42, 0.47, 0.53), "#39444f #56626d #9aa39f #a8aca0",
            "#99a0a4 #3e474f", "#838d92", 7, overcast=0.7, saturation=0.85),
    _preset("fog", -60, 30, (0.35, 0.34, 0.32), (0.92, 0.93, 0.95), "#c3c9cf #d3d7da #dfe1e2 #eeeae2",
            "#e9ebec #c6cbd0", "#dadddf", 0.55, overcast=0.6, saturation=0.8),
    _preset("winter", -110, 17, (1.7, 1.55, 1.4), (0.66, 0.78, 1.0), "#5c94cc #9cc2e0 #e3eaf0 #fff4e4",
            "#ffffff #b3bfd0", "#d5e0ea", 14, frost=0.85, saturation=0.9),
    _preset("autumn", 95, 28, (2.3, 1.85, 1.25), (0.50, 0.57, 0.70), "#3f78b4 #8ab0d2 #e2dfd2 #ffe6b0",
            "#fff8ea #a6abb5", "#d2d2cc", 17, autumn=0.9, dry=0.5),
    _preset("spring", -130, 42, (2.3, 2.2, 1.95), (0.54, 0.66, 0.84), "#4b90d6 #8fc2ea #d9ecf4 #fffbe8",
            "#ffffff #b8c4d2", "#cbdfea", 24, spring=1.0, saturation=1.06),
    _preset("moonlight", 35, 24, (0.27, 0.33, 0.47), (0.10, 0.14, 0.24), "#070c1f #101a36 #28385a #6f86b4",
            "#53668c #151e36", "#1d2a48", 12, saturation=0.85),
)  # fmt: skip

LIGHTING_PRESETS = {lighting.name: lighting for lighting in _PRESETS}
"""The presets by name. The lighting of a scene is a variation of one of them (see ``random_lighting``)."""


def random_lighting(seed: int, name: str | None = None) -> Lighting:
    """Varies a preset, any one or the one called ``name``: the seed moves the sun and changes the colours a little.

    Raises:
        ValueError: there is no such preset.
    """
    if name is not None and name not in LIGHTING_PRESETS:
        raise ValueError(f"there is no lighting {name!r}; the presets are {', '.join(LIGHTING_PRESETS)}")
    dice = random.Random(f"light {seed}")  # the scenes of all seeds depend on this text
    chosen = LIGHTING_PRESETS[name or dice.choice(list(LIGHTING_PRESETS))]
    hue, strength = dice.gauss(0, 0.012), math.exp(dice.gauss(0, 0.10))
    return replace(
        chosen,
        azimuth=chosen.azimuth * dice.choice((-1, 1)) + dice.gauss(0, 18),
        elevation=max(0.5, chosen.elevation * math.exp(dice.gauss(0, 0.15))),
        sun=_tint(chosen.sun, hue, strength),
        visibility=chosen.visibility * math.exp(dice.gauss(0, 0.3)),
        overcast=min(max(chosen.overcast + dice.gauss(0, 0.06), 0), 1) if chosen.overcast else 0.0,
        autumn=chosen.autumn * dice.uniform(0.6, 1.1),
        frost=chosen.frost * dice.uniform(0.7, 1.15),
        dry=min(max(chosen.dry + dice.gauss(0, 0.15), 0), 1),
        saturation=chosen.saturation * math.exp(dice.gauss(0, 0.05)),
        overhead=_tint(chosen.overhead, hue, 1),
        middle=_tint(chosen.middle, hue, 1),
        horizon=_tint(chosen.horizon, hue, 1),
        haze=_tint(chosen.haze, hue, 1),
    )


def _tint(color: Rgb, hue: float, strength: float) -> Rgb:
    """The colour with its hue turned by a share of the circle and its brightness multiplied."""
    high = max(color)
    h, s, v = colorsys.rgb_to_hsv(*(part / high for part in color))
    red, green, blue = colorsys.hsv_to_rgb((h + hue) % 1, s, v)
    return red * high * strength, green * high * strength, blue * high * strength

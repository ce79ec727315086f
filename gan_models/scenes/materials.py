"""Materials: the colour and the fine relief of every class of the taxonomy except sky and water."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .layout import CLASS, INDEX, Plan
from .lighting import Lighting, linear, vector
from .noise import Noise, smoothstep
from .sprites import PART


@dataclass
class Points:
    """Pixels of one class.

    Attributes:
        canvas: their columns of the canvas, ``[len(CHANNELS), N]``; ``points.nx`` is one of its rows.
        across, slope: their places in the view, to the right and up per metre of distance, ``[N]``.
        plan, lighting, noise: those of the scene.
        focal: the focal length of the view in pixels.
    """

    canvas: Tensor
    across: Tensor
    slope: Tensor
    plan: Plan
    lighting: Lighting
    noise: Noise
    focal: float

    def __getattr__(self, channel: str) -> Tensor:
        return self.canvas[INDEX[channel]]

    def colour(self, *colors: str) -> list[Tensor]:
        """sRGB colours as ``[3, 1]``."""
        return [vector(linear(color), self.canvas) for color in colors]

    def fractal(self, size: float, key: str, octaves: int = 5, gain: float = 0.5, stretch: float = 1.0) -> Tensor:
        """Noise on the surface, ``[N]``: its largest bumps have ``size`` metres, and are stretched upwards."""
        return self.noise.fractal(self.u / size, self.v / (size * stretch), key, octaves, gain, self.footprint / size)

    def standing(self, size: float, key: str, octaves: int = 5, gain: float = 0.5, stretch: float = 1.0) -> Tensor:
        """Noise of blades, crowns and other objects that stand on the ground, ``[N]``; bumps of up to ``size`` metres.

        It faces the eye at every distance: it lies on screens at distances that double, and each screen fades into the
        next one. On sprites, it is ``fractal``.
        """
        level = torch.log2(self.distance)
        first, sprite = level.floor(), self.part > 0
        share = torch.where(sprite, 0.0, level - first)
        foot = torch.where(sprite, self.footprint, self.footprint_ahead) / size
        screens = []
        for screen in (first, first + 1):
            metres = torch.exp2(screen)
            x = torch.where(sprite, self.u, self.across * metres) / size
            y = torch.where(sprite, self.v, self.slope * metres) / (size * stretch)
            screens.append(self.noise.fractal(x, y, key, octaves, gain, foot))
        contrast: Tensor = (share.square() + (1 - share).square()).rsqrt()
        return torch.lerp(screens[0], screens[1], share) * contrast

    @property
    def footprint_ahead(self) -> Tensor:
        """The metres per pixel of a screen that faces the eye, ``[N]``."""
        return self.distance / self.focal


Look = tuple[Tensor, Tensor]  # albedo [3, N], relief [N] around 0: brighter where it faces the light


def look_of(label: int, points: Points) -> Look:
    """The albedo ``[3, N]`` and the relief ``[N]`` of a class at some pixels."""
    return _LOOKS[label](points)


def _season(points: Points, green: Tensor, amount: float = 1.0) -> Tensor:
    """Changes green vegetation by the season of the lighting: dry, in spring, under frost."""
    lighting = points.lighting
    patch = 0.5 + 0.5 * points.fractal(6.0, "dry", 3)
    straw, fresh, frost, brown = points.colour("#a8935a", "#7ea33a", "#dfe6ea", "#8a7a58")
    green = torch.lerp(
        green, straw * (green.mean(0) / 0.12).clamp(0.5, 1.5), (lighting.dry * patch * 0.9 * amount).clamp(0, 1)
    )
    green = torch.lerp(green, fresh * (green.mean(0) / 0.13).clamp(0.5, 1.5), lighting.spring * 0.45 * amount)
    if lighting.frost > 0:
        green = torch.lerp(green, brown * (green.mean(0) / 0.12).clamp(0.5, 1.6), lighting.frost * 0.7)
        rime = smoothstep(0.25, 0.75, patch + 0.35 * points.ny + 0.3 * points.fractal(0.5, "rime", 4, 0.7) - 0.15)
        green = torch.lerp(green, frost, rime * lighting.frost * 0.8)
    return green


def _grass(points: Points) -> Look:
    deep, bright, olive = points.colour("#3d5a1c", "#74963a", "#7d8240")
    blades = points.standing(0.6, "blades", 5, 0.75, 1.8)
    tufts = points.fractal(9.0, "tufts", 4, 0.6)
    albedo = torch.lerp(deep, bright, (0.5 + 0.45 * tufts + 0.55 * blades).clamp(0, 1.3))
    albedo = torch.lerp(albedo, olive, (0.4 * points.fractal(40.0, "fields", 3) + 0.2).clamp(0, 0.7))
    return _season(points, albedo), 0.45 * blades + 0.2 * tufts


def _flower(points: Points) -> Look:
    albedo, relief = _grass(points)
    kinds = ("#e8c51e", "#d83a34", "#efeef0", "#9a5fc4", "#e887b4", "#e8792a")
    first, second = points.colour(kinds[points.plan.seed % 6], kinds[points.plan.seed // 6 % 6])
    dots = points.standing(0.16, "petals", 2, 0.8)
    beds = points.fractal(2.5, "beds", 3)
    bloom = smoothstep(0.10, 0.30, 0.8 * dots + 0.55 * beds)
    petals = torch.lerp(first, second, smoothstep(-0.1, 0.1, points.fractal(1.2, "mixed", 2)))
    petals = petals * (0.8 + 0.5 * dots)
    return torch.lerp(albedo, petals, bloom * (1 - 0.75 * min(points.lighting.frost, 1)) * 0.95), relief + 0.3 * bloom


def _leaves(points: Points) -> Look:
    """Trees: sprites nearby, and canopies far away."""
    lighting, tone = points.lighting, points.tone
    leaf = points.standing(0.9, "leaf", 4, 0.75)
    far = points.part < 0.5
    crowns = points.standing(7.0, "crowns", 3, 0.6, 0.8)
    tone = torch.where(far, (0.5 + 0.5 * points.fractal(30.0, "stand", 3) + 0.3 * crowns).clamp(0, 1), tone)
    dark, bright = points.colour("#2c4218", "#6b8434")
    pine, spruce = points.colour("#1d3222", "#42592f")
    needles = (points.part == PART["needles"]) | (far & (tone < points.plan.conifers))
    broad = torch.lerp(dark, bright, (0.25 + 0.5 * tone + 0.35 * leaf).clamp(0, 1.2))
    if lighting.autumn > 0:
        gold, rust, lime = points.colour("#d29a26", "#a8421c", "#8d9440")
        turned = torch.lerp(gold, rust, smoothstep(0.45, 0.85, tone))
        turned = torch.lerp(turned, lime, smoothstep(0.32, 0.12, tone))
        broad = torch.lerp(broad, turned * (0.85 + 0.4 * leaf), min(lighting.autumn, 1.0))
    broad = _season(points, broad, 0.6)
    ever = torch.lerp(pine, spruce, (0.3 + 0.4 * tone + 0.4 * leaf).clamp(0, 1.2))
    if lighting.frost > 0:
        (white,) = points.colour("#dde5ea")
        ever = torch.lerp(ever, white, lighting.frost * 0.75 * smoothstep(0.1, 0.7, points.ny + 0.5 * leaf))
    albedo = torch.where(needles, ever, broad)
    (bark,) = points.colour("#54473a")
    return torch.where(points.part == PART["trunk"], bark * (1 + 0.4 * leaf), albedo), 0.55 * leaf + far * 0.9 * crowns


def _bush(points: Points) -> Look:
    albedo, relief = _leaves(points)
    (olive,) = points.colour("#586b2c")
    return torch.lerp(albedo, olive, 0.25), relief


def _mountain(points: Points) -> Look:
    noise, u, v = points.noise, points.u, points.v
    tones = (("#77706a", "#a39a8e"), ("#6d625a", "#9c8a78"), ("#6b6f76", "#a0a3a6"), ("#7a5c4a", "#b08a68"))
    dark, bright = points.colour(*tones[points.plan.seed % 4])
    scale = (points.footprint * 40).clamp(min=60)
    crags = noise.ridged(u / 520 + 0.25 * v / 300, v / 380, "crags", 5, 0.6)
    grain = noise.fractal(u / scale, v / scale, "grain", 4, 0.7)
    strata = noise.fractal(u / 700 + 0.3 * v / 200, v / 160 + 0.6 * grain, "strata", 3, 0.6)
    albedo = torch.lerp(dark, bright, (0.45 + 0.5 * grain + 0.35 * strata + 0.3 * (crags - 0.4)).clamp(0, 1.2))
    (meadow,) = points.colour("#5f6b3a")
    wooded = smoothstep(0.62, 0.9, points.ny + 0.2 * grain) * smoothstep(
        900, 250, v - 0.12 * points.distance + 350 * grain
    )
    albedo = torch.lerp(albedo, _season(points, meadow * (1 + 0.4 * grain), 0.6), 0.85 * wooded)
    if points.lighting.frost > 0 or points.lighting.spring > 0.6:
        (snow,) = points.colour("#eef2f6")
        fresh = smoothstep(0.55, 0.85, points.ny + 0.5 * grain) * max(points.lighting.frost, 0.35)
        albedo = torch.lerp(albedo, snow, fresh)
    return albedo, 0.7 * grain + 0.9 * (crags - 0.45) + 0.25 * strata


def _hill(points: Points) -> Look:
    dark, bright = points.colour("#48602a", "#7f9348")
    turf = points.fractal(60.0, "turf", 5, 0.6)
    fine = points.fractal(7.0, "fine", 4, 0.7)
    albedo = _season(points, torch.lerp(dark, bright, (0.5 + 0.5 * turf + 0.3 * fine).clamp(0, 1.2)))
    thicket, rusty = points.colour("#2c3e1c", "#8a5a22")
    thicket = torch.lerp(thicket, rusty, 0.8 * min(points.lighting.autumn, 1.0))
    woods = smoothstep(0.12, 0.28, points.fractal(110.0, "thickets", 6, 0.62))
    return torch.lerp(albedo, thicket * (1 + 0.5 * fine), 0.85 * woods), 0.35 * turf + 0.35 * fine - 0.2 * woods


def _snow(points: Points) -> Look:
    white, blue = points.colour("#d6dce2", "#bdcbdc")
    drift = points.fractal(9.0, "drift", 5, 0.5)
    far = points.noise.fractal(points.u / 350, points.v / 220, "far drift", 5, 0.55, points.footprint / 350)
    fine = points.fractal(0.5, "crust", 4, 0.6)
    high = (points.distance > 1500).float()
    crags = points.noise.ridged(points.u / 520 + 0.25 * points.v / 300, points.v / 380, "crags", 5, 0.6) - 0.4
    relief = 0.35 * drift + 0.10 * fine + high * (0.55 * far + 0.4 * crags)
    return torch.lerp(blue, white, (0.6 + 0.5 * drift).clamp(0, 1)), relief


def _rock(points: Points) -> Look:
    dark, bright, lichen = points.colour("#5c5852", "#98918a", "#8a8b5c")
    cracks = points.noise.ridged(points.u / 3, points.v / 2.2, "cracks", 5, 0.6)
    grain = points.fractal(0.7, "grain", 5, 0.75)
    tone = points.tone - 0.5
    albedo = torch.lerp(dark, bright, (0.5 + 0.5 * grain + 0.5 * tone + 0.3 * (0.5 - cracks)).clamp(0, 1.3))
    albedo = torch.lerp(albedo, lichen, 0.35 * smoothstep(0.2, 0.6, points.fractal(2.0, "lichen", 4)))
    flat = (points.part < 0.5).float()
    if points.lighting.frost > 0:
        (white,) = points.colour("#e6ecf0")
        albedo = torch.lerp(albedo, white, points.lighting.frost * smoothstep(0.45, 0.85, points.ny + 0.4 * grain))
    return albedo, 0.5 * grain - flat * 1.3 * (cracks - 0.4)


def _sand(points: Points) -> Look:
    dark, bright = points.colour("#b89a6c", "#e0c99c")
    dune = points.fractal(8.0, "dune", 4, 0.5)
    ripple = points.noise.bumps(points.u / 1.6, points.v / 0.45 + 2 * dune, "ripple") * smoothstep(
        0.09, 0.02, points.footprint
    )
    fine = points.fractal(0.25, "grains", 4, 0.75)
    return torch.lerp(
        dark, bright, (0.55 + 0.4 * dune + 0.25 * fine).clamp(0, 1.2)
    ), 0.3 * dune + 0.35 * ripple + 0.2 * fine


def _dirt(points: Points) -> Look:
    dark, bright, grass = points.colour("#5e4732", "#94775a", "#6d7a3a")
    lumps = points.fractal(1.1, "lumps", 6, 0.7)
    broad = points.fractal(14.0, "broad", 4)
    albedo = torch.lerp(dark, bright, (0.5 + 0.5 * lumps + 0.4 * broad).clamp(0, 1.2))
    tufts = smoothstep(0.25, 0.5, points.fractal(3.0, "tufts of it", 5, 0.65))
    albedo = torch.lerp(albedo, _season(points, grass * (1 + 0.4 * lumps)), 0.7 * tufts)
    if points.lighting.frost > 0:
        (white,) = points.colour("#dfe5ea")
        albedo = torch.lerp(albedo, white, points.lighting.frost * 0.6 * smoothstep(0.0, 0.5, lumps + broad))
    return albedo, 0.55 * lumps


def _road(points: Points) -> Look:
    if points.plan.road == "track":
        dark, bright = points.colour("#8a7254", "#b89f7c")
        stones = points.fractal(0.5, "gravel", 5, 0.75)
        return torch.lerp(
            dark, bright, (0.5 + 0.5 * stones + 0.3 * points.fractal(5.0, "worn", 3)).clamp(0, 1.2)
        ), 0.4 * stones
    dark, bright = points.colour("#4c4c4e", "#74726f")
    grain = points.fractal(0.35, "asphalt", 4, 0.75)
    worn = points.noise.fractal(points.u / 2, points.v / 9, "worn", 4)
    return torch.lerp(dark, bright, (0.5 + 0.35 * grain + 0.35 * worn).clamp(0, 1.2)), 0.2 * grain


def _house(points: Points) -> Look:
    walls = ("#e4dccb", "#d8c49a", "#b56a4e", "#f0ede4", "#8c6a4a", "#9fb0b8")
    roofs = ("#8e3f2c", "#5a4a44", "#6e6660", "#a3593a")
    tone = (points.tone * 997).long()
    wall = torch.cat(points.colour(*walls), 1)[:, tone % len(walls)]
    roof = torch.cat(points.colour(*roofs), 1)[:, (tone // 7) % len(roofs)]
    (glass,) = points.colour("#2c3640")
    grain = points.fractal(0.6, "plaster", 4, 0.7)
    part = points.part
    albedo = torch.where(part == PART["roof"], roof, wall)
    if points.lighting.frost > 0:
        (white,) = points.colour("#eef2f5")
        albedo = torch.lerp(albedo, white, (part == PART["roof"]) * points.lighting.frost)
    return torch.where(part == PART["window"], glass, albedo * (1 + 0.12 * grain)), 0.15 * grain


_LOOKS: dict[int, Callable[[Points], Look]] = {
    CLASS["mountain"]: _mountain,
    CLASS["hill"]: _hill,
    CLASS["snow"]: _snow,
    CLASS["rock"]: _rock,
    CLASS["sand"]: _sand,
    CLASS["dirt"]: _dirt,
    CLASS["road"]: _road,
    CLASS["grass"]: _grass,
    CLASS["bush"]: _bush,
    CLASS["tree"]: _leaves,
    CLASS["flower"]: _flower,
    CLASS["house"]: _house,
}

"""The scene "pebbles": a stony beach at low sun, and the edge of clear water over it."""

import numpy as np

from . import film, noise, terrain
from .camera import Camera, unit

SUN = unit(-0.70, 0.44, 0.26)
SUNLIGHT = np.array([3.1, 2.5, 1.9], np.float32)
SKYLIGHT = np.array([0.42, 0.52, 0.68], np.float32)
SIZES = (0.30, 0.15, 0.075, 0.036)  # lattice spacing of each class of stones, metres
SHARES = (0.20, 0.55, 0.85, 1.0)  # how many lattice cells hold a stone
STONES = (  # sRGB colours of the kinds of stone
    (142, 138, 134), (104, 104, 108), (168, 158, 144), (196, 186, 170), (128, 110, 98),
    (152, 120, 100), (86, 92, 100), (222, 216, 206), (120, 122, 114), (176, 150, 128),
)  # fmt: skip


def camera_for(width: int, height: int) -> Camera:
    """Looks down at the beach: the horizon is above the picture."""
    return Camera(width, height, horizon=-0.42, focal=1.25, altitude=2.1)


def beach_level(x: np.ndarray, z: np.ndarray, seed: int) -> np.ndarray:
    """Height of the sand under the stones, metres; the water's surface is at 0."""
    slope = 0.060 * (5.1 - z + 0.25 * x)
    return slope + 0.045 * noise.fractal(x / 1.3, z / 1.3, seed, 4, 0.5)


def stones(x: np.ndarray, z: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Height of the stones over the sand and the number of the stone on top, uint32 (0: none)."""
    top = 0.004 * noise.fractal(x / 0.02, z / 0.02, seed + 9, 3)
    owner = np.zeros(top.shape, np.uint32)
    for kind, (spacing, share) in enumerate(zip(SIZES, SHARES, strict=True)):
        base = seed + 100 * kind
        column, row = np.floor(x / spacing).astype(np.int32), np.floor(z / spacing).astype(np.int32)
        for shift_x in (-1, 0, 1):
            for shift_z in (-1, 0, 1):
                cell = column + shift_x, row + shift_z
                dice = [noise.random_cells(*cell, base + k) for k in range(1, 7)]
                centre_x = (cell[0] + 0.15 + 0.7 * dice[0]) * spacing
                centre_z = (cell[1] + 0.15 + 0.7 * dice[1]) * spacing
                turn = dice[2] * np.float32(np.pi)
                along = (x - centre_x) * np.cos(turn) + (z - centre_z) * np.sin(turn)
                aside = (z - centre_z) * np.cos(turn) - (x - centre_x) * np.sin(turn)
                long = spacing * (0.44 + 0.26 * dice[3])
                wide = long * (0.62 + 0.33 * dice[4])
                corner = 2.2 + 0.9 * dice[5]
                distance = np.abs(along / long) ** corner + np.abs(aside / wide) ** corner
                dome = np.clip(1 - distance, 0, 1) ** (1 / 2.1)
                lift = wide * (0.10 * dice[2] + 0.02)
                height = dome * wide * (0.42 + 0.25 * dice[3]) + lift - 0.10 * spacing
                present = (dice[0] * 7919 % 1 < share) & (distance < 1) & (height > top)
                top = np.where(present, height, top)
                owner = np.where(present, noise.hash_cells(*cell, base + 9) | np.uint32(1), owner)
    return top, owner


class Beach:
    """The ground of the scene as a height field."""

    def __init__(self, seed: int):
        self.seed = seed

    def ground(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        return beach_level(x, z, self.seed) + stones(x, z, self.seed)[0]

    def colour(self, x: np.ndarray, z: np.ndarray, owner: np.ndarray) -> np.ndarray:
        """Linear-light colour [N, 3] of dry stone and sand at x, z [N]."""
        palette = np.stack([film.linear(*stone) for stone in STONES])
        base = palette[(owner >> np.uint32(4)) % len(palette)]
        tone = ((owner >> np.uint32(12)) & np.uint32(255)).astype(np.float32) / 255
        offset = ((owner >> np.uint32(20)) & np.uint32(255)).astype(np.float32) * 3.7
        speckle = noise.fractal(x / 0.006 + offset, z / 0.006, self.seed + 30, 3, 0.7)
        cloudy = noise.fractal(x / 0.05 + offset, z / 0.05 + offset, self.seed + 31, 4)
        grainy = (owner >> np.uint32(9)) % 3 == 0
        base = base * (0.72 + 0.5 * tone + 0.22 * cloudy + np.where(grainy, 0.34, 0.10) * speckle)[:, None]
        turn = offset * 0.37
        layer = (x * np.cos(turn) + z * np.sin(turn)) / 0.022 + 0.8 * cloudy
        vein = noise.smoothstep(0.86, 0.97, np.abs((layer * 0.23 + offset) % 1 - 0.5) * 2)
        veined = (owner >> np.uint32(6)) % 4 == 1
        base = noise.mix(base, film.linear(232, 226, 216), 0.75 * vein * veined)
        sand = film.linear(120, 106, 90) * (1 + 0.5 * noise.fractal(x / 0.008, z / 0.008, self.seed + 32, 3))[:, None]
        return np.where((owner == 0)[:, None], sand, base)


def _water_edge(x, z, seed: int) -> np.ndarray:
    """Height that the last wave reached, metres: a wavy line up the beach."""
    return 0.030 + 0.028 * noise.fractal(x / 1.1, z / 2.0, seed + 40, 4, 0.45)


def _waves(x, z, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Slope of the water's surface along x and z, [N]."""
    step = 0.01

    def surface(a, b):
        swell = 0.020 * noise.fractal(a / 0.9 + 0.4 * b, b / 0.34, seed + 41, 3, 0.5)
        return swell + 0.006 * noise.fractal(a / 0.16, b / 0.10, seed + 42, 3, 0.5)

    level = surface(x, z)
    return (surface(x + step, z) - level) / step, (surface(x, z + step) - level) / step


def _caustics(x, z, seed: int) -> np.ndarray:
    """Bright net of light under shallow water, around 1."""
    net = 1 - np.abs(noise.fractal(x / 0.16, z / 0.16, seed + 43, 3)) * 2.4
    return 0.75 + 1.1 * np.clip(net, 0, 1) ** 4


def light_ground(beach: Beach, x, z, wet, under) -> np.ndarray:
    """Light [N, 3] from the stones at x, z; wet 0..1; under: depth of water above, metres (0: dry)."""
    level, owner = stones(x, z, beach.seed)
    normal = terrain.normals(beach.ground, x, z, np.full_like(x, 0.0022))
    pits_x, pits_z = (0.10 * noise.fractal(x / 0.010, z / 0.010, beach.seed + k, 3, 0.6) for k in (50, 51))
    normal = normal + np.stack([pits_x, 0 * pits_x, pits_z], -1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    shadow = terrain.sunlight(beach.ground, x, z, SUN, reach=0.35, steps=12, first=0.012)
    around = sum(
        np.clip((stones(x + a, z + b, beach.seed)[0] - level) / 0.06, 0, 1)
        for a, b in ((0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05))
    )
    openness = np.clip(1 - 0.30 * around, 0.12, 1) * (0.55 + 0.45 * normal[:, 1])
    colour = beach.colour(x, z, owner)
    colour = colour * (1 - 0.52 * wet)[:, None] ** np.array([0.9, 1.0, 1.05], np.float32)
    direct = np.clip(normal @ SUN, 0, 1) * shadow
    direct = direct * np.where(under > 0.004, _caustics(x, z, beach.seed), 1)
    light = colour * (SUNLIGHT * direct[:, None] + SKYLIGHT * openness[:, None])
    bounced = 2 * (normal @ SUN)[:, None] * normal - SUN
    view = -unit(0, -0.55, 0.83)
    gloss = np.clip(bounced @ view, 0, 1) ** 40 * shadow * np.where(under > 0.004, 0, wet)
    return light + (0.9 * gloss)[:, None] * SUNLIGHT + (0.06 * wet * openness)[:, None] * SKYLIGHT


def _through_water(ground, deep, facing, wave_z) -> np.ndarray:
    """Light [N, 3] from stones `deep` metres under water, with the sky mirrored on the surface.

    facing: cosine between view and surface [N]; wave_z: the surface's slope away from us [N].
    """
    absorb = np.exp(-2.2 * deep[:, None] * np.array([5.5, 2.2, 1.7], np.float32))
    body = np.array([0.035, 0.13, 0.16], np.float32)
    seen = ground * absorb + body * (1 - absorb)
    mirror = 0.02 + 0.98 * (1 - facing) ** 5
    bright, blue = np.array([1.0, 0.92, 0.86], np.float32), SKYLIGHT * 1.2
    sky = noise.mix(bright, blue, np.clip(0.5 - 2.5 * wave_z, 0, 1))
    return noise.mix(seen, sky, np.clip(mirror * 1.5, 0, 1))


def render(width: int, height: int, seed: int = 5) -> np.ndarray:
    """The finished picture, float32 [height, width, 3] in 0..1."""
    detail = 2  # samples a pixel takes each way
    camera = camera_for(width * detail, height * detail)
    beach = Beach(seed)
    steps = int(np.clip(camera.width * 2.0, 500, 2200))
    depth = terrain.trace(beach.ground, camera, near=1.5, far=14.0, steps=steps)
    rows, columns = np.indices(depth.shape).reshape(2, -1)
    slope, across = camera.slopes()[rows], camera.across()[columns]
    z = np.minimum(depth, 14.0).reshape(-1)
    x = across * z
    level = camera.altitude + slope * z
    edge = _water_edge(x, z, seed)

    surface_z = camera.altitude / -slope  # where the ray meets the water's surface
    wave_x, wave_z = _waves(across * surface_z, surface_z, seed)
    deep = np.clip(-level, 0, 1)
    damp = noise.smoothstep(0.035, -0.01, level - edge)
    bent_x, bent_z = x + wave_x * deep * 0.9, z + wave_z * deep * 0.9  # refraction, roughly
    ground = light_ground(beach, bent_x, bent_z, damp, deep)
    facing = np.clip((-slope + wave_x * across + wave_z) / np.sqrt(1 + slope**2 + across**2), 0.02, 1)
    water = _through_water(ground, deep, facing, wave_z)
    light = noise.mix(ground, water, noise.smoothstep(0.0, 0.02, deep))
    foam = _foam(x, z, level - edge * 0.4, seed)
    light = noise.mix(light, np.array([1.35, 1.30, 1.25], np.float32), 0.9 * foam)
    picture = light.reshape(*depth.shape, 3).astype(np.float32)
    return film.develop(film.shrink(picture, detail), seed, exposure=0.56, saturation=0.98)


def _foam(x, z, level, seed: int) -> np.ndarray:
    """Share of foam, 0..1: a lacy line where the water ends and broken patches behind it."""
    bubbles = np.abs(noise.fractal(x / 0.09, z / 0.09, seed + 60, 4, 0.6))
    lace = noise.smoothstep(0.26, 0.04, bubbles)
    ragged = level + 0.016 * noise.fractal(x / 0.35, z / 0.35, seed + 61, 4)
    line = np.exp(-((ragged / 0.011) ** 2))
    behind = noise.smoothstep(0.0, -0.03, ragged) * noise.smoothstep(-0.16, -0.03, ragged)
    patches = noise.smoothstep(0.0, 0.5, noise.fractal(x / 0.7, z / 0.5, seed + 62, 3))
    fizz = 0.55 + 0.45 * noise.smoothstep(-0.4, 0.3, noise.fractal(x / 0.012, z / 0.012, seed + 63, 2))
    return np.clip(line * (0.35 + 0.65 * lace) + 0.75 * behind * patches * lace, 0, 1) * fizz

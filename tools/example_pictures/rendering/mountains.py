"""The scene "mountains": snowy ranges in evening light above a forest and the calm lake that mirrors them."""

import numpy as np

from . import film, noise, sky, terrain
from .camera import Camera, unit

SUN = unit(0.88, 0.29, -0.36)
SUNLIGHT = np.array([4.1, 2.05, 0.90], np.float32)
SKYLIGHT = np.array([0.20, 0.30, 0.56], np.float32)
COLOURS = sky.SkyColours(
    overhead=np.array([0.10, 0.20, 0.45], np.float32),
    middle=np.array([0.42, 0.48, 0.66], np.float32),
    horizon=np.array([1.25, 0.84, 0.62], np.float32),
    glow=np.array([1.0, 0.5, 0.2], np.float32),
)
FAR = 26000.0


def camera_for(width: int, height: int) -> Camera:
    """The scene's camera for a picture of this size."""
    return Camera(width, height, horizon=0.64, focal=0.95, altitude=22)


def rock(x: np.ndarray, z: np.ndarray, seed: int) -> np.ndarray:
    """Height in metres of the bare ground: a lake basin between shores, foothills, then high ranges."""
    warp_x = 900 * noise.fractal(x / 4000, z / 4000, seed, 3)
    warp_z = 900 * noise.fractal(x / 4000, z / 4000, seed + 1, 3)
    crests = noise.ridged((x + warp_x) / 5200, (z + warp_z) / 5200, seed + 2, 9, 0.46)
    meander = x + 400 * noise.fractal(z / 1800, 0 * z + 3.3, seed + 3, 3)
    wall = noise.smoothstep(900, 6500, np.abs(meander) - 0.1 * z)
    back = noise.smoothstep(3000, 10500, z)
    rise = 0.14 * noise.smoothstep(1700, 3600, z) + 0.40 * wall + 0.80 * back
    shore = noise.fractal(x / 420, z / 420, seed + 4, 5, 0.45)
    open_water = 430 + 0.9 * np.clip(1100 - z, 0, None)
    bank = noise.smoothstep(-60, 520, np.abs(meander) - open_water + 200 * shore)
    bank = np.maximum(bank, noise.smoothstep(1350, 2500, z + 380 * shore))
    return -14 + 95 * bank + 16 * shore + 3900 * rise * crests * bank + 60 * rise


def _wood_share(x: np.ndarray, z: np.ndarray, level: np.ndarray, seed: int) -> np.ndarray:
    """Share of conifer forest, 0..1: from the shore to a ragged tree line."""
    line = 640 + 260 * noise.fractal(x / 900, z / 900, seed + 6, 4)
    glade = noise.smoothstep(-0.55, -0.3, noise.fractal(x / 260, z / 260, seed + 7, 4))
    return noise.smoothstep(1.5, 6, level) * noise.smoothstep(line + 120, line - 120, level) * glade


def _conifers(x: np.ndarray, z: np.ndarray, seed: int, spacing: float = 9.0) -> np.ndarray:
    """Height of pointed tree tops above ground, metres, on a jittered grid."""
    column, row = np.floor(x / spacing).astype(np.int32), np.floor(z / spacing).astype(np.int32)
    crown = np.zeros(np.broadcast(x, z).shape, np.float32)
    for shift_x in (-1, 0, 1):
        for shift_z in (-1, 0, 1):
            cell = column + shift_x, row + shift_z
            centre_x = (cell[0] + noise.random_cells(*cell, seed + 11)) * spacing
            centre_z = (cell[1] + noise.random_cells(*cell, seed + 12)) * spacing
            size = noise.random_cells(*cell, seed + 13)
            reach = 3.2 + 2.6 * size
            distance = np.hypot(x - centre_x, z - centre_z)
            crown = np.maximum(crown, np.clip(1 - distance / reach, 0, 1) * (13 + 16 * size))
    return crown


def _surface_colour(x, z, level, normal, wood, seed: int) -> np.ndarray:
    """Linear-light colour [N, 3] of snow, rock, scree, grass and forest."""
    strata = noise.fractal(x / 700 + level / 130, z / 700 - level / 190, seed + 20, 5, 0.6)
    fine = noise.fractal(x / 30, z / 30 + level / 22, seed + 21, 5, 0.6)
    stone = noise.mix(film.linear(92, 84, 80), film.linear(146, 130, 116), noise.smoothstep(-1.1, 1.2, strata))
    stone = stone * (1 + 0.45 * fine)[:, None]
    alpine = noise.mix(film.linear(98, 98, 58), film.linear(126, 112, 74), noise.smoothstep(-0.4, 0.5, fine))
    grass = noise.smoothstep(0.62, 0.86, normal[:, 1]) * noise.smoothstep(1350, 800, level)
    colour = noise.mix(stone, alpine, grass)
    line = 950 + 380 * noise.fractal(x / 1500, z / 1500, seed + 22, 5) + 150 * fine
    hold = noise.smoothstep(0.34, 0.58, normal[:, 1] + 0.14 * strata + 0.10 * fine)
    snow = noise.smoothstep(line - 100, line + 250, level) * hold
    colour = noise.mix(colour, np.array([0.86, 0.90, 0.97], np.float32), np.clip(snow, 0, 0.97))
    tint = noise.fractal(x / 130, z / 130, seed + 23, 4)
    tree = noise.mix(film.linear(30, 48, 34), film.linear(62, 72, 38), noise.smoothstep(-0.5, 0.6, tint))
    tree = tree * (1 + 0.5 * noise.fractal(x / 3, z / 3, seed + 24, 2))[:, None]
    colour = noise.mix(colour, film.linear(112, 102, 90), noise.smoothstep(5, 0.8, level))
    return noise.mix(colour, tree, wood)


class Range:
    """The ground of the scene: heights for the tracer, colours for what it meets."""

    def __init__(self, seed: int, camera: Camera):
        self.seed = seed
        self.camera = camera
        spacing = float(np.clip(26000 / camera.width, 24, 120))
        self.coarse = terrain.tabulated(lambda x, z: rock(x, z, seed), 13500, FAR, spacing)

    def ground(self, x: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Height of ground and trees, with the lake as a floor at 0."""
        level = rock(x, z, self.seed)
        return np.maximum(level + _conifers(x, z, self.seed) * _wood_share(x, z, level, self.seed), 0)

    def shade(self, x: np.ndarray, z: np.ndarray, distance: np.ndarray) -> np.ndarray:
        """Light [N, 3] from the ground at x, z [N], seen through `distance` metres of air [N]."""
        level = rock(x, z, self.seed)
        spacing = 0.7 + distance / self.camera.focal_pixels * 0.7
        normal = terrain.normals(self.ground, x, z, spacing)
        bare = terrain.normals(lambda a, b: rock(a, b, self.seed), x, z, spacing + 6)
        wood = _wood_share(x, z, level, self.seed) * noise.smoothstep(0.45, 0.65, bare[:, 1])
        crown = np.clip((self.ground(x, z) - level) / 18, 0, 1)
        wood = np.maximum(wood, noise.smoothstep(0.02, 0.15, crown))
        colour = _surface_colour(x, z, level, bare, wood, self.seed)
        shadow = terrain.sunlight(self.coarse, x, z, SUN, reach=7000, steps=36, first=60)
        direct = np.clip(normal @ SUN, 0, 1) * shadow
        openness = (0.55 + 0.45 * normal[:, 1]) * (1 - 0.6 * wood * (1 - crown))
        bounce = np.array([0.16, 0.12, 0.10], np.float32) * np.clip(0.5 - 0.5 * normal[:, 1:2], 0, 1)
        shaded = colour * (SUNLIGHT * direct[:, None] + SKYLIGHT * openness[:, None] + bounce)
        air = 1 - np.exp(-((distance / 34000) ** 1.2))
        warm = noise.smoothstep(-5000, 9000, x)
        air_colour = noise.mix(np.array([0.36, 0.46, 0.68], np.float32), COLOURS.horizon * 0.8, 0.25 + 0.45 * warm)
        shaded = noise.mix(shaded, air_colour, air)
        banks = np.clip(1 + noise.fractal(x / 1300, z / 1300, self.seed + 30, 5), 0.1, 2)
        mist = terrain.mist_amount(self.camera, level, distance, density=0.00015, depth=60) * banks
        return noise.mix(shaded, np.array([0.66, 0.62, 0.68], np.float32), np.clip(mist, 0, 0.9))


def _sky(camera: Camera, seed: int) -> np.ndarray:
    """The evening sky, linear light [H, W, 3]."""
    light = sky.dome(camera.directions(), COLOURS, SUN, top=0.62)
    light = sky.high_cloud(light, camera, np.array([1.25, 0.80, 0.66], np.float32), 0.75, seed + 60)
    layer = sky.CloudLayer(base=2900, top=3900, coverage=-0.75, cell=120, density=0.0024, seed=seed + 70)
    cloud_colours = sky.CloudColours(
        sunlight=np.array([1.75, 0.98, 0.66], np.float32),
        shade=np.array([0.38, 0.38, 0.52], np.float32),
        haze=COLOURS.horizon,
        haze_distance=36000,
    )
    return sky.Clouds(layer, SUN).over(light, camera, cloud_colours)


def _mirror_sky(light: np.ndarray, camera: Camera, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The sky above the horizon that water at rows, columns [N] mirrors, [N, 3]."""
    mirrored = np.clip(2 * camera.horizon * camera.height - rows, 0, camera.height - 1).astype(int)
    return light[mirrored, columns]


def render(width: int, height: int, seed: int = 23) -> np.ndarray:
    """The finished picture, float32 [height, width, 3] in 0..1."""
    detail = 2  # samples a pixel takes each way
    light = np.repeat(np.repeat(_sky(camera_for(width, height), seed), detail, 0), detail, 1)
    camera = camera_for(width * detail, height * detail)
    land = Range(seed, camera)
    steps = int(np.clip(camera.width * 2.4, 500, 2600))
    depth = terrain.trace(land.ground, camera, near=60, far=FAR, steps=steps)
    stretch, across, slopes = camera.stretch(), camera.across(), camera.slopes()

    flat = camera.altitude / np.maximum(-slopes, 1e-6)[:, None]
    water = np.isfinite(depth) & (np.abs(depth / flat - 1) < 0.012) & (slopes[:, None] < 0)
    water &= land.ground(across[None, :] * depth.clip(0, FAR), depth.clip(0, FAR)) <= 0.4
    rows, columns = np.nonzero(np.isfinite(depth) & ~water)
    z = depth[rows, columns]
    clear = light.copy()
    light[rows, columns] = land.shade(across[columns] * z, z, z * stretch[rows, columns])

    mirror_depth = terrain.trace_mirrored(land.ground, camera, np.where(water, depth, np.inf), FAR, steps // 2)
    mirror = clear.copy()
    rows, columns = np.nonzero(water)
    mirror[rows, columns] = _mirror_sky(clear, camera, rows, columns)
    rows, columns = np.nonzero(water & np.isfinite(mirror_depth))
    z = mirror_depth[rows, columns]
    mirror[rows, columns] = land.shade(across[columns] * z, z, z * stretch[rows, columns])
    light = _lay_water(light, mirror, water, depth, camera, seed)
    return film.develop(film.shrink(light, detail), seed, exposure=0.66, saturation=1.18)


def _lay_water(light, mirror, water, depth, camera: Camera, seed: int) -> np.ndarray:
    """Puts the rippled mirror image on the lake; light, mirror [H, W, 3], water, depth [H, W]."""
    rows, columns = np.nonzero(water)
    z = depth[rows, columns]
    x = camera.across()[columns] * z
    breeze = noise.smoothstep(-0.2, 0.7, noise.fractal(x / 260, z / 420, seed + 80, 4))
    ripple = noise.fractal(x / 5, z / 16, seed + 81, 4, 0.6) * (0.35 + 1.0 * breeze)
    reach = camera.height * 0.016 * np.clip(150 / z, 0.15, 1.3)
    up = np.clip(rows + ripple * reach * 2.2, 0, camera.height - 1).astype(int)
    side = noise.fractal(x / 6 + 40, z / 14, seed + 82, 3) * reach * 0.5
    side = np.clip(columns + side, 0, camera.width - 1).astype(int)
    bounced = np.where(water[up, side][:, None], mirror[up, side], mirror[rows, columns])
    fall = np.clip(-camera.slopes()[rows], 0, 1)
    fresnel = 0.30 + 0.62 * np.exp(-5.0 * fall)
    deep = np.array([0.015, 0.035, 0.055], np.float32)
    result = light.copy()
    result[rows, columns] = noise.mix(np.broadcast_to(deep, bounced.shape), bounced, fresnel)
    return result

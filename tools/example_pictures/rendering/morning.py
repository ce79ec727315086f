"""The scene "balloons": a soft morning sky full of hot-air balloons over misty, wooded hills."""

import numpy as np

from . import balloons, film, noise, sky, terrain
from .camera import Camera, unit

SUN = unit(-0.84, 0.44, -0.34)
SUNLIGHT = np.array([2.7, 2.0, 1.35], np.float32)
COLOURS = sky.SkyColours(
    overhead=np.array([0.11, 0.23, 0.46], np.float32),
    middle=np.array([0.52, 0.62, 0.80], np.float32),
    horizon=np.array([1.75, 1.25, 0.92], np.float32),
    glow=np.array([0.5, 0.3, 0.15], np.float32),
)
HAZE = np.array([0.86, 0.80, 0.82], np.float32)
DYES = {
    "red": (214, 30, 38),
    "orange": (245, 128, 22),
    "yellow": (252, 208, 40),
    "green": (30, 140, 70),
    "teal": (16, 150, 160),
    "blue": (26, 74, 176),
    "navy": (28, 36, 92),
    "violet": (112, 48, 150),
    "pink": (240, 110, 150),
    "cream": (250, 240, 215),
    "white": (248, 248, 248),
    "sky": (110, 180, 232),
    "maroon": (120, 20, 40),
}
SCHEMES = (
    ("red", "yellow", "blue"),
    ("red", "white"),
    ("orange", "yellow"),
    ("blue", "white", "sky"),
    ("red", "orange", "yellow", "green", "blue", "violet"),
    ("navy", "yellow"),
    ("green", "cream"),
    ("violet", "pink", "cream"),
    ("teal", "white", "orange"),
    ("maroon", "cream"),
    ("sky", "navy", "white"),
    ("yellow", "red"),
    ("pink", "violet"),
    ("orange", "navy", "cream"),
    ("red", "navy", "white"),
    ("teal", "yellow"),
)


def camera_for(width: int, height: int) -> Camera:
    """The scene's camera for a picture of this size."""
    return Camera(width, height, horizon=0.79, focal=1.15, altitude=150)


def _rolling_ground(seed: int):
    """Bare hills: low near the camera, higher ranges far away."""

    def height(x, z):
        near = 55 * noise.fractal(x / 1500, z / 1500, seed, 5, 0.42)
        far = noise.smoothstep(3500, 16000, z) * (90 + 420 * noise.fractal(x / 5200, z / 5200, seed + 50, 6, 0.48))
        return near + np.maximum(far, 0) - 20

    return height


def _woodland(x, z, seed: int):
    """Share of wood at each point, 0..1: groves, hedges, open meadows between."""
    return noise.smoothstep(-0.12, 0.10, noise.fractal(x / 700, z / 700, seed + 20, 4, 0.55))


def _tree_height(x, z, seed: int, spacing: float = 13.0):
    """Height of tree crowns above ground: rounded crowns on a jittered grid, absent in meadows."""
    column, row = np.floor(x / spacing).astype(np.int32), np.floor(z / spacing).astype(np.int32)
    crown = np.zeros(np.broadcast(x, z).shape, np.float32)
    for shift_x in (-1, 0, 1):
        for shift_z in (-1, 0, 1):
            cell = column + shift_x, row + shift_z
            centre_x = (cell[0] + noise.random_cells(*cell, seed + 1)) * spacing
            centre_z = (cell[1] + noise.random_cells(*cell, seed + 2)) * spacing
            size = noise.random_cells(*cell, seed + 3)
            reach = spacing * (0.45 + 0.45 * size)
            inside = 1 - ((x - centre_x) ** 2 + (z - centre_z) ** 2) / reach**2
            crown = np.maximum(crown, np.sqrt(np.clip(inside, 0, 1)) * (8 + 13 * size))
    wood = _woodland(x, z, seed)
    lone = noise.random_cells(column, row, seed + 4) > 0.985
    return crown * np.where(lone, 1, wood)


def _ground_colour(x, z, steep, seed: int):
    """Linear-light colour [N, 3] of meadow, fields and woodland."""
    wood = _woodland(x, z, seed)[..., None]
    patch = noise.fractal(x / 260, z / 260, seed + 30, 4)
    field_x, field_z = x + 0.35 * z + 60 * patch, z - 0.25 * x + 60 * patch
    field = noise.random_cells(np.floor(field_x / 330).astype(int), np.floor(field_z / 210).astype(int), seed + 31)
    meadow = noise.mix(film.linear(118, 134, 58), film.linear(176, 160, 84), noise.smoothstep(0.35, 0.95, field))
    meadow = noise.mix(meadow, film.linear(88, 118, 50), noise.smoothstep(0.35, 0.05, field))
    meadow = meadow * (1 + 0.35 * patch + 0.25 * noise.fractal(x / 14, z / 14, seed + 32, 4))[..., None]
    kind = noise.fractal(x / 180, z / 180, seed + 33, 3)
    tree = noise.mix(film.linear(38, 62, 30), film.linear(84, 92, 36), noise.smoothstep(-0.3, 0.5, kind))
    one = noise.random_cells(np.floor(x / 13).astype(int), np.floor(z / 13).astype(int), seed + 34)
    tree = noise.mix(tree, film.linear(140, 112, 44), 0.5 * noise.smoothstep(0.8, 1.0, one))
    leaf = 1 + 0.5 * noise.fractal(x / 3.5, z / 3.5, seed + 35, 3)
    return meadow * (1 - wood) + tree * leaf[..., None] * wood


def paint_ground(light: np.ndarray, camera: Camera, seed: int) -> None:
    """Paints the misty hills over a sky of linear light [H, W, 3], in place."""
    bare = _rolling_ground(seed)

    def height(x, z):
        return bare(x, z) + _tree_height(x, z, seed)

    steps = int(np.clip(camera.width * 2.4, 500, 2600))
    depth = terrain.trace(height, camera, near=350, far=45000, steps=steps)
    rows, columns = np.nonzero(np.isfinite(depth))
    z = depth[rows, columns]
    x = camera.across()[columns] * z
    y = camera.altitude + camera.slopes()[rows] * z
    normal = terrain.normals(height, x, z, spacing=0.6 + z / camera.focal_pixels * 0.6)
    lit = terrain.sunlight(height, x, z, SUN, reach=420, steps=14, first=2.0)
    open_sky = np.clip(0.35 + (y - bare(x, z)) / 16, 0.25, 1) * (0.6 + 0.4 * normal[:, 1])
    open_sky = np.maximum(open_sky, 0.9 * (1 - _woodland(x, z, seed)))
    direct = np.clip(normal @ SUN, 0, 1) * lit
    colour = _ground_colour(x, z, normal[:, 1], seed)
    shaded = colour * (SUNLIGHT * direct[:, None] + np.array([0.40, 0.50, 0.66], np.float32) * open_sky[:, None])

    distance = z * camera.stretch()[rows, columns]
    banks = 1 + 0.9 * noise.fractal(x / 1900, z / 1900, seed + 40, 5)
    mist = terrain.mist_amount(camera, y, distance, density=0.0007, depth=32) * np.clip(banks, 0.15, 2)
    mist_colour = noise.mix(np.array([1.15, 0.98, 0.88], np.float32), COLOURS.horizon, np.clip(z / 30000, 0, 1))
    shaded = noise.mix(shaded, mist_colour, np.clip(mist, 0, 0.97))
    air = 1 - np.exp(-distance / 14000)
    air_colour = noise.mix(np.array([0.40, 0.50, 0.68], np.float32), COLOURS.horizon, np.clip(z / 30000, 0, 1))
    light[rows, columns] = noise.mix(shaded, air_colour, air)


def choose_balloons(seed: int, count: int, aspect: float) -> list[balloons.Balloon]:
    """Sizes, places and dresses of the balloons, far ones first; no two envelopes overlap much."""
    random = np.random.default_rng(seed)
    sizes = np.sort(0.042 + 0.235 * random.random(count) ** 2.3)[::-1]
    sizes[:3] = (0.285, 0.245, 0.215)
    placed: list[tuple[float, float, float]] = []
    chosen = []
    names = list(balloons.PATTERNS)
    for index, size in enumerate(sizes):
        for _ in range(600):
            x = random.uniform(0.55 * size / aspect, 1 - 0.55 * size / aspect)
            y = random.uniform(0.10 + 0.2 * size, 0.73 - 0.75 * size)
            gaps = [
                np.hypot((x - other[0]) * aspect, (y - other[1]) * 0.85) - 0.62 * (size + other[2]) for other in placed
            ]
            if min(gaps, default=1) > 0.012:
                break
        else:
            continue
        placed.append((x, y, size))
        scheme = SCHEMES[(index * 5 + int(random.integers(2))) % len(SCHEMES)]
        dyes = np.stack([film.linear(*DYES[name]) for name in scheme]) * 0.85
        chosen.append(
            balloons.Balloon(
                x=x,
                y=y,
                size=size,
                tilt=float(np.clip((0.72 - y) * 0.55, 0, 0.4)),
                turn=random.uniform(0, 6.28),
                pattern=names[int(random.integers(len(names)))] if index % 2 else "stripes",
                colours=dyes,
                gores=int(random.choice([12, 16, 20, 24])),
                girth=random.uniform(0.86, 0.98),
                haze=float(np.clip(0.42 - 2.0 * size, 0.03, 0.34)),
                seed=seed + 1000 + index,
            )
        )
    return chosen[::-1]


def balloon_light() -> balloons.Light:
    """The light that falls on the balloons of this scene."""
    return balloons.Light(
        sun=SUN,
        sunlight=SUNLIGHT * 0.85,
        sky=np.array([0.21, 0.28, 0.42], np.float32),
        ground=np.array([0.20, 0.17, 0.15], np.float32),
    )


def render(width: int, height: int, seed: int = 7, count: int = 26, grain: float = 0.005) -> np.ndarray:
    """The finished picture, float32 [height, width, 3] in 0..1."""
    detail = 2  # samples a pixel takes each way on the ground
    camera = camera_for(width, height)
    light = sky.dome(camera.directions(), COLOURS, SUN)
    light = sky.high_cloud(light, camera, np.array([0.95, 0.88, 0.86], np.float32), 0.45, seed + 60)
    layer = sky.CloudLayer(base=1500, top=2500, coverage=-0.95, cell=80, density=0.0035, seed=seed + 70)
    cloud_colours = sky.CloudColours(
        sunlight=np.array([1.45, 1.10, 0.85], np.float32),
        shade=np.array([0.46, 0.50, 0.62], np.float32),
        haze=COLOURS.horizon,
        haze_distance=24000,
    )
    light = sky.Clouds(layer, SUN).over(light, camera, cloud_colours)
    light = np.repeat(np.repeat(light, detail, 0), detail, 1)
    paint_ground(light, camera_for(width * detail, height * detail), seed)
    light = film.shrink(light, detail)
    for balloon in choose_balloons(seed, count, width / height):
        balloons.paint(light, balloon, balloon_light(), HAZE, detail=4)
    return film.develop(light, seed, exposure=0.62, grain=grain)

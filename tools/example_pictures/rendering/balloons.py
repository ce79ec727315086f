"""Hot-air balloons: the envelope's shape, its patterns, and a shaded picture of one balloon."""

from dataclasses import dataclass

import numpy as np

from . import noise
from .camera import unit

WIDEST = 0.58  # height of the widest ring, as a share of the envelope's height
MOUTH = 0.10  # radius of the mouth; the largest radius is 0.5 * girth
BASKET_DROP = 0.246  # from the lowest point of the envelope down to the floor of the basket
BASKET_HEIGHT = 0.098
JACKETS = np.array([[0.20, 0.03, 0.03], [0.03, 0.05, 0.12], [0.14, 0.12, 0.08]], np.float32)


@dataclass(frozen=True)
class Balloon:
    """One balloon.

    x, y: middle of the envelope as shares of the picture's width and height; size: envelope height as a
    share of the picture's height; tilt: how far we look up at it, radians; turn: about its axis, radians;
    pattern: a name in PATTERNS; colours: linear-light dyes [K, 3]; gores: number of fabric strips.
    """

    x: float
    y: float
    size: float
    tilt: float
    turn: float
    pattern: str
    colours: np.ndarray
    gores: int
    girth: float
    haze: float
    seed: int


@dataclass(frozen=True)
class Light:
    """sun: unit vector towards the sun; the rest are linear-light colours [3]."""

    sun: np.ndarray
    sunlight: np.ndarray
    sky: np.ndarray
    ground: np.ndarray


def radius_at(level: np.ndarray, girth: float) -> np.ndarray:
    """Radius of the envelope at heights 0 (mouth) to 1 (crown); negative outside that range."""
    top = np.sqrt(np.clip(1 - ((level - WIDEST) / (1 - WIDEST)) ** 2, 0, 1))
    low = np.clip(level / WIDEST, 0, 1)
    bottom = MOUTH * 2 + (1 - MOUTH * 2) * np.sin(np.pi / 2 * low) ** 0.95
    radius = 0.5 * girth * np.where(level > WIDEST, top, bottom)
    return np.where((level < 0) | (level > 1), -1.0, radius)


# A pattern maps strip number (0 to gores, with fractions), level (0..1) and number of dyes to a dye's index.
def _stripes(angle, level, count):
    return (np.floor(angle) % count).astype(int)


def _spiral(angle, level, count):
    return (np.floor(angle + np.floor(level * 11)) % count).astype(int)


def _bands(angle, level, count):
    return (np.floor(level * (count + 2.5)) % count).astype(int)


def _zigzag(angle, level, count):
    wave = np.abs((angle * 0.5) % 1 - 0.5) * 2
    return (np.floor(level * 6.5 + wave * 0.9) % count).astype(int)


def _chequers(angle, level, count):
    return (np.floor(angle / 2) + np.floor(level * 8)).astype(int) % count


def _crown(angle, level, count):
    middle = (level > 0.36) & (level < 0.68)
    striped = 1 + (np.floor(angle) % max(count - 1, 1)).astype(int)
    return np.where(middle, striped, 0)


def _diamonds(angle, level, count):
    across = np.abs((angle / 3) % 1 - 0.5) * 2
    upward = np.abs((level * 4.2) % 1 - 0.5) * 2
    return np.where(across + upward < 0.95, 1 % count, np.where(across + upward < 1.2, 2 % count, 0))


PATTERNS = {
    "stripes": _stripes,
    "spiral": _spiral,
    "bands": _bands,
    "zigzag": _zigzag,
    "chequers": _chequers,
    "crown": _crown,
    "diamonds": _diamonds,
}


def _hit_envelope(right: np.ndarray, up: np.ndarray, tilt: float, girth: float):
    """Where parallel view rays first meet the envelope.

    right, up: picture coordinates in envelope heights from its middle, [H, W]. Returns hit [H, W] bool and
    the hit point's x, level (0..1) and z in the balloon's own frame, z pointing away from us.
    """
    cosine, sine = np.cos(tilt), np.sin(tilt)

    def point(depth):  # the view ray rises by `tilt`: we look up at the balloon
        return 0.5 + up * cosine + depth * sine, depth * cosine - up * sine

    def inside(depth):
        level, z = point(depth)
        radius = radius_at(level, girth)
        return (radius > 0) & (right**2 + z**2 < radius**2)

    found = np.zeros(right.shape, bool)
    depth = np.full(right.shape, 9.0, np.float32)
    step = 1.5 / 96
    for trial in np.arange(-0.75, 0.75, step, dtype=np.float32):
        new = inside(np.float32(trial)) & ~found
        depth[new] = trial
        found |= new
    low, high = depth - step, depth
    for _ in range(7):
        middle = (low + high) / 2
        within = inside(middle)
        high, low = np.where(within, middle, high), np.where(within, low, middle)
    level, z = point(high)
    return found, right, np.clip(level, 0, 1), z


def _envelope_normal(x, level, z, balloon: Balloon) -> np.ndarray:
    """Normal [H, W, 3] in the balloon's frame, with the bulge of each gore and wrinkles towards the mouth."""
    angle = np.arctan2(x, -z) + balloon.turn
    delta = 0.004
    slope = (
        radius_at(np.clip(level + delta, 0, 0.999), balloon.girth)
        - radius_at(np.clip(level - delta, 0, 0.999), balloon.girth)
    ) / (2 * delta)
    slope = np.clip(slope, -9, 3)
    strip = angle * balloon.gores / (2 * np.pi)
    bulge = (strip % 1 - 0.5) * 0.62
    wrinkle = noise.fractal(strip * 1.3, level * 16, balloon.seed, 4)
    folds = noise.gradient_noise(strip * 2.1, level * 2.5, balloon.seed + 5)
    bulge = bulge + 0.16 * wrinkle + 0.55 * folds * noise.smoothstep(0.45, 0.0, level)
    lean = -slope + 0.16 * noise.fractal(strip * 0.9 + 7, level * 22, balloon.seed + 9, 3)
    theta = np.arctan2(x, -z)
    normal = np.stack(
        [
            np.sin(theta) + bulge * np.cos(theta),
            lean,
            -np.cos(theta) + bulge * np.sin(theta),
        ],
        -1,
    )
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _tilted(normal: np.ndarray, tilt: float) -> np.ndarray:
    """Turns vectors [..., 3] from the balloon's frame into the world: the near side leans by `tilt`."""
    cosine, sine = np.cos(tilt), np.sin(tilt)
    y, z = normal[..., 1], normal[..., 2]
    return np.stack([normal[..., 0], cosine * y - sine * z, sine * y + cosine * z], -1)


def _envelope_colour(x, level, z, balloon: Balloon, light: Light) -> np.ndarray:
    """Linear light [H, W, 3] from the fabric."""
    angle = (np.arctan2(x, -z) + balloon.turn) * balloon.gores / (2 * np.pi)
    index = PATTERNS[balloon.pattern](angle, level, len(balloon.colours))
    dye = balloon.colours[index % len(balloon.colours)]
    dye = np.where((level > 0.955)[..., None], balloon.colours[-1] * 0.9, dye)
    dye = np.where((level < 0.07)[..., None], balloon.colours[0] * 0.6, dye)
    wear = 1 + 0.10 * noise.fractal(angle * 0.8, level * 9, balloon.seed + 3, 4)
    seam = np.minimum(np.abs(angle % 1 - 0.5) * 2, 1)
    ring = np.abs((level * 24) % 1 - 0.5) * 2
    wear = wear * (1 - 0.22 * noise.smoothstep(0.90, 1.0, seam)) * (1 - 0.10 * noise.smoothstep(0.9, 1.0, ring))
    dye = dye * wear[..., None]

    normal = _tilted(_envelope_normal(x, level, z, balloon), balloon.tilt)
    facing = normal @ light.sun
    direct = np.clip(0.04 + 0.96 * facing, 0, 1)
    through = 0.20 * np.clip(0.5 - 0.5 * facing, 0, 1) + 0.06
    skyward = 0.5 + 0.5 * normal[..., 1]
    ambient = noise.mix(light.ground, light.sky, skyward)
    half = light.sun + unit(0, 0, -1)
    sheen = np.clip(normal @ (half / np.linalg.norm(half)), 0, 1) ** 18
    rim = (1 - np.clip(-normal[..., 2], 0, 1)) ** 3
    colour = dye * (light.sunlight * direct[..., None] + ambient)
    colour += dye**1.4 * light.sunlight * through[..., None]
    colour += light.sunlight * (0.055 * sheen)[..., None] + light.sky * (0.10 * rim)[..., None]
    burner = np.exp(-level / 0.10) * 0.5
    return colour * (1 - 0.45 * noise.smoothstep(0.16, 0.0, level))[..., None] + dye * burner[..., None] * 0.15


def _box(value: np.ndarray, low, high, soft: float) -> np.ndarray:
    """1 between `low` and `high`, with ramps of width `soft`."""
    return np.clip((value - low) / soft + 0.5, 0, 1) * np.clip((high - value) / soft + 0.5, 0, 1)


def _show_behind(colour: np.ndarray, cover: np.ndarray, new_colour: np.ndarray, new_cover: np.ndarray):
    """Colour [H, W, 3] of what is there and of something behind it, each by what is seen of it."""
    peeping = new_cover * (1 - cover)
    return noise.mix(colour, new_colour, peeping / np.maximum(peeping + cover, 1e-4))


def _wicker(right: np.ndarray, up: np.ndarray, floor: float, light: Light, soft: float):
    """The woven box with its padded rim: linear light [H, W, 3] and coverage [H, W]."""
    rim = floor + BASKET_HEIGHT
    half = 0.062 - 0.10 * np.clip(rim - up, 0, 0.1)
    body = _box(up, floor, rim, soft) * _box(right, -half, half, soft)
    weave = np.sin(right * 420 + 3 * np.sin(up * 300)) * np.sin(up * 520)
    side = np.clip(0.55 + 13 * right * float(light.sun[0]), 0.12, 1.1)  # the side towards the sun is bright
    bright = (0.75 + 0.18 * weave) * noise.mix(light.sky * 0.5, light.sunlight * 0.9, side)[..., 0]
    colour = np.array([0.30, 0.17, 0.075], np.float32) * bright[..., None]
    edge = _box(up, rim - 0.017, rim + 0.004, soft) * _box(right, -0.066, 0.066, soft)
    padding = np.array([0.10, 0.05, 0.03], np.float32) * 1.2
    return noise.mix(colour, padding, edge * 0.85), np.maximum(body, edge)


def _rider(right: np.ndarray, up: np.ndarray, rim: float, place: float, jacket: np.ndarray, soft: float):
    """Head and shoulders of one rider above the rim: linear light [H, W, 3] and coverage [H, W]."""
    head = np.clip((0.0125 - np.hypot(right - place, up - rim - 0.036)) / soft + 0.5, 0, 1)
    torso = _box(up, rim - 0.01, rim + 0.027, soft) * _box(right, place - 0.014, place + 0.014, soft)
    skin = np.array([0.30, 0.18, 0.12], np.float32)
    return 0.9 * noise.mix(jacket, skin, head), np.maximum(head * 0.95, torso)


def _ropes(right: np.ndarray, up: np.ndarray, rim: float, mouth: float, mouth_radius: float, soft: float):
    """Coverage [H, W] of the ropes from the rim to the mouth, and of the burner."""
    along = np.clip((up - rim) / (mouth - rim), 0, 1)
    ropes = np.zeros_like(right)
    for start in (-1.0, -0.45, 0.45, 1.0):
        centre = start * (0.056 + along * (mouth_radius - 0.056))
        ropes = np.maximum(ropes, np.clip((0.0042 - np.abs(right - centre)) / soft + 0.5, 0, 1))
    burner = _box(up, mouth - 0.085, mouth - 0.06, soft) * _box(right, -0.022, 0.022, soft)
    return np.maximum(ropes * _box(up, rim, mouth, soft) * 0.6, burner * 0.9)


def _basket(right: np.ndarray, up: np.ndarray, balloon: Balloon, light: Light, soft: float):
    """Basket, riders and ropes: linear light [H, W, 3] and coverage [H, W]."""
    mouth = 0.02 - 0.5 * np.cos(balloon.tilt) + 0.05 * np.sin(balloon.tilt)
    floor = -0.5 - BASKET_DROP
    rim = floor + BASKET_HEIGHT
    colour, cover = _wicker(right, up, floor, light, soft)
    for place, jacket in zip((-0.032, 0.006, 0.036), JACKETS, strict=True):
        rider, rider_cover = _rider(right, up, rim, place, jacket, soft)
        colour = _show_behind(colour, cover, rider, rider_cover)
        cover = np.maximum(cover, rider_cover)
    ropes = _ropes(right, up, rim, mouth, MOUTH * balloon.girth, soft)
    colour = _show_behind(colour, cover, np.array([0.05, 0.045, 0.045], np.float32), ropes)
    return colour, np.maximum(cover, ropes * (1 - cover))


def paint(light_map: np.ndarray, balloon: Balloon, light: Light, haze: np.ndarray, detail: int = 2) -> None:
    """Paints one balloon over linear light [H, W, 3], in place; `detail` is how many samples a pixel takes each way."""
    height, width, _ = light_map.shape
    scale = balloon.size * height
    middle_x, middle_y = balloon.x * width, balloon.y * height
    left, right = (int(np.clip(middle_x + side * 0.62 * scale, 0, width)) for side in (-1, 1))
    top, bottom = (int(np.clip(middle_y + side * scale, 0, height)) for side in (-0.62, 0.95))
    if right <= left or bottom <= top:
        return
    columns = (np.arange((right - left) * detail) + 0.5) / detail + left
    rows = (np.arange((bottom - top) * detail) + 0.5) / detail + top
    across, up = np.meshgrid((columns - middle_x) / scale, (middle_y - rows) / scale)
    across, up = across.astype(np.float32), up.astype(np.float32)

    found, x, level, z = _hit_envelope(across, up, balloon.tilt, balloon.girth)
    fabric = _envelope_colour(x, level, z, balloon, light)
    basket, basket_cover = _basket(across, up, balloon, light, soft=1.2 / (scale * detail))
    colour = np.where(found[..., None], fabric, basket)
    cover = np.where(found, 1.0, basket_cover).astype(np.float32)
    colour = noise.mix(colour, haze, np.full(cover.shape, balloon.haze, np.float32))

    def gather(values):
        blocks = values.reshape(bottom - top, detail, right - left, detail, -1)
        return blocks.mean(axis=(1, 3))

    premultiplied, share = gather(colour * cover[..., None]), gather(cover[..., None])
    region = light_map[top:bottom, left:right]
    region *= 1 - share
    region += premultiplied

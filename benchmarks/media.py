"""Imitations of painting and drawing: what a photograph looks like in oil, watercolour or pencil, and a flat landscape.

All take and return float pictures in 0..1, ``[H, W, 3]``; the same seed gives the same picture.
"""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

DETAIL = 4
FLAT_COLORS = {
    "sky": (38, 52, 92), "low sky": (222, 128, 92), "sun": (250, 214, 140), "far": (86, 74, 118),
    "middle": (120, 60, 84), "near": (52, 38, 66), "ground": (30, 26, 48), "cloud": (246, 178, 122),
}  # fmt: skip


def oil(picture: np.ndarray, seed: int = 0, sizes: tuple[int, ...] = (11, 7, 4)) -> np.ndarray:
    """Curved brush strokes along the contours, from broad to fine, each of one colour (Hertzmann 1998)."""
    rng = np.random.default_rng(seed)
    height, width, _ = picture.shape
    canvas = np.broadcast_to(picture.mean((0, 1)), picture.shape).copy()
    relief = np.zeros((height, width))
    for size in sizes:
        blurred = ndimage.gaussian_filter(picture, (size / 2, size / 2, 0))
        across, down = _slope(ndimage.gaussian_filter(blurred.mean(-1), size / 2))
        error = np.linalg.norm(canvas - blurred, axis=-1)
        chosen = rng.permutation(height * width)[: 4 * height * width // size**2]
        starts = np.stack(np.unravel_index(chosen, (height, width)), 1)
        image = Image.fromarray((canvas * 255).astype(np.uint8))
        bristles = Image.new("L", (width, height), 128)
        paint, comb = ImageDraw.Draw(image), ImageDraw.Draw(bristles)
        for row, column in starts:
            if error[row, column] < 0.03 and size < sizes[0]:
                continue
            color = np.clip(blurred[row, column] * rng.normal(1, 0.05) + rng.normal(0, 0.012, 3), 0, 1)
            line = _stroke(row, column, across, down, size, rng)
            brush = max(2, int(size * rng.uniform(0.6, 1.0)))
            paint.line(line, tuple(int(255 * value) for value in color), brush, "curve")
            for shift in np.linspace(-size / 3, size / 3, max(2, size // 2)):
                comb.line([(x + shift, y + shift) for x, y in line], int(rng.integers(90, 170)), 1)
        canvas = np.asarray(image) / 255.0
        relief = 0.4 * relief + ndimage.gaussian_filter(np.asarray(bristles) / 255.0 - 0.5, 0.5)
    return np.clip(canvas + 0.16 * (relief - relief.mean())[..., None], 0, 1)


def watercolour(picture: np.ndarray, seed: int = 0) -> np.ndarray:
    """Washes with dark rims and pale middles, pigment that settles in the grain of the paper."""
    rng = np.random.default_rng(seed)
    height, width, _ = picture.shape
    rows, columns = np.mgrid[:height, :width].astype(float)
    wobble = [3 * _noise(rng, (height, width), 6) for _ in range(2)]
    moved = np.stack([ndimage.map_coordinates(picture[..., c], (rows + wobble[0], columns + wobble[1]), order=1,
                                              mode="nearest") for c in range(3)], -1)  # fmt: skip
    washes = moved
    for _ in range(3):
        washes = np.stack([ndimage.median_filter(washes[..., c], 7, mode="nearest") for c in range(3)], -1)
    tones = np.round(washes.mean(-1) * 7) / 7
    rims = np.clip(np.abs(tones - ndimage.gaussian_filter(tones, 2)) * 2.2, 0, 0.2)
    grain = _noise(rng, (height, width), 0.7)
    pools = _noise(rng, (height, width), 9)
    density = 1 + 0.10 * pools + 0.05 * grain + 1.6 * rims
    paper = np.array([0.985, 0.975, 0.945])
    absorbed = -np.log(np.clip(0.16 + 0.84 * washes, 0.02, 1))
    return np.clip(paper * np.exp(-absorbed * density[..., None]), 0, 1)


def pencil(picture: np.ndarray, seed: int = 0) -> np.ndarray:
    """Contours and three layers of hatching in graphite on cream paper."""
    rng = np.random.default_rng(seed)
    grey = picture.mean(-1)
    dark, light = np.quantile(grey, (0.02, 0.98))
    grey = np.clip((grey - dark) / (light - dark), 0, 1)
    height, width = grey.shape
    across, down = _slope(ndimage.gaussian_filter(grey, 1.0))
    contours = np.clip(5 * np.hypot(across, down), 0, 0.9)
    graphite = contours * (0.8 + 0.3 * _noise(rng, grey.shape, 0.8))
    tone = ndimage.gaussian_filter(grey, 3)
    for angle, threshold in ((0.7, 0.62), (0.35, 0.4), (1.2, 0.22)):
        rows, columns = np.mgrid[:height, :width]
        phase = (rows * np.cos(angle) + columns * np.sin(angle)) / 3.1 + 0.6 * _noise(rng, grey.shape, 12)
        lines = 0.5 + 0.5 * np.sin(2 * np.pi * phase)
        strength = np.clip((threshold - tone) * 2.2, 0, 0.75)
        graphite = np.maximum(graphite, strength * lines * (0.75 + 0.35 * _noise(rng, grey.shape, 1.2)))
    paper, lead = np.array([0.96, 0.94, 0.89]), np.array([0.24, 0.24, 0.26])
    cover = np.clip(graphite, 0, 1)[..., None]
    texture = 1 + 0.015 * _noise(rng, grey.shape, 0.6)[..., None]
    return np.clip((paper * (1 - cover) + lead * cover) * texture, 0, 1)


def flat_landscape(width: int, height: int, seed: int = 0) -> np.ndarray:
    """Hills at dusk in eight flat colours, as a poster shows them."""
    rng = np.random.default_rng(seed)
    image = Image.new("RGB", (width * DETAIL, height * DETAIL), FLAT_COLORS["sky"])
    draw = ImageDraw.Draw(image)
    w, h = image.size
    draw.rectangle((0, 0.42 * h, w, h), FLAT_COLORS["low sky"])
    draw.ellipse((0.62 * w, 0.26 * h, 0.62 * w + 0.26 * h, 0.52 * h), FLAT_COLORS["sun"])
    for x, y, long in ((0.1, 0.18, 0.2), (0.46, 0.12, 0.16), (0.78, 0.2, 0.18), (0.28, 0.34, 0.14)):
        draw.rounded_rectangle((x * w, y * h, (x + long) * w, (y + 0.03) * h), 0.015 * h, FLAT_COLORS["cloud"])
        draw.rounded_rectangle(((x + 0.05) * w, (y - 0.025) * h, (x + 0.05 + long / 2) * w, (y + 0.01) * h), 0.015 * h,
                               FLAT_COLORS["cloud"])  # fmt: skip
    for name, top, swing in (("far", 0.52, 0.09), ("middle", 0.64, 0.07), ("near", 0.76, 0.05), ("ground", 0.9, 0.03)):
        x = np.linspace(0, 1, 200)
        waves = sum(np.sin(2 * np.pi * (x * k * rng.uniform(0.8, 1.2) + rng.uniform())) / k for k in (1, 2, 3))
        ridge = [(float(a) * w, float(b) * h) for a, b in zip(x, top + swing * waves / 2, strict=True)]
        draw.polygon([*ridge, (w, h), (0, h)], FLAT_COLORS[name])
        if name == "near":
            for _ in range(26):
                a, tall = rng.uniform(), rng.uniform(0.05, 0.11)
                foot = np.interp(a, x, top + swing * waves / 2) + 0.02
                crown = [((a - 0.018) * w, foot * h), (a * w, (foot - tall) * h), ((a + 0.018) * w, foot * h)]
                draw.polygon(crown, FLAT_COLORS["ground"])
    return np.asarray(image.resize((width, height), Image.Resampling.BOX)) / 255.0


def _stroke(row: int, column: int, across: np.ndarray, down: np.ndarray, size: int, rng: np.random.Generator):
    """Points (x, y) of a stroke across the slope of brightness."""
    x, y = float(column), float(row)
    angle = rng.uniform(0, np.pi)
    line = [(x, y)]
    for _ in range(int(rng.integers(3, 7))):
        r, c = min(max(int(y), 0), across.shape[0] - 1), min(max(int(x), 0), across.shape[1] - 1)
        if np.hypot(across[r, c], down[r, c]) > 0.004:
            turned = np.arctan2(across[r, c], -down[r, c])
            angle = turned if np.cos(turned - angle) > 0 else turned + np.pi
        x, y = x + size * np.cos(angle), y + size * np.sin(angle)
        line.append((x, y))
    return line


def _slope(grey: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return ndimage.sobel(grey, 1) / 8, ndimage.sobel(grey, 0) / 8


def _noise(rng: np.random.Generator, shape: tuple[int, int], sigma: float) -> np.ndarray:
    """Smooth noise of unit deviation."""
    noise = ndimage.gaussian_filter(rng.normal(size=shape), sigma)
    return noise / noise.std()

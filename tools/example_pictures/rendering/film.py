"""From linear light to a picture: exposure, glow, tone curve, grain, and the way back for colours."""

import numpy as np
from PIL import Image


def linear(red: float, green: float, blue: float) -> np.ndarray:
    """An sRGB colour given in 0..255 as linear light, float32 [3] in 0..1."""
    value = np.array([red, green, blue], np.float32) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4).astype(np.float32)


def encode(light: np.ndarray) -> np.ndarray:
    """Linear light 0..1 to sRGB values 0..1."""
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def tone_curve(light: np.ndarray) -> np.ndarray:
    """A film-like curve: linear light of any brightness to 0..1, soft in the highlights."""
    return np.clip((light * (2.51 * light + 0.03)) / (light * (2.43 * light + 0.59) + 0.14), 0, 1)


def blur(picture: np.ndarray, radius: float) -> np.ndarray:
    """Gaussian blur of [H, W, C] with edge padding; `radius` is sigma in pixels."""
    reach = max(1, int(3 * radius))
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (offsets / max(radius, 1e-3)) ** 2).astype(np.float32)
    kernel /= kernel.sum()
    for axis in (0, 1):
        padding = [(0, 0)] * picture.ndim
        padding[axis] = (reach, reach)
        padded = np.pad(picture, padding, mode="edge")
        length = picture.shape[axis]
        picture = sum(
            weight * np.take(padded, range(start, start + length), axis=axis) for start, weight in enumerate(kernel)
        )
    return picture


def shrink(picture: np.ndarray, factor: int) -> np.ndarray:
    """Averages `factor` x `factor` blocks of [H, W, C]; H and W are multiples of the factor."""
    height, width, channels = picture.shape
    blocks = picture.reshape(height // factor, factor, width // factor, factor, channels)
    return blocks.mean(axis=(1, 3))


def develop(
    light: np.ndarray, seed: int, exposure: float = 1.0, grain: float = 0.005, saturation: float = 1.1
) -> np.ndarray:
    """Linear light [H, W, 3] to a finished picture, float32 [H, W, 3] in 0..1 (sRGB)."""
    height, width, _ = light.shape
    light = light * np.float32(exposure)
    light = light + 0.06 * (blur(np.minimum(light, 4), width / 90) - light)
    picture = encode(tone_curve(light))
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * saturation
    picture = picture + 0.35 * (picture - blur(picture, 0.8))
    random = np.random.default_rng(seed)
    clumps = random.standard_normal((height, width, 1)) + 0.35 * random.standard_normal((height, width, 3))
    clumps = blur(clumps.astype(np.float32), 0.55) * 1.8
    strength = grain * (0.5 + 2.0 * grey * (1 - grey))
    return np.clip(picture + strength * clumps, 0, 1).astype(np.float32)


def to_image(picture: np.ndarray) -> Image.Image:
    """A float picture [H, W, 3 or 4] in 0..1 as an 8-bit RGB or RGBA image."""
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))

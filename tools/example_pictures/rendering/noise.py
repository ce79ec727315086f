"""Seeded noise: gradient noise with its octave sums, and random numbers per lattice cell."""

import numpy as np

_ANGLES = np.arange(256, dtype=np.float32) * np.float32(2 * np.pi / 256)
_GRADIENT_X = np.cos(_ANGLES)
_GRADIENT_Y = np.sin(_ANGLES)


def hash_cells(column: np.ndarray, row: np.ndarray, seed: int) -> np.ndarray:
    """Hashes integer lattice points to well mixed uint32 numbers of the same shape."""
    mixed = column.astype(np.uint32) * np.uint32(0x9E3779B1)
    mixed ^= row.astype(np.uint32) * np.uint32(0x85EBCA77)
    mixed += np.uint32((seed * 0xC2B2AE3D) & 0xFFFFFFFF)
    for shift, factor in ((15, 0x2C1B3C6D), (12, 0x297A2D39)):
        mixed ^= mixed >> np.uint32(shift)
        mixed *= np.uint32(factor)
    return mixed ^ (mixed >> np.uint32(15))


def random_cells(column: np.ndarray, row: np.ndarray, seed: int) -> np.ndarray:
    """One uniform random number in [0, 1) for each integer lattice point."""
    return (hash_cells(column, row, seed) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24)


def gradient_noise(x: np.ndarray, y: np.ndarray, seed: int) -> np.ndarray:
    """Smooth noise with features of about one unit; values mostly in [-0.7, 0.7], mean 0."""
    x, y = np.broadcast_arrays(np.asarray(x, np.float32), np.asarray(y, np.float32))
    left, bottom = np.floor(x), np.floor(y)
    across, up = x - left, y - bottom
    column, row = left.astype(np.int32), bottom.astype(np.int32)

    def corner(dx: int, dy: int) -> np.ndarray:
        index = hash_cells(column + dx, row + dy, seed) >> np.uint32(24)
        return _GRADIENT_X[index] * (across - dx) + _GRADIENT_Y[index] * (up - dy)

    blend_x = across * across * across * (across * (across * 6 - 15) + 10)
    blend_y = up * up * up * (up * (up * 6 - 15) + 10)
    low, high = corner(0, 0), corner(0, 1)
    low += blend_x * (corner(1, 0) - low)
    high += blend_x * (corner(1, 1) - high)
    return low + blend_y * (high - low)


def _octaves(x: np.ndarray, y: np.ndarray, seed: int, count: int):
    """Yields one noise layer an octave, turned a little each time so that no lattice shows."""
    x, y = np.asarray(x, np.float32), np.asarray(y, np.float32)
    for octave in range(count):
        yield gradient_noise(x, y, seed + 101 * octave)
        x, y = 1.6 * x + 1.2 * y + np.float32(17.3), -1.2 * x + 1.6 * y + np.float32(9.1)


def fractal(x: np.ndarray, y: np.ndarray, seed: int, octaves: int = 5, gain: float = 0.5) -> np.ndarray:
    """Octave sum of gradient noise, about [-1, 1]; each octave doubles the frequency."""
    total, weight = 0.0, 1.0
    for layer in _octaves(x, y, seed, octaves):
        total = total + weight * layer
        weight *= gain
    return total * np.float32(1.3)


def ridged(x: np.ndarray, y: np.ndarray, seed: int, octaves: int = 7, gain: float = 0.5) -> np.ndarray:
    """Octave sum with sharp crests, about [0, 1]; detail gathers on the crests, as on mountains."""
    total, weight, amplitude, norm = 0.0, 1.0, 1.0, 0.0
    for layer in _octaves(x, y, seed, octaves):
        crest = (1 - np.minimum(np.abs(layer) * 1.9, 1)) ** 2
        total = total + amplitude * weight * crest
        norm += amplitude
        weight = np.clip(crest * 1.6, 0, 1)
        amplitude *= gain
    return total / np.float32(norm)


def smoothstep(low: float, high: float, value: np.ndarray) -> np.ndarray:
    """0 below `low`, 1 above `high`, a smooth ramp between; `low` may be above `high`."""
    ramp = np.clip((value - low) / (high - low), 0, 1)
    return ramp * ramp * (3 - 2 * ramp)


def mix(first, second, share: np.ndarray) -> np.ndarray:
    """Blends two colours or colour arrays [..., 3]; `share` [...] in 0..1 is the part of the second."""
    share = np.asarray(share, np.float32)[..., None]
    return first + (np.asarray(second, np.float32) - first) * share

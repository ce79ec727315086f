"""The sky: a graded dome, a volume of clouds lit by the sun, and thin high cloud."""

from dataclasses import dataclass

import numpy as np

from . import noise
from .camera import Camera


@dataclass(frozen=True)
class SkyColours:
    """Linear-light colours [3]: the dome overhead, midway and at the horizon, and the glow around the sun."""

    overhead: np.ndarray
    middle: np.ndarray
    horizon: np.ndarray
    glow: np.ndarray


def dome(directions: np.ndarray, colours: SkyColours, sun: np.ndarray, top: float = 0.42) -> np.ndarray:
    """Clear sky for unit directions [..., 3]; `top` is the elevation (as y) that shows `overhead`."""
    elevation = np.clip(directions[..., 1] / top, 0, 1.5)
    sky = noise.mix(colours.horizon, colours.middle, 1 - np.exp(-4.5 * elevation))
    sky = noise.mix(sky, colours.overhead, np.clip(elevation, 0, 1) ** 1.2)
    facing = np.clip(directions @ sun, 0, 1)
    glow = 0.55 * facing**4 * np.exp(-2.2 * elevation) + 0.35 * facing**24
    return sky + glow[..., None] * colours.glow


def tiling_volume(shape: tuple[int, int, int], steepness: float, seed: int) -> np.ndarray:
    """Cloud-like random volume [Y, Z, X] that tiles on all sides; mean 0, deviation 1."""
    random = np.random.default_rng(seed)
    spectrum = np.fft.rfftn(random.standard_normal(shape))
    axes = np.meshgrid(
        np.fft.fftfreq(shape[0]) * shape[0] * 2.2,
        np.fft.fftfreq(shape[1]) * shape[1],
        np.fft.rfftfreq(shape[2]) * shape[2],
        indexing="ij",
    )
    frequency = np.sqrt(sum(axis**2 for axis in axes))
    spectrum *= 1 / np.maximum(frequency, 3.0) ** steepness
    spectrum[0, 0, 0] = 0
    volume = np.fft.irfftn(spectrum, shape, axes=(0, 1, 2))
    return (volume / volume.std()).astype(np.float32)


def sample_volume(volume: np.ndarray, y: np.ndarray, z: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Trilinear look-up in [Y, Z, X] at cell coordinates; all three wrap round."""
    size_y, size_z, size_x = volume.shape
    flat = volume.reshape(-1)
    cells, shares = [], []
    for coordinate, size in ((y, size_y), (z, size_z), (x, size_x)):
        base = np.floor(coordinate)
        shares.append((coordinate - base).astype(np.float32))
        low = base.astype(np.int64) % size
        cells.append((low, (low + 1) % size))
    total = 0.0
    for pick in range(8):
        side_y, side_z, side_x = pick & 1, pick >> 1 & 1, pick >> 2
        weight = 1.0
        for side, share in zip((side_y, side_z, side_x), shares, strict=True):
            weight = weight * (share if side else 1 - share)
        index = (cells[0][side_y] * size_z + cells[1][side_z]) * size_x + cells[2][side_x]
        total = total + weight * flat[index]
    return total


@dataclass(frozen=True)
class CloudLayer:
    """A slab of clouds between two heights in metres.

    coverage: more is more cloud, about -1 to 1; cell: metres per volume cell; density: per metre.
    """

    base: float
    top: float
    coverage: float
    cell: float
    density: float
    seed: int


@dataclass(frozen=True)
class CloudColours:
    """Linear-light colours [3] of sunlit and of shaded cloud, and the haze that they fade to with distance."""

    sunlight: np.ndarray
    shade: np.ndarray
    haze: np.ndarray
    haze_distance: float


class Clouds:
    """One cloud layer with its sunlight worked out, ready to be seen by a camera."""

    SHAPE = (24, 160, 160)

    def __init__(self, layer: CloudLayer, sun: np.ndarray):
        self.layer = layer
        self.shape_noise = tiling_volume(self.SHAPE, 2.6, layer.seed)
        self.detail_noise = tiling_volume((48, 96, 96), 1.9, layer.seed + 1)
        self.shadow = self._optical_depth_to_sun(sun)

    def _profile(self, level: np.ndarray) -> np.ndarray:
        """Takes cloud away near the flat base and towards the top; level in 0..1."""
        return 3.0 * np.clip(0.10 - level, 0, 1) / 0.10 + 1.9 * level**1.3

    def _optical_depth_to_sun(self, sun: np.ndarray) -> np.ndarray:
        """Optical depth between each cell and the sun, [Y, Z, X]; sums layers from the top down."""
        size_y = self.SHAPE[0]
        level = (np.arange(size_y) + 0.5)[:, None, None] / size_y
        cloud = np.clip(self.shape_noise + self.layer.coverage - self._profile(level), 0, 1)
        step = (self.layer.top - self.layer.base) / size_y
        path = step / max(float(sun[1]), 0.15)
        shift_z, shift_x = (path * float(part) / self.layer.cell for part in (sun[2], sun[0]))
        depth = np.zeros_like(cloud)
        for row in range(size_y - 2, -1, -1):
            above = depth[row + 1] + cloud[row + 1] * path * self.layer.density
            depth[row] = _roll_fraction(above, -shift_z, -shift_x)
        return depth

    def _sample(self, rows: np.ndarray, z: np.ndarray, x: np.ndarray, level: np.ndarray):
        """Where there may be cloud [N] bool, and for those points density [M] and sunlight [M], both 0..1."""
        cloud = sample_volume(self.shape_noise, rows, z, x) + self.layer.coverage - self._profile(level)
        active = cloud > -0.7
        rows, z, x = rows[active], z[active], x[active]
        fine = sample_volume(self.detail_noise, rows * 1.1, z * 2.3, x * 2.3)
        finer = sample_volume(self.detail_noise, rows * 2.9, z * 6.7, x * 6.7)
        density = np.clip((cloud[active] + 0.34 * fine + 0.15 * finer) * 0.9, 0, 1)
        lit = np.exp(-0.75 * sample_volume(self.shadow, rows, z, x))
        return active, density, (0.8 * lit + 0.2 * lit**0.25) * (1 - 0.35 * np.exp(-5 * density))

    def over(self, sky: np.ndarray, camera: Camera, colours: CloudColours, steps: int = 72) -> np.ndarray:
        """Lays the clouds over a sky [H, W, 3], marching along each view ray from base to top."""
        layer = self.layer
        slope = np.broadcast_to(np.maximum(camera.slopes()[:, None], 1e-3), sky.shape[:2])
        seen = slope > 0.012
        across = np.broadcast_to(camera.across()[None, :], sky.shape[:2])[seen]
        slope, stretch = slope[seen], camera.stretch()[seen]
        jitter = np.random.default_rng(layer.seed + 7).random(slope.shape, dtype=np.float32) * 0.6
        clear = np.ones_like(slope)
        colour = np.zeros((slope.size, 3), np.float32)
        start, end = (layer.base - camera.altitude) / slope, (layer.top - camera.altitude) / slope
        stride = (end - start) / steps
        for step in range(steps):
            depth = start + (step + jitter) * stride
            level = (camera.altitude + slope * depth - layer.base) / (layer.top - layer.base)
            level = np.clip(level, 0, 0.999)
            rows, z, x = level * (self.SHAPE[0] - 1), depth / layer.cell, across * depth / layer.cell
            active, density, lit = self._sample(rows, z, x, level)
            blocked = 1 - np.exp(-density * layer.density * stride[active] * stretch[active])
            light = colours.shade * (0.75 + 0.45 * level[active])[:, None] + colours.sunlight * lit[:, None]
            far = 1 - np.exp(-depth[active] / colours.haze_distance)
            colour[active] += (clear[active] * blocked)[:, None] * noise.mix(light, colours.haze, far)
            clear[active] *= 1 - blocked
        result = sky.copy()
        fade = noise.smoothstep(0.012, 0.06, slope)[:, None]
        covered = sky[seen] * clear[:, None] + colour
        result[seen] = sky[seen] + fade * (covered - sky[seen])
        return result


def _roll_fraction(plane: np.ndarray, shift_z: float, shift_x: float) -> np.ndarray:
    """Rolls a tiling plane [Z, X] by a fractional number of cells."""
    for axis, shift in ((0, shift_z), (1, shift_x)):
        whole = int(np.floor(shift))
        share = np.float32(shift - whole)
        plane = (1 - share) * np.roll(plane, whole, axis) + share * np.roll(plane, whole + 1, axis)
    return plane


def high_cloud(sky: np.ndarray, camera: Camera, colour: np.ndarray, strength: float, seed: int) -> np.ndarray:
    """Lays thin streaks of ice cloud over a sky [H, W, 3]; strength 0..1."""
    slope = np.maximum(camera.slopes()[:, None], 1e-2)
    z = 1.0 / slope
    x = camera.across()[None, :] * z
    warp = noise.fractal(0.5 * x, 0.5 * z, seed, 3)
    streaks = noise.fractal(0.35 * x + 1.2 * warp + 0.5 * z, 1.6 * z + 1.5 * warp - 0.6 * x, seed + 1, 6, 0.55)
    patches = noise.smoothstep(-0.15, 0.6, noise.fractal(0.25 * x, 0.25 * z, seed + 2, 3))
    veil = noise.smoothstep(-0.2, 0.9, streaks) * patches
    veil = strength * veil * noise.smoothstep(0.03, 0.2, camera.slopes())[:, None]
    return noise.mix(sky, colour, veil)

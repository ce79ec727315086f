"""Traces a camera's view of a height field, and lights the ground that it sees."""

from collections.abc import Callable

import numpy as np

from .camera import Camera

HeightField = Callable[[np.ndarray, np.ndarray], np.ndarray]  # (x, z) in metres -> height in metres


def trace(height: HeightField, camera: Camera, near: float, far: float, steps: int) -> np.ndarray:
    """Depth z where each pixel's ray meets the ground, float32 [H, W]; infinite where it meets the sky.

    Every column samples the field once along z. What a row sees first is where the highest slope
    so far passes the row's own slope.
    """
    depths = np.geomspace(near, far, steps).astype(np.float32)
    across, row_slopes = camera.across(), camera.slopes()
    ground = height(across[None, :] * depths[:, None], np.broadcast_to(depths[:, None], (steps, camera.width)))
    skyline = np.maximum.accumulate((ground - camera.altitude) / depths[:, None], axis=0)
    result = np.full((camera.height, camera.width), np.inf, np.float32)
    for column in range(camera.width):
        profile = skyline[:, column]
        hit = np.searchsorted(profile, row_slopes)
        seen = hit < steps
        behind = hit[seen]
        before = np.maximum(behind - 1, 0)
        rise = np.maximum(profile[behind] - profile[before], 1e-9)
        share = np.clip((row_slopes[seen] - profile[before]) / rise, 0, 1)
        result[seen, column] = depths[before] + share * (depths[behind] - depths[before])
    return result


def trace_mirrored(height: HeightField, camera: Camera, water: np.ndarray, far: float, steps: int) -> np.ndarray:
    """Depth z of what a calm lake at height 0 reflects, float32 [H, W]; infinite for sky or no water.

    water: depth of the lake's surface at each pixel [H, W], infinite where there is no lake. A reflected
    ray is a ray of a camera mirrored below the lake, counted from where it comes out of the water.
    """
    result = np.full(water.shape, np.inf, np.float32)
    if not np.isfinite(water).any():
        return result
    depths = np.geomspace(np.min(water), far, steps).astype(np.float32)
    ground = height(camera.across()[None, :] * depths[:, None], np.repeat(depths[:, None], camera.width, 1))
    mirrored = (ground + camera.altitude) / depths[:, None]
    for column in range(camera.width):
        rows = np.nonzero(np.isfinite(water[:, column]))[0]
        surface = water[rows, column]
        slope = camera.altitude / surface
        hit = (mirrored[None, :, column] >= slope[:, None] + 1e-6) & (depths[None, :] > surface[:, None] * 1.002)
        first = hit.argmax(axis=1)
        result[rows, column] = np.where(hit.any(axis=1), depths[first], np.inf)
    return result


def tabulated(height: HeightField, half_width: float, far: float, spacing: float) -> HeightField:
    """The same field as a look-up table with bilinear blending: quick, for shadows and coarse shapes."""
    x_axis = np.arange(-half_width, half_width + spacing, spacing, dtype=np.float32)
    z_axis = np.arange(-half_width / 2, far + spacing, spacing, dtype=np.float32)
    table = height(x_axis[None, :], np.repeat(z_axis[:, None], x_axis.size, 1)).astype(np.float32)

    def lookup(x: np.ndarray, z: np.ndarray) -> np.ndarray:
        column = np.clip((x - x_axis[0]) / spacing, 0, x_axis.size - 1.001)
        row = np.clip((z - z_axis[0]) / spacing, 0, z_axis.size - 1.001)
        left, below = column.astype(np.int32), row.astype(np.int32)
        share_x, share_z = column - left, row - below
        front = table[below, left] * (1 - share_x) + table[below, left + 1] * share_x
        back = table[below + 1, left] * (1 - share_x) + table[below + 1, left + 1] * share_x
        return front * (1 - share_z) + back * share_z

    return lookup


def normals(height: HeightField, x: np.ndarray, z: np.ndarray, spacing: np.ndarray) -> np.ndarray:
    """Unit ground normals [N, 3] at points x, z [N] from differences over `spacing` metres [N]."""
    slope_x = (height(x + spacing, z) - height(x - spacing, z)) / (2 * spacing)
    slope_z = (height(x, z + spacing) - height(x, z - spacing)) / (2 * spacing)
    normal = np.stack([-slope_x, np.ones_like(slope_x), -slope_z], -1)
    return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def sunlight(
    height: HeightField, x: np.ndarray, z: np.ndarray, sun: np.ndarray, reach: float, steps: int, first: float
) -> np.ndarray:
    """How much of the sun reaches each ground point, 0..1 [N], with soft shadow edges.

    sun: unit vector towards it; reach: how far to look for blockers, metres; first: the first step.
    """
    level = height(x, z)
    light = np.ones_like(level)
    for distance in np.geomspace(first, reach, steps).astype(np.float32):
        ray = level + distance * sun[1]
        clearance = ray - height(x + distance * sun[0], z + distance * sun[2])
        light = np.minimum(light, 0.5 + clearance / (0.09 * distance + 0.3 * first))
    return np.clip(light, 0, 1)


def mist_amount(camera: Camera, y: np.ndarray, distance: np.ndarray, density: float, depth: float) -> np.ndarray:
    """Share of light lost, 0..1, in mist that thins upwards as exp(-y / depth).

    y: height of the seen point [N]; distance: ray length [N]; density: per metre at y = 0.
    """
    rise = (y - camera.altitude) / depth
    rise = np.where(np.abs(rise) < 1e-3, 1e-3, rise)
    mean = np.exp(-camera.altitude / depth) * (1 - np.exp(-np.clip(rise, -30, 30))) / rise
    return 1 - np.exp(-density * distance * mean)

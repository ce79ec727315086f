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

"""A level camera with a shifted lens: verticals stay vertical, the horizon lies where we want it."""

from dataclasses import dataclass

import numpy as np


def unit(*vector: float) -> np.ndarray:
    """The vector [3] scaled to length 1."""
    vector = np.asarray(vector, np.float32)
    return vector / np.linalg.norm(vector)


@dataclass(frozen=True)
class Camera:
    """Looks along +z from (0, altitude, 0).

    width, height: pixels; horizon: its place from the top as a share of the height;
    focal: focal length as a share of the width; altitude: metres.
    """

    width: int
    height: int
    horizon: float
    focal: float
    altitude: float

    @property
    def focal_pixels(self) -> float:
        return self.focal * self.width

    def across(self) -> np.ndarray:
        """x per metre of z for each column, float32 [W]."""
        return ((np.arange(self.width) + 0.5 - self.width / 2) / self.focal_pixels).astype(np.float32)

    def slopes(self) -> np.ndarray:
        """y per metre of z for each row, float32 [H]; positive above the horizon."""
        rows = np.arange(self.height) + 0.5
        return ((self.horizon * self.height - rows) / self.focal_pixels).astype(np.float32)

    def stretch(self) -> np.ndarray:
        """Length of the view ray per metre of z, float32 [H, W]."""
        return np.sqrt(1 + self.across()[None, :] ** 2 + self.slopes()[:, None] ** 2)

    def directions(self) -> np.ndarray:
        """Unit view directions, float32 [H, W, 3]."""
        length = self.stretch()
        ray = np.stack(np.broadcast_arrays(self.across()[None, :], self.slopes()[:, None], np.float32(1)), -1)
        return ray / length[..., None]

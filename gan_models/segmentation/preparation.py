"""Photographs as a checkpoint of ``transformers`` wants them: resized and normalized as its preprocessor file says.

The image processors of ``transformers`` are not used: they need torchvision or work in 8 bits, and that of OneFormer
downloads a file.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

FILES = ("preprocessor_config.json", "processor_config.json")
MULTIPLE = 32
"""Sides that the file does not fix become multiples of this, the stride of the coarsest features of all these nets."""
MODES = {0: "nearest", 1: "bicubic", 2: "bilinear", 3: "bicubic"}
"""Pillow's filters by number, in torch. Lanczos has no counterpart there."""


@dataclass(frozen=True)
class Preparation:
    """How a checkpoint wants its photographs.

    Attributes:
        size: height and width. A photograph of another shape is resized to the same area in its own shape, unless
            ``exact`` is set. None keeps the photograph's size.
        shortest: length of the shorter side, instead of ``size``.
        longest: limit for the longer side, with ``shortest``.
        exact: whether ``size`` is the only one that the net takes.
        mode: how to interpolate.
        scale: the factor for values in 0..1.
        mean: subtracted from each channel after scaling.
        std: each channel is divided by it.
        reversed_channels: whether the net wants blue first.
    """

    size: tuple[int, int] | None
    shortest: int | None
    longest: int | None
    exact: bool
    mode: str
    scale: float
    mean: Sequence[float]
    std: Sequence[float]
    reversed_channels: bool

    def __call__(self, image: Tensor) -> Tensor:
        """One photograph ``[1, 3, H, W]`` in 0..1 as the net wants it, ``[1, 3, H', W']``."""
        size = self.size_for(image.shape[-2], image.shape[-1])
        if size != image.shape[-2:]:
            smooth: dict[str, Any] = {} if self.mode == "nearest" else {"antialias": True, "align_corners": False}
            image = F.interpolate(image, size, mode=self.mode, **smooth).clamp(0, 1)
        mean, std = (image.new_tensor(values).view(1, -1, 1, 1) for values in (self.mean, self.std))
        image = (image * self.scale - mean) / std
        return image.flip(1) if self.reversed_channels else image

    def size_for(self, height: int, width: int) -> tuple[int, int]:
        """The size that a photograph of this size is resized to."""
        if self.size and (self.exact or self.size[0] * width == self.size[1] * height):
            return self.size
        if self.shortest:
            factor = self.shortest / min(height, width)
            if self.longest:
                factor = min(factor, self.longest / max(height, width))
        else:
            factor = (self.size[0] * self.size[1] / (height * width)) ** 0.5 if self.size else 1.0
        sides = (max(round(side * factor / MULTIPLE), 1) * MULTIPLE for side in (height, width))
        return next(sides), next(sides)


def read_preparation(folder: Path, fixed_side: int | None = None) -> Preparation:
    """The preparation that a checkpoint's preprocessor file describes.

    Args:
        folder: the folder of the checkpoint.
        fixed_side: the side of the square pictures that the net takes, if it takes no others.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not JSON, or a setting has an unknown form.
    """
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    if path is None:
        raise FileNotFoundError(f"it has no {FILES[0]}")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _preparation(data.get("image_processor", data), fixed_side)
    except (ValueError, TypeError, AttributeError, LookupError) as error:
        raise ValueError(f"its {path.name} cannot be read ({error})") from error


def _preparation(data: Mapping[str, Any], fixed_side: int | None) -> Preparation:
    resized = data.get("do_resize", True)
    size, shortest, longest = _sizes(data.get("size") if resized else None, data.get("max_size"))
    normalized = data.get("do_normalize", True)
    return Preparation(
        size=(fixed_side, fixed_side) if fixed_side else size,
        shortest=None if fixed_side else shortest,
        longest=longest,
        exact=fixed_side is not None,
        mode=MODES[data.get("resample", 2)],
        scale=255 * data.get("rescale_factor", 1 / 255) if data.get("do_rescale", True) else 255.0,
        mean=_channels(data["image_mean"] if normalized else 0.0),
        std=_channels(data["image_std"] if normalized else 1.0),
        reversed_channels=bool(data.get("do_flip_channel_order")),
    )


def _sizes(size: Any, largest: int | None) -> tuple[tuple[int, int] | None, int | None, int | None]:
    """Size, shortest and longest side, as written in the files of all versions of ``transformers``."""
    if isinstance(size, int):
        return ((size, size), None, None) if largest is None else (None, size, largest)
    if size is None or "shortest_edge" in size:
        return None, size and size["shortest_edge"], (size and size.get("longest_edge")) or largest
    return (int(size["height"]), int(size["width"])), None, None


def _channels(values: float | Sequence[float]) -> Sequence[float]:
    return [float(value) for value in values] if isinstance(values, Sequence) else [float(values)] * 3

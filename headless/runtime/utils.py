"""Stand-in for ``comfy.utils``: progress bars, and the image resizing that core nodes share."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image

from . import memory


class ProgressHook(Protocol):
    """Receives every progress update. ``preview`` is ``(format, PIL image, longest side)`` or None."""

    def __call__(self, value: float, total: float, preview: Any, node_id: str | None = None) -> None: ...


_hook: ProgressHook | None = None


def set_progress_bar_global_hook(function: ProgressHook | None) -> None:
    """Makes all later progress bars report to this function."""
    global _hook
    _hook = function


@contextmanager
def progress_hook(function: ProgressHook) -> Iterator[None]:
    """Sets the global hook inside a ``with`` block."""
    previous = _hook
    set_progress_bar_global_hook(function)
    try:
        yield
    finally:
        set_progress_bar_global_hook(previous)


class ProgressBar:
    """A node's progress. Every update raises InterruptProcessingException if a stop was requested.

    ComfyUI drops updates that follow each other too closely; here the hook receives all of them.
    """

    def __init__(self, total: float, node_id: str | None = None) -> None:
        self.total = total
        self.current: float = 0
        self.hook = _hook
        self.node_id = node_id

    def update_absolute(self, value: float, total: float | None = None, preview: Any = None) -> None:
        memory.throw_exception_if_processing_interrupted()
        if total is not None:
            self.total = total
        self.current = min(value, self.total)
        if self.hook is not None:
            self.hook(self.current, self.total, preview, node_id=self.node_id)

    def update(self, value: float) -> None:
        self.update_absolute(self.current + value)


def repeat_to_batch_size(tensor: torch.Tensor, batch_size: int, dim: int = 0) -> torch.Tensor:
    """Cuts the batch to the size, or repeats it until it has the size."""
    repeats = [1] * tensor.ndim
    repeats[dim] = math.ceil(batch_size / tensor.shape[dim])
    return tensor.repeat(repeats).narrow(dim, 0, batch_size)


def common_upscale(samples: torch.Tensor, width: int, height: int, upscale_method: str, crop: str) -> torch.Tensor:
    """Resizes ``[B, C, H, W]``; crop "center" first cuts it to the new aspect ratio.

    Methods: "nearest-exact", "bilinear", "area", "bicubic" (torch's) and "lanczos" (Pillow's, in 8 bits).
    """
    if crop == "center":
        samples = _crop_to_aspect(samples, width / height)
    if upscale_method == "lanczos":
        return _lanczos(samples, width, height)
    return torch.nn.functional.interpolate(samples, size=(height, width), mode=upscale_method)


def _crop_to_aspect(samples: torch.Tensor, aspect: float) -> torch.Tensor:
    height, width = samples.shape[-2:]
    x = max(0, round((width - height * aspect) / 2))
    y = max(0, round((height - width / aspect) / 2))
    return samples[..., y : height - y, x : width - x]


def _lanczos(samples: torch.Tensor, width: int, height: int) -> torch.Tensor:
    planes = []
    for sample in samples:
        pixels = np.clip(255.0 * sample.movedim(0, -1).cpu().numpy(), 0, 255).astype(np.uint8)
        picture = Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)
        resized = np.asarray(picture.resize((width, height), Image.Resampling.LANCZOS), dtype=np.float32)
        planes.append(torch.from_numpy(resized / 255.0).reshape(height, width, -1).movedim(-1, 0))
    return torch.stack(planes).to(samples.device, samples.dtype)

"""Spreads the scales and shifts of distinct label neighbourhoods to the pixels, so that gradients flow back."""

from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

CPU_STRIP_BYTES = 1 << 19
"""Bytes per strip and thread on a CPU, so that scales and shifts are used while they are in its cache."""

STRIP_BYTES = 1 << 28
"""Bytes per strip on other devices, for a few large strips."""


def strip_bytes(device: torch.device) -> int:
    """Bytes of activations per strip, whose scales and shifts are looked up together."""
    return CPU_STRIP_BYTES * torch.get_num_threads() if device.type == "cpu" else STRIP_BYTES


def spread_and_modulate(x: Tensor, gamma: Tensor, beta: Tensor, index: Tensor, slope: float = 1.0) -> Tensor:
    """Compute ``x * (1 + gamma) + beta`` with gamma and beta from rows, followed by a leaky ReLU.

    Args:
        x: normalized activations, ``[B, channels, H, W]``.
        gamma, beta: float32 ``[rows, channels]``.
        index: the row of each pixel, ``[B or 1, H, W]``.
        slope: slope of the leaky ReLU, above 0; 1 means no activation.
    Returns:
        ``[B, channels, H, W]`` of the dtype of ``x``.
    """
    rows = torch.cat([1 + gamma, beta], 1)
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    index = index.flatten()
    if len(index) < pixels:
        index = index.repeat(pixels // len(index))
    values = x.permute(0, 2, 3, 1)
    out: Tensor = _Modulate.apply(values.reshape(pixels, -1), rows, index, slope)  # type: ignore[no-untyped-call]
    return out.view(values.shape).permute(0, 3, 1, 2)


class _Modulate(torch.autograd.Function):
    """The backward pass looks the scales up again, which is cheaper than keeping them.

    The gradients of the rows are summed in float32, because one row can stand for all pixels of a sky.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, index: Tensor, slope: float) -> Tensor:
        channels = x.shape[1]
        out = torch.empty_like(x)
        looked_up = rows.to(x.dtype)
        for strip in _strips(x):
            both = F.embedding(index[strip], looked_up)
            torch.addcmul(both[:, channels:], x[strip], both[:, :channels], out=out[strip])
            if slope != 1:
                F.leaky_relu_(out[strip], slope)
        ctx.save_for_backward(x, rows, index, out if slope != 1 else None)
        ctx.slope = slope
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None, None]:
        x, rows, index, out = ctx.saved_tensors
        channels = x.shape[1]
        to_x, to_rows = torch.empty_like(x), torch.zeros_like(rows)
        scales = rows[:, :channels].to(x.dtype)
        for strip in _strips(x):
            gradient = gradients[0][strip]
            if out is not None:
                gradient = torch.ops.aten.leaky_relu_backward(gradient, out[strip], ctx.slope, True)
            exact = gradient.float()
            _add_to_rows(to_rows, index[strip], torch.cat([exact * x[strip], exact], 1))
            torch.mul(gradient, F.embedding(index[strip], scales), out=to_x[strip])
        return to_x, to_rows, None, None


def _add_to_rows(rows: Tensor, index: Tensor, values: Tensor) -> None:
    """Add each of ``values``, ``[N, width]``, to the row of its index."""
    if rows.device.type == "cpu":
        rows.index_add_(0, index, values)
    else:
        # This adds in order. With index_add_, many pixels of one row would wait for each other.
        rows += torch.ops.aten.embedding_dense_backward(values, index, len(rows), -1, False)


def _strips(x: Tensor) -> Iterator[slice]:
    step = max(1, strip_bytes(x.device) // (4 * x.shape[1]))
    return (slice(start, start + step) for start in range(0, len(x), step))

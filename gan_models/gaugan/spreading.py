"""Scales and shifts of distinct label neighbourhoods, brought to the pixels so that gradients flow back."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor


def spread_and_modulate(x: Tensor, gamma: Tensor, beta: Tensor, index: Tensor) -> Tensor:
    """``x * (1 + gamma) + beta`` with gamma and beta given by rows.

    Args:
        x: normalized activations, ``[B, channels, H, W]``.
        gamma, beta: float32 ``[rows, channels]``.
        index: the row of each pixel, ``[B or 1, H, W]``.
    Returns:
        ``[B, channels, H, W]`` of the dtype of ``x``.
    """
    rows = torch.cat([1 + gamma, beta], 1)
    pixels = x.shape[0] * x.shape[2] * x.shape[3]
    index = index.flatten()
    if len(index) < pixels:
        index = index.repeat(pixels // len(index))
    values = x.permute(0, 2, 3, 1)
    out: Tensor = _Modulate.apply(values.reshape(pixels, -1), rows, index)  # type: ignore[no-untyped-call]
    return out.view(values.shape).permute(0, 3, 1, 2)


class _Modulate(torch.autograd.Function):
    """The scales at the pixels are looked up again on the way back, which is cheaper than keeping them.

    The gradients of the rows are summed in float32: a row can stand for a whole sky of pixels.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, rows: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(x, rows, index)
        channels = x.shape[1]
        both = F.embedding(index, rows.to(x.dtype))
        return torch.addcmul(both[:, channels:], x, both[:, :channels])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        x, rows, index = ctx.saved_tensors
        channels = x.shape[1]
        both = gradients[0].new_empty(len(x), 2 * channels, dtype=torch.float32)
        both[:, channels:] = gradients[0]
        torch.mul(both[:, channels:], x, out=both[:, :channels])
        to_rows = torch.ops.aten.embedding_dense_backward(both, index, len(rows), -1, False)
        scale = F.embedding(index, rows[:, :channels].to(x.dtype))
        return scale.mul_(gradients[0]), to_rows, None

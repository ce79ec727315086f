"""SPADE layers that are reduced to scales and shifts, at inference."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ...kernels.onednn import linear
from .spreading import strip_bytes


@dataclass(frozen=True)
class ScaleAndShift:
    """A SPADE layer reduced to scales and shifts, for fixed label maps and running statistics.

    Attributes:
        rows: scales and shifts, ``[N, 2 * channels]``.
        index: the row of each pixel, int32 ``[B * H * W]``; None where every pixel has its own, in order.
    """

    rows: Tensor
    index: Tensor | None

    @property
    def bytes(self) -> int:
        """Memory of the rows and the index."""
        return tensor_bytes(self.rows) + (0 if self.index is None else tensor_bytes(self.index))

    def apply(self, x: Tensor, out: Tensor, slope: float = 1.0) -> Tensor:
        """Write ``x * scale + shift`` to ``out`` and return it.

        Args:
            x: ``[B, channels, h, w]`` in channels_last format. The number of label maps is B or 1.
            out: ``x`` itself or another ``[B, channels, H, W]`` in channels_last format. Where it has twice the size of
                ``x``, every pixel of ``x`` stands for 2x2.
            slope: slope of a leaky ReLU that follows; 1 means no activation.
        """
        for source, scale, shift, target in self._strips(x, out):
            torch.addcmul(shift, source, scale, out=target)
            if slope != 1:
                F.leaky_relu_(target, slope)
        return out

    def project(self, x: Tensor, weight: Tensor, out: Tensor) -> Tensor:
        """Write a 1x1 convolution of ``x * scale + shift`` to ``out``, which is not ``x``, and return it.

        Args:
            x, out: as for ``apply``, but ``out`` has the channels of the convolution's result.
            weight: ``[channels of out, channels of x]``.
        """
        for source, scale, shift, target in self._strips(x, out):
            modulated = torch.addcmul(shift, source, scale, out=source.new_empty(source.shape))
            target.copy_(linear(modulated, weight, None))
        return out

    def _strips(self, x: Tensor, out: Tensor) -> Iterator[tuple[Tensor, Tensor, Tensor, Tensor]]:
        """Views of some rows of ``x``, their scales and shifts, and views of the same rows of ``out``."""
        batch, channels, height, _ = x.shape
        source = x.permute(0, 2, 3, 1)
        if out.shape[2] > height:
            source = source[:, :, None, :, None].expand(-1, -1, 2, -1, 2, -1)
        inside = source.shape[1:-1]
        target = out.permute(0, 2, 3, 1).view(batch, *inside, -1)
        if out is x:
            source = target  # The same view. Torch takes differing strides of one-pixel sides for an overlap.
        rows = self.rows if self.index is not None else self.rows.view(-1, *inside, 2 * channels)
        index = self.index.view(-1, *inside) if self.index is not None else None
        maps = len(rows if index is None else index)
        step = max(1, strip_bytes(x.device) * height // (2 * maps * channels * x.element_size() * math.prod(inside)))
        for start in range(0, height, step):
            strip = slice(start, start + step)
            both = rows[:, strip] if index is None else F.embedding(index[:, strip], rows)
            yield source[:, strip], both[..., :channels], both[..., channels:], target[:, strip]


def tensor_bytes(*tensors: Tensor) -> int:
    """Memory of the elements of tensors. Unlike ``Tensor.nbytes``, it can be compiled."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)

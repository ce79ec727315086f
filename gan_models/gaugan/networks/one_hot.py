"""The plain conditioning: one-hot label maps, with the computation of the paper."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .spade import SPADE, Conditioning, SPADEResBlock, activate


class OneHotLabels(Conditioning):
    """One-hot label maps whose scales and shifts each layer predicts by its own convolutions.

    Args:
        labels: ``[B or 1, semantic_nc, H, W]``, of the dtype of the generator and on its device. Gradients flow to it.
    """

    def __init__(self, labels: Tensor):
        self.labels = labels

    @property
    def size(self) -> tuple[int, int]:
        return self.labels.shape[2], self.labels.shape[3]

    def one_hot(self, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
        return (self.labels if size == self.size else F.interpolate(self.labels, size=size)).to(dtype)

    def branch(self, block: SPADEResBlock, x: Tensor) -> tuple[Tensor, Tensor]:
        x = block.enlarge(x)
        skip = block.conv_s(block.norm_s(x, self.labels)) if block.learned_skip else x
        return skip, self.activate(block.norm_0, x)

    def activate(self, layer: SPADE, x: Tensor) -> Tensor:
        return activate(layer(x, self.labels))

    def convolve(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        return layer(x)  # type: ignore[no-any-return]


def conditioning(labels: Tensor | Conditioning) -> Conditioning:
    """The conditioning of a generator that is called with label maps of either kind, of which a tensor is one-hot."""
    return OneHotLabels(labels) if isinstance(labels, Tensor) else labels

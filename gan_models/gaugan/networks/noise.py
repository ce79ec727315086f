"""Noise that a generator adds inside, so that large areas of one class vary from place to place."""

import torch
from torch import Tensor


class Noise:
    """Standard normal noise for the layers of a generator, one plane after the other (Karras et al. 2019, section 3.2).

    The planes are drawn on the CPU, so a seed gives the same ones on every device.

    Args:
        seed: the same seed gives the same planes in the same order.
        count: pictures that get planes of their own; with 1 all pictures of a batch share theirs.
        share: the pictures among ``count`` that are wanted; None means all.
    """

    def __init__(self, seed: int, count: int = 1, share: slice | None = None):
        self._generator = torch.Generator().manual_seed(seed % 2**63)
        self._count = count
        self._share = share or slice(None)

    def plane(self, like: Tensor) -> Tensor:
        """The next plane, ``[count, 1, H, W]``, of the size, dtype and device of ``like``."""
        drawn = torch.randn(self._count, 1, *like.shape[2:], generator=self._generator)
        return drawn[self._share].to(like)

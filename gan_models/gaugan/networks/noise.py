"""Noise inside a generator, so that large areas of one class vary from place to place."""

import torch
from torch import Tensor

from ...seeds import seeded


class Noise:
    """Standard normal noise for the layers of a generator, one plane at a time (Karras et al. 2019, section 3.2).

    The planes are drawn on the CPU, so that a seed gives the same planes on every device.

    Args:
        seed: seed of the planes. The same seed gives the same planes in the same order.
        count: number of pictures with planes of their own. With 1, all pictures of a batch share the same planes.
        share: which of the ``count`` pictures to return planes for; None means all.
    """

    def __init__(self, seed: int, count: int = 1, share: slice | None = None):
        self._generator = seeded(seed)
        self._count = count
        self._share = share or slice(None)

    def plane(self, like: Tensor) -> Tensor:
        """The next plane, ``[count, 1, H, W]``, with the size, dtype and device of ``like``."""
        drawn = torch.randn(self._count, 1, *like.shape[2:], generator=self._generator, dtype=torch.float32)
        return drawn[self._share].to(like)

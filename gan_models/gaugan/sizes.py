"""Label maps of sizes that a net cannot make."""

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

from .config import NetConfig

HowToFit = Literal["resize", "pad", "error"]
HOW_TO_FIT: tuple[HowToFit, ...] = get_args(HowToFit)


def fitting(config: NetConfig, height: int, width: int, how: HowToFit) -> tuple[Tensor, Tensor]:
    """Which row and column of a label map each row and column of one shows that the net can make.

    ``ids[:, rows][:, :, columns]`` is that one.

    Args:
        how: "resize" brings each side to the nearest multiple of the stride; "pad" repeats the last row and column
            up to the next multiple, so that the picture begins with what was asked for; "error" refuses.
    Raises:
        ValueError: the size doesn't fit and ``how`` is "error".
    """
    stride = config.stride
    if how == "error":
        config.require_size(height, width)
    if how == "pad":
        sizes = [-(-side // stride) * stride for side in (height, width)]
        rows, columns = (torch.arange(size).clamp(max=s - 1) for size, s in zip(sizes, (height, width), strict=True))
        return rows, columns
    return nearest((height, width), [max(1, round(side / stride)) * stride for side in (height, width)])


def nearest(old: Sequence[int], new: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The row and the column of an ``old`` size, (height, width), that lie nearest to those of a ``new`` one."""
    rows, columns = (
        ((torch.arange(n, dtype=torch.float32) + 0.5) * (o / n)).long() for o, n in zip(old, new, strict=True)
    )
    return rows, columns

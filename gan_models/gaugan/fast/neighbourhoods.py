"""The distinct label neighbourhoods of a label map, the few for which a SPADE layer has to be computed."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Neighbourhoods:
    """The distinct 3x3 and 5x5 neighbourhoods in a batch of label maps, and where each occurs.

    The two 3x3 convolutions of a SPADE layer see 5x5 labels around a pixel: 3x3 hidden activations, each of 3x3 labels.
    Pixels outside the picture have a code of their own, so that neighbourhoods at the border are distinct.

    Attributes:
        small: the distinct 3x3 neighbourhoods, ``[D3, 9]``: codes, row by row; the number of codes means "outside".
        small_index: the row of ``small`` around each pixel, ``[B, H, W]``.
        large: the distinct 5x5 neighbourhoods, ``[D5, 9]``: rows of ``small``; D3 means "outside".
        index: the row of ``large`` around each pixel, ``[B, H, W]``.
    """

    small: Tensor
    small_index: Tensor
    large: Tensor
    index: Tensor


def find_neighbourhoods(codes: Tensor, count: int) -> Neighbourhoods:
    """The distinct neighbourhoods of ``codes``, int64 ``[B, H, W]`` in 0 … count - 1."""
    small, small_index = _distinct_patches(codes, count)
    large, index = _distinct_patches(small_index, len(small))
    return Neighbourhoods(small, small_index, large, index)


def _distinct_patches(ids: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The distinct 3x3 patches ``[D, 9]`` of ids ``[B, H, W]``, and their index ``[B, H, W]``. Exact, no hashing."""
    height, width = ids.shape[1:]
    padded = F.pad(ids, (1, 1, 1, 1), value=count)
    left, middle, right = (padded[:, :, dx : dx + width] for dx in range(3))
    pairs, pair_count = _number_pairs(left, middle, count + 1)
    rows, row_count = _number_pairs(pairs, right, count + 1, pair_count)
    top, middle, bottom = (rows[:, dy : dy + height] for dy in range(3))
    pairs, pair_count = _number_pairs(top, middle, row_count)
    index, distinct = _number_pairs(pairs, bottom, row_count, pair_count)
    flat = index.flatten()
    example = flat.new_empty(distinct).scatter_(0, flat, torch.arange(len(flat), device=flat.device))
    patches = [
        padded[:, dy : dy + height, dx : dx + width].flatten()[example] for dy in range(3) for dx in range(3)
    ]
    return torch.stack(patches, 1), index


def _number_pairs(a: Tensor, b: Tensor, count_b: int, count_a: int | None = None) -> tuple[Tensor, int]:
    """Number the distinct pairs (a, b) of ids below ``count_a`` and ``count_b`` from 0 to D - 1; also returns D."""
    keys = a * count_b + b
    possible = (count_a or count_b) * count_b
    if possible > 4 * keys.numel() + 4096:
        distinct, number = torch.unique(keys, return_inverse=True)
        return number, len(distinct)
    present = torch.zeros(possible, dtype=torch.bool, device=keys.device)
    present[keys.flatten()] = True
    numbers = present.cumsum(0) - 1
    return numbers[keys], int(numbers[-1]) + 1

"""Gamma and beta of a SPADE layer, computed once per distinct label neighbourhood.

A convolution of few different values is a sum of nine table rows. So the first convolution of the layer sums
rows of its own weights, picked by the label codes, and the second sums rows of a table that holds what each
distinct hidden activation (of 3x3 labels) gives at each of the nine taps. Where a label map has hardly fewer
neighbourhoods than pixels (noise, or the smallest sizes) the hidden activations are convolved as usual instead.
Everything differentiates.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .neighbourhoods import Neighbourhoods
from .spade import SPADE

WORTHWHILE = 0.7
"""Tables are used where the distinct 3x3 neighbourhoods are at most this fraction of the pixels (measured)."""

CPU_TABLE_BYTES = 1 << 22
"""A table that stays in the cache of a CPU core."""

TABLE_BYTES = 1 << 28
"""The largest table elsewhere."""

STRIP_BYTES = 1 << 27
"""About the memory that the hidden activations of one strip of a convolved label map take."""


def predict(layer: SPADE, codes: Tensor, around: Neighbourhoods) -> tuple[Tensor, Tensor, Tensor | None]:
    """Gamma and beta of ``layer``, and which of their rows belongs to each pixel.

    Args:
        codes: the distinct label codes, ``[N]``, to which ``around.small`` points.
        around: the neighbourhoods of the label maps at the layer's size.
    Returns:
        gamma and beta, float32 ``[rows, channels]``, and the index ``[B, H, W]``; None: a row for each pixel.
    """
    hidden = _hidden_rows(layer, codes, around.small)
    if torch.is_grad_enabled():
        gamma, beta = _transform_patches(layer, hidden, around.large)
        return gamma, beta, around.index
    if len(around.small) <= WORTHWHILE * around.index.numel():
        gamma, beta = (_sum_table_rows(conv, hidden, around.large) for conv in (layer.mlp_gamma, layer.mlp_beta))
        return gamma, beta, around.index
    gamma, beta = (_convolve(conv, hidden, around.small_index) for conv in (layer.mlp_gamma, layer.mlp_beta))
    return gamma, beta, None


def _hidden_rows(layer: SPADE, codes: Tensor, small: Tensor) -> Tensor:
    """The hidden activations amid each distinct 3x3 neighbourhood, and zeros for outside: ``[D3 + 1, nhidden]``."""
    conv = layer.mlp_shared[0]
    assert isinstance(conv, nn.Conv2d)
    weight = conv.weight.float().flatten(2)
    taps = weight[:, codes // 2].permute(2, 1, 0)
    if bool((codes % 2).any()):
        taps = taps + (codes % 2)[:, None] * weight[:, -1].T[:, None]
    rows = F.pad(taps, (0, 0, 0, 1))
    at_taps = small + rows.shape[1] * torch.arange(9, device=small.device)
    sums = _sum_rows(rows.flatten(0, 1), at_taps)
    return F.pad(F.relu(sums + _bias(conv)), (0, 0, 0, 1))


def _sum_table_rows(conv: nn.Conv2d, hidden: Tensor, large: Tensor) -> Tensor:
    """What ``conv`` gives amid each distinct 5x5 neighbourhood, ``[D5, channels]``."""
    budget = CPU_TABLE_BYTES if hidden.device.type == "cpu" else TABLE_BYTES
    step = max(16, budget // (36 * len(hidden)) // 16 * 16)
    at_taps = 9 * large + torch.arange(9, device=large.device)
    sums = []
    for start in range(0, conv.out_channels, step):
        weight = conv.weight[start : start + step]
        taps = weight.float().permute(2, 3, 0, 1).reshape(-1, hidden.shape[1])
        table = F.linear(hidden, taps).view(-1, len(weight))
        sums.append(_sum_rows(table, at_taps))
    return torch.cat(sums, 1) + _bias(conv)


def _transform_patches(layer: SPADE, hidden: Tensor, large: Tensor) -> tuple[Tensor, Tensor]:
    """Gamma and beta amid each distinct 5x5 neighbourhood, ``[D5, channels]`` each, by one matrix product.

    A table would be less work forwards, but what flows back through it would be more.
    """
    convs = layer.mlp_gamma, layer.mlp_beta
    weight = torch.cat([conv.weight for conv in convs]).permute(0, 2, 3, 1).flatten(1)
    bias = torch.cat([_bias(conv) for conv in convs])
    gamma, beta = F.linear(F.embedding(large, hidden).flatten(1), weight, bias).float().chunk(2, 1)
    return gamma, beta


def _convolve(conv: nn.Conv2d, hidden: Tensor, small_index: Tensor) -> Tensor:
    """What ``conv`` gives at each pixel, ``[B * H * W, channels]``."""
    outside = len(hidden) - 1
    maps, height, width = small_index.shape
    padded = F.pad(small_index, (1, 1, 1, 1), value=outside)
    step = max(1, STRIP_BYTES // (4 * hidden.shape[1] * (width + 2)))
    weight = conv.weight.float()
    strips = []
    for image in range(maps):
        for top in range(0, height, step):
            inputs = F.embedding(padded[image : image + 1, top : min(top + step, height) + 2], hidden)
            outputs = F.conv2d(inputs.permute(0, 3, 1, 2), weight, _bias(conv))
            strips.append(outputs.permute(0, 2, 3, 1).flatten(0, 2))
    return torch.cat(strips) if len(strips) > 1 else strips[0]


def _sum_rows(table: Tensor, rows: Tensor) -> Tensor:
    """Sums of nine rows of a table each: ``[N, 9]`` row numbers to ``[N, width]``."""
    if table.device.type in ("cpu", "cuda"):
        return F.embedding_bag(rows, table, mode="sum")
    return F.embedding(rows, table).sum(1)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias.float()

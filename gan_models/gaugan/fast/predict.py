"""Computes gamma and beta of a SPADE layer, or scale and shift, once per distinct label neighbourhood.

A 3x3 convolution of few distinct values is a sum of nine table rows. The first convolution of the layer therefore sums
rows of its own weights, chosen by the label codes. The second sums rows of a table with the contribution of each
distinct hidden activation (of 3x3 labels) at each of the nine taps. If a label map has almost as many neighbourhoods as
pixels (noise, or the smallest sizes), the hidden activations are convolved as usual instead.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...kernels import winograd
from ..networks.spade import SPADE
from .neighbourhoods import Neighbourhoods

WORTHWHILE = 0.7
"""Tables are used where the distinct 3x3 neighbourhoods are at most this fraction of the pixels (measured)."""

TRAINED_TABLE_GAIN = 2
"""With gradients on a CPU, tables are used if there are at least this many 5x5 neighbourhoods per 3x3 neighbourhood.
Otherwise one matrix product computes them all (measured)."""

CPU_TABLE_BYTES = 1 << 22
"""Size of a table that stays in the cache of a CPU core."""

TABLE_BYTES = 1 << 28
"""Size of the largest table on other devices."""

STRIP_BYTES = 1 << 27
"""Approximate memory for the hidden activations of one strip of a convolved label map."""


def predict(layer: SPADE, codes: Tensor, around: Neighbourhoods) -> tuple[Tensor, Tensor]:
    """Gamma and beta of ``layer`` at the centre of each distinct 5x5 neighbourhood. Gradients flow.

    Args:
        codes: the distinct label codes, ``[N]``, to which ``around.small`` points.
        around: the neighbourhoods of the label maps at the layer's size.
    Returns:
        float32 ``[D5, channels]`` each; ``around.index`` says which row belongs to a pixel.
    """
    hidden = _hidden_rows(layer, codes, around.small)
    convs = layer.mlp_gamma, layer.mlp_beta
    weight = torch.cat([conv.weight for conv in convs])
    bias = torch.cat([_bias(conv) for conv in convs])
    if hidden.device.type == "cpu" and len(around.large) >= TRAINED_TABLE_GAIN * len(hidden):
        table = F.linear(hidden, weight.permute(2, 3, 0, 1).flatten(0, 2)).float().view(-1, len(weight))
        rows = _sum_rows(table, _at_taps(around.large)) + bias
    else:
        rows = F.linear(F.embedding(around.large, hidden).flatten(1), weight.permute(0, 2, 3, 1).flatten(1), bias)
    gamma, beta = rows.float().chunk(2, 1)
    return gamma, beta


def predict_folded(layer: SPADE, codes: Tensor, around: Neighbourhoods) -> tuple[Tensor, Tensor | None]:
    """Scale and shift that are equivalent to ``layer`` in evaluation mode. No gradient flows.

    Args:
        codes, around: as for ``predict``.
    Returns: float32 ``[rows, 2 * channels]``, scales first, and the index ``[B, H, W]``; None instead of an index means
        a row for each pixel.
    """
    hidden = _hidden_rows(layer, codes, around.small)
    # With running mean m and deviation s, the layer's (x - m) / s * (1 + gamma) + beta is x * scale + shift, where
    # scale = (1 + gamma) / s and shift = beta - m * scale.
    norm = layer.param_free_norm
    assert norm.running_mean is not None and norm.running_var is not None
    mean, factor = norm.running_mean, (norm.running_var + norm.eps).rsqrt()
    if len(around.small) <= WORTHWHILE * around.index.numel():
        rows = hidden.new_empty(len(around.large), 2 * len(mean))
        scale, shift = rows.chunk(2, 1)
        _sum_table_rows(layer.mlp_gamma, hidden, around.large, out=scale)
        _sum_table_rows(layer.mlp_beta, hidden, around.large, out=shift)
        scale.add_(1).mul_(factor)
        shift.addcmul_(scale, mean, value=-1)
        return rows, around.index
    # Both are linear in gamma and beta, so folding the weights is less work than folding each pixel.
    weight = layer.mlp_gamma.weight.float() * factor[:, None, None, None]
    weight = torch.cat([weight, layer.mlp_beta.weight.float() - mean[:, None, None, None] * weight])
    bias = (1 + _bias(layer.mlp_gamma)) * factor
    bias = torch.cat([bias, _bias(layer.mlp_beta) - mean * bias])
    return _convolve(weight, bias, hidden, around.small_index), None


def _hidden_rows(layer: SPADE, codes: Tensor, small: Tensor) -> Tensor:
    """The hidden activations of each distinct 3x3 neighbourhood, and zeros for outside: ``[D3 + 1, nhidden]``."""
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


def _sum_table_rows(conv: nn.Conv2d, hidden: Tensor, large: Tensor, out: Tensor) -> None:
    """Write the result of ``conv`` for each distinct 5x5 neighbourhood to ``out``, ``[D5, channels]``."""
    budget = CPU_TABLE_BYTES if hidden.device.type == "cpu" else TABLE_BYTES
    step = max(16, budget // (36 * len(hidden)) // 16 * 16)
    at_taps = _at_taps(large)
    for start in range(0, conv.out_channels, step):
        part = slice(start, start + step)
        taps = conv.weight[part].float().permute(2, 3, 0, 1).reshape(-1, hidden.shape[1])
        table = F.linear(hidden, taps).view(9 * len(hidden), -1)
        torch.add(_sum_rows(table, at_taps), _bias(conv)[part], out=out[:, part])


def _at_taps(large: Tensor) -> Tensor:
    """Row numbers of each 5x5 neighbourhood in a table of nine taps for each row of ``hidden``: ``[D5, 9]``."""
    return 9 * large + torch.arange(9, device=large.device)


def _convolve(weight: Tensor, bias: Tensor, hidden: Tensor, small_index: Tensor) -> Tensor:
    """The result of a convolution at each pixel, ``[B * H * W, channels]``."""
    maps, height, width = small_index.shape
    step = max(1, STRIP_BYTES // (4 * hidden.shape[1] * width) // winograd.TILE) * winograd.TILE
    margin = winograd.TILE if height % winograd.TILE == 0 else 1
    padded = F.pad(small_index, (0, 0, margin, margin), value=len(hidden) - 1)
    out = hidden.new_empty(maps, height, width, len(weight))
    for image in range(maps):
        for top in range(0, height, step):
            strip = out[image : image + 1, top : top + step]
            rows = padded[image : image + 1, top : top + strip.shape[1] + 2 * margin]
            inputs = F.embedding(rows, hidden).permute(0, 3, 1, 2)
            if winograd.pays(weight, inputs):
                convolved = winograd.convolve(inputs, weight, bias)
            else:
                convolved = F.conv2d(inputs, weight, bias, padding=1)
            strip.copy_(convolved[:, :, margin:-margin].permute(0, 2, 3, 1))
    return out.flatten(0, 2)


def _sum_rows(table: Tensor, rows: Tensor) -> Tensor:
    """Sums of nine table rows each, from row numbers ``[N, 9]`` to ``[N, width]``."""
    if table.device.type in ("cpu", "cuda"):
        return F.embedding_bag(rows, table, mode="sum")
    return F.embedding(rows, table).sum(1)


def _bias(conv: nn.Conv2d) -> Tensor:
    assert conv.bias is not None
    return conv.bias.float()

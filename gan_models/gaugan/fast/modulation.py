"""The fast path of SPADE: it gives the same result as the layer's own convolutions with far less work.

At inference, everything but the main convolutions depends only on the label map. Scale and shift are therefore computed
once per distinct 5x5 label neighbourhood (predict.py). The batch norm's running statistics and (1 + gamma) are folded
into one multiply-add per pixel. The results are kept for as long as the label map is unchanged.
"""

import math
import weakref
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...kernels import winograd
from ...kernels.onednn import linear
from ..config import NetConfig
from ..label_codes import one_hot, shrink
from ..networks.pix2pixhd import AnyGenerator
from ..networks.spade import SLOPE, SPADE, double
from .neighbourhoods import Neighbourhoods, find_neighbourhoods
from .predict import predict, predict_folded
from .spreading import spread_and_modulate, strip_bytes

GIBIBYTE = 1 << 30


class LabelMaps:
    """A batch of label maps that modulates the activations of a generator's layers.

    It takes the place of the one-hot tensor in ``Generator.forward``. With gradients enabled, and for layers in
    training mode, gradients flow and nothing is folded or kept.

    Args:
        config: settings of the generator.
        codes: the result of ``label_codes``, int64 ``[B, H, W]``, on the generator's device.
        max_bytes: the most memory for the scales and shifts that are kept for the next call; 0 keeps none.
        filters: keeps the transformed weights of the generator.
    """

    def __init__(self, config: NetConfig, codes: Tensor, max_bytes: int = 0, filters: winograd.Filters | None = None):
        self.config = config
        self.codes = codes
        self.max_bytes = max_bytes
        self.filters = filters
        self._values, self._positions = torch.unique(codes, return_inverse=True)
        self._neighbourhoods: tuple[torch.Size, Neighbourhoods] | None = None
        self._kept: weakref.WeakKeyDictionary[SPADE, ScaleAndShift] = weakref.WeakKeyDictionary()

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the label maps."""
        return self.codes.shape[1], self.codes.shape[2]

    @property
    def bytes(self) -> int:
        """Memory of the label maps and of the scales and shifts that are kept."""
        return _bytes(self.codes, self._positions) + sum(kept.bytes for kept in self._kept.values())

    def release(self) -> None:
        """Free what only layers that are still to come would need."""
        self._neighbourhoods = None

    def one_hot(self, size: tuple[int, int], like: Tensor) -> Tensor:
        """The label maps, nearest-resized: ``[B, semantic_nc, h, w]``."""
        return one_hot(self.config, shrink(self.codes, size), like.dtype)

    def convolve(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        """The result of the 3x3 convolution ``layer`` for ``x``, by minimal filtering where that is faster."""
        if layer.bias is not None and winograd.pays(layer.weight, x):
            kept = self.filters.of(layer) if self.filters is not None else None
            return winograd.convolve(x, layer.weight, layer.bias, kept)
        return layer(x)  # type: ignore[no-any-return]

    def modulate(
        self, layer: SPADE, x: Tensor, inplace: bool = False, activated: bool = False, doubled: bool = False
    ) -> Tensor:
        """The result of ``layer`` for ``x``, ``[B, channels, h, w]``, and these label maps."""
        if torch.is_grad_enabled() or layer.training:
            x = double(x) if doubled else x
            around = self._around(x.shape[2:])
            gamma, beta = predict(layer, self._values, around)
            return spread_and_modulate(layer.param_free_norm(x), gamma, beta, around.index, SLOPE if activated else 1)
        kept = self._scale_and_shift(layer, x, doubled)
        return kept.apply(x, len(self.codes), inplace=inplace, activated=activated, doubled=doubled)

    def project(self, layer: SPADE, conv: nn.Conv2d, x: Tensor, doubled: bool) -> Tensor:
        """The 1x1 convolution ``conv`` of ``modulate``'s result, which on a CPU is never in memory as a whole."""
        if x.device.type != "cpu" or torch.is_grad_enabled() or layer.training:
            return conv(self.modulate(layer, x, doubled=doubled))  # type: ignore[no-any-return]
        kept = self._scale_and_shift(layer, x, doubled)
        return kept.apply(x, len(self.codes), weight=conv.weight.flatten(1), doubled=doubled)

    def _scale_and_shift(self, layer: SPADE, x: Tensor, doubled: bool) -> "ScaleAndShift":
        kept = self._kept.get(layer)
        if kept is None:
            size = torch.Size(side << doubled for side in x.shape[2:])
            rows, index = predict_folded(layer, self._values, self._around(size))
            kept = ScaleAndShift(rows.to(x.dtype), None if index is None else index.flatten().int())
            if self.bytes + kept.bytes <= self.max_bytes:
                self._kept[layer] = kept
        return kept

    def _around(self, size: torch.Size) -> Neighbourhoods:
        """The neighbourhoods at a size. Those of the last size are kept, as layers of one size follow each other."""
        if self._neighbourhoods is None or self._neighbourhoods[0] != size:
            positions = shrink(self._positions, (size[0], size[1]))
            self._neighbourhoods = size, find_neighbourhoods(positions, len(self._values))
        return self._neighbourhoods[1]


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
        return _bytes(self.rows) + (0 if self.index is None else _bytes(self.index))

    def apply(
        self,
        x: Tensor,
        maps: int,
        inplace: bool = False,
        activated: bool = False,
        doubled: bool = False,
        weight: Tensor | None = None,
    ) -> Tensor:
        """Compute ``x * scale + shift`` for ``[B, channels, H, W]``, strip by strip.

        Args:
            maps: number of label maps. It equals B, or one of the two is 1.
            inplace: whether the result may overwrite ``x``.
            activated: whether a leaky ReLU follows.
            doubled: whether ``x`` has half the label maps' size, so that every pixel stands for 2x2.
            weight: weight of a 1x1 convolution, ``[out, channels]``; the convolved result is returned instead.
        """
        x = x.expand(max(len(x), maps), -1, -1, -1).contiguous(memory_format=torch.channels_last)
        batch, channels, height, width = x.shape
        source = x.permute(0, 2, 3, 1)
        if doubled:
            source = source[:, :, None, :, None].expand(-1, -1, 2, -1, 2, -1)
        inside = source.shape[1:-1]
        if inplace and not doubled and weight is None:
            out = x
        else:
            size = (batch, channels if weight is None else len(weight), height << doubled, width << doubled)
            out = torch.empty(size, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        target = out.permute(0, 2, 3, 1).view(batch, *inside, -1)
        if out is x:
            source = target  # The same view. Torch takes differing strides of one-pixel sides for an overlap.
        rows = self.rows if self.index is not None else self.rows.view(maps, *inside, -1)
        index = self.index.view(maps, *inside) if self.index is not None else None
        budget = strip_bytes(x.device)
        step = max(1, budget * height // (2 * maps * channels * x.element_size() * math.prod(inside)))
        for start in range(0, height, step):
            strip = slice(start, start + step)
            both = rows[:, strip] if index is None else F.embedding(index[:, strip], rows)
            into = target[:, strip] if weight is None else source.new_empty(source[:, strip].shape)
            torch.addcmul(both[..., channels:], source[:, strip], both[..., :channels], out=into)
            if activated:
                F.leaky_relu_(into, SLOPE)
            if weight is not None:
                target[:, strip] = linear(into, weight, None)
        return out


class ModulationCache:
    """Keeps the label maps that were used last, with their scales and shifts, within ``max_bytes``.

    It also keeps the transformed weights of wide convolutions on a CPU, which don't count towards ``max_bytes``. A
    label map is recognised by its content, for the same generator with unchanged weights on the same device. Copies and
    pickles of a cache are empty.
    """

    def __init__(self, max_bytes: int = GIBIBYTE):
        self.max_bytes = max_bytes
        self._entries: list[_Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    def __reduce__(self) -> tuple[type["ModulationCache"], tuple[int]]:
        return ModulationCache, (self.max_bytes,)

    @property
    def bytes(self) -> int:
        """Memory of the label maps with their scales and shifts."""
        return sum(entry.maps.bytes for entry in self._entries)

    @property
    def filter_bytes(self) -> int:
        """Memory of the transformed weights."""
        return sum(filters.bytes for filters in {entry.filters for entry in self._entries})

    def maps(self, generator: AnyGenerator, codes: Tensor) -> LabelMaps:
        """The label maps of these codes, from the cache or new; new ones are kept from now on."""
        state = _state(generator)
        for position, entry in enumerate(self._entries):
            if entry.generator() is generator and entry.state == state and _equal(entry.maps.codes, codes):
                self._entries.append(self._entries.pop(position))
                return entry.maps
        self._entries = [e for e in self._entries if e.generator() is not generator or e.state == state]
        filters = next((e.filters for e in self._entries if e.generator() is generator), winograd.Filters())
        maps = LabelMaps(generator.config, codes, self.max_bytes, filters)
        self._entries.append(_Entry(weakref.ref(generator), state, maps, filters))
        return maps

    def trim(self) -> None:
        """Forget the least recently used label maps until the rest fits. Call this after each use."""
        self._entries = [entry for entry in self._entries if entry.generator() is not None]
        for entry in self._entries:
            entry.maps.release()
        while self.bytes > self.max_bytes:
            self._entries.pop(0)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()


@dataclass(frozen=True)
class _Entry:
    generator: weakref.ref[AnyGenerator]
    state: tuple[object, ...]
    maps: LabelMaps
    filters: winograd.Filters


def _state(generator: AnyGenerator) -> tuple[object, ...]:
    """A value that changes when the weights or the statistics are changed, moved or cast."""
    tensors = [*generator.parameters(), *generator.buffers()]
    weight = generator.conv_img.weight
    return weight.device, weight.dtype, sum(0 if tensor.is_inference() else tensor._version for tensor in tensors)


def _bytes(*tensors: Tensor) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)

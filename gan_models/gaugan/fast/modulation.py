"""The fast path of SPADE: it gives the same result as the layer's own convolutions with far less work.

At inference, everything but the main convolutions depends only on the label map. Scale and shift are therefore computed
once per distinct 5x5 label neighbourhood (predict.py). The batch norm's running statistics and (1 + gamma) are folded
into one multiply-add per pixel. The results are kept for as long as the label map is unchanged.
"""

import weakref
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ...kernels import winograd
from ..config import NetConfig
from ..label_codes import one_hot, shrink
from ..networks.pix2pixhd import AnyGenerator
from ..networks.spade import SLOPE, SPADE, Conditioning, SPADEResBlock
from .neighbourhoods import Neighbourhoods, find_neighbourhoods
from .predict import predict, predict_folded
from .scale_and_shift import ScaleAndShift, tensor_bytes
from .spreading import spread_and_modulate

GIBIBYTE = 1 << 30


class LabelMaps(Conditioning):
    """A batch of label maps, for whose distinct neighbourhoods alone each layer predicts scales and shifts.

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
        return self.codes.shape[1], self.codes.shape[2]

    @property
    def bytes(self) -> int:
        """Memory of the label maps and of the scales and shifts that are kept."""
        return tensor_bytes(self.codes, self._positions) + sum(kept.bytes for kept in self._kept.values())

    def release(self) -> None:
        """Free what only layers that are still to come would need."""
        self._neighbourhoods = None

    def one_hot(self, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
        return one_hot(self.config, shrink(self.codes, size), dtype)

    def branch(self, block: SPADEResBlock, x: Tensor) -> tuple[Tensor, Tensor]:
        if not (block.learned_skip and _folds(block)):
            x = block.enlarge(x)
            skip = block.conv_s(self._modulate(block.norm_s, x)) if block.learned_skip else x
            return skip, self._modulate(block.norm_0, x, SLOPE)
        # The enlarged input is needed only a strip at a time.
        x = self._expand(x)
        size = torch.Size(2 * side if block.upsample else side for side in x.shape[2:])
        skip = self._project(block.norm_s, block.conv_s, x, size)
        folded = self._folded(block.norm_0, size, x.dtype)
        return skip, folded.apply(x, _empty(x, x.shape[1], size) if block.upsample else x, SLOPE)

    def activate(self, layer: SPADE, x: Tensor) -> Tensor:
        if not _folds(layer):
            return self._modulate(layer, x, SLOPE)
        x = self._expand(x)
        return self._folded(layer, x.shape[2:], x.dtype).apply(x, x, SLOPE)

    def convolve(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        """The result of the 3x3 convolution ``layer`` for ``x``, by minimal filtering where that is faster."""
        if layer.bias is not None and winograd.pays(layer.weight, x):
            kept = self.filters.of(layer) if self.filters is not None else None
            return winograd.convolve(x, layer.weight, layer.bias, kept)
        return layer(x)  # type: ignore[no-any-return]

    def _modulate(self, layer: SPADE, x: Tensor, slope: float = 1.0) -> Tensor:
        """The result of ``layer``, followed by a leaky ReLU of this slope. ``x`` stays as it is."""
        if _folds(layer):
            x = self._expand(x)
            return self._folded(layer, x.shape[2:], x.dtype).apply(x, _empty(x, x.shape[1], x.shape[2:]), slope)
        around = self._around(x.shape[2:])
        gamma, beta = predict(layer, self._values, around)
        return spread_and_modulate(layer.param_free_norm(x), gamma, beta, around.index, slope)

    def _project(self, layer: SPADE, conv: nn.Conv2d, x: Tensor, size: torch.Size) -> Tensor:
        """The 1x1 convolution ``conv`` of the result of ``layer``, which on a CPU is never in memory as a whole."""
        folded = self._folded(layer, size, x.dtype)
        if x.device.type != "cpu":
            return conv(folded.apply(x, _empty(x, x.shape[1], size)))  # type: ignore[no-any-return]
        return folded.project(x, conv.weight.flatten(1), _empty(x, conv.out_channels, size))

    def _folded(self, layer: SPADE, size: torch.Size, dtype: torch.dtype) -> ScaleAndShift:
        """The scales and shifts of ``layer`` at a size, which are kept for the next call if there is room."""
        kept = self._kept.get(layer)
        if kept is None:
            rows, index = predict_folded(layer, self._values, self._around(size))
            kept = ScaleAndShift(rows.to(dtype), None if index is None else index.flatten().int())
            if self.bytes + kept.bytes <= self.max_bytes:
                self._kept[layer] = kept
        return kept

    def _expand(self, x: Tensor) -> Tensor:
        """Activations in channels_last format, for every label map if they are those of one picture."""
        return x.expand(max(len(x), len(self.codes)), -1, -1, -1).contiguous(memory_format=torch.channels_last)

    def _around(self, size: torch.Size) -> Neighbourhoods:
        """The neighbourhoods at a size. Those of the last size are kept, as layers of one size follow each other."""
        if self._neighbourhoods is None or self._neighbourhoods[0] != size:
            positions = shrink(self._positions, (size[0], size[1]))
            self._neighbourhoods = size, find_neighbourhoods(positions, len(self._values))
        return self._neighbourhoods[1]


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


def _folds(module: nn.Module) -> bool:
    """Whether layers are reduced to scales and shifts: without gradients, by their running statistics."""
    return not torch.is_grad_enabled() and not module.training


def _empty(x: Tensor, channels: int, size: torch.Size) -> Tensor:
    return torch.empty(
        (len(x), channels, *size), dtype=x.dtype, device=x.device, memory_format=torch.channels_last
    )


def _equal(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and a.device == b.device and torch.equal(a, b)

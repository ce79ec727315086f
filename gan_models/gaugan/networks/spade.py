"""The SPADE layer, and the residual block that is built with it and conditioned on label maps."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...distributed import mean_over_processes, processes
from ...kernels.onednn import linear
from .noise import Noise

SLOPE = 0.2
"""Slope of every leaky ReLU of the generator, the encoder and the discriminators."""

NOISE_GAIN = 0.3
"""Standard deviation of the noise's initial weights. Starting from zero they hardly grow, because the losses that
compare with the real picture push them back before the later layers have learned to use the noise."""

COARSE_NOISE = 3.5
"""How much stronger than in training the noise of a borderless block is. Without the zeros at the borders, activations
vary too little."""

SMALL = 512
"""Largest number of pixels in a batch for which a matrix product is faster than the CPU's convolution (measured)."""


class Conv3x3(nn.Conv2d):
    """A 3x3 convolution with zero padding that is also fast on small pictures.

    For these, a CPU's convolution spends most of its time on reordering the weights. Weights in channels_last format
    already form a matrix that can be multiplied with the pixels' neighbourhoods.
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, input: Tensor) -> Tensor:
        batch, _, height, width = input.shape
        if input.device.type != "cpu" or batch * height * width > SMALL or torch.is_grad_enabled():
            return super().forward(input)
        if not self.weight.is_contiguous(memory_format=torch.channels_last):
            return super().forward(input)
        padded = F.pad(input.permute(0, 2, 3, 1), (0, 0, 1, 1, 1, 1))
        shifted = [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]
        out = linear(torch.cat(shifted, 3), self.weight.permute(0, 2, 3, 1).flatten(1), self.bias)
        return out.permute(0, 3, 1, 2)


class BatchNorm(nn.BatchNorm2d):
    """Batch norm without affine parameters that computes in float32 and keeps its statistics in float32.

    A net that is moved to half precision keeps exact statistics, because variances of early layers overflow
    16 bits and their error would affect every pixel. If several processes train together, the statistics
    are those of the whole batch.
    """

    def __init__(self, channels: int):
        super().__init__(channels, affine=False, dtype=torch.float32)

    def forward(self, input: Tensor) -> Tensor:
        x = input.float()
        if self.training and processes()[1] > 1:
            return self._normalize_together(x).to(input.dtype)
        return super().forward(x).to(input.dtype)

    def _normalize_together(self, x: Tensor) -> Tensor:
        """Normalize by the statistics of the whole batch, of which all processes have equal shares."""
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        mean = mean_over_processes(x.mean((0, 2, 3)))
        centred = x - mean[:, None, None]
        variance = mean_over_processes(centred.square().mean((0, 2, 3)))
        count = x.numel() // x.shape[1] * processes()[1]
        with torch.no_grad():
            self.num_batches_tracked += 1
            share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * count / max(count - 1, 1), share)
        return centred * (variance + self.eps).rsqrt()[:, None, None]

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "BatchNorm":
        def keep_dtype(tensor: Tensor) -> Tensor:
            moved = fn(tensor)
            return moved if moved.dtype == tensor.dtype else tensor.to(moved.device)

        super()._apply(keep_dtype, recurse)  # type: ignore[no-untyped-call]
        return self


class SPADE(nn.Module):
    """Spatially-adaptive normalization (Park et al. 2019, section 3).

    Normalizes ``x`` without affine parameters, then scales and shifts every pixel by values that two
    convolutions predict from the label map.

    Args of forward:
        x: activations, ``[B, channels, H, W]``.
        labels: one-hot label map, ``[B or 1, semantic_nc, H', W']``, resized to H x W by nearest neighbour.
    Returns:
        ``[B, channels, H, W]``.
    """

    def __init__(self, channels: int, semantic_nc: int, nhidden: int):
        super().__init__()
        self.param_free_norm = BatchNorm(channels)
        self.mlp_shared = nn.Sequential(nn.Conv2d(semantic_nc, nhidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(nhidden, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(nhidden, channels, 3, padding=1)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        hidden = self.mlp_shared(F.interpolate(labels, size=x.shape[2:], mode="nearest"))
        out: Tensor = self.param_free_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        return out


class Conditioning(ABC):
    """A batch of label maps, as the layers of a generator use it.

    It carries out those steps of a residual block that depend on the label maps, or that are faster for some kinds of
    them. ``OneHotLabels`` (one_hot.py) does so with the paper's own computation.
    """

    @property
    @abstractmethod
    def size(self) -> tuple[int, int]:
        """(height, width) of the label maps."""

    @abstractmethod
    def one_hot(self, size: tuple[int, int], dtype: torch.dtype) -> Tensor:
        """The label maps, nearest-resized to ``size``: ``[B, semantic_nc, h, w]``."""

    @abstractmethod
    def branch(self, block: "SPADEResBlock", x: Tensor) -> tuple[Tensor, Tensor]:
        """The skip connection of ``block``, and the activations that its first convolution gets.

        With ``block.upsample``, ``x`` is enlarged first, so that both have twice its size. ``x`` may be overwritten
        when gradients are disabled.
        """

    @abstractmethod
    def activate(self, layer: SPADE, x: Tensor) -> Tensor:
        """The leaky ReLU of the result of ``layer`` for ``x``, which may be overwritten when gradients are disabled."""

    @abstractmethod
    def convolve(self, layer: nn.Conv2d, x: Tensor) -> Tensor:
        """The result of the 3x3 convolution ``layer`` for ``x``."""


class SPADEResBlock(nn.Module):
    """A residual block whose normalizations are SPADE layers (Park et al. 2019, section 3.1).

    The skip is learned where the width changes.

    Args:
        fin, fout: channels of the input and of the result.
        semantic_nc, nhidden: as for ``SPADE``.
        upsample: whether the input is first enlarged to twice its size by nearest neighbour.
        z_dim: length of the style vector, for a block with a style; 0 means none.
        noise: whether the block adds noise.
    Args of forward:
        x: ``[B, fin, h, w]``, which may be overwritten when gradients are disabled.
        labels: the label maps.
        z: style vectors, ``[B, z_dim]``, for a block with a style.
        noise: source of the noise, for a block that adds noise; None adds none.
        borderless: whether the convolutions see the nearest activations instead of zeros beyond the left, right and
            upper border, and the noise is stronger. The lower border stays, because the foreground belongs there.
    Returns:
        ``[B, fout, H, W]``, where H x W is h x w or twice that.
    """

    def __init__(
        self,
        fin: int,
        fout: int,
        semantic_nc: int,
        nhidden: int,
        *,
        upsample: bool = False,
        z_dim: int = 0,
        noise: bool = False,
    ):
        super().__init__()
        middle = min(fin, fout)
        self.upsample = upsample
        self.learned_skip = fin != fout
        self.conv_0 = Conv3x3(fin, middle)
        self.conv_1 = Conv3x3(middle, fout)
        self.norm_0 = SPADE(fin, semantic_nc, nhidden)
        self.norm_1 = SPADE(middle, semantic_nc, nhidden)
        if self.learned_skip:
            self.conv_s = nn.Conv2d(fin, fout, 1, bias=False)
            self.norm_s = SPADE(fin, semantic_nc, nhidden)
        self.style = nn.Linear(z_dim, 2 * middle) if z_dim else None
        self.noise_0 = nn.Parameter(NOISE_GAIN * torch.randn(middle)) if noise else None
        self.noise_1 = nn.Parameter(torch.zeros(fout)) if noise else None

    def forward(
        self,
        x: Tensor,
        labels: Conditioning,
        z: Tensor | None = None,
        noise: Noise | None = None,
        borderless: bool = False,
    ) -> Tensor:
        gain = COARSE_NOISE if borderless else 1.0
        skip, dx = labels.branch(self, x)
        dx = _convolve(self.conv_0, dx, labels, borderless)
        dx = labels.activate(self.norm_1, _add_noise(self._style(dx, z), self.noise_0, noise, gain))
        dx = _add_noise(_convolve(self.conv_1, dx, labels, borderless), self.noise_1, noise, gain)
        return skip + dx if torch.is_grad_enabled() else dx.add_(skip)

    def enlarge(self, x: Tensor) -> Tensor:
        """The input at the size of the result: doubled by nearest neighbour, or as it is."""
        return F.interpolate(x, scale_factor=2, mode="nearest") if self.upsample else x

    def _style(self, x: Tensor, z: Tensor | None) -> Tensor:
        if self.style is None:
            return x
        scale, shift = self.style(z).to(x.dtype)[:, :, None, None].chunk(2, 1)
        return torch.addcmul(shift, x, 1 + scale)


def activate(x: Tensor) -> Tensor:
    """Leaky ReLU, which overwrites ``x`` when gradients are disabled."""
    return F.leaky_relu(x, SLOPE, inplace=not torch.is_grad_enabled())


def _convolve(layer: nn.Conv2d, x: Tensor, labels: Conditioning, borderless: bool) -> Tensor:
    if not borderless:
        return labels.convolve(layer, x)
    wider = F.pad(x, (1, 1, 1, 0), mode="replicate")
    return labels.convolve(layer, wider)[:, :, 1:, 1:-1].contiguous(memory_format=torch.channels_last)


def _add_noise(x: Tensor, weight: Tensor | None, noise: Noise | None, gain: float) -> Tensor:
    if weight is None or noise is None:
        return x
    return torch.addcmul(x, noise.plane(x), weight.to(x.dtype)[:, None, None], value=gain)

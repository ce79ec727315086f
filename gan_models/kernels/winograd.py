"""3x3 convolutions by minimal filtering, F(4x4, 3x3): a tile of 4x4 pixels takes 36 products instead of 144.

Lavin and Gray 2016, "Fast Algorithms for Convolutional Neural Networks", section 4. The transforms of pixels, weights
and products are matrix products too, so everything runs in the CPU's matrix kernels. The paper's interpolation points
0, ±1, ±2 would lose twice as much float32 precision as 0, ±5/8, ±3/2 (measured), which are also exact in binary.
"""

import math
from collections.abc import Sequence
from functools import cache
from itertools import product
from weakref import WeakKeyDictionary

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import onednn

TILE = 4
"""Height and width of a tile. The sides of the pictures are multiples of it."""

POINTS = (0.0, 5 / 8, -5 / 8, 3 / 2, -3 / 2)
"""The transforms evaluate polynomials here and at infinity."""

FEWEST_CHANNELS = 128
FEWEST_TILES = 64
"""With fewer channels or tiles, the transforms of pixels and weights cost more than they save (measured)."""

STRIP = 256
"""Number of tiles that are processed together, so that they stay in the cache."""

LONG_STRIP = 512
"""Number of tiles per strip if the weights are transformed again for every strip."""

PART = 1 << 15
"""Number of 3x3 filters that are transformed together, so that their 36 products each stay in the cache."""

MANY = 1 << 17
"""With more 3x3 filters than this, they are transformed again for every strip."""


def pays(weight: Tensor, x: Tensor) -> bool:
    """Whether ``convolve`` supports this convolution and is faster than PyTorch's."""
    height, width = x.shape[2:]
    return (
        x.device.type == "cpu"
        and x.dtype == torch.float32
        and not torch.is_grad_enabled()
        and min(weight.shape[:2]) >= FEWEST_CHANNELS
        and height % TILE == width % TILE == 0
        and x.numel() >= FEWEST_TILES * TILE**2 * x.shape[1]
        and onednn.works()
    )


class Filters:
    """Caches the transformed weights of convolutions, for as long as the convolutions exist.

    The weights must not change.
    """

    def __init__(self) -> None:
        self._kept: WeakKeyDictionary[nn.Conv2d, list[Tensor]] = WeakKeyDictionary()

    @property
    def bytes(self) -> int:
        """Memory of the transformed weights."""
        return sum(part.numel() * part.element_size() for parts in self._kept.values() for part in parts)

    def of(self, layer: nn.Conv2d) -> list[Tensor]:
        """The transformed weights of ``layer``, for ``convolve``."""
        if layer not in self._kept:
            self._kept[layer] = [_pack(part) for part in _split(layer.weight)]
        return self._kept[layer]


def convolve(x: Tensor, weight: Tensor, bias: Tensor, kept: Sequence[Tensor] | None = None) -> Tensor:
    """A 3x3 convolution with zero padding.

    Args:
        x: float32 ``[B, in, H, W]`` on the CPU; H and W are multiples of ``TILE``.
        weight: ``[out, in, 3, 3]``.
        bias: ``[out]``.
        kept: the result of ``Filters.of`` for the weights.
    Returns:
        ``[B, out, H, W]`` in channels_last format.
    """
    to_inputs, _, to_pixels = _transforms()
    pixels = x.permute(0, 2, 3, 1)
    batch, height, width, channels = pixels.shape
    down, across = height // TILE, width // TILE
    parts = _split(weight)
    step = len(parts[0])
    biases = torch.split(bias, step)
    many = kept is None and weight[:, :, 0, 0].numel() > MANY
    packed = kept if kept is not None else [] if many else [_pack(part) for part in parts]
    tiles = LONG_STRIP if many else STRIP
    images = max(1, min(batch, tiles // (down * across)))
    rows = down if images > 1 else max(1, min(down, tiles // across))

    out = x.new_empty(batch, down, TILE, across, TILE, len(weight))
    patches = x.new_empty(images * rows * across, 36, channels)
    inputs = torch.empty_like(patches)
    for first, top in product(range(0, batch, images), range(0, down, rows)):
        padded = _strip(pixels[first : first + images], top, top + rows)
        count = _cut(padded, patches)
        torch.bmm(to_inputs.expand(count, -1, -1), patches[:count], out=inputs[:count])
        target = out[first : first + images, top : top + rows].transpose(2, 3)
        transformed = map(_pack, parts) if many else packed
        for part, part_bias, slot in zip(transformed, biases, torch.split(target, step, 5), strict=True):
            products = onednn.multiply_groups(inputs[:count], part)
            made = torch.bmm(to_pixels.expand(count, -1, -1), products)
            torch.add(made.view(slot.shape), part_bias, out=slot)
    return out.view(batch, height, width, -1).permute(0, 3, 1, 2)


def _split(weight: Tensor) -> tuple[Tensor, ...]:
    """Split the weights by outputs into parts that are transformed within the cache."""
    return torch.split(weight, max(1, PART // weight.shape[1]))


def _strip(pixels: Tensor, top: int, bottom: int) -> Tensor:
    """The pixels of some rows of tiles and a border of one pixel: ``[B, h + 2, W + 2, in]``."""
    height = pixels.shape[1]
    first, last = TILE * top - 1, min(TILE * bottom, height) + 1
    outside = (max(0, -first), max(0, last - height))
    return F.pad(pixels[:, max(0, first) : last], (0, 0, 1, 1, *outside)).contiguous()


def _cut(padded: Tensor, patches: Tensor) -> int:
    """Copy every tile with its border to the front of ``patches``, ``[tiles, 36, in]``, and return their number."""
    batch, height, width, channels = padded.shape
    image, row, column, _ = padded.stride()
    shape = (batch, height // TILE, width // TILE, 6, 6, channels)
    overlapping = padded.as_strided(shape, (image, TILE * row, TILE * column, row, column, 1))
    count = math.prod(shape[:3])
    patches[:count].view(shape).copy_(overlapping)
    return count


def _pack(weight: Tensor) -> Tensor:
    """The transformed weights, packed for the 36 products."""
    taps = weight.permute(2, 3, 0, 1).reshape(9, -1)
    return onednn.pack_groups((_transforms()[1] @ taps).view(36, *weight.shape[:2]))


@cache
def _transforms() -> list[Tensor]:
    """Matrices for flattened squares: 6x6 pixels, 3x3 weights, and 6x6 products (the paper's B', G and A').

    They are float32 on the CPU, whatever the defaults of the first caller are.
    """
    points = torch.tensor(POINTS, dtype=torch.float64, device="cpu")
    distances = points[:, None] - points + torch.eye(5, device="cpu")
    pixels, weight, products = (points.new_zeros(size) for size in ((6, 6), (6, 3), (4, 6)))
    for row in range(6):
        polynomial = points.new_ones(1)
        for other in range(5):
            if other != row:
                polynomial = F.pad(polynomial, (1, 0)) - points[other] * F.pad(polynomial, (0, 1))
        pixels[row, : len(polynomial)] = polynomial
    weight[:5] = points[:, None] ** torch.arange(3, device="cpu") / distances.prod(1, keepdim=True)
    products[:, :5] = points ** torch.arange(4, device="cpu")[:, None]
    weight[5, 2] = products[3, 5] = 1
    return [torch.kron(matrix, matrix).float() for matrix in (pixels, weight, products)]

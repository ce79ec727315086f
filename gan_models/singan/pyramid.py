"""The image pyramid that SinGAN trains on (Shaham et al. 2019, section 2.1 and supplement)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .config import HARMONIZING_SHARE, SinGANConfig

Size = tuple[int, int]


def resize(image: Tensor, size: Size) -> Tensor:
    """Resize by bicubic interpolation (a = -0.5), with antialiasing when the picture shrinks.

    The package resizes every picture with this function.

    Args:
        image: ``[B, C, H, W]`` in [-1, 1].
        size: the new (height, width) in pixels.
    Returns:
        ``[B, C, height, width]``, clamped to [-1, 1].
    """
    if tuple(image.shape[-2:]) == tuple(size):
        return image
    return F.interpolate(image, size=size, mode="bicubic", antialias=True).clamp(-1, 1)


def training_size(size: Size, max_size: int) -> Size:
    """(height, width) of the finest scale for an image of ``size``: the longer side is at most ``max_size`` pixels."""
    scale = min(max_size / max(size), 1.0)
    return _scaled(size, scale)


def scale_sizes(size: Size, config: SinGANConfig) -> list[Size]:
    """Heights and widths of all scales, coarsest first, for an image of ``size`` pixels.

    The short side of the coarsest scale is ``config.min_size``; the finest scale has the training size. The factor
    between neighbouring scales is ``config.scale_factor``, adjusted to meet both ends unless ``config.exact_factor``
    is set.

    Raises:
        ValueError: an image that is too small, or so narrow that the training size is below ``config.min_size``.
    """
    if min(size) < config.smallest_side:
        raise ValueError(
            f"the training image is {size[1]}x{size[0]} pixels; "
            f"its sides must be at least {config.smallest_side} pixels long"
        )
    top = training_size(size, config.max_size)
    min_size = config.min_size
    if config.harmonizes:
        min_size = min(min_size, round(min(top) * HARMONIZING_SHARE))
    if min(top) < min_size:
        raise ValueError(
            f"the training image is {size[1]}x{size[0]} pixels, too narrow: reduced to {config.max_size} pixels, "
            f"its short side has {min(top)}, and at least {min_size} are needed. Crop it to a less extreme "
            f"shape, or set max_size to {_sufficient_size(size, min_size)} or more"
        )
    if config.scales_by_trained_size:
        last = _log(min_size / min(top), config.scale_factor)
    else:
        last = _log(min_size / min(size), config.scale_factor) + 1
        last -= _log(min(config.max_size, max(size)) / max(size), config.scale_factor)
    last = max(last, 1)
    factor = config.scale_factor if config.exact_factor else (min_size / min(top)) ** (1 / last)
    return [_scaled(top, factor ** (last - n)) for n in range(last)] + [top]


def build_pyramid(image: Tensor, sizes: list[Size]) -> list[Tensor]:
    """Resize training images ``[N, 3, H, W]`` to every scale: ``[N, 3, h, w]`` each, coarsest first."""
    top = resize(image, sizes[-1])
    return [resize(top, size) for size in sizes]


def scaled_sizes(sizes: list[Size], target: Size) -> list[Size]:
    """(height, width) of all scales for a picture of size ``target`` instead of ``sizes[-1]``."""
    height, width = sizes[-1]
    if target == (height, width):
        return list(sizes)
    return [
        (max(1, round(h * target[0] / height)), max(1, round(w * target[1] / width))) for h, w in sizes[:-1]
    ] + [target]


def check_image(image: Tensor, name: str) -> Tensor:
    """Check ``image``, ``[B, 3, H, W]`` or ``[3, H, W]``, and return it as float32 ``[B, 3, H, W]``.

    Args:
        name: of the image in error messages.
    Raises:
        ValueError: another shape, no pixels, or pixels that are not finite.
    """
    if image.ndim == 3:
        image = image.unsqueeze(0)
    if image.ndim != 4 or image.shape[1] != 3 or image.numel() == 0:
        raise ValueError(f"the {name} must be a tensor [B, 3, H, W]; it is {list(image.shape)}")
    image = image.to(torch.float32)
    if not torch.isfinite(image).all():
        raise ValueError(f"the {name} contains pixels that are NaN or infinite; use one with finite pixels")
    return image


def _sufficient_size(size: Size, min_size: int) -> int:
    """The smallest ``max_size`` with which the short side of an image of ``size`` has ``min_size`` pixels."""
    short, long = sorted(size)
    return next(length for length in range((min_size - 1) * long // short, long + 1)
                if min(training_size(size, length)) >= min_size)  # fmt: skip


def _scaled(size: Size, scale: float) -> Size:
    # The tolerance keeps rounding errors such as 25.000000001 from becoming 26.
    return math.ceil(size[0] * scale - 1e-6), math.ceil(size[1] * scale - 1e-6)


def _log(value: float, base: float) -> int:
    return math.ceil(math.log(value) / math.log(base) - 1e-9)

"""Random crops, mirroring, colours, warps and outlines of training pairs, which the position in a run determines."""

import math
import random

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ...blur import gaussian_blur
from ...pixels import LUMINANCE, to_float
from .config import TrainingConfig

WARP_CELLS = 4
"""Random displacements along each side of a picture, between which those of the pixels are interpolated."""

TINT_BLUR = 1.5
"""Standard deviation, in pixels, of the blur of the borders between classes whose colours vary on their own."""

COARSEST = 0.04
"""Largest standard deviation of the blur that simplifies label maps, relative to their height."""

SIMPLIFIED_HEIGHT = 64
"""Height at which label maps are simplified, since a blurred map has no finer detail."""

Cut = tuple[Image.Image, Image.Image]
"""A picture (RGB) and its label map (8-bit ids) of the same size."""


def varied(image: Image.Image, labels: Image.Image, config: TrainingConfig, position: int) -> tuple[Tensor, Tensor]:
    """A pair, cropped, mirrored, warped and recoloured at random; the position determines how.

    Returns:
        the picture, ``[3, H, W]`` in [-1, 1], and ids, int64 ``[H, W]``.
    """
    draw = random.Random(f"{config.seed} {position}")
    cut = _cut_whole if config.smallest_crop else _squeeze_and_cut
    image, labels = cut(image, labels, config, draw)
    pixels = to_float(torch.from_numpy(np.array(image)).permute(2, 0, 1))
    ids = torch.from_numpy(np.array(labels)).long()
    if config.flips and draw.random() < 0.5:
        pixels, ids = pixels.flip(2), ids.flip(1)
    if config.warp:
        pixels, ids = warped(pixels, ids, config.warp, draw)
    if config.class_jitter:
        pixels = tinted(pixels, ids, config.class_jitter, draw)
    if config.coarse_labels and draw.random() < config.coarse_labels:
        ids = simplified(ids, draw.uniform(0, COARSEST))
    return jittered(pixels, config.color_jitter, draw) if config.color_jitter else pixels, ids


def jittered(pixels: Tensor, amount: float, draw: random.Random) -> Tensor:
    """Vary the gamma, white balance and saturation of a picture ``[3, H, W]`` in [-1, 1].

    Args:
        amount: standard deviation of the logarithms of gamma and saturation. The gain of each channel has a quarter of
            it.
    """
    gamma, saturation = (math.exp(draw.gauss(0, amount)) for _ in range(2))
    gains = torch.tensor([math.exp(draw.gauss(0, amount / 4)) for _ in range(3)]).view(3, 1, 1)
    values = (pixels / 2 + 0.5) ** gamma
    grey = (values * torch.tensor(LUMINANCE).view(3, 1, 1)).sum(0, keepdim=True)
    return torch.lerp(grey, values, saturation).mul(gains).clamp(0, 1) * 2 - 1


def tinted(pixels: Tensor, ids: Tensor, amount: float, draw: random.Random) -> Tensor:
    """Vary the brightness and the colour of each class in a picture ``[3, H, W]`` in [-1, 1] on its own.

    Args:
        ids: the classes of the pixels, ``[H, W]``.
        amount: standard deviation of the logarithm of a class's brightness. The gain of each channel has half of it.
    """
    classes, places = torch.unique(ids, return_inverse=True)
    gains = torch.tensor([[level + draw.gauss(0, amount / 2) for _ in range(3)]
                          for level in (draw.gauss(0, amount) for _ in classes)])  # fmt: skip
    gains = gaussian_blur(gains[places].permute(2, 0, 1), TINT_BLUR, math.ceil(3 * TINT_BLUR))
    return (pixels / 2 + 0.5).mul(gains.exp()).clamp(0, 1) * 2 - 1


def warped(pixels: Tensor, ids: Tensor, amount: float, draw: random.Random) -> tuple[Tensor, Tensor]:
    """Bend a picture ``[3, H, W]`` and its ids ``[H, W]`` alike, by smooth random displacements.

    What lies outside the picture is its reflection. No class appears that was not there.

    Args:
        amount: standard deviation of the displacements, relative to height and width.
    """
    height, width = ids.shape
    nodes = torch.tensor([draw.gauss(0, 2 * amount) for _ in range(2 * WARP_CELLS**2)])
    cells = nodes.view(1, 2, WARP_CELLS, WARP_CELLS)
    moves = F.interpolate(cells, (height, width), mode="bicubic", align_corners=True).permute(0, 2, 3, 1)
    # In units of half the side, as grid_sample counts.
    grid = moves + F.affine_grid(torch.eye(2, 3)[None], [1, 1, height, width], align_corners=False)
    picture = F.grid_sample(pixels[None], grid, mode="bilinear", padding_mode="reflection", align_corners=False)[0]
    labels = F.grid_sample(
        ids[None, None].float(), grid, mode="nearest", padding_mode="reflection", align_corners=False
    )
    return picture, labels[0, 0].to(ids.dtype)


def simplified(ids: Tensor, amount: float) -> Tensor:
    """Ids ``[H, W]`` with smooth outlines and without small areas, as a person draws them with a brush.

    Every pixel gets the class that prevails around it. No class appears that was not there.

    Args:
        amount: standard deviation of the Gaussian that weighs the surroundings, relative to the height.
    """
    height, width = ids.shape
    classes, places = torch.unique(ids, return_inverse=True)
    shares = F.one_hot(places, len(classes)).permute(2, 0, 1)[None].float()
    small = min(height, SIMPLIFIED_HEIGHT)
    shares = F.adaptive_avg_pool2d(shares, (small, max(1, round(width * small / height))))
    sigma = amount * small
    if sigma > 0:
        shares = gaussian_blur(shares, sigma, math.ceil(3 * sigma))
    prevailing = F.interpolate(shares, (height, width), mode="bilinear")[0].argmax(0)
    found: Tensor = classes[prevailing]
    return found


def _squeeze_and_cut(image: Image.Image, labels: Image.Image, config: TrainingConfig, draw: random.Random) -> Cut:
    """Resize a pair to ``margin`` times the size, then crop it to the size (Park et al. 2019, section 4)."""
    large = round(config.size * config.margin), round(config.height * config.margin)
    left, top = draw.randint(0, large[0] - config.size), draw.randint(0, large[1] - config.height)
    box = (left, top, left + config.size, top + config.height)
    if image.size != large:
        image = image.resize(large, Image.Resampling.BICUBIC)
        labels = labels.resize(large, Image.Resampling.NEAREST)
    return image.crop(box), labels.crop(box)


def _cut_whole(image: Image.Image, labels: Image.Image, config: TrainingConfig, draw: random.Random) -> Cut:
    """Take a random crop with the training pictures' aspect ratio from a pair, and resize it to the size."""
    scale = draw.uniform(config.smallest_crop, 1) * min(image.width / config.size, image.height / config.height)
    width, height = config.size * scale, config.height * scale
    left, top = draw.uniform(0, image.width - width), draw.uniform(0, image.height - height)
    box = (left, top, left + width, top + height)
    size = (config.size, config.height)
    return image.resize(size, Image.Resampling.BICUBIC, box), labels.resize(size, Image.Resampling.NEAREST, box)

"""How well a pasted object fits into a picture: whether its colours are the picture's and its edges survive."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..blur import gaussian_blur
from ..pixels import LUMINANCE

TOLERANCE = 10.0
"""Distance in Lab (CIE 1976) up to which a colour counts as one of the training image's."""

CLOSE = 4.0
"""Distance in Lab below which training does not ask for a closer colour."""

EDGE_SIGMA = 1.0
EDGE_REACH = 2
CELL = 2.0
"""Colours of the training image that share a cell of this size in Lab count once."""

_TO_XYZ = ((0.412453, 0.357580, 0.180423), (0.212671, 0.715160, 0.072169), (0.019334, 0.119193, 0.950227))
_WHITE = (0.95047, 1.0, 1.08883)


def to_lab(image: Tensor) -> Tensor:
    """CIE Lab (D65) of sRGB: ``[B, 3, H, W]`` in [-1, 1] to ``[B, 3, H, W]`` with L in 0..100; differentiable."""
    encoded = ((image.float() + 1) / 2).clamp(0, 1)
    linear = torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4)
    to_xyz, white = (torch.tensor(numbers, dtype=torch.float32) for numbers in (_TO_XYZ, _WHITE))
    matrix = (to_xyz / white[:, None]).to(linear.device)
    xyz = F.conv2d(linear, matrix[:, :, None, None])
    root = torch.where(xyz > 0.008856, xyz.clamp_min(0.008856) ** (1 / 3), 7.787 * xyz + 16 / 116)
    x, y, z = root.unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], 1)


def lab_colors(image: Tensor) -> Tensor:
    """The different colours of ``[B, 3, H, W]`` in Lab, one for each occupied cell of ``CELL``: ``[N, 3]``."""
    colors = to_lab(image).movedim(1, -1).reshape(-1, 3)
    _, cells = torch.unique((colors / CELL).round(), dim=0, return_inverse=True)
    count = int(cells.max()) + 1
    sums = colors.new_zeros(count, 3).index_add_(0, cells, colors)
    return sums / torch.bincount(cells, minlength=count)[:, None]


def color_share(result: Tensor, training: Tensor, mask: Tensor) -> Tensor:
    """Share of the object's pixels whose colour is within ``TOLERANCE`` of one that the training image has.

    Args:
        result: ``[B, 3, H, W]`` in [-1, 1].
        training: the training image, ``[1, 3, H', W']``.
        mask: the object, ``[B or 1, 1, H, W]``; pixels of at least 0.5 count.
    Returns:
        ``[B]`` in 0..1; 1 where the mask has no such pixel.
    """
    colors = lab_colors(training)
    shares = []
    for image, where in zip(to_lab(result).movedim(1, -1), mask.expand(len(result), -1, -1, -1), strict=True):
        pixels = image[where[0] >= 0.5]
        near = torch.cdist(pixels, colors).amin(1) <= TOLERANCE if len(pixels) else torch.ones(1)
        shares.append(near.float().mean())
    return torch.stack(shares)


def color_excess(image: Tensor, colors: Tensor, mask: Tensor) -> Tensor:
    """By how much the object's colours miss those of a picture: a loss.

    Args:
        image: ``[1, 3, H, W]`` in [-1, 1].
        colors: of the picture in Lab, ``[N, 3]``.
        mask: the object, ``[1, 1, H, W]`` with 0 and 1.
    Returns:
        The mean, over the object, of the distance in Lab to the nearest of ``colors`` above ``CLOSE``, in hundreds.
    """
    pixels = to_lab(image).movedim(1, -1)[mask[:, 0] > 0]
    if not len(pixels):
        return image.sum() * 0
    with torch.no_grad():
        nearest = colors[torch.cdist(pixels, colors).argmin(1)]
    # A distance of 0 has no gradient of its square root.
    distance = ((pixels - nearest).square().sum(1) + 1e-4).sqrt()
    return F.relu(distance - CLOSE).mean() / 100


def edge_correlation(result: Tensor, pasted: Tensor, mask: Tensor) -> Tensor:
    """Correlation of the grey gradients (Gaussian derivatives) of the result and of the pasted picture at the object.

    Args:
        result, pasted: ``[B, 3, H, W]`` in [-1, 1].
        mask: the object, ``[B or 1, 1, H, W]``. The ``EDGE_REACH`` pixels around it count, too, so that its outline
            does.
    Returns:
        ``[B]`` in -1..1; differentiable.
    """
    where = F.max_pool2d((mask >= 0.5).float(), 2 * EDGE_REACH + 1, stride=1, padding=EDGE_REACH)
    first, second = (_gradients(image) * where for image in (result, pasted))
    return F.cosine_similarity(first.flatten(1), second.flatten(1))


def _gradients(image: Tensor) -> Tensor:
    """Differences of the blurred grey picture across and down, ``[B, 2, H, W]``; 0 at the border."""
    weights = torch.tensor(LUMINANCE, dtype=torch.float32, device=image.device).view(1, 3, 1, 1)
    grey = gaussian_blur((image * weights).sum(1, keepdim=True), EDGE_SIGMA, 4)
    padded = F.pad(grey, (1, 1, 1, 1), mode="replicate")
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    return torch.cat([across, down], 1)

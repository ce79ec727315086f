"""Synthesizes pictures from label ids and styles."""

from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from ..blur import gaussian_blur
from ..precision import own_dtype
from .fast.modulation import LabelMaps, ModulationCache
from .label_codes import label_codes
from .networks.noise import Noise
from .networks.pix2pixhd import AnyGenerator
from .sizes import nearest

COARSE, REPLACED = 1.0, 2.0
"""Standard deviations of two blurs, in pixels of a smaller picture: what remains of it in a larger one, and what it
replaces there. The textures of the two are independent. If both blurs were the same, the power of the textures would
fall to half where one gives way to the other."""


@torch.no_grad()
def synthesize(
    generator: AnyGenerator,
    label_ids: Tensor,
    z: Tensor | None = None,
    *,
    instances: Tensor | None = None,
    cache: ModulationCache | None = None,
    seed: int = 0,
) -> Tensor:
    """Turn label maps into pictures in the given styles.

    Accepts one label map with many styles, many label maps with one style, or the same number of both. The work that
    depends on a label map is done only once, however many styles it gets. A caller's autocast has no effect.

    Args:
        label_ids: class ids, integer ``[B or 1, H, W]`` (see ``label_codes`` for "unknown"); the sides are
            multiples of ``generator.config.stride``.
        z: styles, ``[B or 1, z_dim]``; None means the mean style, all zeros. A net without style accepts only None.
        instances: a number for every object, integer ``[B or 1, H, W]``, for nets with instance edges. None
            means that every region of one class is one object.
        seed: seed of the noise, for a net that adds noise inside. All pictures of a batch get the same noise.
        cache: keeps the results that depend only on the label map, so that further styles take much less time.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1], on the generator's device and of its dtype.
    Raises:
        ValueError: the size is wrong, an id is unknown, the net has no style, or the batch sizes don't match.
    """
    config, weight = generator.config, generator.conv_img.weight
    codes = label_codes(config, label_ids, instances)
    config.require_size(*codes.shape[1:])
    *smaller, _ = config.sizes_up_to(*codes.shape[1:])
    smaller_codes = [
        label_codes(config, _at(size, label_ids), instances if instances is None else _at(size, instances))
        for size in smaller
    ]
    if z is None and config.z_dim:
        z = weight.new_zeros(1, config.z_dim)
    if z is not None:
        if not config.z_dim:
            raise ValueError("this GauGAN has no style vector: with the same label map it always makes the same "
                             "picture; omit the style")  # fmt: skip
        if len(label_ids) != len(z) and 1 not in (len(label_ids), len(z)):
            raise ValueError(f"{len(label_ids)} label maps and {len(z)} styles don't match; "
                             "give one of either, or the same number of both")  # fmt: skip
        z = z.to(weight).expand(max(len(label_ids), len(z)), -1)
    with own_dtype(weight.device):
        image, *larger = (
            _generate(generator, each.to(weight.device), z, cache, seed) for each in [*smaller_codes, codes]
        )
        for details in larger:
            image = _with_details(image, details)
    if cache is not None:
        cache.trim()
    return image


def _generate(
    generator: AnyGenerator, codes: Tensor, z: Tensor | None, cache: ModulationCache | None, seed: int
) -> Tensor:
    """The picture of label codes ``[B, H, W]``, generated with the overscan and cut to their size."""
    overscan = generator.config.overscan_at(*codes.shape[1:])
    height, width = codes.shape[1:]
    codes = _extended(codes, overscan)
    maps = LabelMaps(generator.config, codes) if cache is None else cache.maps(generator, codes)
    image: Tensor = generator(maps, z, Noise(seed))
    return image[:, :, overscan : overscan + height, overscan : overscan + width]


def _with_details(image: Tensor, details: Tensor) -> Tensor:
    """``image`` enlarged to the size of ``details``, with its fine structure from there (Burt and Adelson 1983)."""
    scale = details.shape[2] / image.shape[2]
    enlarged, fine = F.interpolate(image.float(), size=details.shape[2:], mode="bicubic"), details.float()
    coarse = gaussian_blur(enlarged, COARSE * scale, ceil(3 * COARSE * scale))
    replaced = gaussian_blur(fine, REPLACED * scale, ceil(3 * REPLACED * scale))
    return (coarse + fine - replaced).clamp(-1, 1).to(details.dtype)


def _at(size: tuple[int, int], ids: Tensor) -> Tensor:
    """Ids ``[B, H, W]`` at another size, by nearest neighbour."""
    rows, columns = (positions.to(ids.device) for positions in nearest(ids.shape[1:], size))
    return ids[:, rows][:, :, columns]


def _extended(codes: Tensor, pixels: int) -> Tensor:
    """Codes ``[B, H, W]`` with so many more at each border, each equal to the nearest one on the border."""
    if not pixels:
        return codes
    rows, columns = (torch.arange(-pixels, side + pixels, device=codes.device).clamp(0, side - 1)
                     for side in codes.shape[1:])  # fmt: skip
    return codes[:, rows][:, :, columns]

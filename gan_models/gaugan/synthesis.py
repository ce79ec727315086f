"""Synthesizes pictures from label ids and styles."""

import torch
from torch import Tensor

from .fast.modulation import LabelMaps, ModulationCache
from .label_codes import label_codes
from .networks.noise import Noise
from .networks.pix2pixhd import AnyGenerator


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
    depends on a label map is done only once, however many styles it gets.

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
    codes = label_codes(config, label_ids, instances).to(weight.device)
    config.require_size(*codes.shape[1:])
    overscan = config.overscan_at(*codes.shape[1:])
    codes = _extended(codes, overscan)
    if z is None and config.z_dim:
        z = weight.new_zeros(1, config.z_dim)
    if z is not None:
        if not config.z_dim:
            raise ValueError("this GauGAN has no style vector: with the same label map it always makes the same "
                             "picture; omit the style")  # fmt: skip
        if len(codes) != len(z) and 1 not in (len(codes), len(z)):
            raise ValueError(f"{len(codes)} label maps and {len(z)} styles don't match; "
                             "give one of either, or the same number of both")  # fmt: skip
        z = z.to(weight).expand(max(len(codes), len(z)), -1)
    maps = LabelMaps(config, codes) if cache is None else cache.maps(generator, codes)
    image: Tensor = generator(maps, z, Noise(seed))
    if cache is not None:
        cache.trim()
    rows, columns = (slice(overscan, overscan + side) for side in label_ids.shape[1:])
    return image[:, :, rows, columns]


def _extended(codes: Tensor, pixels: int) -> Tensor:
    """Codes ``[B, H, W]`` with so many more at each border, each equal to the nearest one on the border."""
    if not pixels:
        return codes
    rows, columns = (torch.arange(-pixels, side + pixels, device=codes.device).clamp(0, side - 1)
                     for side in codes.shape[1:])  # fmt: skip
    return codes[:, rows][:, :, columns]

"""From label ids and styles to pictures."""

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
    """The pictures of label maps in the given styles.

    One label map with many styles, many label maps with one style, and as many of both are all taken; one label
    map costs its share only once, however many styles it gets.

    Args:
        label_ids: class ids, integer ``[B or 1, H, W]`` (see ``label_codes`` for "unknown"); the sides are
            multiples of ``generator.config.stride``.
        z: styles, ``[B or 1, z_dim]``; None is the mean style, all zeros. A net without style takes only None.
        instances: a number for every object, integer ``[B or 1, H, W]``, for nets with instance edges; None: every
            region of one class is one object.
        seed: of the noise, for a net that adds noise inside; all pictures of a batch get the same.
        cache: keeps what depends on the label map alone, so that further styles of it cost much less.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1], on the generator's device and of its dtype.
    Raises:
        ValueError: a wrong size, an unknown id, a style for a net without, or batches that don't go together.
    """
    config, weight = generator.config, generator.conv_img.weight
    codes = label_codes(config, label_ids, instances).to(weight.device)
    config.require_size(*codes.shape[1:])
    if z is None and config.z_dim:
        z = weight.new_zeros(1, config.z_dim)
    if z is not None:
        if not config.z_dim:
            raise ValueError("this GauGAN has no style vector: with the same label map it always makes the same "
                             "picture; leave the style away")  # fmt: skip
        if len(codes) != len(z) and 1 not in (len(codes), len(z)):
            raise ValueError(f"{len(codes)} label maps and {len(z)} styles don't go together; "
                             "give one of either, or as many of both")  # fmt: skip
        z = z.to(weight).expand(max(len(codes), len(z)), -1)
    if cache is None:
        return generator(LabelMaps(config, codes), z, Noise(seed))  # type: ignore[no-any-return]
    maps = cache.maps(generator, codes)
    image: Tensor = generator(maps, z, Noise(seed))
    cache.trim()
    return image

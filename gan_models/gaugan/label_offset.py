"""From the ids of a taxonomy to the labels of a generator that counts them from another number."""

from torch import Tensor

from ..labels import Taxonomy
from .config import NetConfig


def generator_labels(ids: Tensor, classes: Taxonomy, offset: int, config: NetConfig) -> Tensor:
    """The generator's labels for ids of a taxonomy. Unknown pixels stay unknown, whatever the offset.

    Args:
        ids: int64, ``[B, H, W]``.
        classes: the taxonomy.
        offset: added to every id. Ids that have no channel then are unknown.
        config: of the generator.
    Returns:
        int64, ``[B, H, W]``, as ``label_codes`` takes them.
    Raises:
        ValueError: a pixel is unknown, but the generator has no label for that.
    """
    labels = ids + offset
    unknown = ids == classes.unknown_id
    if config.unknown:
        if offset:
            labels = labels.masked_fill((labels < 0) | (labels > config.classes), config.classes)
        # Without an offset, an unknown class that is not the last one is a label like any other.
        return labels.masked_fill(unknown, config.classes) if classes.unknown_is_last or offset < 0 else labels
    lost = (offset < 0 and classes.unknown_is_last) or classes.unknown_id + offset not in range(config.classes)
    if lost and unknown.any():
        raise ValueError("the label map has unknown pixels, but this GauGAN has no label for them; give every pixel a "
                         "class")  # fmt: skip
    return labels

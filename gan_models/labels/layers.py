"""Label maps from stacked masks."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def lay(ids: Tensor, masks: Sequence[Tensor], classes: Sequence[int]) -> Tensor:
    """Stacks masks on a label map: where several masks cover a pixel, the last one wins.

    Args:
        ids: the map below, uint8 ``[B, H, W]``; it isn't changed. A batch of one is repeated for larger batches.
        masks: ``[B, 1, H', W']`` in 0..1, resized to the map by nearest neighbour. A mask covers the pixels where it is
            above 0.5. A batch of one is repeated for larger batches.
        classes: the class id of each mask.
    Returns:
        uint8 ``[B, H, W]``.
    Raises:
        ValueError: the batch sizes are incompatible.
    """
    batches = {len(entry) for entry in (ids, *masks)} - {1}
    if len(batches) > 1:
        raise ValueError(f"batches of {', '.join(map(str, sorted(batches)))} are incompatible; give batches of one "
                         "size, or single masks")  # fmt: skip
    batch = max(batches, default=1)
    result = ids.expand(batch, -1, -1).clone()
    for mask, label in zip(masks, classes, strict=True):
        covered = F.interpolate(mask, ids.shape[1:], mode="nearest")[:, 0] > 0.5
        result[covered.expand(batch, -1, -1)] = label
    return result


def uniform(like: Tensor, label: int) -> Tensor:
    """A label map of one class, uint8 ``[1, H, W]``, with the size of a mask ``[B, 1, H, W]``."""
    return torch.full((1, *like.shape[-2:]), label, dtype=torch.uint8)

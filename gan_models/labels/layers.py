"""Label maps from masks, one on top of the other."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F


def lay(ids: Tensor, masks: Sequence[Tensor], classes: Sequence[int]) -> Tensor:
    """A label map with masks on it: where several cover a pixel, the last one counts.

    Args:
        ids: the map below, uint8 ``[B, H, W]``; stays as it is. A batch of one is repeated to go with the masks.
        masks: ``[B, 1, H', W']`` in 0..1, brought to the map's size by nearest neighbour. They cover where they are
            more than one half. A batch of one goes with every batch.
        classes: the id of each mask.
    Returns:
        uint8 ``[B, H, W]``.
    """
    batches = {len(entry) for entry in (ids, *masks)} - {1}
    if len(batches) > 1:
        raise ValueError(f"batches of {', '.join(map(str, sorted(batches)))} don't go together; give batches of one "
                         "size, or single ones")  # fmt: skip
    batch = max(batches, default=1)
    result = ids.expand(batch, -1, -1).clone()
    for mask, label in zip(masks, classes, strict=True):
        covered = F.interpolate(mask, ids.shape[1:], mode="nearest")[:, 0] > 0.5
        result[covered.expand(batch, -1, -1)] = label
    return result


def uniform(like: Tensor, label: int) -> Tensor:
    """A label map of one class, uint8 ``[1, H, W]``, of the size of a mask ``[B, 1, H, W]``."""
    return torch.full((1, *like.shape[-2:]), label, dtype=torch.uint8)

"""Encodes label ids and instances as one code per pixel, and codes as the one-hot label map."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .config import UNKNOWN, NetConfig


def label_codes(config: NetConfig, label_ids: Tensor, instances: Tensor | None = None) -> Tensor:
    """The label input of every pixel as one number: twice the class channel, plus 1 on an instance edge.

    Args:
        label_ids: class ids, integer ``[B, H, W]``. 0 … classes - 1 are the classes. The id ``classes`` and 255
            both mean "unknown", for nets that have it. (In a net with more than 255 classes, 255 is a class.)
        instances: a number for every object, integer ``[B or 1, H, W]``; used only by nets with an instance-edge
            channel. None means that every region of one class is one object.
    Returns:
        int64 ``[B, H, W]``.
    Raises:
        ValueError: a shape is wrong, the values are not integers, or the net doesn't know an id.
    """
    _require_map(label_ids, "label_ids")
    channels = label_ids.long()
    if config.unknown and config.classes <= UNKNOWN:
        channels = channels.masked_fill(channels == UNKNOWN, config.classes)
    highest = config.classes - 1 + config.unknown
    strange = (channels < 0) | (channels > highest)
    if strange.any():
        known = f"0 to {config.classes - 1}" + (f", and {UNKNOWN} for unknown" if config.unknown else "")
        raise ValueError(f"the label map has the id {int(channels[strange][0])}, which this GauGAN doesn't know; "
                         f"it knows {known}")  # fmt: skip
    if not config.instance_edges:
        return 2 * channels
    if instances is None:
        instances = channels
    _require_map(instances, "instances")
    if instances.shape[1:] != label_ids.shape[1:] or len(instances) not in (1, len(label_ids)):
        raise ValueError(f"instances must have the shape of label_ids, {list(label_ids.shape)}; "
                         f"it is {list(instances.shape)}")  # fmt: skip
    return 2 * channels + instance_edges(instances).long()


def instance_edges(instances: Tensor) -> Tensor:
    """The pixels whose instance differs from one of their four neighbours': bool ``[B, H, W]``."""
    edges = torch.zeros_like(instances, dtype=torch.bool)
    across = instances[:, :, 1:] != instances[:, :, :-1]
    down = instances[:, 1:] != instances[:, :-1]
    edges[:, :, 1:] |= across
    edges[:, :, :-1] |= across
    edges[:, 1:] |= down
    edges[:, :-1] |= down
    return edges


def one_hot(config: NetConfig, codes: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """The net's label input ``[B, semantic_nc, H, W]``: classes, then unknown, then instance edges."""
    classes = config.classes + config.unknown
    channels = F.one_hot(codes // 2, classes).movedim(3, 1).to(dtype)
    if not config.instance_edges:
        return channels
    return torch.cat([channels, (codes % 2).unsqueeze(1).to(dtype)], 1)


def shrink(codes: Tensor, size: tuple[int, int]) -> Tensor:
    """Codes ``[B, H, W]`` at a smaller size that divides theirs, by nearest neighbour (the top left of each cell)."""
    return codes[:, :: codes.shape[1] // size[0], :: codes.shape[2] // size[1]]


def _require_map(ids: Tensor, name: str) -> None:
    if ids.ndim != 3 or ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise ValueError(f"{name} must be integers [B, H, W]; it is {ids.dtype} {list(ids.shape)}")

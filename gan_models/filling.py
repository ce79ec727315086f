"""Puts the tensors of a file into a network, once it is certain that they are those of the network and are sound."""

from collections.abc import Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from .quoting import plain
from .user_files import check_stop

Network = TypeVar("Network", bound=nn.Module)

LARGEST, LARGEST_VARIANCE = 1e6, 1e12
"""No trained network has larger weights and statistics, but damaged bytes usually are."""

COUNTER = "num_batches_tracked"


def fill(network: Network, tensors: Mapping[str, Tensor], kind: str) -> Network:
    """Put ``tensors`` into a network on the meta device, which then is on theirs, in float32.

    Nothing is built before the check.

    Args:
        tensors: by the names that the network's own have. Counters of batch norm may be missing.
        kind: what the file seems to be, for messages: "a SinGAN".
    Raises:
        ValueError: a tensor is missing, unknown, of another shape or kind, or has numbers that are not sound.
    """
    wanted = network.state_dict()
    require_shapes({name: tuple(value.shape) for name, value in wanted.items()}, tensors, kind)
    for name in wanted:
        if name in tensors and not name.endswith(COUNTER):
            require_sound(name, tensors[name])
    counters = {name: torch.zeros((), dtype=torch.int64) for name in wanted if name not in tensors}
    device = next((value.device for value in tensors.values()), torch.device("cpu"))
    network.float().to_empty(device=device)
    network.load_state_dict({**tensors, **counters})
    return network


def require_shapes(wanted: Mapping[str, tuple[int, ...]], tensors: Mapping[str, Tensor], kind: str) -> None:
    """Raise a ValueError unless the tensors have the wanted names and shapes. Counters of batch norm may be missing."""
    for name, shape in wanted.items():
        if name not in tensors and not name.endswith(COUNTER):
            raise ValueError(f"{plain(name)} is missing; the file seems to be {kind}, but an incomplete one")
        if name in tensors and tuple(tensors[name].shape) != shape:
            raise ValueError(f"{plain(name)} has the shape {_shape(tensors[name])} where {list(shape)} is required; "
                             f"the file seems to be {kind}, but with another architecture")  # fmt: skip
    extra = [name for name in tensors if name not in wanted]
    if extra:
        raise ValueError(f"{plain(extra[0])} is not part of this network; the file seems to be {kind}, but with "
                         f"{len(extra)} unknown tensors")  # fmt: skip


def require_sound(name: str, tensor: Tensor, largest: float = LARGEST) -> None:
    """Raise a ValueError, by the tensor's name, unless it has real numbers that a trained network can have.

    They are finite and at most ``largest``; variances are not negative. Here the bytes of a tensor are read from the
    disk, so a ``stoppable`` block can stop it.
    """
    check_stop()
    if not tensor.is_floating_point() or tensor.is_quantized or tensor.layout != torch.strided or tensor.is_meta:
        raise ValueError(f"{plain(name)} has numbers of the kind {tensor.dtype}, where real numbers are required")
    if tensor.numel() == 0:
        return
    variance = name.endswith("running_var")
    lowest, highest = (float(value) for value in tensor.aminmax())
    largest = LARGEST_VARIANCE if variance else largest
    if not -largest <= lowest <= highest <= largest:
        wrong = lowest if not -largest <= lowest else highest
        raise ValueError(f"{plain(name)} has the number {wrong:.3g}, which no trained network has; the file is damaged")
    if variance and lowest < 0:
        raise ValueError(f"{plain(name)} has the variance {lowest:.3g}, which is negative; the file is damaged")


def _shape(tensor: Tensor) -> list[int]:
    return list(tensor.shape[:8])

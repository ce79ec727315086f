"""The precision of computations."""

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.amp.autocast_mode import is_autocast_available


def own_dtype(device: torch.device) -> AbstractContextManager[object]:
    """A context in which operations on ``device`` have the dtype of their tensors, even inside a caller's autocast."""
    # Apple's GPUs have no autocast before PyTorch 2.5.
    return torch.autocast(device.type, enabled=False) if is_autocast_available(device.type) else nullcontext()

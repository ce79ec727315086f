"""Random numbers from seeds, identical on every device."""

import torch
from torch import Tensor


def seeded(seed: int) -> torch.Generator:
    """Return a CPU generator for a seed between 0 and 2**64 - 1."""
    # Some versions of PyTorch accept only signed 64-bit integers.
    return torch.Generator().manual_seed(seed - 2**64 if seed >= 2**63 else seed)


def on_device(drawn: Tensor, device: torch.device) -> Tensor:
    """Copy numbers that were drawn on the CPU to ``device``, without waiting for the earlier work of a CUDA device."""
    if device.type == "cuda":
        return drawn.pin_memory().to(device, non_blocking=True)
    return drawn.to(device)

"""Random numbers from the seeds that people type, the same on every device."""

import torch
from torch import Tensor


def seeded(seed: int) -> torch.Generator:
    """A CPU generator for any seed of ComfyUI's range, 0 … 2**64 - 1."""
    # torch takes seeds as signed 64-bit integers in some versions.
    return torch.Generator().manual_seed(seed - 2**64 if seed >= 2**63 else seed)


def on_device(drawn: Tensor, device: torch.device) -> Tensor:
    """Numbers that were drawn on the CPU, on ``device``. A CUDA device need not finish its earlier work for them."""
    if device.type == "cuda":
        return drawn.pin_memory().to(device, non_blocking=True)
    return drawn.to(device)

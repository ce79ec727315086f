"""Random numbers from the seeds that people type."""

import torch


def seeded(seed: int) -> torch.Generator:
    """A CPU generator for any seed of ComfyUI's range, 0 … 2**64 - 1."""
    # torch takes seeds as signed 64-bit integers in some versions.
    return torch.Generator().manual_seed(seed - 2**64 if seed >= 2**63 else seed)

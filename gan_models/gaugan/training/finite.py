"""The sum of losses, and the check that all of them are finite."""

import math

import torch
from torch import Tensor

from ...distributed import mean_over_processes


class NotFiniteError(ArithmeticError):
    """A loss was infinite or NaN, so the step was not completed. Training can resume from the last saved state."""


def total(losses: dict[str, Tensor]) -> Tensor:
    """The sum of the losses."""
    return torch.stack([*losses.values()]).sum()


def require_finite(losses: dict[str, Tensor], when: str) -> dict[str, float]:
    """The values of the losses.

    Raises:
        NotFiniteError: a loss of this or another process is infinite or NaN.
    """
    values = {name: loss.item() for name, loss in losses.items()}
    finite = torch.tensor(float(all(map(math.isfinite, values.values()))), device=next(iter(losses.values())).device)
    if mean_over_processes(finite) < 1:
        raise NotFiniteError(f"{when}: a loss is not finite ({values}); a lower learning rate or float32 may help")
    return values

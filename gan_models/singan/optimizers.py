"""The optimizers of one scale and their learning rate schedule (Shaham et al. 2019, supplement)."""

import copy
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from .coarser_scales import CoarserScales
from .config import SinGANConfig
from .networks import Critic, Generator

BETAS = (0.5, 0.999)


class Optimizers:
    """Adam for the critic, and for the generator together with the coarser scales that train jointly with it.

    Args:
        generator: the generator of the scale in training, on the device where it trains.
        critic: its critic, on the same device.
        coarser: the coarser scales, which may add parameter groups with learning rates of their own.
        config: the settings of the training run.
    """

    def __init__(self, generator: Generator, critic: Critic, coarser: CoarserScales, config: SinGANConfig):
        rate = config.learning_rate
        groups: list[dict[str, Any]] = [{"params": list(generator.parameters())}, *coarser.parameter_groups(rate)]
        fused = next(generator.parameters()).device.type in ("cpu", "cuda")
        self.generator = torch.optim.Adam(groups, rate, BETAS, fused=fused)
        self.critic = torch.optim.Adam(critic.parameters(), rate, BETAS, fused=fused)
        self.slowdown = 1

    def decay(self) -> None:
        """Divide every learning rate by ten."""
        for optimizer in (self.generator, self.critic):
            for group in optimizer.param_groups:
                group["lr"] /= 10

    def state(self) -> dict[str, Any]:
        """A copy of the states of both optimizers, for ``restore``."""
        both = {"generator": self.generator.state_dict(), "critic": self.critic.state_dict()}
        return copy.deepcopy(both | {"slowdown": self.slowdown})

    def restore(self, state: dict[str, Any], slowdown: int) -> None:
        """Return to a state, at its learning rates divided by ``slowdown`` instead of the divisor that it had."""
        for optimizer, name in ((self.generator, "generator"), (self.critic, "critic")):
            optimizer.load_state_dict(copy.deepcopy(state[name]))
            for group in optimizer.param_groups:
                group["lr"] *= state["slowdown"] / slowdown
        self.slowdown = slowdown


def descend(optimizer: torch.optim.Optimizer, losses: Iterable[Tensor]) -> None:
    """Take one step down the sum of ``losses``, whose graphs are in memory one at a time."""
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()

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

MEMORY = 100
"""Steps over which the usual length of a gradient is averaged."""


class GradientLimit:
    """Shortens the gradients of a network that are much longer than usual.

    Adam divides gradients by their usual size, which it learns over a thousand steps. A gradient that is suddenly much
    longer therefore moves every weight by up to ``(1 - 0.5) / sqrt(1 - 0.999)``, about 16 times the learning rate.

    Args:
        parameters: of the network.
        limit: length above which a gradient is shortened to it, in root mean squares of the lengths so far, from 1.
    """

    def __init__(self, parameters: Iterable[Tensor], limit: float):
        self.parameters, self.limit = list(parameters), limit
        self.mean_square: Tensor | None = None

    @torch.no_grad()
    def apply(self) -> None:
        """Shorten the present gradients if necessary. Others stay as they are, bit for bit."""
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        length = torch.stack(torch._foreach_norm(gradients)).norm()
        if self.mean_square is None:
            self.mean_square = length.square()
        longest = torch.where(self.mean_square > 0, self.limit * self.mean_square.sqrt(), length)
        factor = (longest / length.clamp_min(1e-12)).clamp_max(1)
        torch._foreach_mul_(gradients, factor)
        self.mean_square.lerp_((factor * length).square(), 1 / MEMORY)


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
        self.limits: dict[torch.optim.Optimizer, GradientLimit] = {}
        if config.gradient_limit:
            for optimizer in (self.generator, self.critic):
                weights = [weight for group in optimizer.param_groups for weight in group["params"]]
                self.limits[optimizer] = GradientLimit(weights, config.gradient_limit)
        self.slowdown = 1

    def descend(self, optimizer: torch.optim.Optimizer, losses: Iterable[Tensor]) -> None:
        """Take one step of one of the two down the sum of ``losses``, whose graphs are in memory one at a time."""
        optimizer.zero_grad()
        for loss in losses:
            loss.backward()  # type: ignore[no-untyped-call]
        if limit := self.limits.get(optimizer):
            limit.apply()
        optimizer.step()

    def decay(self) -> None:
        """Divide every learning rate by ten."""
        for optimizer in (self.generator, self.critic):
            for group in optimizer.param_groups:
                group["lr"] /= 10

    def state(self) -> dict[str, Any]:
        """A copy of the states of both optimizers, for ``restore``."""
        both = {"generator": self.generator.state_dict(), "critic": self.critic.state_dict()}
        usual = [limit.mean_square for limit in self.limits.values()]
        return copy.deepcopy(both | {"slowdown": self.slowdown, "usual": usual})

    def restore(self, state: dict[str, Any], slowdown: int) -> None:
        """Return to a state, at its learning rates divided by ``slowdown`` instead of the divisor that it had."""
        for optimizer, name in ((self.generator, "generator"), (self.critic, "critic")):
            optimizer.load_state_dict(copy.deepcopy(state[name]))
            for group in optimizer.param_groups:
                group["lr"] *= state["slowdown"] / slowdown
        for limit, mean_square in zip(self.limits.values(), state["usual"], strict=True):
            limit.mean_square = mean_square
        self.slowdown = slowdown

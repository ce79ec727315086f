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


class LimitedAdam(torch.optim.Adam):
    """Adam, with a limit for how far one step moves the weights of a parameter group.

    Adam divides gradients by their usual size, which it learns over a thousand steps. A gradient that is suddenly much
    longer moves every weight by up to ``(1 - 0.5) / sqrt(1 - 0.999)``, about 16 learning rates. After such a step, the
    next gradient is longer still.

    Args:
        groups: parameter groups, each with its learning rate ``lr``.
        rate: learning rate of groups without one.
        limit: root mean square of a step, in learning rates; a longer step is shortened to it. Others stay as they are,
            bit for bit. 0 sets no limit.
        fused: as for ``torch.optim.Adam``.
    """

    def __init__(self, groups: list[dict[str, Any]], rate: float, limit: float, *, fused: bool):
        super().__init__(groups, rate, BETAS, fused=fused)
        self.limit = limit

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        if not self.limit:
            return super().step(closure)
        weights = [group["params"] for group in self.param_groups]
        before = [[weight.clone() for weight in group] for group in weights]
        loss = super().step(closure)
        for group, old, settings in zip(weights, before, self.param_groups, strict=True):
            moves = torch._foreach_sub(group, old)
            length = torch.stack(torch._foreach_norm(moves)).norm() / sum(weight.numel() for weight in group) ** 0.5
            surplus = 1 - (self.limit * settings["lr"] / length.clamp_min(1e-12)).clamp_max(1)
            torch._foreach_sub_(group, torch._foreach_mul(moves, surplus))
        return loss


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
        self.generator = LimitedAdam(groups, rate, config.step_limit, fused=fused)
        critic_groups = [{"params": list(critic.parameters())}]
        self.critic = LimitedAdam(critic_groups, rate, config.step_limit, fused=fused)
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

"""Going back: states of a scale's training that were good, to which a training that diverges returns."""

import copy
from collections.abc import Sequence
from typing import Any, NamedTuple

from torch import nn

from .optimizers import Optimizers

CHECKS = 8
"""Number of checks in the training of a scale, the last one of which is at its end."""

MOST_RETURNS = 4
"""Number of returns after which a scale counts as diverged."""


class State(NamedTuple):
    """Weights of all networks and states of both optimizers, after a number of iterations."""

    iteration: int
    weights: list[dict[str, Any]]
    optimizers: dict[str, Any]


class GoodStates:
    """The states of one scale's training at which its reconstruction was good, beginning with the initial one.

    Every return takes the latest state and halves the learning rates for all that follows. As long as a training does
    not diverge, keeping states changes nothing in it.

    Args:
        networks: all networks that learn, and their averages.
        optimizers: of these networks.
    """

    def __init__(self, networks: Sequence[nn.Module], optimizers: Optimizers):
        self.networks, self.optimizers = networks, optimizers
        self.returns = 0
        self.states: list[State] = []
        self.keep(0)

    def keep(self, iteration: int) -> None:
        """Keep the present state as that after ``iteration`` iterations."""
        weights = [copy.deepcopy(network.state_dict()) for network in self.networks]
        self.states.append(State(iteration, weights, self.optimizers.state()))

    def go_back(self) -> int:
        """Restore the latest state and halve the learning rates; returns the number of iterations that it had.

        The next return takes an earlier state, if there is one and none is kept in between.
        """
        state = self.states.pop() if len(self.states) > 1 else self.states[0]
        for network, weights in zip(self.networks, state.weights, strict=True):
            network.load_state_dict(weights)
        self.returns += 1
        self.optimizers.restore(state.optimizers, slowdown=2**self.returns)
        return state.iteration

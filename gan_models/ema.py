"""Exponential moving averages (EMA) of the weights of networks in training."""

import copy
from typing import TypeVar

import torch
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class EMA:
    """Averages the weights of any number of networks, all of them in one call per update.

    Args:
        decay: share of the old average that an update keeps, 0 <= decay < 1. 0 switches averaging off: the networks
            themselves then serve as their averages.
    """

    def __init__(self, decay: float):
        self.decay = decay
        self.updates = 0
        self.averages: list[Tensor] = []
        self.weights: list[Tensor] = []

    def track(self, network: Network) -> Network:
        """Start averaging the weights of ``network`` and return the copy that holds the averages."""
        if not self.decay:
            return network
        average = copy.deepcopy(network)
        self.averages += [weight.data for weight in average.parameters()]
        self.weights += [weight.data for weight in network.parameters()]
        return average

    def update(self) -> None:
        """Move the averages towards the present weights."""
        self.updates += 1
        if self.averages:
            move_averages(self.averages, self.weights, self.decay, self.updates)


def move_averages(averages: list[Tensor], weights: list[Tensor], decay: float, updates: int, memory: int = 10) -> None:
    """One update of averages in place.

    The first weights are nearly random, so the averages start with a short memory.

    Args:
        averages, weights: the averages and the present weights, tensors of equal shapes.
        decay: share of the old averages that is kept, once there have been many updates.
        updates: the number of updates, this one included.
        memory: after this many updates, half of the old averages is kept.
    """
    kept = min(decay, updates / (updates + memory))
    torch._foreach_lerp_(averages, weights, 1 - kept)

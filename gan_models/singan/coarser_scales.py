"""What the scales below the one in training give it: frozen, as in the paper, or trained along."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .model import SinGAN, image_generators
from .networks import noisy
from .pyramid import Size, resize

POOL_PIXELS = 1 << 22
"""Pixels of the coarser scales' samples that are kept at most: 16 pictures of 512x512, 48 MiB."""


class CoarserScales(ABC):
    """The trained generators of all coarser scales, as the trainer of one scale sees them.

    Pictures are ``[1, 3, H, W]`` at the size of the scale in training. Where generators train along, ``averaged``
    asks for the running average of their weights, which is what remains of them.
    """

    @abstractmethod
    def draw(self, iteration: int, rng: torch.Generator) -> Tensor:
        """A random picture for an iteration's step."""

    @abstractmethod
    def sample(self, noises: list[torch.Generator], averaged: bool = False) -> Tensor:
        """A fresh picture for each of ``noises``, ``[B, 3, H, W]``."""

    @abstractmethod
    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        """What they make of a training image's z_rec; mid-grey where there are no coarser scales."""

    def parameter_groups(self, rate: float) -> list[dict[str, object]]:
        """What trains along at a learning rate of ``rate`` at the finest scale, for an optimizer."""
        return []

    def pairs(self) -> Iterable[tuple[nn.Module, nn.Module]]:
        """Each running average with its network in training."""
        return ()

    @abstractmethod
    def hand_over(self) -> None:
        """Give the model what was learned."""


def coarser_scales(model: SinGAN, size: Size) -> CoarserScales:
    """Those below a scale of ``size`` (height, width) that ``model.config`` asks for."""
    config = model.config
    if config.joint_scales and model.generators and config.coarse(size):
        return TrainedAlong(model, size)
    return FrozenScales(model, size)


class FrozenScales(CoarserScales):
    """Scales that stay as they are, so that a pool of their samples can serve many iterations.

    Args:
        model: holds the trained generators of all coarser scales.
        size: (height, width) of the scale in training.
    """

    def __init__(self, model: SinGAN, size: Size):
        self.model, self.size = model, size
        self.pool = torch.empty(0)
        self.reconstructions = resize(model.reconstruct_all(), size)

    def draw(self, iteration: int, rng: torch.Generator) -> Tensor:
        config = self.model.config
        if not self.model.generators or not config.pool:
            return self.sample([rng])
        if iteration % config.pool_iterations == 0 or not len(self.pool):
            fitting = max(1, POOL_PIXELS // (self.size[0] * self.size[1]))
            self.pool = self.sample(image_generators(rng, min(config.pool, fitting)))
        index = int(torch.randint(len(self.pool), (), generator=rng))
        return self.pool[index : index + 1]

    def sample(self, noises: list[torch.Generator], averaged: bool = False) -> Tensor:
        start = torch.zeros(len(noises), 3, *self.model.sizes[0], device=self.model.z_rec.device)
        return resize(self.model.climb(start, noises, 0, self.model.sizes), self.size)

    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        return self.reconstructions[picture : picture + 1]

    def hand_over(self) -> None:
        """Nothing was learned."""


class TrainedAlong(CoarserScales):
    """Scales whose next coarser ones learn from the finer critic too (ConSinGAN: Hinz et al. 2021, section 3.1).

    What learns are copies of the model's generators; the model gets what they learned by ``hand_over`` alone, so a
    training that is stopped leaves it as it was.

    Args:
        model: holds the trained generators of all coarser scales; its settings say how many of them train along.
        size: (height, width) of the scale in training.
    """

    def __init__(self, model: SinGAN, size: Size):
        self.model, self.size = model, size
        self.first = max(0, len(model.generators) - model.config.joint_scales)
        self.generators = [copy.deepcopy(own).requires_grad_(True) for own in model.generators[self.first :]]
        self.averaged = copy.deepcopy(self.generators) if model.config.averaging else self.generators
        self.started = [model.rebuild(self.first, z) for z in model.all_z_rec()[:, None]]

    def parameter_groups(self, rate: float) -> list[dict[str, object]]:
        factor = self.model.config.joint_rate
        return [
            {"params": list(generator.parameters()), "lr": rate * factor**distance}
            for distance, generator in enumerate(reversed(self.generators), start=1)
        ]

    def pairs(self) -> Iterable[tuple[nn.Module, nn.Module]]:
        return zip(self.averaged, self.generators, strict=True) if self.averaged is not self.generators else ()

    def draw(self, iteration: int, rng: torch.Generator) -> Tensor:
        return self.sample([rng])

    def sample(self, noises: list[torch.Generator], averaged: bool = False) -> Tensor:
        model = self.model
        image = torch.zeros(len(noises), 3, *model.sizes[0], device=model.z_rec.device)
        for scale in range(self.first):
            image = model.refine(resize(image, model.sizes[scale]), scale, self._noise(noises, scale))
        for scale, network in self._networks(averaged):
            image = self._refined(image, scale, network, self._noise(noises, scale))
        return resize(image, self.size)

    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        image = self.started[picture]
        for scale, network in self._networks(averaged):
            z_rec = self.model.all_z_rec()[picture : picture + 1] if scale == 0 else None
            image = self._refined(image, scale, network, z_rec)
        return resize(image, self.size)

    def hand_over(self) -> None:
        for own, learned in zip(self.model.generators[self.first :], self.averaged, strict=True):
            own.load_state_dict(learned.state_dict())

    def _networks(self, averaged: bool) -> Iterable[tuple[int, nn.Module]]:
        return enumerate(self.averaged if averaged else self.generators, start=self.first)

    def _noise(self, noises: list[torch.Generator], scale: int) -> Tensor:
        return self.model.noise(noises, scale, self.model.sizes[scale])

    def _refined(self, image: Tensor, scale: int, network: nn.Module, noise: Tensor | None) -> Tensor:
        image = resize(image, self.model.sizes[scale])
        refined: Tensor = network(noisy(noise, image, self.model.amplitudes[scale]), image)
        return refined

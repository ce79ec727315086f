"""What the scales below the one in training give it: frozen, as in the paper, or trained along."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from .model import SinGAN, image_generators
from .networks import noisy
from .pyramid import Size, resize, scaled_sizes

POOL_PIXELS = 1 << 22
"""Pixels of the coarser scales' samples that are kept at most: 16 pictures of 512x512, 48 MiB."""


class CoarserScales(ABC):
    """The trained generators of all coarser scales, as the trainer of one scale sees them.

    Pictures are ``[1, 3, H, W]`` at the size of the scale in training, or at another where a ``canvas`` (height,
    width) is given. Where generators train along, ``averaged`` asks for the running average of their weights, which is
    what remains of them.

    Args:
        model: holds the trained generators of all coarser scales.
        size: (height, width) of the scale in training.
    """

    def __init__(self, model: SinGAN, size: Size):
        self.model, self.size = model, size

    @abstractmethod
    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        """A random picture of ``canvas`` pixels for an iteration's step."""

    @abstractmethod
    def sample(self, noises: list[torch.Generator], averaged: bool = False, canvas: Size | None = None) -> Tensor:
        """A fresh picture for each of ``noises``, ``[B, 3, H, W]``."""

    @abstractmethod
    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        """What they make of a training image's z_rec; mid-grey where there are no coarser scales."""

    def draw_both(self, iteration: int, rng: torch.Generator, canvas: Size, picture: int) -> tuple[Tensor, Tensor]:
        """``draw`` and ``reconstruction`` for an iteration that learns from both."""
        return self.draw(iteration, rng, canvas), self.reconstruction(picture)

    def parameter_groups(self, rate: float) -> list[dict[str, object]]:
        """What trains along at a learning rate of ``rate`` at the finest scale, for an optimizer."""
        return []

    def pairs(self) -> Iterable[tuple[nn.Module, nn.Module]]:
        """Each running average with its network in training."""
        return ()

    @abstractmethod
    def hand_over(self) -> None:
        """Give the model what was learned."""

    def sizes(self, canvas: Size | None) -> list[Size]:
        """Those of the coarser scales' pictures that lead to one of ``canvas`` pixels, and that one's."""
        coarser = self.model.sizes[: len(self.model.generators)]
        return scaled_sizes([*coarser, self.size], canvas or self.size)


def coarser_scales(model: SinGAN, size: Size) -> CoarserScales:
    """Those below a scale of ``size`` (height, width) that ``model.config`` asks for."""
    config = model.config
    if config.joint_scales and model.generators and config.coarse(size):
        return TrainedAlong(model, size)
    return FrozenScales(model, size)


class FrozenScales(CoarserScales):
    """Scales that stay as they are, so that a pool of their samples can serve many iterations."""

    def __init__(self, model: SinGAN, size: Size):
        super().__init__(model, size)
        self.pool = torch.empty(0)
        self.reconstructions = resize(model.reconstruct_all(), size)

    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        config = self.model.config
        if not self.model.generators or not config.pool or canvas != self.size:
            return self.sample([rng], canvas=canvas)
        if iteration % config.pool_iterations == 0 or not len(self.pool):
            fitting = max(1, POOL_PIXELS // (self.size[0] * self.size[1]))
            self.pool = self.sample(image_generators(rng, min(config.pool, fitting)))
        index = int(torch.randint(len(self.pool), (), generator=rng))
        return self.pool[index : index + 1]

    def sample(self, noises: list[torch.Generator], averaged: bool = False, canvas: Size | None = None) -> Tensor:
        sizes = self.sizes(canvas)
        start = torch.zeros(len(noises), 3, *sizes[0], device=self.model.z_rec.device)
        return resize(self.model.climb(start, noises, 0, sizes), sizes[-1])

    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        return self.reconstructions[picture : picture + 1]

    def hand_over(self) -> None:
        """Nothing was learned."""


class TrainedAlong(CoarserScales):
    """Scales whose next coarser ones learn from the finer critic too (ConSinGAN: Hinz et al. 2021, section 3.1).

    What learns are copies of the model's generators; the model gets what they learned by ``hand_over`` alone, so a
    training that is stopped leaves it as it was.

    The model's settings say how many of them train along.
    """

    def __init__(self, model: SinGAN, size: Size):
        super().__init__(model, size)
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

    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        return self.sample([rng], canvas=canvas)

    def draw_both(self, iteration: int, rng: torch.Generator, canvas: Size, picture: int) -> tuple[Tensor, Tensor]:
        if canvas != self.size:
            return super().draw_both(iteration, rng, canvas, picture)
        # Both in one pass, as most of the time goes into starting so small operations.
        model, sizes = self.model, self.sizes(canvas)
        images = torch.cat([self._started([rng], sizes), self.started[picture]])
        for scale, network in self._networks(averaged=False):
            noise = model.noise([rng], scale, sizes[scale])
            z_rec = model.all_z_rec()[picture : picture + 1] if scale == 0 else torch.zeros_like(noise)
            images = self._refined(resize(images, sizes[scale]), scale, network, torch.cat([noise, z_rec]))
        sample, reconstruction = resize(images, self.size).chunk(2)
        return sample, reconstruction

    def sample(self, noises: list[torch.Generator], averaged: bool = False, canvas: Size | None = None) -> Tensor:
        model, sizes = self.model, self.sizes(canvas)
        image = self._started(noises, sizes)
        for scale, network in self._networks(averaged):
            noise = model.noise(noises, scale, sizes[scale])
            image = self._refined(resize(image, sizes[scale]), scale, network, noise)
        return resize(image, sizes[-1])

    def reconstruction(self, picture: int, averaged: bool = False) -> Tensor:
        image = self.started[picture]
        for scale, network in self._networks(averaged):
            z_rec = self.model.all_z_rec()[picture : picture + 1] if scale == 0 else None
            image = self._refined(resize(image, self.model.sizes[scale]), scale, network, z_rec)
        return resize(image, self.size)

    def hand_over(self) -> None:
        for own, learned in zip(self.model.generators[self.first :], self.averaged, strict=True):
            own.load_state_dict(learned.state_dict())

    def _started(self, noises: list[torch.Generator], sizes: list[Size]) -> Tensor:
        """What the scales that stay as they are make of fresh noise; mid-grey where there are none."""
        image = torch.zeros(len(noises), 3, *sizes[0], device=self.model.z_rec.device)
        for scale in range(self.first):
            noise = self.model.noise(noises, scale, sizes[scale])
            image = self.model.refine(resize(image, sizes[scale]), scale, noise)
        return image

    def _networks(self, averaged: bool) -> Iterable[tuple[int, nn.Module]]:
        return enumerate(self.averaged if averaged else self.generators, start=self.first)

    def _refined(self, image: Tensor, scale: int, network: nn.Module, noise: Tensor | None) -> Tensor:
        refined: Tensor = network(noisy(noise, image, self.model.amplitudes[scale]), image)
        return refined

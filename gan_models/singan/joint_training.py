"""Coarser scales that train along with a finer one (ConSinGAN: Hinz et al. 2021, section 3.1)."""

import copy
from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from .model import SinGAN
from .networks import noisy
from .pyramid import Size, resize


class TrainedAlong:
    """The scales just below the one in training, which learn from its critic too, at lower rates.

    They are copies of the model's generators; the model gets what they learned by ``hand_over`` alone, so a training
    that is stopped leaves it as it was.

    Args:
        model: holds the trained generators of all coarser scales.
        count: how many of them train along, fewer where there are fewer.
        size: the pictures' (height, width) at the scale in training.
        averaged: whether a running average of the weights is kept, which then is what ``hand_over`` gives.
    """

    def __init__(self, model: SinGAN, count: int, size: Size, averaged: bool):
        self.model, self.size = model, size
        self.first = max(0, len(model.generators) - count)
        self.generators = [copy.deepcopy(own).requires_grad_(True) for own in model.generators[self.first :]]
        self.averaged = [copy.deepcopy(generator) for generator in self.generators] if averaged else self.generators
        self.started = [model.rebuild(self.first, z) for z in model.all_z_rec()[:, None]]

    def parameter_groups(self, rate: float, factor: float) -> Iterator[dict[str, object]]:
        """For an optimizer: ``rate * factor`` for the finest of them, and so on with powers of ``factor``."""
        for distance, generator in enumerate(reversed(self.generators), start=1):
            yield {"params": list(generator.parameters()), "lr": rate * factor**distance}

    def pairs(self) -> Iterable[tuple[nn.Module, nn.Module]]:
        """Each running average with its network in training."""
        return zip(self.averaged, self.generators, strict=True)

    def sample(self, noises: list[torch.Generator], networks: list[nn.Module]) -> Tensor:
        """Fresh pictures of these scales at the size of the one in training, ``[B, 3, H, W]``.

        Args:
            noises: a generator for each picture.
            networks: ``generators`` or ``averaged``.
        """
        model = self.model
        image = torch.zeros(len(noises), 3, *model.sizes[0], device=model.z_rec.device)
        for scale in range(self.first):
            noise = model.noise(noises, scale, model.sizes[scale])
            image = model.refine(resize(image, model.sizes[scale]), scale, noise)
        for scale, network in enumerate(networks, start=self.first):
            image = self._refined(image, scale, network, model.noise(noises, scale, model.sizes[scale]))
        return resize(image, self.size)

    def reconstruction(self, picture: int, networks: list[nn.Module]) -> Tensor:
        """What the networks make of a training image's z_rec, ``[1, 3, H, W]``."""
        image = self.started[picture]
        for scale, network in enumerate(networks, start=self.first):
            z_rec = self.model.all_z_rec()[picture : picture + 1] if scale == 0 else None
            image = self._refined(image, scale, network, z_rec)
        return resize(image, self.size)

    def hand_over(self) -> None:
        """Give the model what was learned."""
        for own, learned in zip(self.model.generators[self.first :], self.averaged, strict=True):
            own.load_state_dict(learned.state_dict())

    def _refined(self, image: Tensor, scale: int, network: nn.Module, noise: Tensor | None) -> Tensor:
        image = resize(image, self.model.sizes[scale])
        refined: Tensor = network(noisy(noise, image, self.model.amplitudes[scale]), image)
        return refined

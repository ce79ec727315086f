"""The coarser scales as the scale in training sees them: frozen, as in the paper, or trained jointly with it."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from ..ema import EMA
from ..pixels import to_float
from .disturbances import pasted
from .harmony import lab_colors
from .model import SinGAN, image_generators
from .networks import noisy
from .pyramid import Size, resize, scaled_sizes

POOL_PIXELS = 1 << 22
"""Upper limit of the pixels in a pool of samples: 16 pictures of 512x512, 48 MiB."""


class CoarserScales(ABC):
    """The trained generators of all coarser scales, as the trainer of one scale sees them.

    Pictures are ``[1, 3, H, W]`` at the size of the scale in training, or at the size ``canvas`` (height, width) where
    one is passed. Where generators train jointly, ``ema`` selects their averaged weights, which the model will keep.

    Args:
        model: holds the trained generators of all coarser scales.
        size: (height, width) of the scale in training.
    """

    def __init__(self, model: SinGAN, size: Size):
        self.model, self.size = model, size

    @abstractmethod
    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        """A random picture of ``canvas`` pixels for one update in an iteration."""

    @abstractmethod
    def sample(self, noises: list[torch.Generator], ema: bool = False, canvas: Size | None = None) -> Tensor:
        """A new picture for each generator in ``noises``, ``[B, 3, H, W]``."""

    @abstractmethod
    def reconstruction(self, picture: int, ema: bool = False) -> Tensor:
        """The reconstruction of a training image from its z_rec; mid-grey where there are no coarser scales."""

    def draw_both(self, iteration: int, rng: torch.Generator, canvas: Size, picture: int) -> tuple[Tensor, Tensor]:
        """``draw`` and ``reconstruction`` for an iteration that trains on both."""
        return self.draw(iteration, rng, canvas), self.reconstruction(picture)

    def parameter_groups(self, rate: float) -> list[dict[str, object]]:
        """An optimizer's groups of the jointly trained weights, for a learning rate of the scale in training."""
        return []

    def networks(self) -> list[nn.Module]:
        """The networks that learn, and their averages."""
        return []

    @abstractmethod
    def update_model(self) -> None:
        """Copy what was learned into the model."""

    def sizes(self, canvas: Size | None) -> list[Size]:
        """Sizes of the coarser scales' pictures that lead to one of ``canvas`` pixels, and its own size."""
        coarser = self.model.sizes[: len(self.model.generators)]
        return scaled_sizes([*coarser, self.size], canvas or self.size)


def coarser_scales(model: SinGAN, size: Size, ema: EMA) -> CoarserScales:
    """The scales below one of ``size`` (height, width), frozen or trained jointly as ``model.config`` says.

    Args:
        ema: averages the weights that train.
    """
    config = model.config
    if config.harmonizes:
        return DisturbedCopies(model, size)
    if config.joint_scales and model.generators and config.coarse(size):
        return JointScales(model, size, ema)
    return FrozenScales(model, size)


class FrozenScales(CoarserScales):
    """Scales that do not change, so that a pool of their samples can serve many iterations."""

    def __init__(self, model: SinGAN, size: Size):
        super().__init__(model, size)
        self.pool = torch.empty(0)
        self.reconstructions = resize(model.reconstruct(), size)

    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        config = self.model.config
        if not self.model.generators or not config.pool or canvas != self.size:
            return self.sample([rng], canvas=canvas)
        if iteration % config.pool_iterations == 0 or not len(self.pool):
            fitting = max(1, POOL_PIXELS // (self.size[0] * self.size[1]))
            self.pool = self.sample(image_generators(rng, min(config.pool, fitting)))
        index = int(torch.randint(len(self.pool), (), generator=rng))
        return self.pool[index : index + 1]

    def sample(self, noises: list[torch.Generator], ema: bool = False, canvas: Size | None = None) -> Tensor:
        sizes = self.sizes(canvas)
        start = torch.zeros(len(noises), 3, *sizes[0], device=self.model.z_rec.device)
        return resize(self.model.refine_from(0, start, noises, sizes), sizes[-1])

    def reconstruction(self, picture: int, ema: bool = False) -> Tensor:
        return self.reconstructions[picture : picture + 1]

    def update_model(self) -> None:
        """Nothing was learned."""


class DisturbedCopies(FrozenScales):
    """The coarser scales of a model for harmonization: what they make of disturbed copies of the training image.

    ``colors`` are those of each training image in Lab, ``[N, 3]`` each. In the first ``critic_lead`` iterations only
    the critic learns.
    """

    critic_lead = 0

    def __init__(self, model: SinGAN, size: Size):
        super().__init__(model, size)
        self.colors = [lab_colors(to_float(picture[None])) for picture in model.training_images]

    def sample(self, noises: list[torch.Generator], ema: bool = False, canvas: Size | None = None) -> Tensor:
        picture = resize(self.model.training_picture(), self.size)
        return torch.cat([self.refine(self.composite(picture, rng)[0], [rng]) for rng in noises])

    def composite(self, real: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """A copy of a training image at this scale with something foreign in it, and the mask of that.

        Args:
            real: ``[1, 3, H, W]`` in [-1, 1].
        Returns:
            ``[1, 3, H, W]`` in [-1, 1] and ``[1, 1, H, W]`` with 0 and 1.
        """
        return pasted(real, rng)

    def refine(self, pictures: Tensor, noises: list[torch.Generator | None]) -> Tensor:
        """What the coarser scales make of pictures at the size of the scale in training, at that size.

        Args:
            pictures: ``[B, 3, H, W]`` in [-1, 1].
            noises: of each picture; None refines it without noise.
        Returns:
            ``[B, 3, H, W]``.
        """
        model, image = self.model, pictures
        if model.generators:
            image = resize(image, model.sizes[0])
        for scale in range(len(model.generators)):
            size = model.sizes[scale]
            noise = [model.noise([rng], scale, size) if rng else torch.zeros(1, 3, *size) for rng in noises]
            image = model.refine(resize(image, size), scale, torch.cat(noise).to(image.device))
        return resize(image, self.size)


class JointScales(CoarserScales):
    """Scales of which the finest also learn from the critic of the scale in training.

    ConSinGAN trains its stages so (Hinz et al. 2021, section 3.1). Copies of the model's generators learn, and
    ``update_model`` writes the result back, so a training that is stopped leaves the model as it was.

    Args:
        model: its settings say how many scales train jointly.
        size: (height, width) of the scale in training.
        ema: averages the weights that train.
    """

    def __init__(self, model: SinGAN, size: Size, ema: EMA):
        super().__init__(model, size)
        self.first = max(0, len(model.generators) - model.config.joint_scales)
        self.generators = [copy.deepcopy(own).requires_grad_(True) for own in model.generators[self.first :]]
        self.ema_generators = [ema.track(generator) for generator in self.generators]
        self.frozen = [model.reconstruct_coarse(self.first, picture) for picture in range(len(model.z_rec))]

    def parameter_groups(self, rate: float) -> list[dict[str, object]]:
        factor = self.model.config.joint_rate
        return [
            {"params": list(generator.parameters()), "lr": rate * factor**distance}
            for distance, generator in enumerate(reversed(self.generators), start=1)
        ]

    def networks(self) -> list[nn.Module]:
        return [*self.generators, *self.ema_generators]

    def draw(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        return self.sample([rng], canvas=canvas)

    def draw_both(self, iteration: int, rng: torch.Generator, canvas: Size, picture: int) -> tuple[Tensor, Tensor]:
        if canvas != self.size:
            return super().draw_both(iteration, rng, canvas, picture)
        # Both share a pass, as such small operations take most of their time to start.
        model, sizes = self.model, self.sizes(canvas)
        images = torch.cat([self._frozen_sample([rng], sizes), self.frozen[picture]])
        for scale, network in self._networks(ema=False):
            noise = model.noise([rng], scale, sizes[scale])
            z_rec = self._z_rec(picture) if scale == 0 else torch.zeros_like(noise)
            images = self._refine(resize(images, sizes[scale]), scale, network, torch.cat([noise, z_rec]))
        sample, reconstruction = resize(images, self.size).chunk(2)
        return sample, reconstruction

    def sample(self, noises: list[torch.Generator], ema: bool = False, canvas: Size | None = None) -> Tensor:
        model, sizes = self.model, self.sizes(canvas)
        image = self._frozen_sample(noises, sizes)
        for scale, network in self._networks(ema):
            noise = model.noise(noises, scale, sizes[scale])
            image = self._refine(resize(image, sizes[scale]), scale, network, noise)
        return resize(image, sizes[-1])

    def reconstruction(self, picture: int, ema: bool = False) -> Tensor:
        image = self.frozen[picture]
        for scale, network in self._networks(ema):
            z_rec = self._z_rec(picture) if scale == 0 else None
            image = self._refine(resize(image, self.model.sizes[scale]), scale, network, z_rec)
        return resize(image, self.size)

    def update_model(self) -> None:
        for own, learned in zip(self.model.generators[self.first :], self.ema_generators, strict=True):
            own.load_state_dict(learned.state_dict())

    def _frozen_sample(self, noises: list[torch.Generator], sizes: list[Size]) -> Tensor:
        """A sample of the scales that stay frozen; mid-grey where there are none."""
        image = torch.zeros(len(noises), 3, *sizes[0], device=self.model.z_rec.device)
        for scale in range(self.first):
            noise = self.model.noise(noises, scale, sizes[scale])
            image = self.model.refine(resize(image, sizes[scale]), scale, noise)
        return image

    def _networks(self, ema: bool) -> Iterable[tuple[int, nn.Module]]:
        return enumerate(self.ema_generators if ema else self.generators, start=self.first)

    def _z_rec(self, picture: int) -> Tensor:
        return self.model.z_rec[picture : picture + 1]

    def _refine(self, image: Tensor, scale: int, network: nn.Module, noise: Tensor | None) -> Tensor:
        refined: Tensor = network(noisy(noise, image, self.model.amplitudes[scale]), image)
        return refined

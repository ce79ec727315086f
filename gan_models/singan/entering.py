"""A picture that enters a trained SinGAN's pyramid at a scale of choice and climbs from there."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .captions import captioned
from .model import SinGAN, image_generators
from .pyramid import Size, resize


class Entry(ABC):
    """The same picture and the same noise for every start scale, so that the results can be compared.

    Args:
        model: whose pyramid is entered.
        image: ``[B, 3, H, W]`` in [-1, 1], on the model's device.
        sizes: of the pyramid's scales for this picture.
        generator: CPU generator of the noise; one draw is taken from it for each picture.

    ``scales`` are those that it may enter, coarsest first.
    """

    def __init__(self, model: SinGAN, image: Tensor, sizes: list[Size], generator: torch.Generator):
        self.model, self.image, self.sizes = model, image, sizes
        self.scales = range(1, len(model.sizes))
        self._state = generator.get_state()
        image_generators(generator, len(image))

    @abstractmethod
    def enter(self, start_scale: int) -> Tensor:
        """What becomes of the picture: ``[B, 3, H, W]`` in [-1, 1]. Raises ValueError for a scale out of ``scales``."""

    @abstractmethod
    def choose(self, on_progress: OnProgress | None = None) -> int:
        """The start scale that ``enter`` is best given when nobody chooses one.

        ``on_progress`` is called before every scale that is tried; it may raise to stop.
        """

    def everywhere(self, on_progress: OnProgress | None = None) -> Tensor:
        """What becomes of it at each start scale, labelled: ``[scales * B, 3, H', W]`` on the CPU, coarsest first."""
        pictures = []
        for scale in self.scales:
            self._report(on_progress, scale)
            pictures.append(captioned(self.enter(scale), f"start scale {scale}"))
        return torch.cat(pictures)

    def _entrance(self, start_scale: int) -> Tensor:
        """The picture with no more detail than the next coarser scale has, at the size of ``start_scale``."""
        self.model.check_start_scale(start_scale, lowest=self.scales[0])
        return resize(resize(self.image, self.sizes[start_scale - 1]), self.sizes[start_scale])

    def _climb(self, entrance: Tensor, start_scale: int, model: SinGAN) -> Tensor:
        generator = torch.Generator()
        generator.set_state(self._state)
        return model.climb(entrance, image_generators(generator, len(entrance)), start_scale, self.sizes)

    def _report(self, on_progress: OnProgress | None, scale: int) -> None:
        if on_progress is not None:
            done = scale - self.scales[0]
            on_progress(Progress(done, len(self.scales), f"start scale {scale} of {self.scales[-1]}"))

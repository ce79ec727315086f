"""A picture injected into a trained SinGAN's pyramid at a scale of choice (Shaham et al. 2019, section 4)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor

from ..progress import OnProgress, parts
from .captions import captioned
from .model import SinGAN, image_generators
from .pyramid import Size, resize


class Injection(ABC):
    """A picture to inject, with the same noise at every start scale, so that the results can be compared.

    Args:
        model: the model whose generators from the start scale on refine the picture.
        image: ``[B, 3, H, W]`` in [-1, 1], on the model's device.
        sizes: (height, width) of every scale for this picture, coarsest first.
        generator: CPU generator of the noise; one seed is drawn from it for each picture.

    ``scales`` are the possible start scales, coarsest first.
    """

    def __init__(self, model: SinGAN, image: Tensor, sizes: list[Size], generator: torch.Generator):
        self.model, self.image, self.sizes = model, image, sizes
        self.scales = range(0 if model.config.harmonizes else 1, len(model.sizes))
        self._state = generator.get_state()
        image_generators(generator, len(image))

    @abstractmethod
    def inject(self, start_scale: int, on_progress: OnProgress | None = None) -> Tensor:
        """Inject the picture at ``start_scale``; coarser scales change more of it.

        Args:
            on_progress: called as by ``SinGAN.refine``.
        Returns:
            ``[B, 3, H, W]`` in [-1, 1].
        Raises:
            ValueError: a start scale that is not in ``scales``.
        """

    @abstractmethod
    def choose_scale(self, on_progress: OnProgress | None = None) -> int:
        """The start scale to use where the user has not chosen one.

        ``on_progress`` is called while each scale is tried, as by ``SinGAN.refine``.
        """

    def inject_at_all_scales(self, on_progress: OnProgress | None = None) -> Tensor:
        """The results of all start scales, each with a caption: ``[scales * B, 3, H', W]`` on the CPU, coarsest first.

        ``on_progress`` is called as by ``SinGAN.refine``.
        """
        tries = self._tries(on_progress)
        return torch.cat([captioned(self.inject(scale, part), f"start scale {scale}") for scale, part in tries])

    def _coarsened(self, start_scale: int) -> Tensor:
        """The picture with no more detail than the next coarser scale has, at the size of ``start_scale``."""
        self.model.check_start_scale(start_scale, lowest=self.scales[0])
        return resize(resize(self.image, self.sizes[max(start_scale - 1, 0)]), self.sizes[start_scale])

    def _refined(
        self, picture: Tensor, start_scale: int, model: SinGAN, on_progress: OnProgress | None
    ) -> Tensor:
        generator = torch.Generator()
        generator.set_state(self._state)
        noises = image_generators(generator, len(picture))
        return model.refine_from(start_scale, picture, noises, self.sizes, on_progress)

    def _tries(self, on_progress: OnProgress | None) -> Iterator[tuple[int, OnProgress | None]]:
        """Every start scale with an ``on_progress`` for its injection."""
        costs = self.model.costs(self.sizes)
        stages = [f"start scale {scale} of {self.scales[-1]}" for scale in self.scales]
        return zip(self.scales, parts(on_progress, [sum(costs[scale:]) for scale in self.scales], stages), strict=True)

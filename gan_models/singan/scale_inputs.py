"""What the generator of one scale is trained on: random windows, larger canvases, and the coarser scales' pictures."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .coarser_scales import CoarserScales
from .model import SinGAN
from .networks import MARGIN, noisy
from .pyramid import Size

TALL_SHARE = 1 / 3
"""Share of the larger canvases that are taller; the others are wider, which suits most pictures better."""


class Inputs(NamedTuple):
    """The arguments of ``Generator.forward``.

    Attributes:
        padded: noise plus the picture of the coarser scales, ``[B, 3, H + 10, W + 10]``.
        previous: the picture of the coarser scales alone, ``[B, 3, H, W]``.
    """

    padded: Tensor
    previous: Tensor


@dataclass(frozen=True)
class Window:
    """A rectangle of a picture, in pixels: all of it, or the crop that one iteration trains on."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, image: Tensor, margin: int = 0) -> Tensor:
        """Cut the window out of ``[B, C, H, W]``, or out of a picture that is padded by ``margin``."""
        return image[:, :, self.top : self.bottom + 2 * margin, self.left : self.right + 2 * margin]


@dataclass(frozen=True)
class Example:
    """The random choices of one iteration.

    Attributes:
        iteration: index of the iteration at this scale.
        picture: index of the training image.
        real: that image in the iteration's window, ``[1, 3, h, w]``.
        window: the part of the training image that the iteration trains on.
        noise: unit noise for the sample, ``[1, 3, H, W]`` at the canvas's size.
        canvas: (height, width) of the sample.
        place: the part of the canvas that the critic sees; as large as ``window``.
    """

    iteration: int
    picture: int
    real: Tensor
    window: Window
    noise: Tensor
    canvas: Size
    place: Window


class ScaleInputs:
    """Draws the examples of one scale and turns the coarser scales' pictures into inputs of its generator.

    Args:
        model: holds the trained generators of all coarser scales.
        coarser: these scales, as the training sees them.
        real: the training images at this scale, ``[N, 3, H, W]``.
        amplitude: the noise amplitude of this scale.
        rng: CPU generator of every random number of this scale.
    """

    def __init__(self, model: SinGAN, coarser: CoarserScales, real: Tensor, amplitude: float, rng: torch.Generator):
        self.model, self.coarser, self.real, self.amplitude, self.rng = model, coarser, real, amplitude, rng
        self.scale = len(model.generators)
        self.canvas_share = model.config.canvas_share if model.config.coarse(self.size) else 0.0

    @property
    def size(self) -> Size:
        """(height, width) of the training images at this scale."""
        return int(self.real.shape[-2]), int(self.real.shape[-1])

    def draw(self, iteration: int) -> Example:
        """Choose a training image, a window of it, and a canvas with noise, all at random."""
        window = self._window()
        canvas, place = self._canvas(window)
        noise = self.model.noise([self.rng], self.scale, canvas)
        # With one picture nothing is drawn, so that its training uses the same random numbers as ever.
        picture = int(torch.randint(len(self.real), (), generator=self.rng)) if len(self.real) > 1 else 0
        return Example(iteration, picture, window.of(self._real(picture)), window, noise, canvas, place)

    def sample(self, example: Example) -> Inputs:
        """Inputs for a sample: the example's noise and a random picture of the coarser scales."""
        previous = self.coarser.draw(example.iteration, self.rng, example.canvas)
        return self._inputs(example.noise, previous, example.place)

    def sample_and_reconstruction(self, example: Example) -> tuple[Inputs, Inputs]:
        """Inputs for a sample, and inputs for the reconstruction of the example's training image."""
        previous, reconstruction = self.coarser.draw_both(
            example.iteration, self.rng, example.canvas, example.picture
        )
        return (
            self._inputs(example.noise, previous, example.place),
            self._inputs(self._z_rec(example.picture), reconstruction, example.window),
        )

    def reconstruction(self, example: Example) -> Inputs:
        """Inputs for the reconstruction of the example's training image."""
        previous = self.coarser.reconstruction(example.picture)
        return self._inputs(self._z_rec(example.picture), previous, example.window)

    def final_sample(self, rng: torch.Generator) -> Inputs:
        """Inputs for a whole sample, with the EMA weights of the coarser scales."""
        previous = self.coarser.sample([rng], ema=True)
        return Inputs(noisy(self.model.noise([rng], self.scale, self.size), previous, self.amplitude), previous)

    def final_reconstruction(self, picture: int) -> Inputs:
        """Inputs for the reconstruction of a whole training image, with the EMA weights of the coarser scales."""
        previous = self.coarser.reconstruction(picture, ema=True)
        return Inputs(noisy(self._z_rec(picture), previous, self.amplitude), previous)

    def _real(self, picture: int) -> Tensor:
        return self.real[picture : picture + 1]

    def _z_rec(self, picture: int) -> Tensor | None:
        return self.model.z_rec[picture : picture + 1] if self.scale == 0 else None

    def _inputs(self, noise: Tensor | None, previous: Tensor, window: Window) -> Inputs:
        return Inputs(window.of(noisy(noise, previous, self.amplitude), MARGIN), window.of(previous))

    def _window(self) -> Window:
        spans = []
        for length in self.size:
            side = min(length, self.model.config.crop or length)
            start = int(torch.randint(length - side + 1, (), generator=self.rng))
            spans.append((start, start + side))
        return Window(*spans[0], *spans[1])

    def _canvas(self, window: Window) -> tuple[Size, Window]:
        """Size of an iteration's sample and the part of it that the critic sees."""
        if not self.canvas_share or torch.rand((), generator=self.rng) >= self.canvas_share:
            return self.size, window
        height, width = self.size
        if torch.rand((), generator=self.rng) < TALL_SHARE:
            top = int(torch.randint(height + 1, (), generator=self.rng))
            return (2 * height, width), Window(top, top + height, 0, width)
        left = int(torch.randint(width + 1, (), generator=self.rng))
        return (height, 2 * width), Window(0, height, left, left + width)

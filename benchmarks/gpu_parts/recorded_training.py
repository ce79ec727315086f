"""SinGAN's training with recorded iterations: the random numbers and the updates are those of the ordinary training."""

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn

from gan_models.seeds import on_device
from gan_models.singan import losses
from gan_models.singan.coarser_scales import FrozenScales
from gan_models.singan.model import SinGAN
from gan_models.singan.pyramid import Size
from gan_models.singan.scale_inputs import Example, Window
from gan_models.singan.scale_training import ScaleTrainer
from gan_models.singan.training_steps import FusedStep, descend

from .recorded import Recorded

Take = Callable[..., Tensor]


@dataclass(frozen=True)
class MovingWindow(Window):
    """A window whose place is read on the device, so that one recording serves every place.

    Attributes:
        rows, columns: int64 indices of the rows and columns of the window, on the device.
    """

    rows: Tensor
    columns: Tensor

    def of(self, image: Tensor, margin: int = 0) -> Tensor:
        for dimension, indices in ((2, self.rows), (3, self.columns)):
            offsets = torch.arange(len(indices) + 2 * margin, device=indices.device)
            image = image.index_select(dimension, indices[:1] + offsets)
        return image


class RecordedPenalty(losses.LazyGradientPenalty):
    """The gradient penalty with its random point on the device. ``updates`` is counted outside.

    Attributes:
        take: see ``Recorded.take``.
    """

    take: Take

    @property
    def due(self) -> bool:
        """Whether the next update has a penalty."""
        return bool(self.weight) and self.updates % self.every == 0

    def __call__(self, critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor | None:
        if not self.due:
            return None
        mix = self.take(lambda: on_device(torch.rand((), generator=self.rng), real.device))
        return self.weight * self.every * losses.gradient_penalty(critic, mix * real + (1 - mix) * fake)


class RecordedSampleLoss(losses.SampleLoss):
    """The losses of samples, with the last sample at a fixed address."""

    _kept: Tensor | None = None

    @property  # type: ignore[override]
    def last_fake(self) -> Tensor | None:
        return self._kept

    @last_fake.setter
    def last_fake(self, fake: Tensor | None) -> None:
        if fake is None:
            self._kept = None
        elif self._kept is None:
            self._kept = fake.clone()
        else:
            self._kept.copy_(fake)


class RecordedStep(FusedStep):
    """The fast step with one recording for each kind of iteration.

    Kinds differ in the canvas, in whether a gradient penalty is due, in the learning rate, and in whether there is a
    last sample to compare with.
    """

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        inputs, config = self.inputs, self.config
        if config.crop or len(inputs.real) > 1 or config.critic_steps > 1 or config.generator_steps > 1:
            raise ValueError("only trainings on one whole picture with one update of each network can be recorded")
        self.device = inputs.real.device
        self.penalty = RecordedPenalty(config.penalty_weight, config.penalty_every, inputs.rng)
        self.penalty.take = self._take
        self.sample_loss = RecordedSampleLoss(config, inputs.size, inputs.rng)
        for optimizer in (self.optimizers.generator, self.optimizers.critic):
            for group in optimizer.param_groups:
                group["capturable"] = self.device.type == "cuda"
        self.recordings: dict[object, Recorded] = {}
        self._drawing = False
        self._draw_example, self._draw_coarser = inputs.draw, inputs.coarser.draw
        inputs.draw = self._taken_example
        if isinstance(inputs.coarser, FrozenScales):
            inputs.coarser.draw = self._taken_coarser

    def run(self, iteration: int) -> None:
        self.iteration, self.example = iteration, self._draw_example(iteration)
        rates = [group["lr"] for group in self.optimizers.generator.param_groups]
        kind = (self.example.canvas, self.penalty.due, self.sample_loss.last_fake is None, *rates)
        if kind not in self.recordings:
            self.recordings[kind] = Recorded(functools.partial(super().run, iteration), self.device)
        self.recording = self.recordings[kind]
        with self._taking():
            self.recording()
        self.penalty.updates += 1
        self.ema.update()

    def release(self) -> None:
        """Free the recordings and the memory that they use."""
        self.recordings.clear()
        self.recording = None

    def update_generator(self, losses: Iterator[Tensor]) -> None:
        """As the plain step does, but for the EMA, whose decay changes from one iteration to the next."""
        self.critic.requires_grad_(False)
        descend(self.optimizers.generator, losses)

    @contextmanager
    def _taking(self) -> Iterator[None]:
        """Whatever the step would draw or copy to the device becomes an input of the recording."""
        model, plain = self.inputs.model, (losses.on_device, losses.patch_distance)
        losses.on_device, losses.patch_distance, model.noise = self._constant, self._patch_distance, self._noise
        try:
            yield
        finally:
            losses.on_device, losses.patch_distance = plain
            del model.noise

    def _take(self, draw: Callable[[], Tensor], constant: bool = False) -> Tensor:
        def drawn() -> Tensor:
            self._drawing = True
            try:
                with self.autocast():
                    return draw()
            finally:
                self._drawing = False

        return self.recording.take(drawn, constant)

    def _taken_example(self, iteration: int) -> Example:
        example = self.example
        noise, place = self._take(lambda: self.example.noise), example.place
        if example.canvas != self.inputs.size:
            rows = self._take(lambda: self._span(self.example.place.top, self.example.place.bottom))
            columns = self._take(lambda: self._span(self.example.place.left, self.example.place.right))
            place = MovingWindow(**asdict(place), rows=rows, columns=columns)
        return replace(example, noise=noise, place=place)

    def _span(self, first: int, end: int) -> Tensor:
        return on_device(torch.arange(first, end), self.device)

    def _taken_coarser(self, iteration: int, rng: torch.Generator, canvas: Size) -> Tensor:
        return self._take(lambda: self._draw_coarser(self.iteration, rng, canvas))

    def _noise(self, generators: list[torch.Generator], scale: int, size: Size) -> Tensor:
        def draw() -> Tensor:
            return SinGAN.noise(self.inputs.model, generators, scale, size)

        return draw() if self._drawing else self._take(draw)

    def _constant(self, values: Tensor, device: torch.device) -> Tensor:
        return self._take(lambda: on_device(values, device), constant=True)

    def _patch_distance(self, sample: Tensor, real: Tensor, generator: torch.Generator) -> Tensor:
        """``losses.patch_distance`` with directions that are an input."""
        height, width = (min(losses.PATCH, side) for side in real.shape[-2:])

        def draw() -> Tensor:
            directions = torch.randn(losses.PROJECTIONS, 3, height, width, generator=generator)
            return on_device(directions / directions.square().sum((1, 2, 3), keepdim=True).sqrt(), real.device)

        directions = self._take(draw)
        projected = (
            torch.nn.functional.conv2d(image, directions).flatten(1).view(losses.PROJECTIONS, -1)
            for image in (sample, real)
        )
        sample_values, real_values = map(losses._sorted, projected)
        return (sample_values - real_values).abs().mean()


class RecordedTrainer(ScaleTrainer):
    """Trains a scale with ``RecordedStep``."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        plain = self.step
        self.step = RecordedStep(
            plain.generator, plain.critic, plain.optimizers, plain.ema, plain.inputs, plain.dtype
        )

    def run(self, on_iteration: Callable[[int], None]) -> None:
        super().run(on_iteration)
        self.step.release()

"""The updates of one iteration at one scale: as in the paper, or faster, with common passes.

Both steps minimize the same losses (Shaham et al. 2019, section 2.2): WGAN-GP's, the reconstruction loss, and those
that ``SampleLoss`` adds at coarse scales.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext

import torch
import torch.nn.functional as F
from torch import Tensor

from ..ema import EMA
from .config import SinGANConfig
from .losses import LazyGradientPenalty, SampleLoss
from .networks import Critic, Generator
from .optimizers import Optimizers, descend
from .scale_inputs import Example, Inputs, ScaleInputs


class TrainingStep(ABC):
    """The updates of one iteration.

    Args:
        generator, critic: the networks of the scale in training.
        optimizers: of both.
        ema: averages the generator's weights; updated after each of the generator's updates.
        inputs: draws the examples.
        dtype: of the convolutions: torch.float32, or a 16-bit type for autocast.
    """

    def __init__(
        self,
        generator: Generator,
        critic: Critic,
        optimizers: Optimizers,
        ema: EMA,
        inputs: ScaleInputs,
        dtype: torch.dtype,
    ):
        self.config: SinGANConfig = inputs.model.config
        self.generator, self.critic, self.optimizers, self.ema = generator, critic, optimizers, ema
        self.inputs, self.dtype = inputs, dtype
        self.penalty = LazyGradientPenalty(self.config.penalty_weight, self.config.penalty_every, inputs.rng)
        self.sample_loss = SampleLoss(self.config, inputs.size, inputs.rng)

    @abstractmethod
    def run(self, iteration: int) -> None:
        """Draw an example and update both networks, each as often as the settings say."""

    @abstractmethod
    def wasserstein_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        """Losses whose sum is the critic's mean score of ``fake`` minus that of ``real``, ``[1, 3, h, w]`` each."""

    def fake(self, example: Example) -> tuple[Inputs, Tensor]:
        """A new sample for the critic, without gradients, and the inputs that it was made from."""
        with torch.no_grad(), self.autocast():
            inputs = self.inputs.sample(example)
            return inputs, self.generator(*inputs)

    def update_critic(self, real: Tensor, fake: Tensor) -> None:
        """One step of the critic on ``[1, 3, h, w]`` each."""
        self.critic.requires_grad_(True)
        descend(self.optimizers.critic, self._critic_losses(real, fake))

    def update_generator(self, losses: Iterator[Tensor]) -> None:
        """One step of the generator, and of the scales that train jointly with it, down the sum of ``losses``."""
        self.critic.requires_grad_(False)
        descend(self.optimizers.generator, losses)
        self.ema.update()

    def adversarial_loss(self, fake: Tensor, example: Example) -> Tensor:
        """The generator's loss for a sample, ``[1, 3, h, w]`` with its graph, including ``SampleLoss``."""
        own_size = example.canvas == self.inputs.size
        return sum(self.sample_loss.terms(fake, example.real, own_size), start=-self.scores(fake).mean())

    def reconstruction_loss(self, reconstruction: Tensor, example: Example) -> Tensor:
        """The weighted mean squared error of ``[1, 3, h, w]``."""
        return self.config.reconstruction_weight * F.mse_loss(reconstruction, example.real)

    def scores(self, image: Tensor) -> Tensor:
        """The critic's scores in float32."""
        with self.autocast():
            scores: Tensor = self.critic(image).float()
        return scores

    def autocast(self) -> AbstractContextManager[object]:
        """The context of every pass through a network."""
        # Not every device supports autocast, so float32 does without it altogether.
        device = self.inputs.real.device.type
        return nullcontext() if self.dtype == torch.float32 else torch.autocast(device, self.dtype)

    def _critic_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        yield from self.wasserstein_losses(real, fake)
        with self.autocast():
            penalty = self.penalty(self.critic, real, fake)
        if penalty is not None:
            yield penalty


class SeparateStep(TrainingStep):
    """The paper's step: every update makes its own passes, and every pass sees one picture.

    Batch norm needs it, as its statistics would mix pictures that share a pass.
    """

    def run(self, iteration: int) -> None:
        example = self.inputs.draw(iteration)
        for _ in range(self.config.critic_steps):
            inputs, fake = self.fake(example)
            self.update_critic(example.real, fake)
        for _ in range(self.config.generator_steps):
            self.update_generator(self._generator_losses(inputs, example))

    def wasserstein_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        yield -self.scores(real).mean()
        yield self.scores(fake).mean()

    def _generator_losses(self, inputs: Inputs, example: Example) -> Iterator[Tensor]:
        with self.autocast():
            fake = self.generator(*inputs)
        yield self.adversarial_loss(fake, example)
        with self.autocast():
            reconstruction = self.generator(*self.inputs.reconstruction(example))
        yield self.reconstruction_loss(reconstruction, example)


class FusedStep(TrainingStep):
    """The fast step, for networks without normalization: pictures share passes, and so do the two networks' updates.

    The generator does not change while the critic learns, so one pass of it serves the critic's last update and the
    generator's first.
    """

    def run(self, iteration: int) -> None:
        example = self.inputs.draw(iteration)
        for _ in range(self.config.critic_steps - 1):
            self.update_critic(example.real, self.fake(example)[1])
        with self.autocast():
            both = self.inputs.sample_and_reconstruction(example)
        fake, reconstruction = self._generate(*both)
        self.update_critic(example.real, fake.detach())
        self.update_generator(self._generator_losses(fake, reconstruction, example))
        for _ in range(self.config.generator_steps - 1):
            self.update_generator(self._generator_losses(*self._generate(*both), example))

    def wasserstein_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        real_score, fake_score = self.scores(torch.cat([real, fake])).mean((1, 2, 3))
        yield fake_score - real_score

    def _generate(self, sample: Inputs, target: Inputs) -> tuple[Tensor, Tensor]:
        """A sample and a reconstruction, ``[1, 3, h, w]`` each, in one pass."""
        padded, previous = map(torch.cat, zip(sample, target, strict=True))
        with self.autocast():
            fake, reconstruction = self.generator(padded, previous).chunk(2)
        return fake, reconstruction

    def _generator_losses(self, fake: Tensor, reconstruction: Tensor, example: Example) -> Iterator[Tensor]:
        yield self.reconstruction_loss(reconstruction, example) + self.adversarial_loss(fake, example)


def training_step(config: SinGANConfig) -> type[TrainingStep]:
    """The kind of step that the settings allow: the fast one unless the networks have batch norm."""
    return SeparateStep if config.normalization == "batch" else FusedStep

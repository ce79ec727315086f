"""Adversarial training of one scale on top of the coarser ones (Shaham et al. 2019, section 2.2)."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..ema import EMA
from .batch_statistics import fix_statistics
from .coarser_scales import CoarserScales, coarser_scales
from .harmonizing import HarmonizingStep
from .model import SinGAN, in_strips
from .networks import MEMORY_FORMAT, Critic, Generator, initialize
from .optimizers import Optimizers
from .pyramid import Size
from .recovery import CHECKS, MOST_RETURNS, GoodStates
from .scale_inputs import ScaleInputs
from .training_steps import training_step

TOLERATED_ERROR = 0.1
"""Root mean squared error of a reconstruction, in -1..1, up to which a training never counts as diverged."""


COPY_NOISE = 0.15
"""Noise amplitude of the coarsest scale of a model for harmonization, which gives flat objects texture."""


LEAST_INTERVAL = 25
"""Iterations between two checks of a training, at least."""


class DivergedError(ArithmeticError):
    """A training diverged from the picture; its networks are useless."""


class ScaleTrainer:
    """Trains the generator and the critic of one scale.

    Args:
        model: holds the trained generators of all coarser scales, and the settings.
        critic: the next coarser scale's, whose weights are the initial ones where the widths agree; or None.
        real: the training images at this scale, ``[N, 3, H, W]`` in [-1, 1]; each iteration trains on one of them.
        rng: CPU generator of every random number of this scale.
        dtype: of the convolutions: torch.float32, or a 16-bit type for autocast.
        coarser: the coarser scales; None builds those that the settings ask for.
        start: a trained generator to start from, of this scale's width; None starts as the paper does.

    After ``run``, ``generator`` is ready for use with the noise ``amplitude``, and ``critic`` for the next scale;
    ``returns`` says how often the training diverged and went back.
    """

    def __init__(
        self,
        model: SinGAN,
        critic: Critic | None,
        real: Tensor,
        rng: torch.Generator,
        dtype: torch.dtype,
        coarser: CoarserScales | None = None,
        start: Generator | None = None,
    ):
        config = model.config
        self.model, self.real = model, real
        self.scale = len(model.generators)
        ema = EMA(config.ema_decay)
        self.coarser = coarser or coarser_scales(model, self.size, ema)
        self.errors = self._coarser_errors()
        amplitude = config.noise_weight * sum(self.errors) / len(self.errors)
        if self.scale == 0:
            amplitude = COPY_NOISE if config.harmonizes else 1.0
        self.generator, self.critic = self._networks(critic, rng)
        if start is not None:
            self.generator.load_state_dict(start.state_dict())
        self.ema_generator = ema.track(self.generator)
        self.optimizers = Optimizers(self.generator, self.critic, self.coarser, config)
        self.inputs = ScaleInputs(model, self.coarser, real, amplitude, rng)
        step = HarmonizingStep if config.harmonizes else training_step(config)
        self.returns = 0
        self.step = step(self.generator, self.critic, self.optimizers, ema, self.inputs, dtype)

    @property
    def size(self) -> Size:
        """(height, width) of this scale."""
        return int(self.real.shape[-2]), int(self.real.shape[-1])

    @property
    def iterations(self) -> int:
        """Iterations of this scale."""
        return self.model.config.iterations_at(self.scale, len(self.model.sizes))

    @property
    def amplitude(self) -> float:
        """Noise amplitude of this scale, in proportion to the error that the coarser scales leave."""
        return self.inputs.amplitude

    def run(self, on_iteration: Callable[[int], None]) -> None:
        """Train for ``iterations``, calling ``on_iteration(number done)`` after each.

        A training that diverges goes back to its last good state and continues at half the rate (``recovery.py``), so
        the number done can fall.

        Raises:
            DivergedError: a training image is reconstructed much worse than before, and worse than by one flat colour,
                after ``MOST_RETURNS`` returns, too.
        """
        averages = [self.ema_generator] if self.ema_generator is not self.generator else []
        networks = [self.generator, self.critic, *averages, *self.coarser.networks()]
        good = GoodStates(networks, self.optimizers)
        done = 0
        while True:
            self.generator.train()
            self._train(done, good, on_iteration)
            self.generator.load_state_dict(self.ema_generator.state_dict())
            self.generator.eval()
            if self.model.config.normalization == "batch":
                self.fix_statistics(*self.reconstruction_inputs())
            wrong = self._diverged(self.generator)
            if wrong is None:
                break
            if good.returns == MOST_RETURNS:
                raise DivergedError(f"{wrong}. Train with another seed or with fewer iterations")
            done = good.go_back()
            self.returns = good.returns
        self.coarser.update_model()

    def _train(self, done: int, good: GoodStates, on_iteration: Callable[[int], None]) -> None:
        """Run the iterations after the first ``done``, and keep good states; end early where weights are not finite."""
        decay_at = round(self.iterations * self.model.config.decay_at)
        interval = max(self.iterations // CHECKS, LEAST_INTERVAL)
        for iteration in range(done, self.iterations):
            if iteration == decay_at:
                self.optimizers.decay()
            self.step.run(iteration)
            on_iteration(iteration + 1)
            if (iteration + 1) % interval == 0 and iteration + 1 < self.iterations:
                if not all(torch.isfinite(weight).all() for weight in self.ema_generator.parameters()):
                    return
                if self._diverged(self.ema_generator) is None:
                    good.keep(iteration + 1)

    def reconstruction_inputs(self) -> tuple[Tensor, Tensor]:
        """The padded input and the previous picture of the training images' reconstructions, each as one batch."""
        inputs = [self.inputs.final_reconstruction(picture) for picture in range(len(self.real))]
        padded, previous = zip(*inputs, strict=True)
        return torch.cat(padded), torch.cat(previous)

    def fix_statistics(self, padded: Tensor, previous: Tensor) -> None:
        """Give the trained generator's batch norms the statistics of these inputs (see batch_statistics.py)."""
        fix_statistics(self.generator, padded, previous)

    @torch.no_grad()
    def preview(self, rng: torch.Generator) -> Tensor:
        """A new sample of this scale beside the first image's reconstruction, ``[1, 3, H, 2 W]`` in [-1, 1]."""
        inputs = self.inputs.final_sample(rng), self.inputs.final_reconstruction(0)
        return torch.cat([in_strips(self.ema_generator, *each) for each in inputs], dim=-1).clamp(-1, 1)

    @torch.no_grad()
    def _diverged(self, network: Generator) -> str | None:
        """What is wrong if a generator of this scale has diverged from a training image; None if it has not."""
        for picture, (real, before) in enumerate(zip(self.real[:, None], self.errors, strict=True)):
            reconstruction = in_strips(network, *self.inputs.final_reconstruction(picture))
            error = F.mse_loss(reconstruction, real).sqrt().item()
            flat = (real - real.mean((2, 3), keepdim=True)).square().mean().sqrt().item()
            # The comparison is negated so that an error of NaN counts as diverged, too.
            if not error <= max(flat, 2 * before, TOLERATED_ERROR):
                return (f"scale {self.scale + 1} of {len(self.model.sizes)} diverged: the error of its reconstruction "
                        f"is {error:.2f}, and {before:.2f} without this scale")  # fmt: skip
        return None

    @torch.no_grad()
    def _coarser_errors(self) -> list[float]:
        """Root mean squared error of the coarser scales' reconstruction of each training image."""
        return [
            F.mse_loss(self.coarser.reconstruction(picture), real).sqrt().item()
            for picture, real in enumerate(self.real[:, None])
        ]

    def _networks(self, critic: Critic | None, rng: torch.Generator) -> tuple[Generator, Critic]:
        config = self.model.config
        width, normalization = config.width(self.scale), config.normalization
        # PyTorch's default generator, which draws the first weights, gets its state back; the weights are replaced.
        with torch.random.fork_rng(devices=[]):
            new_generator, new_critic = Generator(width, normalization), Critic(width, normalization)
        if critic is not None and config.width(self.scale - 1) == width:
            new_generator.load_state_dict(self.model.generators[-1].state_dict())
            new_critic.load_state_dict(critic.state_dict())
        else:
            initialize(new_generator, normalization, rng)
            initialize(new_critic, normalization, rng)
        for network in (new_generator, new_critic):
            network.to(self.real.device).to(memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]
        return new_generator, new_critic

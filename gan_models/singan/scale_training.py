"""Adversarial training of one scale on top of the frozen coarser ones (Shaham et al. 2019, section 2.2)."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .coarser_scales import CoarserScales, coarser_scales
from .config import SinGANConfig
from .losses import gradient_penalty, patch_distance, spread
from .model import SinGAN, in_strips
from .networks import MARGIN, MEMORY_FORMAT, Critic, Generator, initialize, noisy
from .pyramid import Size

TALL_SHARE = 1 / 3
"""Share of the larger canvases that are taller; the others are wider, which is what most pictures bear better."""
TOLERATED_ERROR = 0.1
"""Root mean squared error of a reconstruction, in -1..1, up to which a training never counts as diverged."""


class DivergedError(ArithmeticError):
    """A training ran away from the picture; its networks are of no use."""


@dataclass(frozen=True)
class Window:
    """A rectangle of the picture: all of it, or the crop that one iteration trains on."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, image: Tensor, margin: int = 0) -> Tensor:
        """Cut the window out of ``[B, C, H, W]``, or out of a picture that is padded by ``margin``."""
        return image[:, :, self.top : self.bottom + 2 * margin, self.left : self.right + 2 * margin]


@dataclass(frozen=True)
class Target:
    """What one iteration is to reconstruct: a training image in the iteration's window, and what leads to it.

    Attributes:
        real: the training image, ``[1, 3, h, w]``.
        padded: the generator's input that is to give it, ``[1, 3, h + 10, w + 10]``.
        previous: the coarser scales' reconstruction, ``[1, 3, h, w]``.
    """

    real: Tensor
    padded: Tensor
    previous: Tensor


class ScaleTrainer:
    """Trains the generator and the critic of one scale.

    Args:
        model: holds the trained generators of all coarser scales.
        critic: of the next coarser scale, whose weights are taken over where the widths agree; or None.
        real: the training images at this scale, ``[N, 3, H, W]``; an iteration takes one of them.
        rng: CPU generator of every random number of this scale.
        dtype: of the convolutions; torch.float32, or a 16-bit type for autocast.
        coarser: what the coarser scales give; None: what the model's settings ask for.

    ``iterations`` are those of this scale. After ``run``, ``generator`` is ready for use and ``critic``
    for the next scale.
    """

    def __init__(
        self,
        model: SinGAN,
        critic: Critic | None,
        real: Tensor,
        rng: torch.Generator,
        dtype: torch.dtype,
        coarser: CoarserScales | None = None,
    ):
        self.model, self.real, self.rng, self.dtype = model, real, rng, dtype
        self.config: SinGANConfig = model.config
        self.scale = len(model.generators)
        self.iterations = self.config.iterations_at(self.scale, len(model.sizes))
        self.size: Size = (int(real.shape[-2]), int(real.shape[-1]))
        self.coarser = coarser or coarser_scales(model, self.size)
        self.errors = self._coarser_errors()
        self.amplitude = self.config.noise_weight * sum(self.errors) / len(self.errors) if self.scale else 1.0
        self.generator, self.critic = self._networks(critic)
        self.averaged = copy.deepcopy(self.generator) if self.config.averaging else None
        pairs = [] if self.averaged is None else [(self.averaged, self.generator), *self.coarser.pairs()]
        self.averages = [weight.data for average, _ in pairs for weight in average.parameters()]
        self.learned = [weight.data for _, network in pairs for weight in network.parameters()]
        self.generator_optimizer = self._adam(self.generator)
        for group in self.coarser.parameter_groups(self.config.learning_rate):
            self.generator_optimizer.add_param_group(group)
        self.critic_optimizer = self._adam(self.critic)
        self.critic_updates = self.generator_updates = 0
        coarse = self.config.coarse(self.size)
        self.distribution_weight = self.config.distribution_weight if coarse else 0.0
        self.diversity = self.config.diversity if coarse else 0.0
        self.canvas_share = self.config.canvas_share if coarse else 0.0
        self.canvas = self.size
        self.last_fake: Tensor | None = None
        # Batch statistics would mix pictures that share a pass.
        self.one_pass = self.config.normalization == "none"

    def run(self, on_iteration: Callable[[int], None]) -> None:
        """Train for ``iterations``, calling ``on_iteration(number done)`` after each.

        Raises:
            DivergedError: a training image is reconstructed much worse than before, and worse than by one flat colour.
        """
        decay_after = round(self.iterations * self.config.decay_at)
        for iteration in range(self.iterations):
            if iteration == decay_after:
                for optimizer in (self.generator_optimizer, self.critic_optimizer):
                    for group in optimizer.param_groups:
                        group["lr"] /= 10
            self._iterate(iteration)
            on_iteration(iteration + 1)
        if self.averaged is not None:
            self.generator.load_state_dict(self.averaged.state_dict())
        self.generator.eval()
        if self.config.normalization == "batch":
            pairs = [self._reconstruction(picture) for picture in range(len(self.real))]
            fix_statistics(self.generator, *map(torch.cat, zip(*pairs, strict=True)))
        self._require_likeness()
        self.coarser.hand_over()

    @torch.no_grad()
    def _require_likeness(self) -> None:
        for picture, (real, before) in enumerate(zip(self.real[:, None], self.errors, strict=True)):
            error = F.mse_loss(in_strips(self.generator, *self._reconstruction(picture)), real).sqrt().item()
            flat = (real - real.mean((2, 3), keepdim=True)).square().mean().sqrt().item()
            # Asked this way round, as an error that is no number is no likeness either.
            if not error <= max(flat, 2 * before, TOLERATED_ERROR):
                raise DivergedError(
                    f"scale {self.scale + 1} of {len(self.model.sizes)} diverged: its reconstruction is off by "
                    f"{error:.2f}, that of the coarser scales by {before:.2f}. Train with another seed, "
                    "or with fewer iterations"
                )

    @torch.no_grad()
    def preview(self, rng: torch.Generator) -> Tensor:
        """A fresh sample of this scale beside the (first) reconstruction, ``[1, 3, H, 2 W]``."""
        network = self.generator if self.averaged is None else self.averaged
        previous = self.coarser.sample([rng], averaged=True)
        padded = noisy(self.model.noise([rng], self.scale, self.size), previous, self.amplitude)
        padded_rec, previous_rec = self._reconstruction(0)
        pictures = in_strips(network, padded, previous), in_strips(network, padded_rec, previous_rec)
        return torch.cat(pictures, dim=-1).clamp(-1, 1)

    def _iterate(self, iteration: int) -> None:
        window = self._window()
        self.canvas, place = self._canvas(window)
        noise = self.model.noise([self.rng], self.scale, self.canvas)
        # A single picture needs no draw, and so trains with the random numbers that it always had.
        picture = int(torch.randint(len(self.real), (), generator=self.rng)) if len(self.real) > 1 else 0
        real = window.of(self.real[picture : picture + 1])
        for _ in range(self.config.critic_steps - 1):
            with torch.no_grad(), self._autocast():
                previous = self.coarser.draw(iteration, self.rng, self.canvas)
                fake = self.generator(*self._inputs(noise, previous, place))
            self._critic_step(real, fake)
        with self._autocast():
            previous, rebuilt = self.coarser.draw_both(iteration, self.rng, self.canvas, picture)
        inputs = self._inputs(noise, previous, place)
        target = Target(real, *self._inputs(self._z_rec(picture), rebuilt, window))
        both = None
        if self.one_pass:
            # The generator stands still while the critic learns, so its own step can use the same pass.
            both = self._generate_both(*inputs, target)
            fake = both[0].detach()
        else:
            with torch.no_grad(), self._autocast():
                fake = self.generator(*inputs)
        self._critic_step(real, fake)
        for _ in range(self.config.generator_steps):
            self._generator_step(*inputs, target, both)
            both = None

    def _critic_step(self, real: Tensor, fake: Tensor) -> None:
        self.critic.requires_grad_(True)
        _step(self.critic_optimizer, self._critic_losses(real, fake))
        self.critic_updates += 1

    def _critic_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        config = self.config
        if self.one_pass:
            real_score, fake_score = self._scores(torch.cat([real, fake])).mean((1, 2, 3))
            yield fake_score - real_score
        else:
            yield -self._scores(real).mean()
            yield self._scores(fake).mean()
        if config.penalty_weight and self.critic_updates % config.penalty_every == 0:
            mix = torch.rand((), generator=self.rng).item()
            with self._autocast():
                penalty = gradient_penalty(self.critic, mix * real + (1 - mix) * fake)
            yield config.penalty_weight * config.penalty_every * penalty

    def _generator_step(
        self, padded: Tensor, previous: Tensor, target: Target, both: tuple[Tensor, Tensor] | None
    ) -> None:
        self.critic.requires_grad_(False)
        _step(self.generator_optimizer, self._generator_losses(padded, previous, target, both))
        self.generator_updates += 1
        if self.averaged is not None:
            # The first weights are worth nothing, so the average starts short.
            decay = min(self.config.averaging, self.generator_updates / (self.generator_updates + 10))
            torch._foreach_lerp_(self.averages, self.learned, 1 - decay)

    def _generator_losses(
        self, padded: Tensor, previous: Tensor, target: Target, both: tuple[Tensor, Tensor] | None
    ) -> Iterator[Tensor]:
        weight = self.config.reconstruction_weight
        if self.one_pass:
            fake, reconstruction = both or self._generate_both(padded, previous, target)
            yield weight * F.mse_loss(reconstruction, target.real) + self._sample_loss(fake, target.real)
        else:
            with self._autocast():
                fake = self.generator(padded, previous)
            yield self._sample_loss(fake, target.real)
            with self._autocast():
                reconstruction = self.generator(target.padded, target.previous)
            yield weight * F.mse_loss(reconstruction, target.real)

    def _sample_loss(self, fake: Tensor, real: Tensor) -> Tensor:
        loss = -self._scores(fake).mean()
        if self.distribution_weight:
            loss = loss + self.distribution_weight * patch_distance(fake, real, self.rng)
        if self.diversity and self.canvas == self.size:
            # The generator has hardly changed since the last iteration, so its fake of then serves as a second one.
            if self.last_fake is not None:
                lacking = F.relu(self.diversity - spread(fake, self.last_fake, real))
                loss = loss + self.config.diversity_weight * lacking
            self.last_fake = fake.detach()
        return loss

    def _generate_both(self, padded: Tensor, previous: Tensor, target: Target) -> tuple[Tensor, Tensor]:
        """A fake and the reconstruction in one pass."""
        padded = torch.cat([padded, target.padded])
        previous = torch.cat([previous, target.previous])
        with self._autocast():
            fake, reconstruction = self.generator(padded, previous).chunk(2)
        return fake, reconstruction

    def _scores(self, image: Tensor) -> Tensor:
        with self._autocast():
            scores: Tensor = self.critic(image).float()
        return scores

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        fused = self.real.device.type in ("cpu", "cuda")
        return torch.optim.Adam(network.parameters(), self.config.learning_rate, (0.5, 0.999), fused=fused)

    def _window(self) -> Window:
        spans = []
        for length in self.size:
            side = min(length, self.config.crop or length)
            start = int(torch.randint(length - side + 1, (), generator=self.rng))
            spans.append((start, start + side))
        return Window(*spans[0], *spans[1])

    def _canvas(self, window: Window) -> tuple[Size, Window]:
        """Size of an iteration's sample, and the part of it that is judged and learns; mostly the picture's."""
        if not self.canvas_share or torch.rand((), generator=self.rng) >= self.canvas_share:
            return self.size, window
        height, width = self.size
        if torch.rand((), generator=self.rng) < TALL_SHARE:
            top = int(torch.randint(height + 1, (), generator=self.rng))
            return (2 * height, width), Window(top, top + height, 0, width)
        left = int(torch.randint(width + 1, (), generator=self.rng))
        return (height, 2 * width), Window(0, height, left, left + width)

    def _inputs(self, noise: Tensor | None, previous: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        """The generator's arguments for a window of the coarser scales' picture ``previous``."""
        return window.of(noisy(noise, previous, self.amplitude), MARGIN), window.of(previous)

    def _reconstruction(self, picture: int) -> tuple[Tensor, Tensor]:
        """The generator's arguments that give a training image, as the coarser scales are in use."""
        previous = self.coarser.reconstruction(picture, averaged=True)
        return noisy(self._z_rec(picture), previous, self.amplitude), previous

    def _z_rec(self, picture: int) -> Tensor | None:
        return self.model.all_z_rec()[picture : picture + 1] if self.scale == 0 else None

    @torch.no_grad()
    def _coarser_errors(self) -> list[float]:
        """How far the coarser scales' reconstruction of each training image is off, as a root mean square."""
        return [
            F.mse_loss(self.coarser.reconstruction(picture), real).sqrt().item()
            for picture, real in enumerate(self.real[:, None])
        ]

    def _networks(self, critic: Critic | None) -> tuple[Generator, Critic]:
        width, normalization = self.config.width(self.scale), self.config.normalization
        new_generator, new_critic = Generator(width, normalization), Critic(width, normalization)
        if critic is not None and self.config.width(self.scale - 1) == width:
            new_generator.load_state_dict(self.model.generators[-1].state_dict())
            new_critic.load_state_dict(critic.state_dict())
        else:
            initialize(new_generator, normalization, self.rng)
            initialize(new_critic, normalization, self.rng)
        for network in (new_generator, new_critic):
            network.to(self.real.device).to(memory_format=MEMORY_FORMAT)  # type: ignore[call-overload]
        return new_generator, new_critic

    def _autocast(self) -> AbstractContextManager[object]:
        # Not every device knows autocast, so float32 does without it altogether.
        return nullcontext() if self.dtype == torch.float32 else torch.autocast(self.real.device.type, self.dtype)


def _step(optimizer: torch.optim.Optimizer, losses: Iterable[Tensor]) -> None:
    """One step down the sum of ``losses``, whose graphs are in memory one at a time."""
    optimizer.zero_grad()
    for loss in losses:
        loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


@torch.no_grad()
def fix_statistics(network: Generator, padded: Tensor, previous: Tensor) -> None:
    """Freeze batch norm at the statistics of one batch, so that use gives what training gave for it.

    The running averages mix the statistics of samples and reconstructions, and differ from both.
    """
    network.eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            variances, means = zip(*_moments(network, layer, padded, previous), strict=True)
            layer.running_mean = mean = torch.stack(means).mean(0)
            spread = [variance + (own - mean).square() for variance, own in zip(variances, means, strict=True)]
            layer.running_var = torch.stack(spread).mean(0)
            layer.num_batches_tracked = torch.zeros((), dtype=torch.int64, device=mean.device)


def _moments(network: Generator, layer: nn.Module, padded: Tensor, previous: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Variance and mean of every channel that enters ``layer``, for each picture of a batch."""
    moments: list[tuple[Tensor, Tensor]] = []

    def measure(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        moments.append(torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0))

    hook = layer.register_forward_pre_hook(measure)
    for picture in zip(padded[:, None], previous[:, None], strict=True):
        network(*picture)
    hook.remove()
    return moments

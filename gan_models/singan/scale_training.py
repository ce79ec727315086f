"""Adversarial training of one scale on top of the frozen coarser ones (Shaham et al. 2019, section 2.2)."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import SinGANConfig
from .model import SinGAN, image_generators
from .networks import MARGIN, MEMORY_FORMAT, Critic, Generator, initialize, noisy
from .pyramid import resize


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


class ScaleTrainer:
    """Trains the generator and the critic of one scale.

    Args:
        model: holds the trained generators of all coarser scales.
        critic: of the next coarser scale, whose weights are taken over where the widths agree; or None.
        real: the training image at this scale, ``[1, 3, H, W]``.
        rng: CPU generator of every random number of this scale.
        dtype: of the convolutions; torch.float32, or a 16-bit type for autocast.

    ``iterations`` are those of this scale. After ``run``, ``generator`` is ready for use and ``critic``
    for the next scale.
    """

    def __init__(self, model: SinGAN, critic: Critic | None, real: Tensor, rng: torch.Generator, dtype: torch.dtype):
        self.model, self.real, self.rng, self.dtype = model, real, rng, dtype
        self.config: SinGANConfig = model.config
        self.scale = len(model.generators)
        self.iterations = self.config.iterations_at(self.scale, len(model.sizes))
        self.size = (int(real.shape[-2]), int(real.shape[-1]))
        self.previous_rec, self.amplitude = self._reconstruction_so_far()
        self.padded_rec = noisy(model.z_rec if self.scale == 0 else None, self.previous_rec, self.amplitude)
        self.generator, self.critic = self._networks(critic)
        self.averaged = copy.deepcopy(self.generator) if self.config.averaging else None
        self.generator_optimizer = self._adam(self.generator)
        self.critic_optimizer = self._adam(self.critic)
        self.critic_updates = self.generator_updates = 0
        self.pool = torch.empty(0)

    def run(self, on_iteration: Callable[[int], None]) -> None:
        """Train for ``iterations``, calling ``on_iteration(number done)`` after each."""
        decay_after = round(self.iterations * self.config.decay_at)
        for iteration in range(self.iterations):
            if iteration == decay_after:
                for optimizer in (self.generator_optimizer, self.critic_optimizer):
                    optimizer.param_groups[0]["lr"] = self.config.learning_rate / 10
            self._iterate(iteration)
            on_iteration(iteration + 1)
        if self.averaged is not None:
            self.generator.load_state_dict(self.averaged.state_dict())
        fix_statistics(self.generator, self.padded_rec, self.previous_rec)

    @torch.no_grad()
    def preview(self, rng: torch.Generator) -> Tensor:
        """A fresh sample of this scale beside its reconstruction, ``[1, 3, H, 2 W]``."""
        network = self.generator if self.averaged is None else self.averaged
        noises = [rng]
        previous = self._previous(noises)
        padded = noisy(self.model.noise(noises, self.scale, self.size), previous, self.amplitude)
        pictures = network(padded, previous), network(self.padded_rec, self.previous_rec)
        return torch.cat(pictures, dim=-1).clamp(-1, 1)

    def _iterate(self, iteration: int) -> None:
        config = self.config
        window = self._window()
        noise = self.model.noise([self.rng], self.scale, self.size)
        for step in range(config.critic_steps):
            previous = self._draw_previous(iteration)
            padded = window.of(noisy(noise, previous, self.amplitude), MARGIN)
            previous = window.of(previous)
            # The generator stands still while the critic learns, so its next step can reuse the last fake.
            with torch.set_grad_enabled(step == config.critic_steps - 1), self._autocast():
                fake, reconstruction = self._generate(padded, previous, window)
            self._critic_step(window.of(self.real), fake.detach())
        for step in range(config.generator_steps):
            if step > 0:
                with self._autocast():
                    fake, reconstruction = self._generate(padded, previous, window)
            self._generator_step(fake, reconstruction, window.of(self.real))

    def _generate(self, padded: Tensor, previous: Tensor, window: Window) -> tuple[Tensor, Tensor]:
        padded_rec, previous_rec = window.of(self.padded_rec, MARGIN), window.of(self.previous_rec)
        if self.config.normalization == "none":
            both = self.generator(torch.cat([padded, padded_rec]), torch.cat([previous, previous_rec]))
            return both[:-1], both[-1:]
        # Batch statistics would mix the two pictures.
        return self.generator(padded, previous), self.generator(padded_rec, previous_rec)

    def _critic_step(self, real: Tensor, fake: Tensor) -> None:
        config = self.config
        self.critic.requires_grad_(True)
        with self._autocast():
            if config.normalization == "none":
                real_scores, fake_scores = self.critic(torch.cat([real, fake])).float().split([1, len(fake)])
            else:
                real_scores, fake_scores = self.critic(real).float(), self.critic(fake).float()
            loss = fake_scores.mean() - real_scores.mean()
            if config.penalty_weight and self.critic_updates % config.penalty_every == 0:
                mix = torch.rand((), generator=self.rng).item()
                penalty = gradient_penalty(self.critic, mix * real + (1 - mix) * fake)
                loss = loss + config.penalty_weight * config.penalty_every * penalty
        _step(self.critic_optimizer, loss)
        self.critic_updates += 1

    def _generator_step(self, fake: Tensor, reconstruction: Tensor, real: Tensor) -> None:
        self.critic.requires_grad_(False)
        with self._autocast():
            loss = -self.critic(fake).float().mean()
        loss = loss + self.config.reconstruction_weight * F.mse_loss(reconstruction, real)
        _step(self.generator_optimizer, loss)
        if self.averaged is not None:
            self.generator_updates += 1
            # The first weights are worth nothing, so the average starts short.
            decay = min(self.config.averaging, self.generator_updates / (self.generator_updates + 10))
            for mean, new in zip(self.averaged.parameters(), self.generator.parameters(), strict=True):
                mean.data.lerp_(new.data, 1 - decay)

    def _adam(self, network: nn.Module) -> torch.optim.Adam:
        return torch.optim.Adam(network.parameters(), self.config.learning_rate, (0.5, 0.999), fused=True)

    def _draw_previous(self, iteration: int) -> Tensor:
        """A random picture of the coarser scales at this scale's size, ``[1, 3, H, W]``."""
        config = self.config
        if self.scale == 0 or not config.pool:
            return self._previous([self.rng])
        if iteration % config.pool_iterations == 0 or not len(self.pool):
            self.pool = self._previous(image_generators(self.rng, config.pool))
        index = int(torch.randint(len(self.pool), (), generator=self.rng))
        return self.pool[index : index + 1]

    def _previous(self, noises: list[torch.Generator]) -> Tensor:
        start = torch.zeros(len(noises), 3, *self.model.sizes[0], device=self.real.device)
        if self.scale == 0:
            return start
        return resize(self.model.climb(start, noises, 0, self.model.sizes), self.size)

    def _window(self) -> Window:
        spans = []
        for length in self.size:
            side = min(length, self.config.crop or length)
            start = int(torch.randint(length - side + 1, (), generator=self.rng))
            spans.append((start, start + side))
        return Window(*spans[0], *spans[1])

    def _reconstruction_so_far(self) -> tuple[Tensor, float]:
        """The coarser scales' reconstruction at this size, and the noise amplitude that its error asks for."""
        if self.scale == 0:
            return torch.zeros_like(self.real), 1.0
        previous = resize(self.model.reconstruct(), self.size)
        error = F.mse_loss(previous, self.real).sqrt().item()
        return previous, self.config.noise_weight * error

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

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.real.device.type, self.dtype, enabled=self.dtype != torch.float32)


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    optimizer.step()


def gradient_penalty(critic: nn.Module, image: Tensor) -> Tensor:
    """Mean over pixels of (norm over channels of the critic's gradient - 1) squared (WGAN-GP)."""
    image = image.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(critic(image).sum(), image, create_graph=True)
    penalty: Tensor = (gradient.float().norm(2, dim=1) - 1).square().mean()
    return penalty


@torch.no_grad()
def fix_statistics(network: Generator, padded: Tensor, previous: Tensor) -> None:
    """Freeze batch norm at the statistics of one input, so that use gives what training gave for it.

    The running averages mix the statistics of samples and reconstructions, and differ from both.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]

    def freeze(layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(layer, nn.BatchNorm2d)
        variance, mean = torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0)
        layer.running_mean, layer.running_var = mean, variance
        layer.num_batches_tracked = torch.zeros((), dtype=torch.int64, device=mean.device)

    hooks = [layer.register_forward_pre_hook(freeze) for layer in layers]
    network.eval()
    network(padded, previous)
    for hook in hooks:
        hook.remove()

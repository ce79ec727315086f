"""Trains generator and style encoder against the discriminators (Park et al. 2019, section 3 and appendix A)."""

import copy
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from itertools import chain

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from ...distributed import average_gradients, processes
from ...efficientnet import EfficientNetLite
from ...ema import move_averages
from ...labels import taxonomy
from ...seeds import seeds_default_generator
from ..fast.modulation import LabelMaps
from ..label_codes import label_codes, one_hot
from ..networks.discriminator import build_discriminator
from ..networks.encoder import StyleEncoder
from ..networks.generator import Generator
from ..networks.pix2pixhd import AnyGenerator, build_generator
from ..networks.projected import ProjectedConfig
from ..networks.spade import BatchNorm, Conditioning
from .config import TrainingConfig
from .draws import color_window, sample_style, shared_styles, training_noise
from .finite import require_finite, total
from .initialization import effective_state, freeze_first_blocks, initialize, normalize_spectrally, weights_of
from .losses import (
    adversarial_loss,
    color_loss,
    discriminator_loss,
    feature_matching_loss,
    grid_loss,
    perceptual_loss,
    region_loss,
    style_loss,
    transfer_loss,
)

COMPARED = 4
"""Number of features that the perceptual loss compares, from the finest."""


class Trainer:
    """A training run: the networks, their optimizers, and the number of steps done.

    Args:
        config: the settings.
        device: where to compute.
        dtype: precision of the convolutions: torch.float32, or torch.bfloat16 for autocast.
        perceptual: an additional loss: a module that compares a generated and a real picture, ``[B, 3, H, W]`` in
            [-1, 1] each. See ``perceptual.py``.
        features: the network whose features the discriminators of a ``ProjectedConfig`` use. See
            ``efficientnet.py``.
        start: networks whose weights the run starts from, "generator" and "encoder", of the architectures in
            ``config``; None starts from random weights. They are not changed.
    Raises:
        ValueError: the discriminators need features, but ``features`` is None.

    Attributes:
        step: the number of steps done.
        encoder_frozen: whether the style encoder is frozen.
        norm_frozen: whether batch norm is frozen.
        sources: what the run trains on: digests by name, which the state keeps.
        pictures: the number of pictures seen, over all processes. A picture that was seen twice counts twice.
        seconds: the total time of the steps.
        ema: the generator with the exponential moving average of the weights, which becomes the model.
    """

    def __init__(
        self,
        config: TrainingConfig,
        *,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        perceptual: nn.Module | None = None,
        features: EfficientNetLite | None = None,
        start: Mapping[str, nn.Module] | None = None,
    ):
        if isinstance(config.discriminator, ProjectedConfig) and features is None:
            raise ValueError("discriminators on features need the network that computes them, EfficientNet-Lite0")
        self.config = config
        self.device = torch.device(device)
        self.dtype = dtype
        self.step = 0
        self.encoder_frozen = self.norm_frozen = False
        self.sources: dict[str, str] = {}
        self.pictures = 0
        self.seconds = 0.0
        self.perceptual = perceptual.to(device) if perceptual is not None else None
        self.features = features.to(device) if isinstance(config.discriminator, ProjectedConfig) and features else None
        self.sky = [channel for channel in taxonomy(config.taxonomy).sky if channel < config.generator.semantic_nc]
        with seeds_default_generator(config.seed):
            self.generator = build_generator(config.generator)
            self.encoder = StyleEncoder(config.encoder) if config.encoder else None
            self.discriminator = build_discriminator(config.discriminator)
            for network in self.networks.values():
                initialize(network, config.init_gain)
            for name, network in (start or {}).items():
                self.networks[name].load_state_dict(weights_of(network))
            self.ema = copy.deepcopy(self.generator).eval().requires_grad_(False)
            normalize_spectrally(self.generator)
            if self.encoder is not None:
                normalize_spectrally(self.encoder)
        freeze_first_blocks(self.generator, config.frozen_blocks)
        if self.encoder is not None and not config.train_encoder:
            self.freeze_encoder()
        if start and config.freezes_norm_at(0):
            self.freeze_norm()
        for network in (*self.networks.values(), self.ema):
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        learning = [self.generator.parameters(), self.encoder.parameters() if self.encoder else []]
        self.generator_params = list(chain.from_iterable(learning))
        self.discriminator_params = [weight for weight in self.discriminator.parameters() if weight.requires_grad]
        betas = (0.0, config.beta)
        self.optimizers = {
            "generator": torch.optim.Adam(self.generator_params, config.learning_rate, betas, fused=True),
            "discriminator": torch.optim.Adam(self.discriminator_params, config.learning_rate, betas, fused=True),
        }

    @property
    def networks(self) -> dict[str, nn.Module]:
        """The networks that are trained, by name."""
        encoder = {"encoder": self.encoder} if self.encoder is not None else {}
        return {"generator": self.generator, **encoder, "discriminator": self.discriminator}

    def freeze_encoder(self) -> None:
        """Freeze the style encoder."""
        assert self.encoder is not None
        self.encoder.eval().requires_grad_(False)
        self.encoder_frozen = True

    def freeze_norm(self, measured: AnyGenerator | None = None) -> None:
        """Freeze the generator's batch norm: from now on, it normalizes by fixed statistics.

        Args:
            measured: a generator of the same architecture with the statistics; None keeps those that the generator has.
        """
        source = (measured or self.generator).state_dict()
        for generator in (self.generator, self.ema):
            for name, module in generator.named_modules():
                if isinstance(module, BatchNorm):
                    module.load_state_dict({key: source[f"{name}.{key}"] for key in module.state_dict()})
                    module.eval()
        self.norm_frozen = True

    def train_step(self, images: Tensor, ids: Tensor) -> dict[str, float]:
        """One step of the generator and one of the discriminators.

        Args:
            images: this process's share of the batch, ``[B, 3, H, W]`` in [-1, 1].
            ids: its label maps, integer ``[B, H, W]``.
        Returns:
            The losses of this process by name.
        Raises:
            NotFiniteError: a loss is infinite or NaN. No network took a step from it.
        """
        began = time.perf_counter()
        images = images.to(self.device, memory_format=torch.channels_last)
        codes = label_codes(self.config.generator, ids).to(self.device)
        labels = one_hot(self.config.generator, codes)
        self._set_rates()
        with torch.enable_grad():
            losses, fake = self._reconstruction_losses(images, codes, labels)
            # Detached from the generator, so that one pass of the discriminators gives the gradients of both sides.
            shown = fake.detach().requires_grad_()
            adversarial_losses, discriminator_losses = self.adversarial_losses(images, shown, labels)
            values = require_finite(losses | adversarial_losses | discriminator_losses, f"step {self.step + 1}")
            to_fake = torch.autograd.grad(total(adversarial_losses), shown, retain_graph=True)[0]
            pulled = (fake * to_fake).sum()
            self._descend("generator", self.generator_params, total(losses | {"adversarial": pulled}))
            self._descend("discriminator", self.discriminator_params, total(discriminator_losses))
        self.step += 1
        self._average()
        if self.config.even_style:
            for generator in (self.generator, self.ema):
                assert isinstance(generator, Generator)
                generator.make_style_even()
        self.pictures += len(images) * processes()[1]
        self.seconds += time.perf_counter() - began
        return values

    def _reconstruction_losses(self, images: Tensor, codes: Tensor, labels: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """The losses of the generator and the encoder that need no discriminator, and the generated pictures."""
        config = self.config
        losses = {}
        with self.autocast():
            z = None
            own, others, sources = self.styles_of(len(images))
            if self.encoder is not None:
                mu, logvar = self.encoder(images)
                z = sample_style(mu, logvar, config.seed, self.step)
                z = z[sources] if others else z
                if not self.encoder_frozen:
                    losses["style"] = config.style_weight * style_loss(mu, logvar)
            noise = training_noise(len(images), config.seed, self.step)
            fake: Tensor = self.generator(self.conditioning(codes), z, noise).float()
            made, real, where = (x[own] if others else x for x in (fake, images, labels))
            height, width = images.shape[2:]
            window = color_window(height, width, config.color_window, config.seed, self.step)
            if config.color_weight:
                losses["colors"] = config.color_weight * color_loss(made, real)
            if config.region_weight:
                losses["regions"] = config.region_weight * region_loss(made[window], real[window], where[window])
            if config.grid_weight:
                losses["grid"] = config.grid_weight * grid_loss(fake)
            if config.transfer_weight and others:
                wanted = [sources[picture] for picture in others]
                apart = transfer_loss(
                    fake[others][window], images[wanted], labels[others][window], labels[wanted], self.sky,
                    config.color_window,
                )  # fmt: skip
                losses["transfer"] = config.transfer_weight * apart
            if config.latent_weight and self.encoder is not None and z is not None:
                losses["latent"] = config.latent_weight * self._latent_loss(fake, z)
            if self.perceptual is not None:
                losses["perceptual"] = config.perceptual_weight * self.perceptual(made, real)
        return losses, fake

    def styles_of(self, count: int) -> tuple[list[int], list[int], list[int]]:
        """``draws.shared_styles`` for this step. Without an encoder, every picture is in its own style."""
        return shared_styles(self.config.transfers if self.encoder is not None else 0.0, self.step, count)

    def _latent_loss(self, fake: Tensor, z: Tensor) -> Tensor:
        """Difference between the style that the encoder reads from generated pictures and the style that they have."""
        assert self.encoder is not None
        self.encoder.requires_grad_(False)
        mu, _ = self.encoder(fake)
        self.encoder.requires_grad_(not self.encoder_frozen)
        return F.l1_loss(mu.float(), z.detach().float())

    def conditioning(self, codes: Tensor) -> Conditioning:
        """Label maps in the form in which the generator gets them. Codes: as from ``label_codes``."""
        return LabelMaps(self.config.generator, codes)

    def adversarial_losses(
        self, images: Tensor, fake: Tensor, labels: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The adversarial losses of the generator, and the losses of the discriminators.

        Args:
            images, fake: real and generated pictures, ``[B, 3, H, W]`` in [-1, 1].
            labels: their one-hot label maps, ``[B, classes, H, W]``.
        """
        config = self.config
        made = {}
        with self.autocast(), parametrize.cached():
            fake_input, real_input = (torch.cat([pictures, labels], 1) for pictures in (fake, images))
            if self.features is None:
                fake_outputs, real_outputs = self.discriminator(fake_input), self.discriminator(real_input)
            else:
                with torch.no_grad():
                    real_features = self.features(images)
                fake_features = self.features(fake)
                fake_outputs = self.discriminator(fake_input, fake_features)
                real_outputs = self.discriminator(real_input, real_features)
                if config.perceptual_weight and self.perceptual is None:
                    own, _, _ = self.styles_of(len(images))
                    both = [[seen[own] for seen in pictures[:COMPARED]] for pictures in (fake_features, real_features)]
                    made["perceptual"] = config.perceptual_weight * perceptual_loss(*both)
        made["adversarial"] = adversarial_loss(fake_outputs)
        if config.feature_weight:
            made["features"] = config.feature_weight * feature_matching_loss(fake_outputs, real_outputs)
        halves = discriminator_loss(fake_outputs, False) / 2, discriminator_loss(real_outputs, True) / 2
        return made, {"fake": halves[0], "real": halves[1]}

    def _descend(self, name: str, parameters: list[nn.Parameter], loss: Tensor) -> None:
        self.optimizers[name].zero_grad(set_to_none=True)
        # Only these inputs, because the gradients of the generated pictures have already been computed.
        loss.backward(inputs=[parameter for parameter in parameters if parameter.requires_grad])  # type: ignore[no-untyped-call]
        average_gradients(parameters)
        self.optimizers[name].step()

    def _set_rates(self) -> None:
        factor = self.config.rate_at(self.step)
        rates = {"generator": self.config.generator_rate, "discriminator": self.config.discriminator_rate}
        for name, rate in rates.items():
            for group in self.optimizers[name].param_groups:
                group["lr"] = self.config.learning_rate * rate * factor

    @torch.no_grad()
    def _average(self) -> None:
        now = effective_state(self.generator)
        floats = {name: value for name, value in self.ema.state_dict().items() if value.is_floating_point()}
        # The initial weights count as the first of the averages.
        move_averages(
            list(floats.values()), [now[name].float() for name in floats], self.config.decay, self.step + 1, memory=9
        )

    def autocast(self) -> AbstractContextManager[None]:
        """A context in which convolutions have the precision of the training."""
        return torch.autocast(self.device.type, self.dtype, enabled=self.dtype != torch.float32)

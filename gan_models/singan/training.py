"""Training a SinGAN, scale by scale from the coarsest (Shaham et al. 2019, section 2.2)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..pixels import to_bytes
from ..progress import OnProgress
from .config import SinGANConfig
from .model import SinGAN
from .networks import Critic
from .pyramid import build_pyramid, check_image, scale_sizes
from .reporting import Reporter
from .scale_training import ScaleTrainer

MOST_IMAGES = 16


@dataclass(frozen=True)
class TrainingState:
    """What a run needs to resume after its last finished scale."""

    model: SinGAN
    critic: Critic


def train(
    image: Tensor,
    config: SinGANConfig,
    *,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    on_progress: OnProgress | None = None,
    start: TrainingState | None = None,
    on_scale: Callable[[TrainingState], None] | None = None,
    scale_trainer: type[ScaleTrainer] = ScaleTrainer,
) -> SinGAN:
    """Train a model on one picture, or on several of the same size together.

    Every iteration trains on one picture, chosen at random; each picture has its own reconstruction noise.

    Args:
        image: ``[N, 3, H, W]`` in [-1, 1], sides from 32 pixels; reduced to ``config.max_size``.
        config: the settings; see ``SinGANConfig.preset``.
        generator: CPU generator. The same state, image and settings give the same model on one machine.
        device: where to compute.
        dtype: of the convolutions: torch.float32, or torch.bfloat16 for autocast.
        on_progress: called about ten times a second, with a preview (a new sample beside the reconstruction,
            ``[1, 3, H, 2 W]``) at most once a second; may raise to stop.
        start: resume from here: a state that ``on_scale`` got in a run with the same arguments.
        on_scale: called after each scale but the last.
        scale_trainer: what trains each scale; a subclass may observe it.
    Returns:
        The model, on ``device``. ``facts`` has the seconds, the original and the trained size, and how often a scale
        diverged and went back, if any did.
    Raises:
        ValueError: an image that cannot be learned (wrong shape, not finite, too small, of one colour), or more than
            ``MOST_IMAGES``.
        DivergedError: a scale diverged from the image again and again.
    """
    began = time.monotonic()
    # A caller's inference mode would leave every module without gradients.
    with torch.inference_mode(False), torch.enable_grad():
        image = _check_images(image)
        sizes = scale_sizes((image.shape[-2], image.shape[-1]), config)
        # The first image's noise is drawn before the seeds, so that it does not depend on the number of images.
        first_z_rec = torch.randn(1, 1, *sizes[0], generator=generator)
        seeds = torch.randint(0, 2**63 - 1, (len(sizes),), generator=generator).tolist()
        z_rec = torch.cat([first_z_rec, torch.randn(len(image) - 1, 1, *sizes[0], generator=generator)])
        if config.harmonizes:
            # The undisturbed picture itself takes the place of the noise.
            z_rec = torch.zeros_like(z_rec)
        reals = [real.to(device) for real in build_pyramid(image.clamp(-1, 1), sizes)]
        if start is None:
            pixels = to_bytes(reals[-1])
            model = SinGAN(config, sizes, pixels, z_rec.expand(-1, 3, -1, -1).contiguous()).to(device)
            critic = None
        else:
            model, critic = start.model.to(device), start.critic.to(device)
        reporter = Reporter(on_progress, config, sizes, range(len(sizes)))
        for scale in range(len(model.generators), len(sizes)):
            rng = torch.Generator().manual_seed(seeds[scale])
            trainer = scale_trainer(model, critic, reals[scale], rng, dtype)
            with reporter.watching(trainer):
                trainer.run(reporter.iteration_done)
            if trainer.returns:
                model.facts["returns"] = model.facts.get("returns", 0) + trainer.returns
            critic = trainer.critic
            model.add_scale(trainer.generator, trainer.amplitude)
            if on_scale is not None and not model.finished:
                on_scale(TrainingState(model, critic))
    model.facts |= {
        "seconds": round(model.facts.get("seconds", 0) + time.monotonic() - began, 1),
        "original_size": [int(image.shape[-2]), int(image.shape[-1])],
        "trained_size": list(model.size),
        "device": torch.device(device).type,
    }
    return model


def _check_images(image: Tensor) -> Tensor:
    image = check_image(image.detach().clone(), "training image")
    if len(image) > MOST_IMAGES:
        raise ValueError(f"there are {len(image)} training images; one model learns at most {MOST_IMAGES}")
    flat = (image.amax((2, 3)) - image.amin((2, 3))).amax(1) < 1 / 255
    if flat.any():
        which = f"training image {int(flat.nonzero()[0]) + 1} of {len(image)}" if len(image) > 1 else "training image"
        raise ValueError(f"the {which} has one colour only; use a picture with visible content")
    return image

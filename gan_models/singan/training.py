"""Training a SinGAN, scale by scale from the coarsest (Shaham et al. 2019, section 2.2)."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .config import SinGANConfig
from .model import SinGAN
from .networks import MARGIN, Critic
from .pyramid import Size, build_pyramid, check_image, resize, scale_sizes
from .scale_training import ScaleTrainer

REPORT_SECONDS = 0.1
PREVIEW_SECONDS = 1.0
PREVIEW_SHARE = 0.03
"""Previews may take this share of the time at most."""
MOST_IMAGES = 16


@dataclass(frozen=True)
class TrainingState:
    """What a run needs to go on after its last finished scale."""

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
) -> SinGAN:
    """Learn one picture, or a few of the same size together.

    Of several, every iteration takes one by chance; each has its own reconstruction noise.

    Args:
        image: ``[N, 3, H, W]`` in [-1, 1], sides from 32 pixels; brought down to ``config.max_size``.
        config: the settings; see ``SinGANConfig.preset``.
        generator: CPU generator. The same state, image and settings give the same model on one machine.
        device: where to compute.
        dtype: of the convolutions: torch.float32, or torch.bfloat16 for autocast.
        on_progress: called about ten times a second, with a preview (a fresh sample beside the
            reconstruction, ``[1, 3, H, 2 W]``) at most once a second; may raise to stop.
        start: go on from here: a state that ``on_scale`` got in a run with the same arguments.
        on_scale: called after each scale but the last.
    Returns:
        The model, on ``device``. ``facts`` has the seconds, the original and the trained size.
    Raises:
        ValueError: an image that cannot be learned (wrong shape, not finite, too small, constant), or
            more than ``MOST_IMAGES``.
        DivergedError: a scale ran away from the image instead of learning it.
    """
    began = time.monotonic()
    # A caller's inference mode would leave every module without gradients.
    with torch.inference_mode(False), torch.enable_grad():
        image = _check_images(image)
        sizes = scale_sizes((image.shape[-2], image.shape[-1]), config)
        z_rec = torch.randn(1, 1, *sizes[0], generator=generator).expand(-1, 3, -1, -1).contiguous()
        seeds = torch.randint(0, 2**63 - 1, (len(sizes),), generator=generator).tolist()
        other_z_rec = torch.randn(len(image) - 1, 1, *sizes[0], generator=generator).expand(-1, 3, -1, -1).contiguous()
        reals = [real.to(device) for real in build_pyramid(image.clamp(-1, 1), sizes)]
        if start is None:
            pixels = ((reals[-1] + 1) * 127.5).round().to(torch.uint8)
            others = (pixels[1:], other_z_rec) if len(image) > 1 else (None, None)
            model, critic = SinGAN(config, sizes, pixels[0], z_rec, None, *others).to(device), None
        else:
            model, critic = start.model.to(device), start.critic.to(device)
        reporter = Reporter(on_progress, config, sizes, range(len(sizes)))
        for scale in range(len(model.generators), len(sizes)):
            rng = torch.Generator().manual_seed(seeds[scale])
            trainer = ScaleTrainer(model, critic, reals[scale], rng, dtype)
            with reporter.watching(trainer):
                trainer.run(reporter.iteration_done)
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
        raise ValueError(f"the {which} has one colour only; give a picture with something in it")
    return image


class Reporter:
    """Turns iterations into ``Progress`` reports, few enough not to slow the training of ``scales`` down."""

    def __init__(self, on_progress: OnProgress | None, config: SinGANConfig, sizes: list[Size], scales: range):
        self.on_progress = on_progress
        self.sizes = sizes
        self.costs = [_scale_cost(config, scale, sizes) if scale in scales else 0 for scale in range(len(sizes))]
        self.rng = torch.Generator().manual_seed(0)
        self.reported = self.next_preview = 0.0
        self.iterations = 0

    @contextmanager
    def watching(self, trainer: ScaleTrainer) -> Iterator[None]:
        """Report on ``trainer``; on the CPU, where a step can take seconds, in the middle of its steps too."""
        self.trainer, self.iterations = trainer, 0
        hooks = []
        if self.on_progress is not None and trainer.real.device.type == "cpu":
            layers = [*trainer.generator.layers, *trainer.critic.layers]
            hooks = [layer.register_forward_hook(self._layer_done) for layer in layers]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def iteration_done(self, iterations: int) -> None:
        """Report after an iteration of the watched scale; the last one of a scale always."""
        self.iterations = iterations
        if self.on_progress is None:
            return
        now = time.monotonic()
        preview = None
        if now >= self.next_preview:
            preview = resize(self.trainer.preview(self.rng), (self.sizes[-1][0], 2 * self.sizes[-1][1]))
            cost = time.monotonic() - now
            self.next_preview = now + max(PREVIEW_SECONDS, cost / PREVIEW_SHARE)
        self._report(preview, always=preview is not None or iterations == self.trainer.iterations)

    def _layer_done(self, layer: torch.nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        self._report(None)
        if output.requires_grad:
            output.register_hook(lambda gradient: self._report(None))  # type: ignore[no-untyped-call]

    def _report(self, preview: Tensor | None, always: bool = False) -> None:
        now = time.monotonic()
        if self.on_progress is None or (not always and now - self.reported < REPORT_SECONDS):
            return
        self.reported = now
        scale = self.trainer.scale
        done = sum(self.costs[:scale]) + self.costs[scale] * self.iterations // self.trainer.iterations
        stage = f"scale {scale + 1} of {len(self.sizes)}, iteration {self.iterations} of {self.trainer.iterations}"
        self.on_progress(Progress(done, sum(self.costs), stage, preview))


def _scale_cost(config: SinGANConfig, scale: int, sizes: list[Size]) -> int:
    """Expected cost of a scale: an iteration's multiplications in pixels at 32 channels, and its overhead."""

    def pixels(scale: int) -> float:
        height, width = (min(side, config.crop or side) + 2 * MARGIN for side in sizes[scale])
        return height * width * (config.width(scale) / 32) ** 2

    iteration = pixels(scale) + 1000
    if config.coarse(sizes[scale]):
        along = sum(map(pixels, range(max(0, scale - config.joint_scales), scale))) * (1 + config.canvas_share)
        # Scales that train along have no critic; the patch distance is mostly sorting.
        iteration += 0.65 * along + (0.6 * pixels(scale) if config.distribution_weight else 0)
    return round(iteration) * config.iterations_at(scale, len(sizes))

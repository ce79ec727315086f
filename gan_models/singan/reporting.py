"""Progress reports and previews of a training run."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .config import SinGANConfig
from .networks import MARGIN
from .pyramid import Size, resize
from .scale_training import ScaleTrainer

REPORT_SECONDS = 0.1
PREVIEW_SECONDS = 1.0
PREVIEW_SHARE = 0.03
"""Largest share of the time that previews may take."""


class Reporter:
    """Turns iterations into ``Progress`` reports, few enough not to slow down the training.

    Args:
        on_progress: gets the reports; None switches them off.
        config: the settings of the training run.
        sizes: of all scales of the pyramid, coarsest first.
        scales: those that will be trained.
    """

    def __init__(self, on_progress: OnProgress | None, config: SinGANConfig, sizes: list[Size], scales: range):
        self.on_progress = on_progress
        self.sizes = sizes
        self.costs = [_scale_cost(config, scale, sizes) if scale in scales else 0 for scale in range(len(sizes))]
        self.rng = torch.Generator().manual_seed(0)
        self.reported = self.next_preview = 0.0
        self.iterations = 0

    @contextmanager
    def watching(self, trainer: ScaleTrainer) -> Iterator[None]:
        """Report on ``trainer``; on the CPU, where a step can take seconds, within its steps too."""
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
        """Report after an iteration of the watched scale, if it is time; always after the last one of a scale."""
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
        joint = sum(map(pixels, range(max(0, scale - config.joint_scales), scale))) * (1 + config.canvas_share)
        # Scales that train jointly have no critic; the patch distance is mostly sorting.
        iteration += 0.65 * joint + (0.6 * pixels(scale) if config.distribution_weight else 0)
    return round(iteration) * config.iterations_at(scale, len(sizes))

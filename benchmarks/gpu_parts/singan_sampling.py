"""Milliseconds of SinGAN's samples, one and sixteen at a time, and their peak memory."""

import functools
import itertools
from collections.abc import Callable
from contextlib import nullcontext

import torch

from gan_models.singan import PRESETS, SinGAN
from singan_untrained import untrained

from .recorded import Recorded
from .setup import Report, Setup


def measure(setup: Setup, report: Report, dtype: str) -> None:
    """Report samples of networks with random weights: those of ``standard``, and the released ones.

    Args:
        dtype: of the convolutions: "float32" or "bfloat16".
    """
    size = (40, 48) if setup.tiny else (186, 248)
    precision = getattr(torch, dtype)
    stream = torch.cuda.stream(torch.cuda.Stream()) if setup.device == "cuda" else nullcontext()
    counts = (1, 2) if setup.tiny else (1, 16)
    with stream, setup.autocast(precision):
        for recorded, preset, count in itertools.product((False, True), ("standard", "paper"), counts):
            model, rng = untrained(PRESETS[preset], setup.place, size), torch.Generator().manual_seed(0)
            work: Callable[[], object] = functools.partial(model.sample, count, generator=rng)
            if recorded:
                work = recorded_samples(model, count, rng, setup.place)
            peak, seconds = _measured(work, setup)
            report(f"networks of {preset}, {count} × {size[1]}×{size[0]}, {dtype}, {setup.mode(recorded)}",
                   ms=1000 * seconds, ms_a_picture=1000 * seconds / count, peak_MB=peak)  # fmt: skip


def _measured(work: Callable[[], object], setup: Setup) -> tuple[float, float]:
    """Peak memory in MB, and seconds."""
    seconds: list[float] = []
    peak = setup.peak_memory(lambda: seconds.append(setup.seconds(work)))
    return peak, seconds[0]


def recorded_samples(model: SinGAN, count: int, rng: torch.Generator, device: torch.device) -> Recorded:
    """Samples of ``model``, whose noise becomes the input of a recording. It lasts until ``model.noise`` is deleted."""
    recorded = Recorded(lambda: model.sample(count, generator=rng), device)
    model.noise = lambda *choice: recorded.take(lambda: SinGAN.noise(model, *choice))
    return recorded

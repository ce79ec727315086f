"""Milliseconds of SinGAN's samples, one and sixteen at a time, and their peak memory."""

import functools
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
    with stream, setup.autocast(precision):
        for preset in ("standard", "paper"):
            model = untrained(PRESETS[preset], setup.place, size)
            for count in (1, 2) if setup.tiny else (1, 16):
                for recorded in (False, True):
                    sample = functools.partial(model.sample, count, generator=torch.Generator().manual_seed(0))
                    work = _recorded(model, sample, setup.place) if recorded else sample
                    seconds: list[float] = []
                    peak = setup.peak_memory(lambda work=work, found=seconds: found.append(setup.seconds(work)))
                    milliseconds = 1000 * seconds[0]
                    report(f"networks of {preset}, {count} × {size[1]}×{size[0]}, {dtype}, {setup.mode(recorded)}",
                           ms=milliseconds, ms_a_picture=milliseconds / count, peak_MB=peak)  # fmt: skip
                vars(model).pop("noise", None)


def _recorded(model: SinGAN, sample: functools.partial, device: torch.device) -> Recorded:
    """The samples with their noise as the inputs of a recording."""
    recorded = Recorded(sample, device)
    model.noise = lambda *choice: recorded.take(lambda: SinGAN.noise(model, *choice))
    return recorded

"""Seconds, iterations a second, peak memory and quality of a SinGAN's training."""

import time
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from gan_models.pictures import open_colors
from gan_models.pixels import to_float
from gan_models.singan import PRESETS, SinGAN, SinGANConfig, train
from gan_models.singan.pyramid import resize
from gan_models.singan.scale_training import ScaleTrainer
from singan_scores import scores

from .recorded_training import RecordedTrainer
from .setup import ROOT, Report, Setup

PICTURE = ROOT / "pictures" / "mountains.jpg"


def measure(setup: Setup, report: Report, preset: str, dtype: str, graphs: bool) -> None:
    """Report one training.

    Args:
        preset: one of ``PRESETS``.
        dtype: of the convolutions: "float32" or "bfloat16".
        graphs: whether CUDA graphs replay the iterations.
    """
    config = PRESETS[preset]
    if setup.tiny:
        config = replace(config, max_size=48, iterations=8, coarse_iterations=8, channels=8, learning_rate=5e-4)
    pixels = torch.from_numpy(np.array(open_colors(PICTURE)))
    image = to_float(pixels.permute(2, 0, 1)[None])
    if not setup.tiny:  # The first training includes the start of the libraries.
        _train(image, replace(config, iterations=2, coarse_iterations=2), dtype, graphs, setup)
    trained: list[SinGAN] = []
    began = time.perf_counter()
    peak = setup.peak_memory(lambda: trained.append(_train(image, config, dtype, graphs, setup)))
    seconds = time.perf_counter() - began
    (model,) = trained
    iterations = sum(config.iterations_at(scale, len(model.sizes)) for scale in range(len(model.sizes)))
    what = f"{preset}, {model.size[1]}×{model.size[0]}, {dtype}, {setup.mode(graphs)}"
    report(what, seconds=seconds, iterations_a_second=iterations / seconds, peak_MB=peak)
    found = scores(model, resize(image, model.size), 0.0, None)
    report(f"{what}, quality", SWD=found["swd"], SWD_wide=found["wide"], patch_FD=found["patch_fd"],
           diversity=found["diversity"], PSNR_dB=found["psnr"])  # fmt: skip


def _train(image: Tensor, config: SinGANConfig, dtype: str, graphs: bool, setup: Setup) -> SinGAN:
    trainer = RecordedTrainer if graphs else ScaleTrainer
    # Nothing can be recorded on the default stream.
    stream = torch.cuda.stream(torch.cuda.Stream()) if setup.device == "cuda" and graphs else nullcontext()
    with stream:
        return train(image, config, generator=torch.Generator().manual_seed(0), device=setup.device,
                     dtype=getattr(torch, dtype), scale_trainer=trainer)  # fmt: skip

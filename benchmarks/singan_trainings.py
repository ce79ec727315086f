"""Trains SinGANs on photographs of scikit-image, for the benchmarks."""

import argparse
import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from skimage import data
from torch import Tensor

from gan_models.pixels import to_bytes, to_float
from gan_models.singan import SinGAN, SinGANConfig, train
from gan_models.singan.pyramid import resize
from gan_models.singan.training import TrainingState
from singan_scores import scores

PHOTOGRAPHS = ("chelsea", "coffee", "rocket")


def photograph(name: str) -> Tensor:
    """A photograph of scikit-image as ``[1, 3, H, W]`` in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(getattr(data, name)()[..., :3]))
    return to_float(pixels.permute(2, 0, 1)[None])


def measure(name: str, config: SinGANConfig, dtype: torch.dtype, arguments: argparse.Namespace) -> list[dict]:
    """Train once and score the model for each value of ``keep_layout``."""
    image = photograph(name)
    if arguments.budget:
        config = shortened(config, image, dtype, arguments.budget)
    before, began = peak_memory(), time.process_time()
    model = trained(image, config, arguments.seed, dtype, arguments.scales)
    cpu, memory = time.process_time() - began, peak_memory() - before
    model = model.cpu()
    real = model.training_picture() if arguments.scales else resize(image, model.size)
    returns = model.facts.get("returns", 0)
    facts = {
        "photograph": f"{name} (went back: {returns})" if returns else name,
        "size": f"{model.size[1]}×{model.size[0]}",
        "iterations": f"{config.coarse_iterations}–{config.iterations}",
        "seconds": model.facts["seconds"],
        "cpu": cpu,
        "memory": memory,
    }
    pictures = arguments.pictures and arguments.pictures / f"{arguments.preset}_{name}_{arguments.seed}"
    return [facts | scores(model, real, share, pictures) for share in arguments.keep_layout]


class Enough(Exception):
    """Raised to end a training after the wanted number of scales."""


def trained(image: Tensor, config: SinGANConfig, seed: int, dtype: torch.dtype, scales: int) -> SinGAN:
    """A trained model, or one of only its ``scales`` coarsest scales (0 trains all)."""
    began, kept = time.monotonic(), []

    def on_scale(state: TrainingState) -> None:
        if len(state.model.generators) == scales:
            kept.append(state.model)
            raise Enough

    generator = torch.Generator().manual_seed(seed)
    try:
        return train(image, config, generator=generator, device=device(), dtype=dtype, on_scale=on_scale)
    except Enough:
        whole = kept[0]
    pixels = to_bytes(resize(whole.training_picture(), whole.sizes[scales - 1]))
    facts = {"seconds": time.monotonic() - began}
    model = SinGAN(config, whole.sizes[:scales], pixels, whole.z_rec[:1], facts)
    for network, amplitude in zip(whole.generators, whole.amplitudes, strict=True):
        model.add_scale(network, amplitude)
    return model


def shortened(config: SinGANConfig, image: Tensor, dtype: torch.dtype, seconds: float) -> SinGANConfig:
    """``config`` with iterations reduced in proportion at every scale, to take about ``seconds`` of CPU time."""

    def at(iterations: int) -> SinGANConfig:
        coarse = round(iterations * config.coarse_iterations / config.iterations)
        return replace(config, iterations=iterations, coarse_iterations=coarse)

    def cost(iterations: int) -> float:
        began = time.process_time()
        trained(image, at(iterations), 0, dtype, 0)
        return time.process_time() - began

    cost(1)  # The first training includes one-time initialization.
    first = cost(1)
    an_iteration = (cost(4) - first) / 3
    return at(max(1, round((seconds - first) / an_iteration) + 1))


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def machine() -> str:
    return torch.cuda.get_device_name() if device() == "cuda" else f"{torch.get_num_threads()} CPU threads"


def peak_memory() -> float:
    """Peak memory of this process so far in MB: GPU memory or, without a GPU, resident memory."""
    if device() == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10

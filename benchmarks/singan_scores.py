"""Scores the samples of a SinGAN, for the benchmarks."""

import sys
from pathlib import Path
from statistics import mean

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

import quality
from gan_models.pixels import to_bytes
from gan_models.singan import SinGAN

DIVERSITY_SAMPLES = 50
SCORED_SAMPLES = 10


def scores(model: SinGAN, real: Tensor, keep_layout: float, pictures: Path | None) -> dict:
    """Scores of samples of ``model``. The first ones are saved as a sheet named ``pictures``, the share and .png.

    Args:
        real: the picture that it learned, ``[1, 3, H, W]`` on the CPU. The model may be on any device.
    """
    generator = torch.Generator().manual_seed(1)
    samples = model.sample(DIVERSITY_SAMPLES, generator=generator, keep_layout=keep_layout).cpu()
    scored = samples[:SCORED_SAMPLES].split(1)
    wide = model.sample(SCORED_SAMPLES, generator=generator, width=5 * model.size[1] // 2).cpu().split(1)
    reconstruction = model.reconstruct().cpu()
    if pictures is not None:
        sheet = [real, reconstruction, *scored[:4]]
        save_sheet(pictures.with_name(f"{pictures.name}_{keep_layout}.png"), sheet, wide[0])
    # A small picture reduced to a quarter has hardly any patches.
    small = min(model.size) < 8 * quality.PATCH
    distances = [
        [quality.sliced_wasserstein(real, sample)] if small else quality.sliced_wasserstein_at_scales(real, sample)
        for sample in scored
    ]
    return {
        "keep_layout": keep_layout,
        "swds": np.mean(distances, axis=0).tolist(),
        "swd": float(np.mean(distances)),
        "wide": mean(quality.sliced_wasserstein(real, sample) for sample in wide),
        "patch_fd": mean(quality.patch_frechet(real, sample) for sample in scored[:3]),
        "diversity": quality.diversity(samples, real),
        "psnr": quality.psnr(reconstruction, real),
    }


def save_sheet(path: Path, images: list[Tensor], wide: Tensor) -> None:
    """Three rows: the photograph, its reconstruction and a sample, three more samples, and a wide one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [torch.cat([image[0] for image in images[i : i + 3]], dim=-1) for i in (0, 3)]
    rows.append(F.pad(wide[0], (0, rows[0].shape[-1] - wide.shape[-1]), value=1.0))
    Image.fromarray(to_bytes(torch.cat(rows, dim=-2).permute(1, 2, 0)).numpy()).save(path)

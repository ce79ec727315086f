"""SinGANs with random weights, to measure speed and memory."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from gan_models.singan import SinGAN, SinGANConfig
from gan_models.singan.networks import Generator, initialize
from gan_models.singan.pyramid import Size, scale_sizes


def untrained(config: SinGANConfig, device: torch.device | str, size: Size = (186, 248)) -> SinGAN:
    """A model with random weights on ``device``, for a picture of ``size`` (height, width)."""
    sizes = scale_sizes(size, config)
    rng = torch.Generator().manual_seed(0)
    model = SinGAN(config, sizes, torch.zeros(1, 3, *sizes[-1], dtype=torch.uint8), torch.zeros(1, 3, *sizes[0]))
    for scale in range(len(sizes)):
        network = Generator(config.width(scale), config.normalization)
        initialize(network, config.normalization, rng)
        model.add_scale(network, 0.1)
    return model.to(device)

"""The generator and the critic of one scale (Shaham et al. 2019, section 2.1 and figure 5)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .config import Normalization

MARGIN = 5
"""Pixels that five unpadded 3x3 convolutions remove on each side: half the receptive field of 11."""

MEMORY_FORMAT = torch.channels_last
"""Memory format of the weights, and so of the activations. On CPUs it saves a sixth to a quarter of a step's time."""


def conv_stack(width: int, out_channels: int, normalization: Normalization) -> nn.Sequential:
    """Five 3x3 convolutions without padding; the first four followed by the normalization and LeakyReLU."""
    layers: list[nn.Module] = []
    for in_channels in (3, width, width, width):
        layers.append(nn.Conv2d(in_channels, width, 3))
        if normalization == "batch":
            layers.append(nn.BatchNorm2d(width))
        # In place it saves a quarter of a training step's memory; after batch norm that would change the rounding.
        layers.append(nn.LeakyReLU(0.2, inplace=normalization == "none"))
    layers.append(nn.Conv2d(width, out_channels, 3))
    return nn.Sequential(*layers)


class Generator(nn.Module):
    """Adds detail to the picture of the next coarser scale.

    Args of forward:
        padded: noise plus the picture, zero-padded by ``MARGIN``: ``[B, 3, H + 10, W + 10]`` (see ``noisy``).
        previous: the picture alone, ``[B, 3, H, W]`` in [-1, 1].
    Returns:
        ``[B, 3, H, W]``; values may exceed [-1, 1] slightly.
    """

    def __init__(self, width: int, normalization: Normalization = "none"):
        super().__init__()
        self.layers = conv_stack(width, 3, normalization)

    def forward(self, padded: Tensor, previous: Tensor) -> Tensor:
        out: Tensor = self.layers(padded).tanh().float() + previous
        return out


class Critic(nn.Module):
    """Scores every 11x11 patch of a picture: ``[B, 3, H, W]`` to ``[B, 1, H - 10, W - 10]``."""

    def __init__(self, width: int, normalization: Normalization = "none"):
        super().__init__()
        self.layers = conv_stack(width, 1, normalization)

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.layers(image)
        return scores


def noisy(noise: Tensor | None, previous: Tensor, amplitude: float) -> Tensor:
    """``amplitude * noise + previous``, zero-padded for ``Generator``; without noise if it is None."""
    mixed = previous if noise is None else previous + amplitude * noise
    return F.pad(mixed, (MARGIN,) * 4)


def initialize(network: Generator | Critic, normalization: Normalization, generator: torch.Generator) -> None:
    """Draw initial weights: the paper's with batch norm, He's without, and then small ones in the last layer."""
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    for layer in convolutions:
        bound = (layer.in_channels * 9) ** -0.5
        nn.init.uniform_(layer.bias, -bound, bound, generator=generator)  # type: ignore[arg-type]
        if normalization == "batch":
            nn.init.normal_(layer.weight, 0, 0.02, generator=generator)
        else:
            nn.init.kaiming_normal_(layer.weight, 0.2, generator=generator)
    if normalization == "none":
        nn.init.normal_(convolutions[-1].weight, 0, 0.01, generator=generator)
    for norm in network.modules():
        if isinstance(norm, nn.BatchNorm2d):
            nn.init.normal_(norm.weight, 1, 0.02, generator=generator)
            nn.init.zeros_(norm.bias)

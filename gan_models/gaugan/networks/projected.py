"""Discriminators on frozen features of pictures (Sauer et al. 2021, "Projected GANs Converge Faster") and on labels.

They see what an image classifier sees, so they begin where others arrive after long training, and few photographs are
enough. The paper has one small discriminator for each stride of the features, which fixed random convolutions mix
first. Here each sees the label map too, and a light one looks at the pixels, for colours and the finest texture.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .spade import SLOPE

MIXED, EMBEDDED = 64, 24
"""Channels that the features are mixed to, and that the labels are mapped to."""


@dataclass(frozen=True)
class ProjectedConfig:
    """The architecture of the discriminators on features.

    Attributes:
        labels: channels of the one-hot label map.
        features: channels of the features that they look at, from the finest.
        ndf: channels inside each of them.
        pixel_ndf: channels of the first convolution of the one that looks at the pixels.
    """

    labels: int
    features: tuple[int, ...] = (24, 40, 112, 320)
    ndf: int = 80
    pixel_ndf: int = 24

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        for name in ("labels", "ndf", "pixel_ndf"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name)}")


class ProjectedDiscriminator(nn.Module):
    """All discriminators on features, and the one on pixels.

    Args of forward:
        x: picture and one-hot label map, ``[B, 3 + labels, H, W]``.
        features: the picture's features, of which the last are those of ``config.features``.
    Returns:
        For each discriminator, from the finest features: what each of its convolutions gives, the judgement
        ``[B, 1, h, w]`` last. The one on pixels comes last.
    """

    def __init__(self, config: ProjectedConfig):
        super().__init__()
        self.config = config
        self.mix_channels = nn.ModuleList(_fixed(channels, 1) for channels in config.features)
        self.mix_scales = nn.ModuleList(_fixed(MIXED, 3) for _ in config.features[1:])
        self.heads = nn.ModuleList(FeatureDiscriminator(config) for _ in config.features)
        self.pixels = PixelDiscriminator(config)

    def forward(self, x: Tensor, features: list[Tensor]) -> list[list[Tensor]]:
        labels = x[:, 3:]
        outputs = []
        for head, mixed in zip(self.heads, self._mix(features[-len(self.heads) :]), strict=True):
            outputs.append(head(mixed, F.adaptive_avg_pool2d(labels, (mixed.shape[2], mixed.shape[3]))))
        return [*outputs, self.pixels(x)]

    def _mix(self, features: list[Tensor]) -> list[Tensor]:
        """The features of every scale with those of the coarser ones, ``[B, MIXED, h, w]`` each."""
        mixed = [mix(seen) for mix, seen in zip(self.mix_channels, features, strict=True)]
        for scale in reversed(range(len(mixed) - 1)):
            coarser = F.interpolate(mixed[scale + 1], size=mixed[scale].shape[2:], mode="bilinear")
            mixed[scale] = mixed[scale] + self.mix_scales[scale](coarser)
        return mixed


class FeatureDiscriminator(nn.Module):
    """One discriminator on mixed features ``[B, MIXED, h, w]`` and labels ``[B, labels, h, w]``."""

    def __init__(self, config: ProjectedConfig):
        super().__init__()
        self.embed = nn.Conv2d(config.labels, EMBEDDED, 1)
        self.conv_0 = spectral_norm(nn.Conv2d(MIXED + EMBEDDED, config.ndf, 3, padding=1))
        self.conv_1 = spectral_norm(nn.Conv2d(config.ndf, config.ndf, 3, padding=1))
        self.score = spectral_norm(nn.Conv2d(config.ndf, 1, 1))

    def forward(self, x: Tensor, labels: Tensor) -> list[Tensor]:
        first = F.leaky_relu(self.conv_0(torch.cat([x, self.embed(labels)], 1)), SLOPE)
        second = F.leaky_relu(self.conv_1(first), SLOPE)
        return [first, second, self.score(second)]


class PixelDiscriminator(nn.Module):
    """Convolutions that halve a picture and its label map, ``[B, 3 + labels, H, W]``, three times, and give scores."""

    def __init__(self, config: ProjectedConfig):
        super().__init__()
        widths = [3 + config.labels, *(config.pixel_ndf << level for level in range(3))]
        self.layers = nn.ModuleList(
            nn.Conv2d(narrow, wide, 4, stride=2, padding=1) for narrow, wide in pairwise(widths)
        )
        for layer in self.layers[1:]:
            spectral_norm(layer)
        self.score = spectral_norm(nn.Conv2d(widths[-1], 1, 3, padding=1))

    def forward(self, x: Tensor) -> list[Tensor]:
        seen = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
            seen.append(x)
        return [*seen, self.score(x)]


def _fixed(channels: int, kernel: int) -> nn.Conv2d:
    """A random convolution that is never trained and keeps the size of what goes through it."""
    conv = nn.Conv2d(channels, MIXED, kernel, padding=kernel // 2, bias=False)
    nn.init.normal_(conv.weight, std=(channels * kernel**2) ** -0.5)
    conv.requires_grad_(False)
    return conv

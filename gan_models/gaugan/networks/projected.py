"""Discriminators on frozen features of pictures (Sauer et al. 2021, "Projected GANs Converge Faster") and on labels.

They start from the features of an image classifier, which other discriminators approach only after long training, so a
few photographs are enough. The paper has one small discriminator for each stride of the features, after fixed random
convolutions have mixed them. Here, each discriminator also sees the label map, and an additional small one sees the
pixels, for the colours and the finest texture.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .spade import SLOPE

MIXED, EMBEDDED = 64, 24
"""Channels of the mixed features and of the embedded labels."""


@dataclass(frozen=True)
class ProjectedConfig:
    """The architecture of the discriminators on features.

    Attributes:
        labels: channels of the one-hot label map.
        features: channels of the features that the discriminators see, from the finest.
        ndf: channels inside each discriminator.
        pixel_ndf: channels of the first convolution of the discriminator on pixels.
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
    """All discriminators on features and the discriminator on pixels.

    Args of forward:
        x: picture and one-hot label map, ``[B, 3 + labels, H, W]``.
        features: the picture's features, of which the last ones match ``config.features``.
    Returns:
        For each discriminator, from the finest features, the outputs of its convolutions; the scores
        ``[B, 1, h, w]`` come last. The last entry is the discriminator on pixels.
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
        """The features of every scale mixed with those of the coarser scales, ``[B, MIXED, h, w]`` each."""
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
    """A discriminator on a picture and its label map, ``[B, 3 + labels, H, W]``, which halves the size three times."""

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
    """A random convolution that is never trained and keeps the scale of its input."""
    conv = nn.Conv2d(channels, MIXED, kernel, padding=kernel // 2, bias=False)
    nn.init.normal_(conv.weight, std=(channels * kernel**2) ** -0.5)
    conv.requires_grad_(False)
    return conv

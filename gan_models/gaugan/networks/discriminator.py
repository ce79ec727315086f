"""SPADE's discriminator: PatchGANs that see a picture together with its label map at several scales."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from .projected import ProjectedConfig, ProjectedDiscriminator
from .spade import SLOPE


@dataclass(frozen=True)
class DiscriminatorConfig:
    """The architecture of the discriminator (Park et al. 2019, figure 13).

    Attributes:
        channels: input channels: 3, plus those of the one-hot label map.
        ndf: channels of the first convolution. Each further convolution doubles them, up to 512.
        layers: number of convolutions before the one that gives the scores. All but the last of them halve the size.
        scales: number of PatchGANs. Each sees the picture at half the size of the one before.
    """

    channels: int
    ndf: int = 64
    layers: int = 4
    scales: int = 2

    def __post_init__(self) -> None:
        for name in ("channels", "ndf", "layers", "scales"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name)}")

    @property
    def widths(self) -> list[int]:
        """Output channels of each convolution except the one that gives the scores."""
        return [min(self.ndf << layer, 512) for layer in range(self.layers)]


class PatchDiscriminator(nn.Module):
    """The discriminator of one scale, which gives a score for every patch.

    Args of forward:
        x: picture and one-hot label map, ``[B, channels, H, W]``.
    Returns:
        The output of each convolution, from the first to the scores ``[B, 1, h, w]``.
    """

    def __init__(self, config: DiscriminatorConfig):
        super().__init__()
        widths = [config.channels, *config.widths]
        self.layers = nn.ModuleList()
        for layer in range(config.layers):
            stride = 1 if layer == config.layers - 1 else 2
            conv = nn.Conv2d(widths[layer], widths[layer + 1], 4, stride, padding=2, bias=layer == 0)
            if layer == 0:
                self.layers.append(nn.Sequential(conv, nn.LeakyReLU(SLOPE)))
            else:
                norm = nn.InstanceNorm2d(widths[layer + 1])
                self.layers.append(nn.Sequential(spectral_norm(conv), norm, nn.LeakyReLU(SLOPE)))
        self.layers.append(nn.Conv2d(widths[-1], 1, 4, padding=2))

    def forward(self, x: Tensor) -> list[Tensor]:
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return features


class Discriminator(nn.Module):
    """The discriminators of all scales (Wang et al. 2018, section 3.2; Park et al. 2019, appendix A).

    Args of forward:
        x: picture and one-hot label map, ``[B, channels, H, W]``.
    Returns:
        For each scale, from the finest, the outputs of its convolutions; the scores come last.
    """

    def __init__(self, config: DiscriminatorConfig):
        super().__init__()
        self.config = config
        self.scales = nn.ModuleList(PatchDiscriminator(config) for _ in range(config.scales))

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        outputs = []
        for position, discriminator in enumerate(self.scales):
            if position:
                x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
            outputs.append(discriminator(x))
        return outputs


AnyDiscriminator = Discriminator | ProjectedDiscriminator


def build_discriminator(config: DiscriminatorConfig | ProjectedConfig) -> AnyDiscriminator:
    """A discriminator with fresh weights."""
    return ProjectedDiscriminator(config) if isinstance(config, ProjectedConfig) else Discriminator(config)

"""pix2pixHD++, the baseline of Park et al. 2019: an encoder-decoder whose input is the label map."""

from dataclasses import replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import GeneratorConfig, NetConfig, Pix2PixHDConfig
from .generator import Generator
from .noise import Noise
from .one_hot import conditioning
from .spade import Conditioning

HALVINGS, BLOCKS = 4, 9


class Pix2PixHD(nn.Module):
    """The generator of Wang et al. 2018 (section 3.1, the global generator).

    The net consists of a 7x7 convolution of the one-hot label map, convolutions that halve the size, residual blocks,
    transposed convolutions that double it again, a 7x7 convolution, and tanh. Instance norm without parameters follows
    every convolution except the last.

    The papers' baseline has no style. Here, a style vector can be spread over the picture as additional channels beside
    the label map. Instance norm removes whatever is the same all over a picture, so a net with a style has none after
    the first convolution. The ReLU that follows lets style and labels mix.

    Args of forward:
        labels: one-hot label map, ``[B or 1, semantic_nc, H, W]``, or another ``Conditioning``.
        z: style vectors, ``[B, z_dim]``; None for a net without a style.
        noise: not used; this net adds none.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1].
    """

    def __init__(self, config: Pix2PixHDConfig):
        super().__init__()
        self.config = config
        widths = [config.ngf << level for level in range(HALVINGS + 1)]
        pairs = list(pairwise(widths))
        # The trainer puts spectral norm on the convolutions with these names (trainer.py).
        self.encode_0 = nn.Conv2d(config.semantic_nc + config.z_dim, widths[0], 7)
        for level, (wide, wider) in enumerate(pairs):
            self.add_module(f"encode_{level + 1}", nn.Conv2d(wide, wider, 3, stride=2, padding=1))
        self.blocks = nn.ModuleList(ResidualBlock(widths[-1]) for _ in range(BLOCKS))
        for level, (wide, wider) in enumerate(reversed(pairs)):
            up = nn.ConvTranspose2d(wider, wide, 3, stride=2, padding=1, output_padding=1)
            self.add_module(f"decode_{level}", up)
        self.conv_img = nn.Conv2d(widths[0], 3, 7)

    def set_crop_size(self, crop_size: int) -> None:
        """Make this the width of the training pictures. This net has no start grid."""
        self.config = replace(self.config, crop_size=crop_size)

    def forward(
        self, labels: Tensor | Conditioning, z: Tensor | None = None, noise: Noise | None = None
    ) -> Tensor:
        config, labels = self.config, conditioning(labels)
        config.require_size(*labels.size)
        if (z is None) == bool(config.z_dim):
            raise ValueError("this GauGAN needs a style vector z" if z is None else "this GauGAN takes no style vector")
        x = labels.one_hot(labels.size, self.conv_img.weight.dtype)
        if z is not None:
            if z.shape[1:] != (config.z_dim,):
                raise ValueError(f"z must be [B, {config.z_dim}]; it is {list(z.shape)}")
            x = x.expand(len(z), -1, -1, -1)
            x = torch.cat([x, z.to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])], 1)
        x = self.encode_0(F.pad(x, (3, 3, 3, 3), mode="reflect"))
        x = F.relu(x if config.z_dim else F.instance_norm(x))
        for level in range(1, HALVINGS + 1):
            x = F.relu(F.instance_norm(self.get_submodule(f"encode_{level}")(x)))
        for block in self.blocks:
            x = block(x)
        for level in range(HALVINGS):
            x = F.relu(F.instance_norm(self.get_submodule(f"decode_{level}")(x)))
        out: Tensor = self.conv_img(F.pad(x, (3, 3, 3, 3), mode="reflect")).tanh()
        return out


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with reflected borders and a skip connection; keeps the shape ``[B, channels, H, W]``."""

    def __init__(self, channels: int):
        super().__init__()
        self.conv_0 = nn.Conv2d(channels, channels, 3)
        self.conv_1 = nn.Conv2d(channels, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        dx = F.relu(F.instance_norm(self.conv_0(F.pad(x, (1, 1, 1, 1), mode="reflect"))))
        out: Tensor = x + F.instance_norm(self.conv_1(F.pad(dx, (1, 1, 1, 1), mode="reflect")))
        return out


AnyGenerator = Generator | Pix2PixHD


def build_generator(config: NetConfig) -> AnyGenerator:
    """A generator with fresh weights."""
    if isinstance(config, GeneratorConfig):
        return Generator(config)
    assert isinstance(config, Pix2PixHDConfig)
    return Pix2PixHD(config)

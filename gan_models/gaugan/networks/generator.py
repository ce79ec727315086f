"""The generator, which turns a label map and, if the net has one, a style vector into a picture."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..config import GeneratorConfig
from .noise import Noise
from .one_hot import conditioning
from .spade import Conditioning, SPADEResBlock, activate


class Generator(nn.Module):
    """GauGAN's generator (Park et al. 2019, figure 11).

    The net makes pictures of any size whose sides are multiples of ``config.stride``. A net with a style vector learned
    its start grid at the training size. For other sizes, the grid is resized bilinearly (without align_corners). A net
    without a style starts from the label map itself, at any size.

    Args of forward:
        labels: one-hot label map, ``[B or 1, semantic_nc, H, W]``, or another ``Conditioning``.
        z: style vectors, ``[B, z_dim]``; None for a net without a style.
        noise: source of the noise, for a net that adds noise; None adds none.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1].
    """

    def __init__(self, config: GeneratorConfig):
        super().__init__()
        self.config = config
        k = config.ngf
        if config.z_dim:
            cells = config.grid[0] * config.grid[1]
            self.fc: nn.Linear | nn.Conv2d = nn.Linear(config.z_dim, 16 * k * cells)
        else:
            self.fc = nn.Conv2d(config.semantic_nc, 16 * k, 3, padding=1)
        self.head_0 = self._block(16 * k, 16 * k, upsample=False)
        self.G_middle_0 = self._block(16 * k, 16 * k)
        self.G_middle_1 = self._block(16 * k, 16 * k, upsample=config.upsampling != "normal")
        self.up_0 = self._block(16 * k, 8 * k)
        self.up_1 = self._block(8 * k, 4 * k)
        self.up_2 = self._block(4 * k, 2 * k)
        self.up_3 = self._block(2 * k, k)
        if config.upsampling == "most":
            self.up_4 = self._block(k, k // 2)
            k //= 2
        self.conv_img = nn.Conv2d(k, 3, 3, padding=1)

    def forward(
        self, labels: Tensor | Conditioning, z: Tensor | None = None, noise: Noise | None = None
    ) -> Tensor:
        labels = conditioning(labels)
        # The blocks with up to twice the cells of the start grid.
        borderless = self.config.borderless and not self.training
        x = self.head_0(self._start(labels, z), labels, z, noise, borderless)
        x = self.G_middle_0(x, labels, z, noise, borderless)
        x = self.G_middle_1(x, labels, z, noise, borderless and self.config.upsampling == "normal")
        x = self.up_0(x, labels, z, noise)
        x = self.up_1(x, labels, z, noise)
        x = self.up_2(x, labels, z, noise)
        x = self.up_3(x, labels, z, noise)
        if self.config.upsampling == "most":
            x = self.up_4(x, labels, z, noise)
        out: Tensor = self.conv_img(activate(x)).tanh()
        return out

    @torch.no_grad()
    def make_style_even(self) -> None:
        """Make the style act on every cell of the start grid as it does on all of them on average.

        The cells still differ by their biases.
        """
        height, width = self.config.grid
        by_cell = self.fc.weight.view(-1, height * width, self.config.z_dim)
        by_cell.copy_(by_cell.mean(1, keepdim=True).expand_as(by_cell))

    @torch.no_grad()
    def set_crop_size(self, crop_size: int) -> None:
        """Make this the width of the training pictures. Pictures of that size stay the same.

        The start grid gets as many cells as they need, whose weights are interpolated.
        """
        old, self.config = self.config.grid, replace(self.config, crop_size=crop_size)
        if not self.config.z_dim:
            return
        for parameter in self.fc.parameters():
            by_cell = parameter.view(-1, *old, parameter[0].numel()).movedim(3, 1)
            enlarged = F.interpolate(by_cell, size=self.config.grid, mode="bilinear").movedim(1, 3)
            parameter.data = enlarged.reshape(-1, *parameter.shape[1:])

    def _block(self, fin: int, fout: int, upsample: bool = True) -> SPADEResBlock:
        config = self.config
        z_dim = config.z_dim if config.style_blocks else 0
        return SPADEResBlock(
            fin, fout, config.semantic_nc, config.nhidden, upsample=upsample, z_dim=z_dim, noise=config.noise
        )

    def _start(self, labels: Conditioning, z: Tensor | None) -> Tensor:
        height, width = labels.size
        self.config.require_size(height, width)
        size = (height // self.config.stride, width // self.config.stride)
        if (z is None) == bool(self.config.z_dim):
            raise ValueError("this GauGAN needs a style vector z" if z is None else "this GauGAN takes no style vector")
        if z is None:
            return self.fc(labels.one_hot(size, self.fc.weight.dtype))  # type: ignore[no-any-return]
        if z.shape[1:] != (self.config.z_dim,):
            raise ValueError(f"z must be [B, {self.config.z_dim}]; it is {list(z.shape)}")
        x = self.fc(z).unflatten(1, (-1, *self.config.grid))
        return x if size == self.config.grid else F.interpolate(x, size=size, mode="bilinear")

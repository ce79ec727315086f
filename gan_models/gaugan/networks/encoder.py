"""The style encoder, which turns a photo into the mean and the log variance of its style vector."""

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...precision import own_dtype
from ..config import EncoderConfig
from .spade import SLOPE


class StyleEncoder(nn.Module):
    """GauGAN's image encoder (Park et al. 2019, figure 14).

    Args of forward:
        image: photos of any size, ``[B, 3, H, W]`` in [-1, 1]. They are resized bilinearly to ``config.input_size``.
    Returns:
        mu and logvar, ``[B, z_dim]`` each. A style is ``mu``, or ``mu + eps * exp(logvar / 2)`` with normal eps.
    """

    def __init__(self, config: EncoderConfig):
        super().__init__()
        self.config = config
        widths = [3, *config.widths]
        for layer in range(config.layers):
            conv = nn.Conv2d(widths[layer], widths[layer + 1], 3, stride=2, padding=1, bias=False)
            self.add_module(f"layer{layer + 1}", nn.Sequential(conv, nn.InstanceNorm2d(widths[layer + 1])))
        self.fc_mu = nn.Linear(config.features, config.z_dim)
        self.fc_var = nn.Linear(config.features, config.z_dim)
        self.seen: Tensor | None
        self.register_buffer("seen", torch.zeros(config.seen, 2, config.z_dim) if config.seen else None)

    def keep(self, seen: Tensor) -> None:
        """Store the styles of training pictures: mu and logvar of each, ``[N, 2, z_dim]``."""
        self.config = replace(self.config, seen=len(seen))
        self.seen = seen

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        if image.ndim != 4 or image.shape[1] != 3:
            raise ValueError(f"a style image must be [B, 3, H, W]; it is {list(image.shape)}")
        size = (self.config.input_size, self.config.input_size)
        x = image.to(self.fc_mu.weight.dtype)
        if x.shape[2:] != size:
            x = F.interpolate(x, size=size, mode="bilinear", antialias=self.config.colors)
        seen = _colors(x, self.config.grid) if self.config.colors else None
        for layer in range(self.config.layers):
            x = F.leaky_relu(self.get_submodule(f"layer{layer + 1}")(x), SLOPE)
        inputs = [x.flatten(1)] if self.config.layers else []
        if seen is not None:
            inputs.append(seen.to(x))
        x = torch.cat(inputs, 1)
        return self.fc_mu(x), self.fc_var(x)

    def encode(self, image: Tensor) -> Tensor:
        """The style of each photo, ``[B, z_dim]``, which is its mean."""
        mu: Tensor = self(image)[0]
        return mu


def _colors(x: Tensor, grid: int) -> Tensor:
    """Mean and standard deviation of ``[B, 3, H, W]`` in each cell of a grid: ``[B, 6 * grid**2]``."""
    with own_dtype(x.device):
        both = F.adaptive_avg_pool2d(torch.cat([x, x.square()], 1).float(), grid)
        mean, square = both.chunk(2, 1)
        # The small constant keeps the gradient of the root finite where a cell has one colour.
        return torch.cat([mean, ((square - mean.square()).clamp(min=0) + 1e-4).sqrt()], 1).flatten(1)

"""Measures how well layouts take on the colours of photographs as styles, and how much the results differ."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_models.pixels import to_float
from gaugan_metrics import REGIONS, region_means, to_lab
from gaugan_photographs import Crops

STYLES = (
    "endless-sky_beach5", "endless-sky_dmottl4", "endless-sky_fog8", "endless-sky_fog6", "endless-sky_sky6",
    "endless-sky_water6", "endless-sky_mountain9", "endless-sky_bwerner8", "endless-sky_fields0",
    "endless-sky_beach12-harro", "endless-sky_fields26", "endless-sky_snow19",
)  # fmt: skip
"""Held-out photographs with clearly different lighting and seasons."""

LAYOUTS = 20


@dataclass(frozen=True)
class Fidelity:
    """How close pictures are to the photographs whose styles they should have.

    Attributes:
        nearer: how often a picture is nearer to the photograph of its own style than to another one, averaged over all
            others. A random result is 1/2.
        nearest: how often that photograph is the nearest of all. A random result is one in the number of styles.
    """

    nearer: float
    nearest: float


def colors(images: Tensor, labels: Tensor) -> Tensor:
    """Mean L, a, b of sky and ground of pictures, uint8 ``[N, 3, H, W]``: ``[N, 2, 3]``, NaN for absent ones."""
    pairs = zip(to_float(images), labels, strict=True)
    return torch.stack([region_means(to_lab(image), ids) for image, ids in pairs])


def fidelity(made: Tensor, own: Tensor, photographs: Tensor) -> Fidelity:
    """Compare pictures with photographs by the distance in Lab of sky and ground, averaged over the two.

    For each pair of photographs, only regions that the picture and both photographs have are compared.

    Args:
        made: ``colors`` of the pictures, ``[N, 2, 3]``.
        own: index of the photograph that gave each picture its style, int64 ``[N]``.
        photographs: their ``colors``, ``[S, 2, 3]``.
    """
    apart = (made[:, None] - photographs).norm(dim=-1)  # [N, S, 2]
    mine = apart.gather(1, own[:, None, None].expand(-1, 1, 2))
    comparable = (apart + mine).isfinite() & (own[:, None] != torch.arange(len(photographs)))[..., None]
    margin = torch.where(comparable, apart - mine, 0).sum(-1)
    wins, compared = margin > 0, comparable.any(-1)
    return Fidelity((wins & compared).sum().item() / compared.sum().item(),
                    (wins | ~compared)[compared.any(1)].all(1).double().mean().item())  # fmt: skip


def in_flat_colors(labels: Tensor, styles: Crops) -> Tensor:
    """A label map ``[H, W]`` with sky and ground in the mean colours of each style's photograph: ``[S, 3, H, W]``.

    Unknown pixels count as ground. A photograph with only sky or only ground gives both regions the same colour.
    """
    pairs = zip(to_float(styles.images), styles.labels, strict=True)
    means = torch.stack([region_means(image, ids) for image, ids in pairs])
    means = torch.where(means.isnan(), means.flip(1), means)
    return means[:, REGIONS[labels.long()]].permute(0, 3, 1, 2)

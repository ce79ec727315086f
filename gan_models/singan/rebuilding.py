"""The parts of a SinGAN in the tensors of a file, each checked before anything is built from it."""

from collections.abc import Mapping
from itertools import pairwise
from typing import TypeVar

import torch
from torch import Tensor, nn

from ..filling import fill, require_sound
from .config import Normalization
from .networks import Critic, Generator
from .pyramid import Size

Network = TypeVar("Network", Generator, Critic)

MOST_SCALES = 64
LARGEST_NOISE = 10.0
"""No float32 number that is drawn from a normal distribution is larger."""

LARGEST_ACTIVATION = 1e36
"""Activations up to here do not overflow in float32, not even while they are summed."""


def scales_of(tensors: Mapping[str, Tensor]) -> tuple[list[Size], list[float]]:
    """(height, width) of every scale, coarsest first, and the noise amplitudes of the scales that are trained.

    Raises:
        ValueError: there are too many scales, they shrink, or an amplitude is negative or not finite.
    """
    stored, noise = tensors["sizes"], tensors["noise_amplitudes"]
    if stored.ndim != 2 or stored.shape[1] != 2 or not 1 <= len(stored) <= MOST_SCALES or stored.is_floating_point():
        raise ValueError(f"sizes is {_kind(stored)}; it must be whole numbers [scales, 2] for at most {MOST_SCALES} "
                         "scales")  # fmt: skip
    sizes = [(int(height), int(width)) for height, width in stored.tolist()]
    if min(sizes[0]) < 1 or any(a[0] > b[0] or a[1] > b[1] for a, b in pairwise(sizes)):
        raise ValueError(f"the sizes of the scales must be positive and must not shrink; they are {sizes[:4]}")
    require_sound("noise_amplitudes", noise)
    if noise.ndim != 1 or len(noise) > len(sizes):
        raise ValueError(f"its tensors are incompatible: noise_amplitudes is {_kind(noise)}, but there are "
                         f"{len(sizes)} scales")  # fmt: skip
    if noise.numel() and float(noise.min()) < 0:
        raise ValueError(f"noise_amplitudes has the negative number {float(noise.min()):.3g}; the file is damaged")
    return sizes, noise.tolist()


def pictures_of(tensors: Mapping[str, Tensor], sizes: list[Size]) -> tuple[Tensor, Tensor]:
    """The training images, uint8 ``[N, 3, H, W]``, and the noise that reconstructs each, ``[N, 3, h, w]``.

    Raises:
        ValueError: they have other sizes than the finest and the coarsest scale, or differ in number.
    """
    images, noises = [tensors["training_image"][None]], [tensors["z_rec"]]
    if "other_images" in tensors or "other_z_rec" in tensors:
        images.append(tensors["other_images"])
        noises.append(tensors["other_z_rec"])
    for name, parts, dtype, size in (("training_image", images, torch.uint8, sizes[-1]),
                                     ("z_rec", noises, torch.float32, sizes[0])):  # fmt: skip
        for part in parts:
            if part.dtype != dtype or part.ndim != 4 or tuple(part.shape[1:]) != (3, *size) or not len(part):
                raise ValueError(f"{name} is {_kind(part)}, but {dtype} [3, {size[0]}, {size[1]}] is required, the "
                                 "size of its scale")  # fmt: skip
    for noise in noises:
        require_sound("z_rec", noise)
    return torch.cat(images), torch.cat(noises)


def network_of(kind: type[Network], tensors: Mapping[str, Tensor], prefix: str) -> Network:
    """The network whose tensors begin with ``prefix``, ready for use.

    Raises:
        ValueError: a tensor is missing, unknown, of another shape or not sound.
    """
    weights = {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
    if "layers.0.weight" not in weights or weights["layers.0.weight"].ndim != 4:
        raise ValueError(f"its tensors are incompatible: {prefix}layers.0.weight is missing or has another shape")
    normalization: Normalization = "batch" if "layers.1.running_mean" in weights else "none"
    with torch.device("meta"):
        network = kind(len(weights["layers.0.weight"]), normalization)
    try:
        return fill(network, weights, "a SinGAN").eval()
    except ValueError as error:
        raise ValueError(f"its tensors are incompatible: {prefix}{error}") from error


@torch.no_grad()
def require_bounded(network: Generator, z_rec: Tensor, amplitude: float, scale: int) -> None:
    """Check that no input makes the activations of a generator overflow, which would give a picture of NaN.

    The bound follows from the weights: a layer multiplies the largest activation at most by the sum of the absolute
    weights of a channel.

    Raises:
        ValueError: the bound of a layer is too large; the message names its weight.
    """
    noise = max(LARGEST_NOISE, float(z_rec.abs().max()))
    bound = torch.full((3,), 1 + amplitude * noise, dtype=torch.float64)
    for place, layer in enumerate(network.layers):
        if isinstance(layer, nn.Conv2d):
            bound = layer.weight.double().abs().sum((2, 3)) @ bound
        elif isinstance(layer, nn.BatchNorm2d):
            assert layer.running_var is not None and layer.running_mean is not None
            bound = bound + layer.running_mean.double().abs()
            bound = bound * layer.weight.double().abs() / (layer.running_var.double() + layer.eps).sqrt()
        else:
            continue
        bound = bound + layer.bias.double().abs()  # type: ignore[union-attr]
        if not float(bound.max()) < LARGEST_ACTIVATION:
            raise ValueError(f"generators.{scale}.layers.{place}.weight or the weights before it are so large that a "
                             "picture would overflow; the file is damaged")  # fmt: skip


def _kind(tensor: Tensor) -> str:
    return f"{tensor.dtype} {list(tensor.shape[:8])}"

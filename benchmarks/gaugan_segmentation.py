"""The segmentation net that recognises a label map in the picture generated from it.

It is a small decoder on the frozen features of EfficientNet-Lite2, trained on photographs that are not used to measure
models. It sees pictures at 256 pixels.

It classifies 87 % of the pixels correctly in its training photographs, and 72 % in the held-out ones. It mostly
confuses sky and clouds, trees with bushes or mountain, and sea with water.
"""

import json
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save as to_file
from torch import Tensor, nn

from gan_models.efficientnet import EfficientNetLite
from gan_models.files import read_safetensors, write_atomically
from gan_models.pixels import to_float
from gaugan_metrics import CLASSES, UNKNOWN
from gaugan_photographs import Photograph, random_crop

SIZE = 256
WIDTHS = (32, 64, 96, 128, 128)
"""Channels of the decoder at strides 2, 4, 8, 16 and 32."""

STEPS, BATCH = 800, 8
LEARNING_RATE = 3e-3
DROPOUT = 0.1
RARE = 1e-3
"""Classes with a smaller share of the pixels than this get hardly more weight for it."""

ARCHITECTURE = "landscape segmentation"


class Segmentation(nn.Module):
    """Skip connections from the features at all strides, from coarse to fine.

    Args:
        features: the frozen net. Its weights are not part of this module.
    Args of forward:
        image: ``[B, 3, H, W]`` in [-1, 1], sides multiples of 32.
    Returns:
        Logits of the known classes, ``[B, 18, H, W]``.
    """

    def __init__(self, features: EfficientNetLite) -> None:
        super().__init__()
        self.features = [features]
        self.narrow = nn.ModuleList(map(_convolution, features.channels, WIDTHS, [1] * len(WIDTHS)))
        self.up = nn.ModuleList(_convolution(fine + coarse, fine, 3) for fine, coarse in pairwise(WIDTHS))
        self.last = nn.Conv2d(WIDTHS[0], CLASSES - 1, 1)
        self.dropout = nn.Dropout2d(DROPOUT)

    def forward(self, image: Tensor) -> Tensor:
        with torch.no_grad():
            seen = self.features[0](image)
        fine = [self.dropout(narrow(x)) for narrow, x in zip(self.narrow, seen, strict=True)]
        x = fine.pop()
        for up in reversed(self.up):
            x = up(torch.cat([fine.pop(), F.interpolate(x, scale_factor=2, mode="bilinear")], 1))
        return F.interpolate(self.last(x), scale_factor=2, mode="bilinear")

    @torch.no_grad()
    def look(self, image: Tensor) -> Tensor:
        """Class ids of pictures ``[B, 3, H, W]``: int64 ``[B, 256, 256]`` on the CPU."""
        return self(shrink(image.to(self.last.weight))).argmax(1).cpu()


def shrink(image: Tensor) -> Tensor:
    """Resize square pictures of any size to 256 x 256."""
    if image.shape[-1] == SIZE:
        return image
    return F.interpolate(image, (SIZE, SIZE), mode="bilinear", antialias=True)


def shrink_labels(labels: Tensor) -> Tensor:
    """Resize square label maps ``[B, H, W]`` to 256 x 256, by nearest neighbour."""
    return F.interpolate(labels[:, None].float(), (SIZE, SIZE), mode="nearest-exact")[:, 0].to(labels.dtype)


def train(
    features: EfficientNetLite,
    photographs: Sequence[Photograph],
    steps: int,
    on_step: Callable[[int, float], None] | None = None,
) -> Segmentation:
    """Train a net on random crops of photographs, mirrored and recoloured at random.

    The net is returned in eval mode on the device of ``features``. ``on_step`` is called with each step and its loss.
    """
    device = features.stem.weight.device
    torch.manual_seed(0)
    draw = random.Random(0)
    net = Segmentation(features).to(device, memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(net.parameters(), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, steps, pct_start=0.1)
    order = torch.cat([torch.randperm(len(photographs)) for _ in range(-(-steps * BATCH // len(photographs)))]).tolist()
    weights = class_weights(photographs).to(device)
    for step in range(steps):
        chosen = [photographs[index] for index in order[step * BATCH : (step + 1) * BATCH]]
        images, labels = map(torch.stack, zip(*(random_crop(one, SIZE, draw) for one in chosen), strict=True))
        batch = recolored(to_float(images)).to(device, memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16):
            logits = net(batch)
        loss = F.cross_entropy(logits.float(), labels.long().to(device), weights, ignore_index=UNKNOWN)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if on_step:
            on_step(step, loss.item())
    return net.eval().requires_grad_(False)


def class_weights(photographs: Sequence[Photograph], rare: float = RARE) -> Tensor:
    """The weight of a pixel of each known class, ``[18]``: larger for rare classes, 1 on average.

    Args:
        rare: classes with a smaller share of the pixels than this get hardly more weight for it.
    """
    counts = sum(np.bincount(np.asarray(one.labels).ravel(), minlength=CLASSES) for one in photographs)
    shares = torch.from_numpy(counts)[: CLASSES - 1].float()
    shares /= shares.sum()
    weights = (shares + rare).rsqrt()
    return weights / (weights * shares).sum()


def recolored(image: Tensor) -> Tensor:
    """Vary brightness, contrast, tint and saturation of pictures ``[B, 3, H, W]`` in [-1, 1] a little."""
    count = len(image)
    gain = 1 + 0.15 * torch.randn(count, 1, 1, 1) + 0.05 * torch.randn(count, 3, 1, 1)
    saturation = 1 + 0.25 * torch.randn(count, 1, 1, 1)
    image = torch.lerp(image.mean(1, keepdim=True), image, saturation)
    return (image * gain + 0.12 * torch.randn(count, 1, 1, 1)).clamp(-1, 1)


def save(path: Path, net: Segmentation, facts: dict[str, object]) -> None:
    """Write the decoder to a safetensors file, with ``facts`` about its training as metadata."""
    metadata = {"architecture": ARCHITECTURE, "training": json.dumps(facts)}
    state = {name: value.cpu().contiguous() for name, value in net.state_dict().items()}
    write_atomically(path, to_file(state, metadata))


def load(path: Path, features: EfficientNetLite) -> Segmentation:
    """Read a decoder for ``features``, in eval mode on their device.

    Raises:
        ValueError: the file contains something else.
    """
    state, metadata = read_safetensors(path)
    if metadata.get("architecture") != ARCHITECTURE:
        raise ValueError(f"{path.name} contains no {ARCHITECTURE}; name a file that does not exist to train one")
    net = Segmentation(features)
    net.load_state_dict(state)
    return net.to(features.stem.weight.device, memory_format=torch.channels_last).eval().requires_grad_(False)


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

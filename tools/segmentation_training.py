"""Trains a segmentation net for landscapes on photographs with label maps."""

import copy
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_models.efficientnet import EfficientNetLite
from gan_models.ema import move_averages
from gan_models.segmentation.network import SegmentationNet
from gaugan_metrics import CLASSES, UNKNOWN
from gaugan_photographs import Photograph
from gaugan_segmentation import class_weights

BATCH = 8
LEARNING_RATE, WEIGHT_DECAY, DECAY = 3e-3, 0.02, 0.995
SMALLEST_CROP, WHOLE = 0.55, 0.25
"""The smallest crop relative to the largest one, and the share of examples that show a whole photograph."""

RARE = 3e-3
"""Classes with a smaller share of the pixels than this get hardly more weight for it."""

SMOOTHING = 0.05

Example = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Settings:
    """What a training is about.

    Attributes:
        features: the variant of EfficientNet-Lite.
        features_rate: learning rate of the features; 0 means that only the decoder learns.
        size: height and width of the training crops.
    """

    features: str
    steps: int = 800
    features_rate: float = 0.0
    size: tuple[int, int] = (256, 352)
    seed: int = 0


def train(settings: Settings, features: EfficientNetLite, photographs: Sequence[Photograph]) -> SegmentationNet:
    """Train a net. Returns it with the moving average of its weights, in eval mode.

    Args:
        features: the pretrained features, which are copied.
    """
    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed)
    network = SegmentationNet(copy.deepcopy(features), CLASSES - 1)
    pairs = [tensors(photograph) for photograph in photographs]
    weights = class_weights(photographs, RARE)
    groups, rates = [{"params": [weight for weight in network.parameters() if weight.requires_grad]}], [LEARNING_RATE]
    if settings.features_rate:
        groups.append({"params": list(network.features.requires_grad_(True).parameters())})
        rates.append(settings.features_rate)
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, settings.steps, pct_start=0.1)
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    order: list[int] = []
    for step in range(settings.steps):
        while len(order) < BATCH:
            order += draw.sample(range(len(pairs)), len(pairs))
        chosen = [order.pop(0) for _ in range(BATCH)]
        cuts = [Cut.draw(draw, pairs[index][1].shape, settings.size) for index in chosen]
        images = torch.stack([cut.of_picture(pairs[index][0]) for cut, index in zip(cuts, chosen, strict=True)])
        ids = torch.stack([cut.of_ids(pairs[index][1]) for cut, index in zip(cuts, chosen, strict=True)])
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(recolored(images).contiguous(memory_format=torch.channels_last))
        logits = F.interpolate(logits.float(), settings.size, mode="bilinear")
        loss = F.cross_entropy(logits, ids, weights, ignore_index=UNKNOWN, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        follow(averaged, network, step)
        if step % 100 == 99:
            print(f"step {step + 1} of {settings.steps}: loss {loss.item():.3f}", flush=True)
    return averaged


def follow(averaged: SegmentationNet, network: SegmentationNet, step: int) -> None:
    """One update of the moving average of weights and statistics."""
    both = zip(averaged.state_dict().values(), network.state_dict().values(), strict=True)
    pairs = [(mean, now) for mean, now in both if mean.is_floating_point()]
    means, values = (list(each) for each in zip(*pairs, strict=True))
    move_averages(means, values, DECAY, step + 1, memory=9)


def tensors(photograph: Photograph) -> Example:
    """A photograph, uint8 ``[3, H, W]``, and its ids ``[H, W]``."""
    image = torch.from_numpy(np.array(photograph.image)).permute(2, 0, 1).contiguous()
    return image, torch.from_numpy(np.array(photograph.labels))


@dataclass(frozen=True)
class Cut:
    """A part of a photograph, mirrored or not, and the size to which it is resized.

    Attributes:
        box: left, top, right and bottom as fractions of the photograph.
        size: height and width after resizing.
    """

    box: tuple[float, float, float, float]
    mirrored: bool
    size: tuple[int, int]

    @classmethod
    def draw(cls, draw: random.Random, shape: torch.Size, size: tuple[int, int]) -> "Cut":
        """A random part of a photograph of ``shape``, (height, width)."""
        (height, width), stretch = shape, draw.uniform(0.85, 1.18) ** 0.5
        scale = draw.uniform(SMALLEST_CROP, 1) * min(height / size[0], width / size[1])
        rows, columns = min(height, round(size[0] * scale * stretch)), min(width, round(size[1] * scale / stretch))
        if draw.random() < WHOLE:
            rows, columns = height, width
        top, left = draw.randint(0, height - rows), draw.randint(0, width - columns)
        box = left / width, top / height, (left + columns) / width, (top + rows) / height
        return cls(box, draw.random() < 0.5, size)

    def of_picture(self, image: Tensor) -> Tensor:
        """Of a photograph, uint8 ``[3, H, W]``: float ``[3, h, w]`` in [-1, 1]."""
        return self._resized(image.float(), "bilinear") / 127.5 - 1

    def of_ids(self, ids: Tensor) -> Tensor:
        """Of ids ``[H, W]``: int64 ``[h, w]``."""
        return self._resized(ids[None].float(), "nearest-exact")[0].long()

    def _resized(self, planes: Tensor, mode: str) -> Tensor:
        height, width = planes.shape[1:]
        left, top, right, bottom = self.box
        rows = slice(round(top * height), max(round(bottom * height), round(top * height) + 1))
        columns = slice(round(left * width), max(round(right * width), round(left * width) + 1))
        resized = F.interpolate(planes[None, :, rows, columns], self.size, mode=mode, antialias=mode == "bilinear")[0]
        return resized.flip(2) if self.mirrored else resized


def recolored(images: Tensor) -> Tensor:
    """Vary gamma, tint, saturation and brightness of pictures ``[B, 3, H, W]`` in [-1, 1] at random."""
    count = len(images)
    values = ((images + 1) / 2).clamp(1e-3, 1) ** torch.exp(0.25 * torch.randn(count, 1, 1, 1))
    gains = 1 + 0.12 * torch.randn(count, 1, 1, 1) + 0.06 * torch.randn(count, 3, 1, 1)
    grey = values.mean(1, keepdim=True)
    saturated = torch.lerp(grey, values, 1 + 0.3 * torch.randn(count, 1, 1, 1))
    return (saturated * gains + 0.05 * torch.randn(count, 1, 1, 1)).clamp(0, 1) * 2 - 1

"""A small segmentation net: an EfficientNet-Lite, and a decoder that merges its features from coarse to fine."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..efficientnet import EfficientNetLite

WIDTHS = (48, 96, 128, 160)
"""Channels of the decoder at strides 4, 8, 16 and 32."""

DROPOUT = 0.1


class SegmentationNet(nn.Module):
    """A feature pyramid (Lin et al. 2017) with the mean of the coarsest features as context.

    Args:
        features: an EfficientNet-Lite, which becomes part of this net.
        classes: number of classes.
    Args of forward:
        images: ``[B, 3, H, W]`` in [-1, 1], of any size.
    Returns:
        Logits, ``[B, classes, h, w]``, at a quarter of the size, rounded up.
    """

    def __init__(self, features: EfficientNetLite, classes: int):
        super().__init__()
        self.features = features
        features.head = nn.Identity()  # type: ignore[assignment]
        _, *channels = features.channels
        self.context = nn.Linear(channels[-1], WIDTHS[-1])
        # The height in the picture is an input: sky is above, ground below.
        channels[-1] += 1
        self.lateral = nn.ModuleList(map(_convolution, channels, WIDTHS, [1] * len(WIDTHS)))
        self.merge = nn.ModuleList(_convolution(fine + coarse, fine, 3) for fine, coarse in pairwise(WIDTHS))
        self.classifier = nn.Conv2d(WIDTHS[0], classes, 1)
        self.dropout = nn.Dropout2d(DROPOUT)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def forward(self, images: Tensor) -> Tensor:
        _, *fine, coarse = self.features(images)
        batch, _, rows, columns = coarse.shape
        height = torch.linspace(-1, 1, rows, device=coarse.device, dtype=coarse.dtype).view(1, 1, -1, 1)
        context = self.context(coarse.mean((2, 3)))[:, :, None, None]
        seen = [*fine, torch.cat([coarse, height.expand(batch, 1, rows, columns)], 1)]
        *fine, x = [self.dropout(lateral(level)) for lateral, level in zip(self.lateral, seen, strict=True)]
        x = x + context
        for merge in reversed(self.merge):
            level = fine.pop()
            x = merge(torch.cat([level, F.interpolate(x, level.shape[2:], mode="bilinear")], 1))
        logits: Tensor = self.classifier(x)
        return logits


def _convolution(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))

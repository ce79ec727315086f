"""Trains the segmentation net for landscapes, and measures it.

    python -m tools.segmentation PHOTOGRAPHS --features LITE2 [--output weights/segmentation-landscape.safetensors]
    python -m tools.segmentation PHOTOGRAPHS --measure FILE

PHOTOGRAPHS comes from ``python -m tools.photographs``: the net learns from ``train``, and its figures are those for
``heldout``, whose label maps were corrected by hand. LITE2 is a file with the weights of EfficientNet-Lite2.

Only the decoder learns. The photographs are few, and a machine made most of their label maps, which are partly wrong:
if the features learn, too, the net learns the faults by heart (docs/segmentation.md).
"""

import argparse
import copy
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_models.efficientnet import EfficientNetLite, read_efficientnet
from gan_models.ema import move_averages
from gan_models.labels import taxonomy
from gan_models.segmentation.landscape import LandscapeSegmenter, open_landscape_segmenter, save_network
from gan_models.segmentation.network import SegmentationNet

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

from gaugan_metrics import CLASSES, UNKNOWN, class_iou, confusion, mean_iou, pixel_accuracy
from gaugan_photographs import Photograph, read_photographs
from gaugan_segmentation import class_weights

OUTPUT = Path(__file__).resolve().parent.parent / "weights" / "segmentation-landscape.safetensors"
SIZE = 256, 352
"""Height and width of the training crops."""

STEPS, BATCH = 800, 8
LEARNING_RATE, WEIGHT_DECAY, DECAY = 3e-3, 0.02, 0.995
SMALLEST_CROP, WHOLE = 0.55, 0.25
"""The smallest crop relative to the largest one, and the share of examples that show a whole photograph."""

RARE = 3e-3
"""Classes with a smaller share of the pixels than this get hardly more weight for it."""

SMOOTHING = 0.05

Example = tuple[Tensor, Tensor]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--features", type=Path, help="weights of EfficientNet-Lite2")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file to write (default: the bundled one)")
    parser.add_argument("--steps", type=int, default=STEPS, help="number of steps (default: %(default)s)")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="only measure the net in this file")
    options = parser.parse_args()
    if options.measure is None:
        if options.features is None:
            parser.error("training needs --features")
        began = time.process_time()
        photographs = read_photographs(options.photographs / "train")
        network = train(read_efficientnet(options.features), photographs, options.steps)
        facts = {"data": f"{len(photographs)} photographs", "steps": options.steps, "batch": BATCH,
                 "seconds": round(time.process_time() - began)}  # fmt: skip
        metadata = {"taxonomy": "landscape", "features": network.features.variant, "license": "CC BY-SA 4.0",
                    "training": json.dumps(facts)}  # fmt: skip
        save_network(options.output, network, metadata)
    segmenter = open_landscape_segmenter(options.measure or options.output)
    measure(segmenter, read_photographs(options.photographs / "heldout"))


def train(
    features: EfficientNetLite,
    photographs: Sequence[Photograph],
    steps: int,
    *,
    features_rate: float = 0.0,
    size: tuple[int, int] = SIZE,
    seed: int = 0,
) -> SegmentationNet:
    """Train a net. Returns it with the moving average of its weights, in eval mode.

    Args:
        features: the pretrained features, which are copied.
        features_rate: learning rate of the features; 0 means that only the decoder learns.
        size: height and width of the crops.
    """
    torch.manual_seed(seed)
    draw = random.Random(seed)
    network = SegmentationNet(copy.deepcopy(features), CLASSES - 1)
    pairs = [tensors(photograph) for photograph in photographs]
    weights = class_weights(photographs, RARE)
    groups, rates = [{"params": [weight for weight in network.parameters() if weight.requires_grad]}], [LEARNING_RATE]
    if features_rate:
        groups.append({"params": list(network.features.requires_grad_(True).parameters())})
        rates.append(features_rate)
    optimizer = torch.optim.AdamW(groups, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, steps, pct_start=0.1)
    averaged = copy.deepcopy(network).requires_grad_(False).eval()
    order: list[int] = []
    for step in range(steps):
        while len(order) < BATCH:
            order += draw.sample(range(len(pairs)), len(pairs))
        crops = (crop(pairs[order.pop(0)], size, draw) for _ in range(BATCH))
        images, ids = map(torch.stack, zip(*crops, strict=True))
        with torch.autocast("cpu", torch.bfloat16):
            logits = network(recolored(images).contiguous(memory_format=torch.channels_last))
        logits = F.interpolate(logits.float(), size, mode="bilinear")
        loss = F.cross_entropy(logits, ids, weights, ignore_index=UNKNOWN, label_smoothing=SMOOTHING)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        follow(averaged, network, step)
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}: loss {loss.item():.3f}", flush=True)
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


def crop(pair: Example, size: tuple[int, int], draw: random.Random) -> Example:
    """A random part of a photograph, mirrored at random: ``[3, h, w]`` in [-1, 1] and ids, int64 ``[h, w]``."""
    image, ids = pair
    (height, width), stretch = ids.shape, draw.uniform(0.85, 1.18) ** 0.5
    scale = draw.uniform(SMALLEST_CROP, 1) * min(height / size[0], width / size[1])
    rows, columns = min(height, round(size[0] * scale * stretch)), min(width, round(size[1] * scale / stretch))
    if draw.random() < WHOLE:
        rows, columns = height, width
    top, left = draw.randint(0, height - rows), draw.randint(0, width - columns)
    image, ids = (whole[..., top : top + rows, left : left + columns] for whole in (image, ids))
    image = F.interpolate(image[None].float(), size, mode="bilinear", antialias=True)[0] / 127.5 - 1
    ids = F.interpolate(ids[None, None].float(), size, mode="nearest-exact")[0, 0].long()
    return (image.flip(2), ids.flip(1)) if draw.random() < 0.5 else (image, ids)


def recolored(images: Tensor) -> Tensor:
    """Vary gamma, tint, saturation and brightness of pictures ``[B, 3, H, W]`` in [-1, 1] at random."""
    count = len(images)
    values = ((images + 1) / 2).clamp(1e-3, 1) ** torch.exp(0.25 * torch.randn(count, 1, 1, 1))
    gains = 1 + 0.12 * torch.randn(count, 1, 1, 1) + 0.06 * torch.randn(count, 3, 1, 1)
    grey = values.mean(1, keepdim=True)
    saturated = torch.lerp(grey, values, 1 + 0.3 * torch.randn(count, 1, 1, 1))
    return (saturated * gains + 0.05 * torch.randn(count, 1, 1, 1)).clamp(0, 1) * 2 - 1


def measure(segmenter: LandscapeSegmenter, photographs: Sequence[Photograph]) -> None:
    """Print the figures for photographs."""
    counts = torch.zeros(CLASSES, CLASSES, dtype=torch.int64)
    for photograph in photographs:
        image, ids = tensors(photograph)
        counts += confusion(segmenter.segment(image[None] / 255).ids.long(), ids[None])
    names = taxonomy("landscape").names
    each = ", ".join(f"{names[index]} {100 * value:.0f}" for index, value in enumerate(class_iou(counts).tolist())
                     if counts[index].sum())  # fmt: skip
    print(f"{len(photographs)} photographs: {100 * pixel_accuracy(counts):.1f} % of the pixels, mean IoU "
          f"{100 * mean_iou(counts):.1f} % ({each})")  # fmt: skip


if __name__ == "__main__":
    main()

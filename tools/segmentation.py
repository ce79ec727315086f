"""Trains the segmentation net for landscapes, and measures it.

    python -m tools.segmentation PHOTOGRAPHS --features LITE0 LITE1 LITE2 [--output FILE]
    python -m tools.segmentation PHOTOGRAPHS --measure FILE

PHOTOGRAPHS comes from ``python -m tools.photographs``: the net learns from ``train``, and its figures are those for
``heldout``, whose label maps were corrected by hand. LITE0, LITE1 and LITE2 are files with the weights of these
variants of EfficientNet-Lite.

Several nets of different kinds are trained first. They differ in their faults, so their mean is better than each of
them. The net that ships then learns from the label maps and from that mean (Hinton et al. 2015; docs/segmentation.md).
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from gan_models.efficientnet import EfficientNetLite, read_efficientnet
from gan_models.labels import taxonomy
from gan_models.segmentation.landscape import LandscapeSegmenter, open_landscape_segmenter, save_network

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

from gaugan_metrics import CLASSES, class_iou, confusion, mean_iou, pixel_accuracy
from gaugan_photographs import Photograph, read_photographs
from tools.segmentation_training import BATCH, Settings, seen_by, tensors, train

OUTPUT = Path(__file__).resolve().parent.parent / "weights" / "segmentation-landscape.safetensors"
VARIANTS = ("lite0", "lite1", "lite2")

TEACHERS = (
    Settings("lite2"),
    Settings("lite2", size=(320, 416), seed=1),
    Settings("lite1", size=(288, 384), seed=3),
    Settings("lite0", steps=1000, features_rate=2e-4),
    Settings("lite2", features_rate=1e-4, seed=2),
)
BUNDLED = Settings("lite2", steps=1500, features_rate=2e-4, seed=7)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--features", type=Path, nargs=len(VARIANTS), metavar=tuple(map(str.upper, VARIANTS)),
                        help="weights of EfficientNet-Lite0, 1 and 2")  # fmt: skip
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file to write (default: the bundled one)")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="only measure the net in this file")
    options = parser.parse_args()
    heldout = read_photographs(options.photographs / "heldout")
    if options.measure is None:
        if options.features is None:
            parser.error("training needs --features")
        features = dict(zip(VARIANTS, map(read_efficientnet, options.features), strict=True))
        make(options.output, features, read_photographs(options.photographs / "train"), heldout)
    measure(open_landscape_segmenter(options.measure or options.output), heldout)


def make(
    output: Path,
    features: dict[str, EfficientNetLite],
    photographs: Sequence[Photograph],
    heldout: Sequence[Photograph],
    teachers: Sequence[Settings] = TEACHERS,
    settings: Settings = BUNDLED,
) -> None:
    """Train ``teachers`` and the net that learns from them, and write it to ``output``."""
    began, networks = time.process_time(), []
    for each in teachers:
        print(each, flush=True)
        networks.append(train(each, features[each.features], photographs))
        measure(LandscapeSegmenter(networks[-1], taxonomy("landscape")), heldout)
    network = train(settings, features[settings.features], photographs, seen_by(networks, photographs))
    facts = {"data": f"{len(photographs)} photographs", "teachers": len(teachers), "steps": settings.steps,
             "batch": BATCH, "seconds": round(time.process_time() - began)}  # fmt: skip
    metadata = {"taxonomy": "landscape", "features": settings.features, "license": "CC BY-SA 4.0",
                "training": json.dumps(facts)}  # fmt: skip
    save_network(output, network, metadata)


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
          f"{100 * mean_iou(counts):.1f} % ({each})", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()

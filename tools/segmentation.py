"""Trains the segmentation net for landscapes, and measures it.

    python -m tools.segmentation PHOTOGRAPHS --features LITE2 [--output weights/segmentation-landscape.safetensors]
    python -m tools.segmentation PHOTOGRAPHS --measure FILE

PHOTOGRAPHS comes from ``python -m tools.photographs``: the net learns from ``train``, and its figures are those for
``heldout``, whose label maps were corrected by hand. LITE2 is a file with the weights of EfficientNet-Lite2.

Only the decoder learns. The photographs are few, and a machine made most of their label maps, which are partly wrong:
if the features learn, too, the net learns the faults by heart (docs/segmentation.md).
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import torch

from gan_models.efficientnet import read_efficientnet
from gan_models.labels import taxonomy
from gan_models.segmentation.landscape import LandscapeSegmenter, open_landscape_segmenter, save_network

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

from gaugan_metrics import CLASSES, class_iou, confusion, mean_iou, pixel_accuracy
from gaugan_photographs import Photograph, read_photographs
from tools.segmentation_training import BATCH, Settings, tensors, train

OUTPUT = Path(__file__).resolve().parent.parent / "weights" / "segmentation-landscape.safetensors"
BUNDLED = Settings("lite2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--features", type=Path, help="weights of EfficientNet-Lite2")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="the file to write (default: the bundled one)")
    parser.add_argument("--measure", type=Path, metavar="FILE", help="only measure the net in this file")
    options = parser.parse_args()
    if options.measure is None:
        if options.features is None:
            parser.error("training needs --features")
        began = time.process_time()
        photographs = read_photographs(options.photographs / "train")
        network = train(BUNDLED, read_efficientnet(options.features), photographs)
        facts = {"data": f"{len(photographs)} photographs", "steps": BUNDLED.steps, "batch": BATCH,
                 "seconds": round(time.process_time() - began)}  # fmt: skip
        metadata = {"taxonomy": "landscape", "features": BUNDLED.features, "license": "CC BY-SA 4.0",
                    "training": json.dumps(facts)}  # fmt: skip
        save_network(options.output, network, metadata)
    segmenter = open_landscape_segmenter(options.measure or options.output)
    measure(segmenter, read_photographs(options.photographs / "heldout"))


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

"""Fine-tunes a GauGAN to photographs, singly or together, and measures how near its textures come to theirs.

    python benchmarks/gaugan_fine_tuning.py --photographs FOLDER [--minutes 10] [--output docs/fine-tuning.jpg]
    python benchmarks/gaugan_fine_tuning.py --photographs FOLDER --together --names NAME NAME …

FOLDER comes from ``python -m tools.photographs``; the photographs are held out, so the model has not seen them. Each of
them, with its label map, is what **Train GauGAN** gets with the preset ``fine-tune``. Before and after, the model
paints the painter's example layouts in the photograph's style.

The texture distance is the sliced Wasserstein distance (x 1000) between the 7x7 patches inside a class of the generated
pictures and those inside the same class of the photograph, averaged over the classes that both contain.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gan_models.efficientnet import EfficientNetLite, read_efficientnet
from gan_models.gaugan import Synthesizer, open_synthesizer
from gan_models.gaugan.training.memory_pairs import MemoryPairs
from gan_models.gaugan.training.presets import FINE_TUNE, preset_of_model
from gan_models.gaugan.training.run import train
from gan_models.labels import LabelMap, taxonomy
from gan_models.pixels import to_float
from gaugan_photographs import Crops, Photograph, find, read_photographs, squares
from gaugan_sheets import colors, drawings, paint, sheet, to_image
from quality import PATCH, projected_distance, random_directions

MODEL = Path(__file__).resolve().parent.parent / "weights" / "gaugan-landscape.safetensors"
NAMES = ("endless-sky_forest9", "endless-sky_fields0", "budgie_lake-sherburne")
SIZE = 256
FEWEST, MOST = 500, 20_000
"""Patches of a class that both sides need to have, and the number that is compared at most."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=MODEL, help="the model to start from (default: the bundled one)")
    parser.add_argument("--photographs", type=Path, required=True, help="folder that contains heldout")
    parser.add_argument("--features", type=Path, required=True, help="weights of EfficientNet-Lite0")
    parser.add_argument("--names", nargs="+", default=NAMES, metavar="NAME", help="photographs (default: three)")
    parser.add_argument("--together", action="store_true", help="fine-tune one model to all photographs")
    parser.add_argument("--steps", type=int, help="steps of each run (default: the preset's)")
    parser.add_argument("--minutes", type=float, help="the longest time of each run")
    parser.add_argument("--shown", type=int, nargs="+", default=(0, 3, 6, 9), help="example layouts in the sheet")
    parser.add_argument("--output", type=Path, help="also write a sheet of pictures to this file")
    options = parser.parse_args()
    before, features = open_synthesizer(options.model), read_efficientnet(options.features)
    layouts = drawings(SIZE)
    rows: list[list[Tensor | None]] = []
    print("| photograph | classes | texture distance before | after | CPU minutes |\n|---|---|---|---|---|")
    photographs = find(read_photographs(options.photographs / "heldout"), options.names)
    after, spent = before, 0.0
    for number, photograph in enumerate(photographs):
        if not number or not options.together:
            began = time.process_time()
            chosen = photographs if options.together else [photograph]
            after = fine_tuned(before, chosen, features, options.steps, options.minutes)
            spent = (time.process_time() - began) / 60
        crop = squares([photograph], SIZE)
        styles = crop.images.expand(len(layouts), -1, -1, -1)
        made = [paint(model, layouts, styles) for model in (before, after)]
        distances = [texture_distances(pictures, layouts, crop) for pictures in made]
        means = [sum(found.values()) / len(found) for found in distances]
        classes = ", ".join(f"{name} {value:.0f} → {distances[1][name]:.0f}" for name, value in distances[0].items())
        print(f"| {photograph.name} | {classes} | {means[0]:.0f} | {means[1]:.0f} | {spent:.1f} |", flush=True)
        rows += [[crop.images[0], *(pictures[index] for index in options.shown)] for pictures in made]
    if options.output:
        to_image(sheet([[None, *(colors(layouts[index]) for index in options.shown)], *rows])).save(
            options.output, quality=88
        )


def fine_tuned(
    model: Synthesizer,
    photographs: Sequence[Photograph],
    features: EfficientNetLite,
    steps: int | None,
    minutes: float | None,
) -> Synthesizer:
    """The model after training with the preset "fine-tune" on photographs."""
    pictures = [to_float(torch.from_numpy(np.array(each.image)).permute(2, 0, 1)[None]) for each in photographs]
    maps = [LabelMap(torch.from_numpy(np.array(each.labels))[None], model.taxonomy) for each in photographs]
    pairs = MemoryPairs(pictures, maps, model.taxonomy)
    encoder = model.encoder
    assert encoder is not None
    config = preset_of_model(
        FINE_TUNE, model.taxonomy, model.generator.config, encoder.config, SIZE, steps=steps
    )
    with tempfile.TemporaryDirectory() as folder:
        path = train(
            pairs, config, folder, dtype=torch.bfloat16, features=features, minutes=minutes,
            start={"generator": model.generator, "encoder": encoder},
        )  # fmt: skip
        return open_synthesizer(path)


def texture_distances(pictures: Tensor, labels: Tensor, photograph: Crops) -> dict[str, float]:
    """The texture distance of each class that generated pictures share with a photograph, by its name.

    Args:
        pictures, labels: uint8 ``[B, 3, H, W]`` and ids ``[B, H, W]``.
    """
    names = taxonomy("landscape").names
    found = {}
    directions = random_directions(torch.Generator().manual_seed(0))
    for label in photograph.labels.unique().tolist():
        sides = [patches_of(x, ids, label) for x, ids in ((pictures, labels), (photograph.images, photograph.labels))]
        if min(map(len, sides)) >= FEWEST:
            count = min(map(len, sides))
            found[names[label]] = projected_distance(*(side[:count] for side in sides), directions)
    return found


def patches_of(pictures: Tensor, labels: Tensor, label: int) -> Tensor:
    """The patches that lie inside a class, ``[N, 147]``: at most ``MOST``, drawn at random."""
    inside = F.unfold((labels == label)[:, None].float(), PATCH).amin(1) == 1
    columns = F.unfold(to_float(pictures), PATCH).permute(0, 2, 1)[inside]
    order = torch.randperm(len(columns), generator=torch.Generator().manual_seed(0))
    return columns[order[:MOST]]


if __name__ == "__main__":
    main()

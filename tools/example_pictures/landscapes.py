"""Makes the label maps of the examples: `python tools/example_pictures/landscapes.py [name ...]`."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from gan_models.labels import encode, palette, remap, taxonomy  # noqa: E402
from gan_models.scenes import render_scene  # noqa: E402

SIZE = (256, 256)


def label_map(seed: int, colors: str) -> Image.Image:
    """The layout of a scene, in the colours of a taxonomy."""
    ids = render_scene(seed, SIZE).labels[None]
    ids, _ = remap(ids, taxonomy("landscape"), taxonomy(colors))
    return Image.fromarray(encode(ids, palette(colors))[0].numpy())


def layout(name: str) -> Image.Image:
    """An example layout of the label painter, in the colours of 'landscape'."""
    with Image.open(ROOT / "web" / "layouts" / f"{name}.png") as file:
        ids = torch.from_numpy(np.array(file.resize(SIZE, Image.Resampling.NEAREST)))
    return Image.fromarray(encode(ids[None], palette("landscape"))[0].numpy())


PICTURES: dict[str, Callable[[], Image.Image]] = {
    "lake_labels.png": lambda: layout("lake"),
    "valley_labels.png": lambda: layout("valley"),
    "river_ade20k.png": lambda: label_map(300013, "ade20k"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(PICTURES), help=f"any of: {', '.join(PICTURES)}")
    parser.add_argument("--folder", type=Path, default=ROOT / "pictures", help="where to save")
    options = parser.parse_args()
    unknown = set(options.names) - set(PICTURES)
    if unknown:
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    for name in options.names:
        picture = PICTURES[name]()
        picture.save(options.folder / name)
        print(f"rendered {name}")


if __name__ == "__main__":
    main()

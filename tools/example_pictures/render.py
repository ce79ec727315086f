"""Renders the example pictures of the pack into pictures/: `python tools/example_pictures/render.py [name ...]`."""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rendering import drawn, film, morning, mountains, shore

PICTURES = Path(__file__).resolve().parents[2] / "pictures"
WIDTH, HEIGHT = 512, 384
RENDERERS: dict[str, Callable[..., np.ndarray]] = {  # (width, height, seed=...) -> [H, W, 3 or 4] in 0..1
    "balloons.jpg": morning.render,
    "balloons_pasted.png": drawn.pasted,
    "balloons_edited.png": drawn.edited,
    "balloons_painted.png": drawn.painted,
    "mountains.jpg": mountains.render,
    "mountains_pasted.png": drawn.sailed,
    "pebbles.jpg": shore.render,
}


def save(picture: np.ndarray, path: Path) -> None:
    """Writes a float picture in 0..1, as JPEG or PNG by the path's suffix."""
    film.to_image(picture).save(path, quality=95, subsampling=0, optimize=True)


def main() -> None:
    """Renders the named pictures, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"any of: {', '.join(RENDERERS)} (default: all)")
    parser.add_argument("--folder", type=Path, default=PICTURES, help="where to save")
    arguments = parser.parse_args()
    unknown = set(arguments.names) - set(RENDERERS)
    if unknown:
        parser.error(f"no such picture: {', '.join(sorted(unknown))}")
    for name in arguments.names or RENDERERS:
        save(RENDERERS[name](WIDTH, HEIGHT), arguments.folder / name)
        print(f"rendered {name}")


if __name__ == "__main__":
    main()

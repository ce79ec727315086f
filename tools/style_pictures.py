"""Makes the photographs among the example pictures: ``python -m tools.style_pictures FOLDER``.

FOLDER is ``OUTPUT/heldout`` of ``tools.photographs``. All of them are under CC0 or in the public domain, and the
bundled model has not been trained on them.
"""

import argparse
import io
from pathlib import Path

from PIL import Image, ImageOps

from gan_models.files import write_atomically

from .sheets import ROOT

SIZE = (512, 384)
MOST_BYTES = 100_000
PICTURES = {
    "noon.jpg": "endless-sky_water12",
    "sunset.jpg": "endless-sky_fog8",
    "winter.jpg": "endless-sky_snow19",
    "autumn.jpg": "endless-sky_forest9",
    "storm.jpg": "endless-sky_fog6",
    "mist.jpg": "endless-sky_hills0",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with images/")
    folder = parser.parse_args().folder
    for name, photograph in PICTURES.items():
        with Image.open(folder / "images" / f"{photograph}.jpg") as file:
            picture = ImageOps.fit(file.convert("RGB"), SIZE, Image.Resampling.LANCZOS)
        write_atomically(ROOT / "pictures" / name, encoded(picture))


def encoded(picture: Image.Image) -> bytes:
    """A picture as JPEG, at the best quality that fits into ``MOST_BYTES``."""
    for quality in range(95, 0, -1):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() <= MOST_BYTES:
            return file.getvalue()
    raise ValueError(f"a picture of {picture.width}×{picture.height} does not fit into {MOST_BYTES} bytes")


if __name__ == "__main__":
    main()

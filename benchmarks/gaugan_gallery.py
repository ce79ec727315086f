"""Makes the README's gallery of a GauGAN of the 'landscape' taxonomy.

    python benchmarks/gaugan_gallery.py MODEL [--output docs/gaugan.jpg]

One label map in the styles of a layout's pictures in six lights, and six label maps in one style. The layouts are
rendered ones that no training has seen; which, is chosen by their seeds.
"""

import argparse
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from PIL import Image

from gan_models.files import write_atomically
from gan_models.gaugan import open_synthesizer
from gan_models.scenes import LIGHTS
from gaugan_heldout import SCENES
from gaugan_sheets import gallery, to_image

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "gaugan.jpg"
MOST_BYTES = 400_000
LAYOUT = 300_013
LAYOUTS = (300_004, 300_019, 200_061, 300_022, 200_065, 200_018)
LIGHTS_SHOWN = ("noon", "golden hour", "dusk", "fog", "winter", "moonlight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="file of a generator with style encoder")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: docs/gaugan.jpg")
    parser.add_argument("--size", type=int, default=256, help="the net's pixels of each picture (default: %(default)s)")
    parser.add_argument("--width", type=int, default=1400, help="pixels of the gallery (default: %(default)s)")
    parser.add_argument("--layout", type=int, default=LAYOUT, help="seed of the label map in six styles")
    parser.add_argument("--layouts", type=int, nargs=6, default=LAYOUTS,
                        metavar="SEED", help="seeds of the six label maps in one style")  # fmt: skip
    parser.add_argument("--style-layout", type=int, default=SCENES + 7, help="seed of the styles' pictures")
    parser.add_argument("--lights", nargs=6, default=LIGHTS_SHOWN, choices=list(LIGHTS), metavar="LIGHT",
                        help=f"of the styles; of {', '.join(LIGHTS)}")  # fmt: skip
    parser.add_argument("--light", default="golden hour", choices=list(LIGHTS), metavar="LIGHT", help="of one style")
    options = parser.parse_args()
    model = open_synthesizer(options.model)
    if model.encoder is None or model.taxonomy != "landscape":
        parser.error(f"{options.model.name} is no GauGAN of 'landscape' with a style encoder: {model.summary}")
    pixels = gallery(
        model, options.size, options.layout, options.layouts, options.style_layout, options.lights, options.light
    )
    picture = to_image(pixels)
    picture = picture.resize(
        (options.width, round(picture.height * options.width / picture.width)), Image.Resampling.LANCZOS
    )
    write_atomically(options.output, below(MOST_BYTES, picture))


def below(most: int, picture: Image.Image) -> bytes:
    """A picture as JPEG, at the best quality of 95, 90, … with which it takes fewer bytes than ``most``.

    Raises:
        ValueError: it takes more even at quality 50.
    """
    for quality in range(95, 45, -5):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() < most:
            return file.getvalue()
    raise ValueError(f"the picture takes more than {most} bytes at quality 50; make it less than {picture.width} wide")


if __name__ == "__main__":
    main()

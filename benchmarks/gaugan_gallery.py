"""Makes the README's gallery for a GauGAN of the 'landscape' taxonomy.

    python benchmarks/gaugan_gallery.py MODEL --photographs FOLDER [--output docs/gaugan.jpg]

The gallery shows one label map in the styles of six photographs, and six label maps in the style of one photograph,
with matched colours (see gaugan_matched.py). A large sheet beside it shows every photograph, its label map, and the
pictures that the model makes of it in the photograph's own style, without and with matched colours, with a second part
of the widest photographs to fill the last row. Label maps drawn by hand follow, in the styles of some photographs, with
matched colours. FOLDER comes from ``python -m tools.photographs``. All label maps and styles are from its held-out
photographs, which were not used for training, and only from those under CC0 or in the public domain, which may be shown
without attribution.
"""

import argparse
import csv
import io
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from PIL import Image

from gan_models.files import write_atomically
from gan_models.gaugan import Synthesizer, open_synthesizer
from gaugan_matched import Matched
from gaugan_photographs import Crops, Photograph, find, read_photographs, squares
from gaugan_sheets import GAP, beside_photographs, drawings, gallery, in_styles, paint, to_image

OUTPUT = Path(__file__).resolve().parent.parent / "docs" / "gaugan.jpg"
SHEET = OUTPUT.with_name("landscape-sheet.jpg")
MOST_BYTES, SHEET_BYTES = 400_000, 2_500_000
COLUMNS = 2
FREE = ("CC0-1.0", "PD")
LAYOUT = "budgie_lake-sherburne"
STYLES = ("endless-sky_mountain9", "endless-sky_beach5", "endless-sky_sky6", "endless-sky_fog6", "endless-sky_fields0",
          "endless-sky_snow19")  # fmt: skip
LAYOUTS = ("endless-sky_sea1", "endless-sky_dune4", "endless-sky_water12", "endless-sky_mountain1",
           "endless-sky_snow5", "endless-sky_fields13")  # fmt: skip
STYLE = "endless-sky_fog8"
DRAWN_STYLES = ("endless-sky_mountain1", "endless-sky_fog8", "endless-sky_hills0", "endless-sky_fog6",
                "endless-sky_snow5", "endless-sky_dune4", "endless-sky_sea1")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path, help="file of a generator with a style encoder")
    parser.add_argument("--photographs", type=Path, required=True, help="folder that contains heldout")
    parser.add_argument("--output", type=Path, default=OUTPUT, help="default: docs/gaugan.jpg")
    parser.add_argument("--sheet", type=Path, default=SHEET, help="default: docs/landscape-sheet.jpg")
    parser.add_argument("--size", type=int, default=256, help="side of each generated picture (default: %(default)s)")
    parser.add_argument("--width", type=int, default=1400, help="width of the gallery in pixels (default: %(default)s)")
    parser.add_argument("--layout", default=LAYOUT, metavar="NAME", help="photograph of the label map in six styles")
    parser.add_argument("--styles", nargs=6, default=STYLES, metavar="NAME", help="photographs of these styles")
    parser.add_argument("--layouts", nargs=6, default=LAYOUTS, metavar="NAME", help="photographs of six label maps")
    parser.add_argument("--style", default=STYLE, metavar="NAME", help="photograph of that style")
    options = parser.parse_args()
    model = open_synthesizer(options.model)
    if model.encoder is None or model.taxonomy != "landscape":
        parser.error(f"{options.model.name} is not a GauGAN of 'landscape' with a style encoder: {model.summary}")
    photographs = free(options.photographs / "heldout")
    parts = [squares(find(photographs, names), options.size) for names in
             ([options.layout], options.styles, options.layouts, [options.style])]  # fmt: skip
    layout, styles, layouts, style = parts
    picture = to_image(gallery(Matched(model), layout.labels[0], styles.images, layouts.labels, style.images[0]))
    picture = picture.resize(
        (options.width, round(picture.height * options.width / picture.width)), Image.Resampling.LANCZOS
    )
    write_atomically(options.output, below(MOST_BYTES, picture))
    write_atomically(options.sheet, below(SHEET_BYTES, large_sheet(model, photographs, options.size)))


def large_sheet(model: Synthesizer, photographs: list[Photograph], size: int) -> Image.Image:
    """Photographs, their label maps and the pictures made of these, then the drawn label maps in several styles."""
    matched = Matched(model)
    shown, styles = squares(photographs, size), squares(find(photographs, DRAWN_STYLES), size)
    # Left ends of the widest photographs fill the last row.
    widest = sorted(photographs, key=lambda each: each.image.height / each.image.width)[: -len(photographs) % COLUMNS]
    if widest:
        ends = squares(widest, size, 0.0)
        shown = Crops(torch.cat([shown.images, ends.images]), torch.cat([shown.labels, ends.labels]),
                      torch.cat([shown.sources, ends.sources]))  # fmt: skip
    painted = [paint(each, shown.labels, shown.images) for each in (model, matched)]
    above = to_image(beside_photographs(shown, painted, range(len(shown.images)), COLUMNS))
    drawn = to_image(in_styles(matched, drawings(size), styles.images))
    sheet = Image.new("RGB", (max(above.width, drawn.width), above.height + GAP + drawn.height), "white")
    sheet.paste(above)
    sheet.paste(drawn, (0, above.height + GAP))
    return sheet


def free(folder: Path) -> list[Photograph]:
    """The photographs of a folder that are under CC0 or in the public domain, as its ``CREDITS.csv`` says."""
    with (folder / "CREDITS.csv").open(newline="", encoding="utf-8") as file:
        names = {row["name"] for row in csv.DictReader(file) if row["licence"] in FREE}
    return [photograph for photograph in read_photographs(folder) if photograph.name in names]


def below(most: int, picture: Image.Image) -> bytes:
    """A picture as JPEG, at the best quality of 95, 90, … that takes at most ``most`` bytes.

    Raises:
        ValueError: it takes more bytes even at quality 50.
    """
    for quality in range(95, 45, -5):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=quality, optimize=True)
        if file.tell() < most:
            return file.getvalue()
    raise ValueError(f"the picture takes more than {most} bytes at quality 50; make it narrower than {picture.width}")


if __name__ == "__main__":
    main()

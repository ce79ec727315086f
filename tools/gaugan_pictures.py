"""Makes the pictures for the help pages of GauGAN and of the label maps.

python -m tools.gaugan_pictures [--run FOLDER]

The picture of Train GauGAN is the last preview of the training run in FOLDER. Without FOLDER, it is not changed.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
from torch import Tensor

from benchmarks.gaugan_matched import Matched
from gan_models import labels
from gan_models.gaugan import Synthesizer, open_synthesizer, transition
from gan_models.seeds import seeded
from gan_models.segmentation import open_landscape_segmenter

from .sheets import HELP, ROOT, grid_images, read, save, stack, to_image, widened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, help="folder of a GauGAN training run")
    run = parser.parse_args().run
    if run is not None:
        with Image.open(max((run / "samples").iterdir())) as sheet:
            save(HELP / "train_gaugan.jpg", sheet.convert("RGB"))
    label_map_pictures()
    layout_pictures()
    segmentation_pictures()
    gaugan_pictures()


def label_map_pictures() -> None:
    ids, palette = landscape(240, 320), labels.palette("landscape")
    colors = to_colors(ids)
    save(HELP / "label_map_colors.jpg", Image.fromarray(labels.with_legend(ids[None], palette)[0].numpy()))
    blurred = colors.filter(ImageFilter.GaussianBlur(1.2))
    decoded = labels.decode(torch.from_numpy(np.array(blurred))[None], [palette])
    cut = (40, 110, 120, 170)
    pair = [picture.crop(cut).resize((320, 240), Image.Resampling.NEAREST) for picture in (
        blurred, to_colors(decoded.ids[0]))]  # fmt: skip
    save(HELP / "label_map_from_colors.jpg", grid_images(pair, 2))
    classes = labels.taxonomy("landscape")
    layers = [classes.find(name).id for name in ("mountain", "sea", "tree")]
    masks = [(ids == layer).float()[None, None] for layer in layers]
    laid = labels.lay(labels.uniform(masks[0], classes.find("sky").id), masks, layers)
    save(
        HELP / "label_map_from_masks.jpg",
        grid_images([*(mask_of(ids, layer) for layer in layers), to_colors(laid[0])], 2),
    )
    save(HELP / "label_map_to_mask.jpg", grid_images([colors, mask_of(ids, layers[0])], 2))
    ade, _ = labels.remap(ids[None], classes, labels.taxonomy("ade20k"))
    sheets = [labels.with_legend(ids[None], palette), labels.with_legend(ade, labels.palette("ade20k"))]
    drawn = [Image.fromarray(sheet[0].numpy()) for sheet in sheets]
    width = max(picture.width for picture in drawn)
    save(HELP / "label_map_remap.jpg", stack([widened(picture, width) for picture in drawn]))


def layout_pictures() -> None:
    drawn = [Image.open(file).convert("RGB") for file in sorted((ROOT / "web" / "layouts").glob("*.png"))]
    save(HELP / "layouts.jpg", grid_images([image.resize((160, 160), Image.Resampling.LANCZOS) for image in drawn], 4))


def segmentation_pictures() -> None:
    segmenter = open_landscape_segmenter(ROOT / "weights" / "segmentation-landscape.safetensors")
    shown = []
    for name in ("noon.jpg", "storm.jpg", "mist.jpg"):
        photo = read(name)
        found = segmenter.segment((photo + 1) / 2)
        unsure = Image.fromarray((found.confidence[0] < 0.5).numpy()).convert("RGB")
        shown += [to_image(photo), to_colors(found.ids[0]), unsure]
    small = [picture.resize((320, 240), Image.Resampling.LANCZOS) for picture in shown]
    save(HELP / "label_map_from_photo.jpg", grid_images(small, 3))


def gaugan_pictures() -> None:
    model = open_synthesizer(ROOT / "weights" / "gaugan-landscape.safetensors")
    lake, valley = (label_ids(name) for name in ("lake_labels.png", "valley_labels.png"))
    photos = [read(name) for name in ("noon.jpg", "sunset.jpg", "winter.jpg")]
    styles = [model.encode(photo) for photo in photos]
    drawn = model.random_styles(6, seeded(3)).split(1)
    way = transition(styles[0], styles[1], 5).split(1)
    shown = {
        "load": painted(model, lake, drawn[:3]),
        "encode_style": [*(fitted(photo) for photo in photos), *painted(model, lake, styles)],
        "random_style": painted(model, valley, drawn),
        "mix_styles": painted(model, valley, way),
        "generate": [to_colors(lake[0]), fitted(photos[1]), *painted(model, lake, styles[1:2])],
    }
    for number, (name, pictures) in enumerate(shown.items()):
        sheet, scheme = grid_images(pictures, 5 if name == "mix_styles" else 3), wiring(number)
        save(HELP / f"gaugan_{name}.jpg", stack([widened(scheme, sheet.width), sheet]))
    save(HELP / "gaugan_save.jpg", wiring(len(shown)))
    color_match_picture(model, lake, photos)


def color_match_picture(model: Synthesizer, ids: Tensor, photos: list[Tensor]) -> None:
    """Each photo, a picture in its style, and that picture in its colours."""
    models, shown = (model, Matched(model)), []
    for photo in photos:
        shown += [fitted(photo), *(to_image(each.paint(ids, each.encode(photo))) for each in models)]
    save(HELP / "color_match.jpg", grid_images(shown, 3))


def label_ids(name: str) -> Tensor:
    """The ids of an example picture in the colours of 'landscape', ``[1, H, W]``."""
    pixels = torch.from_numpy(np.array(Image.open(ROOT / "pictures" / name).convert("RGB")))[None]
    return labels.decode(pixels, [labels.palette("landscape")]).ids


def painted(model: Synthesizer, ids: Tensor, styles: list[Tensor] | tuple[Tensor, ...]) -> list[Image.Image]:
    return [to_image(model.paint(ids, style)) for style in styles]


def fitted(photo: Tensor) -> Image.Image:
    return ImageOps.fit(to_image(photo), (256, 256), Image.Resampling.LANCZOS)


def landscape(height: int, width: int) -> Tensor:
    """A label map of mountains by the sea, with a wood and a few clouds: uint8 ``[H, W]`` of 'landscape'."""
    classes = labels.taxonomy("landscape")
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    ridge = 0.42 - 0.16 * (3.1 * x + 0.4).sin().abs() - 0.05 * (17 * x).sin() - 0.02 * (41 * x).cos()
    hills = 0.5 - 0.07 * (5 * x + 1).sin() - 0.01 * (33 * x).sin()
    shore = 0.62 + 0.12 * x + 0.02 * (12 * x).sin()
    ids = torch.full((height, width), classes.find("sky").id, dtype=torch.uint8)
    for cx, cy, size in ((0.2, 0.12, 0.09), (0.3, 0.15, 0.07), (0.72, 0.1, 0.1), (0.83, 0.13, 0.06)):
        ids[((x - cx) / (2 * size)) ** 2 + ((y - cy) / (0.6 * size)) ** 2 < 1] = classes.find("clouds").id
    ids[y > ridge] = classes.find("mountain").id
    ids[(y > ridge) & (y < ridge + 0.05) & (ridge < 0.3)] = classes.find("snow").id
    ids[y > hills] = classes.find("hill").id
    ids[y > 0.56] = classes.find("sea").id
    ids[y > shore + 0.14 * (x - 0.1)] = classes.find("sand").id
    ids[y > shore + 0.05 + 0.2 * x] = classes.find("grass").id
    for cx, cy, size in ((0.1, 0.52, 0.1), (0.22, 0.57, 0.07), (0.02, 0.6, 0.09), (0.3, 0.55, 0.04)):
        wobble = 1 + 0.12 * ((x - cx) * 70).sin() * ((y - cy) * 60).cos()
        ids[((x - cx) ** 2 + (y - cy) ** 2) ** 0.5 < size * wobble] = classes.find("tree").id
    return ids


def to_colors(ids: Tensor) -> Image.Image:
    return Image.fromarray(labels.encode(ids[None], labels.palette("landscape"))[0].numpy())


def mask_of(ids: Tensor, layer: int) -> Image.Image:
    """The pixels of a class in white on black."""
    return Image.fromarray((ids == layer).numpy()).convert("RGB")


def wiring(chosen: int) -> Image.Image:
    """A diagram of how the GauGAN nodes are connected, with one node highlighted."""
    sheet = Image.new("RGB", (770, 290), (32, 32, 32))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    boxes = {
        "Load GauGAN": (20, 20), "GauGAN Encode Style": (210, 90), "GauGAN Random Style": (210, 150),
        "GauGAN Mix Styles": (400, 120), "GauGAN Generate": (590, 60), "Save GauGAN": (210, 230),
        "Train GauGAN": (20, 230), "a photo": (20, 90),
        "a label map": (400, 230), "the picture": (590, 160),
    }  # fmt: skip
    wires = [(0, 1), (0, 2), (0, 4), (7, 1), (1, 3), (2, 3), (3, 4), (8, 4), (4, 9), (6, 5)]
    corners = list(boxes.values())
    for start, end in wires:
        (x1, y1), (x2, y2) = corners[start], corners[end]
        ends = ((x1 + 80, y1 + 40), (x2 + 80, y2)) if x1 == x2 else ((x1 + 160, y1 + 20), (x2, y2 + 20))
        draw.line(ends, (200, 200, 140), 2)
    for index, (name, (left, top)) in enumerate(boxes.items()):
        fill = (70, 110, 160) if index == chosen else (60, 60, 60)
        if index >= 7:
            fill = (45, 60, 45)
        draw.rounded_rectangle((left, top, left + 160, top + 40), 6, fill, (130, 130, 130))
        draw.text((left + 80, top + 20), name, (235, 235, 235), font, anchor="mm")
    return sheet


if __name__ == "__main__":
    main()

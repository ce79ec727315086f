"""Makes the pictures of the README and of the help pages from the bundled model and the example pictures.

python -m tools.help_pictures
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from torch import Tensor

from gan_models import labels
from gan_models.gaugan import match_colors
from gan_models.seeds import seeded
from gan_models.singan import SinGAN, harmonize, load, super_resolve

ROOT = Path(__file__).resolve().parent.parent
HELP = ROOT / "web" / "docs" / "pictures"
FRONT = ROOT / "docs"
GAP = 6


def main() -> None:
    label_map_pictures()
    layout_pictures()
    gaugan_pictures()
    singan_pictures()


def singan_pictures() -> None:
    model = load(ROOT / "weights" / "singan-balloons.safetensors")
    picture = model.training_picture()
    samples = model.sample(9, generator=seeded(5)).split(1)
    save(HELP / "train.jpg", grid([picture, model.reconstruct(), *samples[:4]], 3))
    wide = model.sample(1, generator=seeded(11), width=model.size[1] * 5 // 2)
    save(HELP / "sample.jpg", stack([grid(list(samples[:3]), 3), fit_width(wide, 3 * model.size[1] + 2 * GAP)]))
    save(HELP / "load.jpg", to_image(samples[4]))
    save(HELP / "save.jpg", pyramid(model))
    save(HELP / "harmonize.jpg", grid(harmonized(model), 3))
    save(HELP / "super_resolve.jpg", grid(enlarged(model), 2))
    examples = [Image.open(file).convert("RGB") for file in sorted((ROOT / "pictures").glob("*.[jp][pn]g"))]
    small = [image.resize((256, 192), Image.Resampling.LANCZOS) for image in examples]
    save(HELP / "examples.jpg", grid_images(small, 3))
    panorama = model.sample(1, generator=seeded(11), width=model.size[1] * 3)
    front = stack([grid([picture, *samples[:2]], 3), fit_width(panorama, 3 * model.size[1] + 2 * GAP)])
    save(FRONT / "samples.jpg", front)


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
    save(HELP / "layouts.jpg", grid_images([image.resize((200, 200), Image.Resampling.LANCZOS) for image in drawn], 3))


def gaugan_pictures() -> None:
    for number, name in enumerate(("load", "encode_style", "random_style", "mix_styles", "generate")):
        save(HELP / f"gaugan_{name}.jpg", wiring(number))
    size = (210, 280)
    ours, other = (
        torch.nn.functional.interpolate(read(name), size=size, mode="bicubic", antialias=True).clamp(-1, 1)
        for name in ("mountains.jpg", "balloons.jpg")
    )
    save(HELP / "color_match.jpg", grid([ours, other, match_colors(ours, other)[0]], 3))


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
    """The pixels of a class, white on black."""
    return Image.fromarray((ids == layer).numpy()).convert("RGB")


def widened(image: Image.Image, width: int) -> Image.Image:
    sheet = Image.new("RGB", (width, image.height), (32, 32, 32))
    sheet.paste(image)
    return sheet


def wiring(chosen: int) -> Image.Image:
    """How the GauGAN nodes are connected; one of them stands out."""
    sheet = Image.new("RGB", (770, 290), (32, 32, 32))
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    boxes = {
        "Load GauGAN": (20, 20), "GauGAN Encode Style": (210, 90), "GauGAN Random Style": (210, 150),
        "GauGAN Mix Styles": (400, 120), "GauGAN Generate": (590, 60), "a photo": (20, 90),
        "a label map": (400, 230), "the picture": (590, 160),
    }  # fmt: skip
    wires = [(0, 1), (0, 2), (0, 4), (5, 1), (1, 3), (2, 3), (3, 4), (6, 4), (4, 7)]
    corners = list(boxes.values())
    for start, end in wires:
        (x1, y1), (x2, y2) = corners[start], corners[end]
        ends = ((x1 + 80, y1 + 40), (x2 + 80, y2)) if x1 == x2 else ((x1 + 160, y1 + 20), (x2, y2 + 20))
        draw.line(ends, (200, 200, 140), 2)
    for index, (name, (left, top)) in enumerate(boxes.items()):
        fill = (70, 110, 160) if index == chosen else (60, 60, 60)
        if index >= 5:
            fill = (45, 60, 45)
        draw.rounded_rectangle((left, top, left + 160, top + 40), 6, fill, (130, 130, 130))
        draw.text((left + 80, top + 20), name, (235, 235, 235), font, anchor="mm")
    return sheet


def read(name: str) -> Tensor:
    """An example picture, ``[1, 3, H, W]`` in [-1, 1]."""
    pixels = np.asarray(Image.open(ROOT / "pictures" / name).convert("RGB"), dtype=np.float32)
    return torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)[None]


def harmonized(model: SinGAN) -> list[Tensor]:
    """The pasted picture, and what becomes of it from fine to coarse start scales."""
    pixels = np.asarray(Image.open(ROOT / "pictures" / "balloons_pasted.png"), dtype=np.float32) / 255
    rgba = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    image, mask = rgba[:, :3] * 2 - 1, 1 - rgba[:, 3:]
    scales = range(len(model.sizes) - 2, 2, -1)
    changed = [harmonize(model, image, mask, start_scale=scale, generator=seeded(0)) for scale in scales]
    pasted = torch.nn.functional.interpolate(image, size=model.size, mode="bicubic", antialias=True)
    return [pasted, *changed][:6]


def enlarged(model: SinGAN) -> list[Tensor]:
    """A crop of the training picture at four times its size: interpolated, and super-resolved."""
    large = super_resolve(model, 4, generator=seeded(0))
    smooth = torch.nn.functional.interpolate(model.training_picture(), size=large.shape[-2:], mode="bicubic")
    height, width = large.shape[-2:]
    top, left = height // 4, width // 3
    return [image[..., top : top + 400, left : left + 480].clamp(-1, 1) for image in (smooth, large)]


def pyramid(model: SinGAN) -> Image.Image:
    """The training picture at every scale, side by side."""
    picture = to_image(model.training_picture())
    sizes = [(width, height) for height, width in model.sizes]
    sheet = Image.new("RGB", (sum(w + GAP for w, _ in sizes), sizes[-1][1]), "white")
    left = 0
    for width, height in sizes:
        sheet.paste(picture.resize((width, height), Image.Resampling.BICUBIC), (left, sheet.height - height))
        left += width + GAP
    return sheet


def grid(images: list[Tensor], columns: int) -> Image.Image:
    return grid_images([to_image(image) for image in images], columns)


def grid_images(images: list[Image.Image], columns: int) -> Image.Image:
    """Pictures of one size in rows."""
    width, height = images[0].size
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP) - GAP, rows * (height + GAP) - GAP), "white")
    for index, image in enumerate(images):
        sheet.paste(image, (index % columns * (width + GAP), index // columns * (height + GAP)))
    return sheet


def stack(images: list[Image.Image]) -> Image.Image:
    """Pictures of one width, one below the other."""
    sheet = Image.new("RGB", (images[0].width, sum(image.height + GAP for image in images) - GAP), "white")
    top = 0
    for image in images:
        sheet.paste(image, (0, top))
        top += image.height + GAP
    return sheet


def fit_width(image: Tensor, width: int) -> Image.Image:
    picture = to_image(image)
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)


def to_image(image: Tensor) -> Image.Image:
    return Image.fromarray(((image[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).byte().numpy())


def save(path: Path, image: Image.Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path, quality=90)


if __name__ == "__main__":
    main()

"""Ten edits without and with ``seamless``, as a sheet: for each the edit and both results, around the edited part.

    python benchmarks/singan_edits.py SHEET.jpg [--models FOLDER]

Parts are copied within the balloons picture, whose model ships with the pack, and within the photograph and the oil
painting of ``pastes.py``, for which models are trained with the preset draft at 250 pixels. It also prints how far the
results leave the range of colours that the edited picture has within three pixels, on average around the part's border
and in levels of 255: contours and ripples do.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
import torch.nn.functional as F
from pastes import paste
from PIL import Image
from torch import Tensor

from gan_models.pixels import to_bytes
from gan_models.singan import Edit, SinGAN, SinGANConfig, load, save, train

ROOT = Path(__file__).resolve().parent.parent
WINDOW = (96, 128)
EDITS = (  # model, shape, middle of the part's old and new place (y, x), half its height and width
    ("balloons", "oval", (180, 60), (90, 190), (14, 30)),
    ("balloons", "oval", (60, 60), (165, 120), (14, 34)),
    ("balloons", "oval", (98, 118), (140, 200), (34, 26)),
    ("photograph", "oval", (100, 178), (45, 110), (12, 24)),
    ("photograph", "oval", (20, 60), (112, 30), (20, 22)),
    ("photograph", "box", (150, 80), (50, 190), (18, 26)),
    ("oil", "oval", (85, 201), (85, 110), (20, 16)),
    ("oil", "oval", (20, 70), (160, 120), (16, 30)),
    ("oil", "box", (165, 120), (30, 180), (14, 30)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sheet", type=Path)
    parser.add_argument("--models", type=Path, help="folder where models are kept and found again")
    options = parser.parse_args()
    models = {name: model(name, options.models) for name in ("balloons", "photograph", "oil")}
    edits = [(models["balloons"], *balloons_edited()), *(edit_of(models, *edit) for edit in EDITS)]
    rows, excesses = [], []
    for own, image, mask in edits:
        plain, seamless = (Edit(own, image, mask, torch.Generator().manual_seed(0), choice) for choice in (False, True))
        scale = plain.choose_scale()
        pictures = plain.image, plain.inject(scale), seamless.inject(scale)
        rows.append(torch.cat([cropped(picture, plain.mask) for picture in pictures], 3))
        excesses.append([excess(picture, plain.image, plain.mask) for picture in pictures[1:]])
        print(f"start scale {scale}: {excesses[-1][0]:.1f} -> {excesses[-1][1]:.1f}")
    print("mean: {:.1f} -> {:.1f}".format(*np.mean(excesses, 0)))
    half = len(rows) // 2
    sheet = torch.cat([torch.cat(rows[:half], 2), torch.cat(rows[half:], 2)], 3)
    Image.fromarray(to_bytes(sheet[0].permute(1, 2, 0)).numpy()).save(options.sheet, quality=90)


def model(name: str, folder: Path | None) -> SinGAN:
    """The bundled model, or one for a picture of ``pastes.py``."""
    path = ROOT / "weights" / "singan-balloons.safetensors" if name == "balloons" else folder and folder / \
        f"{name}_any_draft.safetensors"
    if path and path.is_file():
        return load(path)
    config = SinGANConfig.preset("draft").at_size(250)
    trained = train(paste(name).training, config, generator=torch.Generator().manual_seed(0), dtype=torch.bfloat16)
    if path:
        path.parent.mkdir(parents=True, exist_ok=True)
        save(trained, path)
    return trained


def balloons_edited() -> tuple[Tensor, Tensor]:
    """The example of the pack, and its mask."""
    with Image.open(ROOT / "pictures" / "balloons_edited.png") as file:
        pixels = torch.from_numpy(np.array(file, dtype=np.float32)).permute(2, 0, 1)[None] / 255
    return pixels[:, :3] * 2 - 1, 1 - pixels[:, 3:]


def edit_of(models: dict[str, SinGAN], name: str, shape: str, old, new, half) -> tuple[SinGAN, Tensor, Tensor]:
    """A model, its picture with a part copied, and the part's mask."""
    own = models[name]
    height, width = own.size
    training = own.training_picture()
    rows, columns = torch.meshgrid(torch.arange(height) - new[0], torch.arange(width) - new[1], indexing="ij")
    if shape == "oval":
        part = (rows / half[0]).square() + (columns / half[1]).square() < 1
    else:
        part = (rows.abs() < half[0]) & (columns.abs() < half[1])
    source = (rows + old[0]).clamp(0, height - 1)[part], (columns + old[1]).clamp(0, width - 1)[part]
    image = training.clone()
    image[:, :, part] = training[:, :, source[0], source[1]]
    return own, image, part[None, None].float()


def cropped(picture: Tensor, mask: Tensor) -> Tensor:
    """The window around the part."""
    places = (mask[0, 0] > 0.5).nonzero().float().mean(0)
    sides = zip(places.tolist(), WINDOW, picture.shape[-2:], strict=True)
    top, left = (min(max(round(middle) - side // 2, 0), whole - side) for middle, side, whole in sides)
    return picture[:, :, top : top + WINDOW[0], left : left + WINDOW[1]]


def excess(result: Tensor, image: Tensor, mask: Tensor) -> float:
    """How far colours near the part's border are outside of those that the edited picture has near them."""
    border = F.max_pool2d(mask, 17, 1, 8) + F.max_pool2d(-mask, 17, 1, 8)
    lightest, darkest = F.max_pool2d(image, 7, 1, 3), -F.max_pool2d(-image, 7, 1, 3)
    outside = F.relu(result - lightest) + F.relu(darkest - result)
    return (outside * border).sum().item() / border.sum().item() / 3 * 127.5


if __name__ == "__main__":
    main()

"""Makes the pictures for the README and for SinGAN's help pages from the bundled model and the example pictures.

python -m tools.help_pictures
"""

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor

from gan_models.seeds import seeded
from gan_models.singan import (
    Edit,
    Injection,
    Painting,
    SinGAN,
    animate,
    load,
    show_scales,
    super_resolve,
)
from gan_models.singan.pyramid import resize

from .sheets import FRONT, GAP, HELP, ROOT, fit_width, grid, grid_images, read, save, stack, to_image


def main() -> None:
    model = load(ROOT / "weights" / "singan-balloons.safetensors")
    picture = model.training_picture()
    samples = model.sample(9, generator=seeded(5)).split(1)
    save(HELP / "train.jpg", grid([picture, model.reconstruct(), *samples[:4]], 3))
    wide = model.sample(1, generator=seeded(11), width=model.size[1] * 5 // 2)
    save(HELP / "sample.jpg", stack([grid(list(samples[:3]), 3), fit_width(wide, 3 * model.size[1] + 2 * GAP)]))
    save(HELP / "load.jpg", to_image(samples[4]))
    save(HELP / "save.jpg", pyramid(model))
    save(HELP / "edit.jpg", grid(changed(Edit(model, *masked("balloons_edited.png"), seeded(0)), range(7, 2, -1)), 3))
    painting = Painting(model, read("balloons_painted.png"), None, seeded(0))
    save(HELP / "paint_to_image.jpg", grid(changed(painting, range(6, 1, -1)), 3))
    save(HELP / "animate.jpg", grid(list(animate(model, 60, generator=seeded(0)))[::10], 3))
    save(HELP / "scales.jpg", to_image(show_scales(model, generator=seeded(0))))
    save(HELP / "super_resolve.jpg", grid(enlarged(model), 2))
    examples = [Image.open(file).convert("RGB") for file in sorted((ROOT / "pictures").glob("*.[jp][pn]g"))]
    small = [ImageOps.fit(image, (256, 192), Image.Resampling.LANCZOS) for image in examples]
    save(HELP / "examples.jpg", grid_images(small, 3))
    panorama = model.sample(1, generator=seeded(11), width=model.size[1] * 3)
    front = stack([grid([picture, *samples[:2]], 3), fit_width(panorama, 3 * model.size[1] + 2 * GAP)])
    save(FRONT / "samples.jpg", front)


def changed(injection: Injection, scales: range) -> list[Tensor]:
    """A picture and the results of injecting it at start scales from fine to coarse."""
    return [resize(injection.image, injection.model.size), *(injection.inject(scale) for scale in scales)]


def masked(name: str) -> tuple[Tensor, Tensor]:
    """An example picture and its mask."""
    pixels = np.asarray(Image.open(ROOT / "pictures" / name), dtype=np.float32) / 255
    rgba = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    return rgba[:, :3] * 2 - 1, 1 - rgba[:, 3:]


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


if __name__ == "__main__":
    main()

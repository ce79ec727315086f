"""Renders the icon and the banner of the pack into docs/: `python tools/example_pictures/cover.py`.

It needs the font DejaVu Sans.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from rendering import balloons, film, morning, sky

DOCS = Path(__file__).resolve().parents[2] / "docs"
ICON = 400
BANNER = (1260, 540)  # 21:9
BANNER_SEED, BANNER_BALLOONS = 1172, 12  # this sky leaves room for the name
NAME, LINE = "GAN Atelier", "generative adversarial networks in ComfyUI"
INK = (22, 38, 78)


def icon(side: int) -> Image.Image:
    """One striped balloon in the morning sky of the balloons picture."""
    camera = morning.camera_for(side, side)
    light = sky.dome(camera.directions(), morning.COLOURS, morning.SUN)
    dyes = np.stack([film.linear(*morning.DYES[name]) for name in ("red", "white")]) * 0.85
    balloon = balloons.Balloon(
        x=0.5,
        y=0.425,
        size=0.7,
        tilt=0.16,
        turn=0.2,
        pattern="stripes",
        colours=dyes,
        gores=16,
        girth=0.95,
        haze=0.02,
        seed=1,
    )
    balloons.paint(light, balloon, morning.balloon_light(), morning.HAZE, detail=4)
    return film.to_image(film.develop(light, 1, exposure=0.62, grain=0.002))


def banner(width: int, height: int) -> Image.Image:
    """Balloons over misty hills, with the pack's name where the sky is free."""
    picture = film.to_image(morning.render(width, height, BANNER_SEED, BANNER_BALLOONS, grain=0.003))
    draw = ImageDraw.Draw(picture)
    left, top = round(0.055 * width), round(0.305 * height)
    for text, size, drop in ((NAME, 0.145, 0), (LINE, 0.041, 0.185)):
        font = ImageFont.truetype("DejaVuSans-Bold.ttf", round(size * height))
        draw.text((left, top + round(drop * height)), text, INK, font)
    return picture


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DOCS, help="where to save")
    folder = parser.parse_args().folder
    folder.mkdir(exist_ok=True)
    icon(ICON).save(folder / "icon.png", optimize=True)
    banner(*BANNER).save(folder / "banner.jpg", quality=90, optimize=True)


if __name__ == "__main__":
    main()

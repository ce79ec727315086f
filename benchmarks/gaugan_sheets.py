"""Sheets of pictures that show what a GauGAN of the 'landscape' taxonomy makes of label maps and styles."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gan_models.gaugan import Synthesizer
from gan_models.labels import encode, palette
from gan_models.scenes import LIGHTS, lay_out, random_plan, render
from gaugan_heldout import to_bytes
from gaugan_scores import in_style_of

GAP = 6


def lights_sheet(model: Synthesizer, size: int, seeds: Sequence[int], style_seed: int, lights: Sequence[str]) -> Tensor:
    """For each layout a row of true pictures in the lights, after its label map, and below it a row of generated ones.

    These are in the styles of pictures of the layout ``style_seed`` in the same lights. Returns uint8 ``[3, H, W]``.
    """
    styles, rows = in_lights(style_seed, size, lights)[1], []
    for seed in seeds:
        labels, true = in_lights(seed, size, lights)
        made = to_bytes(in_style_of(model, labels.expand(len(lights), -1, -1), styles).cpu())
        rows += [[colors(labels), *true], [None, *made]]
    return sheet(rows)


def gallery(
    model: Synthesizer, size: int, layout: int, layouts: Sequence[int], style_seed: int, lights: Sequence[str],
    light: str,
) -> Tensor:  # fmt: skip
    """One label map in several styles, and several label maps in one style: uint8 ``[3, H, W]``, in four rows.

    Top: the pictures that the styles are taken from, of the layout ``style_seed`` in ``lights``; what the net paints of
    the label map of ``layout`` in these styles, after the label map. Below: the label maps of ``layouts``; what the net
    paints of them in the style of the picture in ``light``, after that picture.
    """
    style_pictures, one = in_lights(style_seed, size, lights)[1], in_lights(style_seed, size, [light])[1]
    labels = lay_out(random_plan(layout), size).labels
    many = torch.stack([lay_out(random_plan(seed), size).labels for seed in layouts])
    in_styles = in_style_of(model, labels.expand(len(lights), -1, -1), style_pictures)
    in_one = in_style_of(model, many, one.expand(len(layouts), -1, -1, -1))
    return sheet([
        [None, *style_pictures],
        [colors(labels), *to_bytes(in_styles.cpu())],
        [None, *map(colors, many)],
        [one[0], *to_bytes(in_one.cpu())],
    ])  # fmt: skip


def in_lights(seed: int, size: int, lights: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Label map, uint8 ``[H, W]``, and pictures of a layout in presets of ``LIGHTS``, uint8 ``[lights, 3, H, W]``."""
    layout = lay_out(random_plan(seed), size)
    return layout.labels, torch.stack([to_bytes(render(layout, LIGHTS[name])) for name in lights])


def colors(labels: Tensor) -> Tensor:
    """A label map ``[H, W]`` in the colours of its palette, uint8 ``[3, H, W]``."""
    return encode(labels[None], palette("landscape"))[0].permute(2, 0, 1)


def sheet(rows: Sequence[Sequence[Tensor | None]]) -> Tensor:
    """Pictures of one size, uint8 ``[3, h, w]``, in rows with white between them; None is left white."""
    shape = next(cell for row in rows for cell in row if cell is not None).shape
    white = torch.full(shape, 255, dtype=torch.uint8)
    lines = [
        torch.cat([F.pad(white if cell is None else cell, (0, GAP, 0, GAP), value=255) for cell in row], 2)
        for row in rows
    ]
    return torch.cat(lines, 1)[:, :-GAP, :-GAP]


def to_image(pixels: Tensor) -> Image.Image:
    """uint8 ``[3, H, W]`` as a picture."""
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())

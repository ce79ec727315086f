"""Makes sheets of the pictures that a GauGAN of the 'landscape' taxonomy makes of label maps and styles."""

from collections.abc import Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from gan_models.labels import LabelPicture, encode, palette, read, resize, taxonomy
from gan_models.pixels import to_bytes, to_float
from gaugan_matched import AnyModel
from gaugan_photographs import Crops

GAP = 6
ROOT = Path(__file__).resolve().parent.parent
DRAWINGS = ROOT / "web" / "layouts"
"""The painter's example layouts, which were drawn and not made from a photograph."""


def beside_photographs(crops: Crops, painted: Sequence[Tensor], chosen: Sequence[int], columns: int) -> Tensor:
    """Photograph, label map and generated pictures for the ``chosen`` crops: uint8 ``[3, H, W]``.

    Args:
        painted: pictures of all crops, from one or several models.
        columns: number of crops side by side, with space between them.
    """
    cells = [[crops.images[index], colors(crops.labels[index]), *(images[index] for images in painted)]
             for index in chosen]  # fmt: skip
    cells += [[None] * (2 + len(painted))] * (-len(cells) % columns)
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    return torch.cat([F.pad(sheet([row[column] for row in rows]), (0, 4 * GAP), value=255)
                      for column in range(columns)], 2)[:, :, : -4 * GAP]  # fmt: skip


def in_styles(model: AnyModel, layouts: Tensor, styles: Tensor) -> Tensor:
    """Every label map ``[N, H, W]`` in the style of every photograph, uint8 ``[S, 3, H, W]``: a sheet, uint8.

    The photographs are at the top, the label maps on the left.
    """
    z = styles_of(model, styles)
    painted = (to_bytes(model.paint(ids.expand(len(styles), -1, -1), z).cpu()) for ids in layouts)
    return sheet([[None, *styles], *([colors(ids), *images] for ids, images in zip(layouts, painted, strict=True))])


def gallery(model: AnyModel, layout: Tensor, styles: Tensor, layouts: Tensor, style: Tensor) -> Tensor:
    """One label map in several styles, and several label maps in one style: uint8 ``[3, H, W]``, in four rows.

    Args:
        layout: the one label map, ``[H, W]``.
        styles: photographs, uint8 ``[S, 3, H, W]``.
        layouts: the same number of label maps, ``[S, H, W]``.
        style: the one photograph, uint8 ``[3, H, W]``.
    """
    below = paint(model, layouts, style.expand(len(layouts), -1, -1, -1))
    many = in_styles(model, layout[None], styles)
    one = sheet([[None, *map(colors, layouts)], [style, *below]])
    return torch.cat([F.pad(many, (0, 0, 0, GAP), value=255), one], 1)


def paint(model: AnyModel, labels: Tensor, photographs: Tensor) -> Tensor:
    """Label maps ``[B, H, W]``, each in the style of a photograph of uint8 ``[B, 3, H, W]``: uint8 ``[B, 3, H, W]``."""
    return to_bytes(model.paint(labels, styles_of(model, photographs)).cpu())


def styles_of(model: AnyModel, photographs: Tensor) -> Tensor | None:
    """The styles of photographs, uint8 ``[B, 3, H, W]``; None, the mean style, for a model without a style encoder."""
    return None if model.encoder is None else model.encode(to_float(photographs))


def drawings(size: int) -> Tensor:
    """The painter's example layouts at ``size`` x ``size``: ids, uint8 ``[N, size, size]``."""
    return torch.cat([resize(read(LabelPicture.open(path), taxonomy("landscape")).ids, size, size)
                      for path in sorted(DRAWINGS.glob("*.png"))])  # fmt: skip


def colors(labels: Tensor) -> Tensor:
    """A label map ``[H, W]`` in the colours of its palette, uint8 ``[3, H, W]``."""
    return encode(labels[None], palette("landscape"))[0].permute(2, 0, 1)


def sheet(rows: Sequence[Sequence[Tensor | None]]) -> Tensor:
    """Arrange pictures of one size, uint8 ``[3, h, w]``, in rows with white between them; None leaves a gap."""
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

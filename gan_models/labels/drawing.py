"""Drawings: label maps as PNG files in the colours of a taxonomy.

A drawing is an indexed PNG. Its indices are the ids, its palette is that of the taxonomy, and its text chunk
``Taxonomy`` names the taxonomy. The ids therefore survive where classes share a colour. The label painter writes such
files in the browser. Any other picture is decoded by its colours.
"""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from ..pictures import open_picture
from .palette import PALETTES, decode, palette
from .remap import remap
from .taxonomy import TAXONOMIES, LabelClass, Taxonomy, taxonomy

KEY = "Taxonomy"


def to_png(ids: Tensor, taxonomy_name: str) -> bytes:
    """Encodes a label map, ``[H, W]`` ids, as a drawing."""
    image = Image.fromarray(ids.numpy().astype(np.uint8))
    image.putpalette(palette(taxonomy_name).tensor().flatten().tolist())
    text = PngInfo()
    text.add_text(KEY, taxonomy_name)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=text, optimize=True)
    return buffer.getvalue()


def read_drawing(path: str | Path, target: Taxonomy) -> tuple[Tensor, list[LabelClass]]:
    """Reads a drawing: its ids in ``target``, uint8 ``[1, H, W]``, and its classes that are unknown there.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a picture, or its colours match no palette.
    """
    try:
        image = open_picture(path)
    except UnidentifiedImageError as error:
        raise ValueError(f"{Path(path).name} is not a picture; a drawing is a PNG in a palette's colours") from error
    own = _own_ids(image)
    if own is not None:
        ids, source = own
        return remap(ids, source, target)
    pixels = torch.from_numpy(np.array(image.convert("RGB")))[None]
    names = dict.fromkeys([target.name, *PALETTES])
    decoded = decode(pixels, [palette(name) for name in names])
    return remap(decoded.ids, taxonomy(decoded.palette.taxonomy), target)


def _own_ids(image: Image.Image) -> tuple[Tensor, Taxonomy] | None:
    """The ids and the taxonomy of a drawing; None for other pictures, and if the palette was reordered later."""
    name = image.info.get(KEY)
    colors = image.getpalette()
    if image.mode != "P" or name not in TAXONOMIES or colors is None:
        return None
    source, indices = taxonomy(name), np.array(image)
    if any(
        index >= len(source) or tuple(colors[3 * index : 3 * index + 3]) != source.classes[index].color
        for index in np.unique(indices).tolist()
    ):
        return None
    return torch.from_numpy(indices)[None], source


def resize(ids: Tensor, height: int, width: int) -> Tensor:
    """Resizes ``[B, H, W]`` ids by nearest neighbour: each pixel gets the id of the pixel under its centre."""
    rows = (2 * torch.arange(height) + 1) * ids.shape[1] // (2 * height)
    columns = (2 * torch.arange(width) + 1) * ids.shape[2] // (2 * width)
    return ids[:, rows[:, None], columns]

"""Drawings: label maps as PNG files in the colours of a taxonomy.

A drawing of ours is an indexed PNG whose indices are the ids, whose palette is the taxonomy's, and whose text chunk
``Taxonomy`` names it: so ids survive where classes share a colour. The label painter writes such files in the
browser, too. Any other picture in the colours of a palette is read by its colours.
"""

import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from .palette import PALETTES, decode, palette
from .remap import remap
from .taxonomy import TAXONOMIES, LabelClass, Taxonomy, taxonomy

KEY = "Taxonomy"


def to_png(ids: Tensor, taxonomy_name: str) -> bytes:
    """A label map, ``[H, W]`` ids, as a drawing."""
    image = Image.fromarray(ids.numpy().astype(np.uint8))
    image.putpalette(palette(taxonomy_name).tensor().flatten().tolist())
    text = PngInfo()
    text.add_text(KEY, taxonomy_name)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=text, optimize=True)
    return buffer.getvalue()


def read_drawing(path: str | Path, target: Taxonomy) -> tuple[Tensor, list[LabelClass]]:
    """A drawing's ids in ``target``, uint8 ``[1, H, W]``, and its classes that are unknown there.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no picture, or not in the colours of any palette.
    """
    try:
        with Image.open(path) as image:
            image.load()
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
    """The ids that a picture's indices are; None if it is none of ours, or its palette was reordered since."""
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
    """``[B, H, W]`` ids at another size: every pixel takes that in whose area its centre lies."""
    rows = (2 * torch.arange(height) + 1) * ids.shape[1] // (2 * height)
    columns = (2 * torch.arange(width) + 1) * ids.shape[2] // (2 * width)
    return ids[:, rows[:, None], columns]

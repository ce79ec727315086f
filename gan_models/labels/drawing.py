"""Drawings: label maps as PNG files in the colours of a taxonomy.

A drawing is an indexed PNG. Its indices are the ids, its palette is that of the taxonomy, and its text chunk
``Taxonomy`` names the taxonomy. The ids therefore survive where classes share a colour. The label painter writes such
files in the browser.
"""

import io
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from torch import Tensor

from .label_picture import KEY, LabelPicture
from .palette import palette
from .reading import read
from .taxonomy import Taxonomy


def to_png(ids: Tensor, taxonomy_name: str) -> bytes:
    """Encodes a label map, ``[H, W]`` ids, as a drawing."""
    image = Image.fromarray(ids.numpy().astype(np.uint8))
    image.putpalette(palette(taxonomy_name).tensor().flatten().tolist())
    text = PngInfo()
    text.add_text(KEY, taxonomy_name)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=text, optimize=True)
    return buffer.getvalue()


def to_drawing(data: bytes, target: Taxonomy) -> tuple[bytes, str]:
    """Reads the content of any picture file as a label map, and encodes that as a drawing in its own taxonomy.

    The second result is what the user should know of the label map, such as that it is mostly unknown, or empty.

    Args:
        data: the file.
        target: the taxonomy of ids, and the first choice for colours.
    Raises:
        ValueError: the file is not a picture, or not a label map.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "this file"
        path.write_bytes(data)
        reading = read(LabelPicture.open(path), target)
    return to_png(reading.source_ids[0], reading.source.name), reading.warning


def resize(ids: Tensor, height: int, width: int) -> Tensor:
    """Resizes ``[B, H, W]`` ids by nearest neighbour: each pixel gets the id of the pixel under its centre."""
    rows = (2 * torch.arange(height) + 1) * ids.shape[1] // (2 * height)
    columns = (2 * torch.arange(width) + 1) * ids.shape[2] // (2 * width)
    return ids[:, rows[:, None], columns]

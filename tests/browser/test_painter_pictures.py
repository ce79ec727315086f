"""Pictures that are opened in the label painter on a plain page, and the label map that it offers as a download."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models import labels

from ..comfyui.server import PACK
from .painter_drawings import UPLOADED, drawing, noise, read

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
PHOTO = PACK / "pictures" / "mountains.jpg"


def test_pictures_of_paint_programs_are_read_by_their_colours(page):
    ids = noise()
    colors = labels.encode(torch.as_tensor(ids)[None], labels.palette("landscape"))[0].numpy()
    buffer = io.BytesIO()
    Image.fromarray(colors).save(buffer, "PNG")
    page.put("painted.png [input]", buffer.getvalue())
    assert np.array_equal(page.painter("painted.png [input]").ids(), ids)


def test_every_filter_of_png_is_undone(page):
    ids = noise(10, 37)
    before = np.pad(ids, ((1, 0), (1, 0))).astype(int)
    rows = b""
    for y in range(10):
        row, up, left, corner = before[y + 1, 1:], before[y, 1:], before[y + 1, :-1], before[y, :-1]
        guess = left + up - corner
        nearest = np.argmin([abs(guess - left), abs(guess - up), abs(guess - corner)], axis=0)
        paeth = np.choose(nearest, [left, up, corner])
        filtered = [row, row - left, row - up, row - (left + up) // 2, row - paeth][y % 5]
        rows += bytes([y % 5]) + (filtered % 256).astype(np.uint8).tobytes()

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    palette = bytes(value for entry in CLASSES.classes for value in entry.color)
    header = struct.pack(">IIBBBBB", 37, 10, 8, 3, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", palette)
    data += chunk(b"tEXt", b"Taxonomy\0landscape")
    data += chunk(b"IDAT", zlib.compress(rows)[:20]) + chunk(b"IDAT", zlib.compress(rows)[20:]) + chunk(b"IEND", b"")
    assert np.array_equal(np.array(Image.open(io.BytesIO(data))), ids)
    page.put("filtered.png [input]", data)
    assert np.array_equal(page.painter("filtered.png [input]", width=37, height=10).ids(), ids)


def test_other_files_are_refused(page):
    page.put("noise.png [input]", b"not a picture")
    assert "not a picture" in page.painter("noise.png [input]").root.locator(".message").inner_text()
    page.put("photo.png [input]", PHOTO.read_bytes())
    assert "is this a photo" in page.painter("photo.png [input]").root.locator(".message").inner_text()
    page.put("lossy.png [input]", jpeg_of_ids())
    assert "JPEG changes them." in page.painter("lossy.png [input]").root.locator(".message").inner_text()


def jpeg_of_ids():
    buffer = io.BytesIO()
    Image.fromarray(noise(12, 16).repeat(8, 0).repeat(8, 1)).save(buffer, "JPEG")
    return buffer.getvalue()


def shapes(height=96, width=128, classes=19):
    return noise(height // 8, width // 8, classes).repeat(8, 0).repeat(8, 1)


def behind_a_palette(ids):
    image = Image.fromarray(ids).convert("P")
    image.putdata(ids.flatten().tolist())
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768).tolist())
    return image


def in_colours(ids, taxonomy="landscape"):
    return Image.fromarray(labels.encode(torch.from_numpy(ids)[None], labels.palette(taxonomy))[0].numpy())


PICTURES = {
    "grey ids": Image.fromarray,
    "grey ids of 16 bits": lambda ids: Image.fromarray(ids.astype(np.uint16)),
    "grey ids with alpha": lambda ids: Image.fromarray(np.dstack([ids, np.full_like(ids, 255)]), "LA"),
    "ids in three channels": lambda ids: Image.fromarray(np.dstack([ids] * 3)),
    "ids behind a palette": behind_a_palette,
    "colours": in_colours,
    "colours in an index palette": lambda ids: in_colours(ids).quantize(64),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_read_as_the_nodes_read_them(page, tmp_path, kind):
    ids = shapes()
    PICTURES[kind](ids).save(tmp_path / "mine.png")
    brush = page.painter()
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.page.wait_for_function("painter => painter.value !== ''", arg=brush.painter)
    assert np.array_equal(brush.ids(), ids) and brush.root.locator(".message").is_hidden()
    page.put("mine.png [input]", (tmp_path / "mine.png").read_bytes())
    assert np.array_equal(page.painter("mine.png [input]").ids(), ids)


def test_a_picture_that_is_no_label_map_leaves_the_drawing_as_it_is(page):
    brush = page.painter("example:lake")
    before = brush.ids()
    brush.root.locator("input[type=file]").set_input_files(PHOTO)
    brush.root.locator(".message:visible", has_text="is this a photo").wait_for()
    page.page.evaluate("() => { serverAnswers = false; }")
    brush.root.locator("input[type=file]").set_input_files([])
    brush.root.locator("input[type=file]").set_input_files(PHOTO)
    brush.root.locator(".message:visible", has_text="Is the server running?").wait_for()
    assert brush.value == "example:lake" and np.array_equal(brush.ids(), before)


def test_a_picture_that_is_mostly_unknown_is_loaded_with_a_warning(page, tmp_path):
    ids = np.full((96, 128), CLASSES.unknown_id, np.uint8)
    ids[:20] = CLASSES.find("sky").id
    Image.fromarray(ids).save(tmp_path / "unknown.png")
    brush = page.painter()
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "unknown.png")
    brush.root.locator(".message:visible", has_text="of the pixels are unknown in 'landscape'").wait_for()
    assert np.array_equal(brush.ids(), ids)
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    assert brush.value and brush.root.locator(".message").is_hidden()
    page.put("unknown.png [input]", (tmp_path / "unknown.png").read_bytes())
    assert "unknown in 'landscape'" in page.painter("unknown.png [input]").root.locator(".message").inner_text()


def test_a_picture_is_opened_and_the_map_downloaded(page, tmp_path):
    brush = page.painter()
    ids = noise()
    (tmp_path / "mine.png").write_bytes(drawing(ids))
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.page.wait_for_timeout(200)
    assert np.array_equal(brush.ids(), ids) and re.fullmatch(UPLOADED, brush.value)
    with page.page.expect_download() as waiting:
        brush.root.get_by_label("Download").click()
    assert waiting.value.suggested_filename == "label_map.png"
    assert np.array_equal(read(waiting.value.path().read_bytes(), tmp_path), ids)

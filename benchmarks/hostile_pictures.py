"""Makes members of the kinds of damaged and hostile picture files."""

import io
import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

FOLDER, PIPE = "folder", "pipe"
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "TGA", "EPS", "ICO")


def hostile(draw: random.Random) -> Iterator[bytes | str]:
    """Hostile files without end, of every kind in turn."""
    while True:
        for kind in (bombs, damaged, cut, chunks, odd, empty):
            yield kind(draw)


def png(width: int, height: int, body: bytes, depth: int = 8, color: int = 0, more: bytes = b"") -> bytes:
    """A PNG with the given header and compressed rows."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bombs(draw: random.Random) -> bytes:
    """Pictures of very many pixels that are all alike, in a few bytes, or with no pixels at all."""
    side = draw.choice([4097, 9400, 20_000, 65_000, 2**31 - 1])
    rows = _rows(side)
    return draw.choice([png(side, side, rows), png(2**31 - 1, 1, rows), png(1, 2**31 - 1, rows), png(0, 5, rows),
                        png(side, side, rows, 16, 6)])  # fmt: skip


@cache
def _zeros(count: int) -> bytes:
    return zlib.compress(bytes(count), 1)


@cache
def _rows(side: int) -> bytes:
    """All rows of a black picture, compressed, or only the first of a very large one."""
    return zlib.compress(bytes((side + 1) * side if side <= 9400 else 10**6), 1)


def sound(draw: random.Random) -> bytes:
    """A small picture in some format and mode."""
    pixels = np.random.default_rng(draw.randrange(2**32)).integers(0, 19, (24, 30), np.uint8)
    picture = Image.fromarray(pixels).convert(draw.choice(["L", "RGB", "P", "RGBA", "LA", "I", "F", "1", "CMYK"]))
    buffer = io.BytesIO()
    kind = draw.choice(FORMATS)
    try:
        picture.save(buffer, kind)
    except (OSError, ValueError):
        picture.convert("RGB").save(buffer, kind)
    return buffer.getvalue()


def damaged(draw: random.Random) -> bytes:
    """A few bytes are others."""
    data = bytearray(sound(draw))
    for _ in range(draw.choice([1, 3, 30])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def cut(draw: random.Random) -> bytes:
    """The file ends early."""
    data = sound(draw)
    return data[: draw.randrange(len(data))]


def chunks(draw: random.Random) -> bytes:
    """Texts that unfold to gigabytes, or are no texts."""
    text = _zeros(draw.choice([10**3, 10**7, 10**8]))
    more = draw.choice([chunk(b"zTXt", b"Taxonomy\0\0" + text), chunk(b"tEXt", b"Taxonomy\0\xff\n\x1b[31m" * 99),
                        chunk(b"iCCP", b"a\0\0" + text), chunk(b"eXIf", bytes(draw.randrange(99))),
                        chunk(b"iTXt", b"Taxonomy\0\1\0\0\0" + text), chunk(b"PLTE", b"abc" * 300)])  # fmt: skip
    return png(4, 4, zlib.compress(bytes(20)), color=draw.choice([0, 3]), more=more)


def odd(draw: random.Random) -> bytes:
    """Numbers that are not finite, and labels that no taxonomy has."""
    floats, integers = np.array([[np.nan, np.inf], [1e30, -5]], np.float32), np.full((3, 3), 70_000, np.int32)
    values = draw.choice([floats, integers])
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "TIFF")
    return buffer.getvalue()


def empty(draw: random.Random) -> bytes | str:
    """No bytes, other bytes, a folder or a pipe."""
    return draw.choice([b"", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", draw.randbytes(500), FOLDER, PIPE])

"""Opens picture files of users, with a limit on their size that applies before anything is decoded."""

import warnings
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from .quoting import plain
from .user_files import open_file

MOST_PIXELS = 50_000_000
"""The most pixels of a picture. Pillow only warns from 89 million on, and other programs switch that off."""

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "BMP", "DIB", "TIFF", "GIF", "PPM", "TGA", "JPEG2000")
"""The formats that are opened; Pillow would run another program for some of the rest."""

# Pillow warns of pictures that are refused below anyway. Threads share the filters, so this one is never removed; as
# the last one, it overrides no other.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning, append=True)


class NotAPictureError(ValueError):
    """A file is not a picture of a known format."""


def open_picture(path: str | Path, most_pixels: int = MOST_PIXELS) -> Image.Image:
    """The first frame of a picture file, in its own mode, loaded and turned as its EXIF orientation says.

    The result has the ``format`` and the ``info`` of the file, the latter without the orientation. Opening takes at
    most eight bytes a pixel in memory.

    Args:
        most_pixels: the most pixels that are decoded.
    Raises:
        FileNotFoundError: the file does not exist, or is not an ordinary file.
        NotAPictureError: the file is not a picture.
        ValueError: the picture is damaged or too large.
    """
    name = plain(Path(path).name)
    with open_file(path) as opened:
        try:
            Image.init()
            with Image.open(opened, formats=[kind for kind in FORMATS if kind in Image.OPEN]) as file:
                width, height = file.size
                if width * height > most_pixels:
                    raise _TooLargeError(f"{name} has {width}×{height} pixels; at most {most_pixels / 1e6:.0f} million "
                                         "are read, so make it smaller")  # fmt: skip
                file.load()
                picture = ImageOps.exif_transpose(file)
                picture.format = file.format
        except _TooLargeError:
            raise
        except UnidentifiedImageError as error:
            raise NotAPictureError(f"{name} is not a picture of a known format") from error
        except Exception as error:  # decoders raise whatever the bytes lead to
            raise ValueError(f"{name} is damaged ({type(error).__name__}: {plain(str(error))})") from error
    return picture


def open_colors(path: str | Path) -> Image.Image:
    """``open_picture`` as RGB.

    Raises:
        FileNotFoundError, ValueError: as for ``open_picture``, or the picture has no colours.
    """
    picture = open_picture(path)
    try:
        return picture.convert("RGB")
    except (OSError, ValueError, RuntimeError) as error:
        raise ValueError(f"{plain(Path(path).name)} cannot be read as colours ({plain(picture.mode)})") from error


class _TooLargeError(ValueError):
    """A picture has more pixels than are read."""

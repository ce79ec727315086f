"""Opens picture files."""

from pathlib import Path

from PIL import Image, ImageOps


def open_picture(path: str | Path) -> Image.Image:
    """The first frame of a picture file, in its own mode, loaded and turned as its EXIF orientation says.

    The result has the ``format`` and the ``info`` of the file, the latter without the orientation.

    Raises:
        FileNotFoundError: the file does not exist.
        OSError: the file is not a picture (``PIL.UnidentifiedImageError``), or it is damaged.
        SyntaxError: the file is a damaged PNG.
    """
    with Image.open(path) as file:
        file.load()
        picture = ImageOps.exif_transpose(file)
        picture.format = file.format
    return picture

"""Files that users bring: only ordinary files are opened, as reading a pipe or a device might never end."""

from pathlib import Path
from typing import BinaryIO

from .quoting import plain


def require_file(path: str | Path) -> Path:
    """The path of a file that can be opened.

    Raises:
        FileNotFoundError: there is no file of this name; it may be a folder, a pipe or a device, or no valid name.
    """
    path = Path(path)
    try:
        if path.is_file():
            return path
        what = "it is a folder" if path.is_dir() else "it is a pipe or a device" if path.exists() else ""
    except OSError as error:  # a name that is too long, or a folder that may not be read
        what = error.strerror or ""
    name = f"there is no file {plain(path.name)} in {plain(path.parent)}"
    raise FileNotFoundError(f"{name}: {what}" if what else name)


def open_file(path: str | Path) -> BinaryIO:
    """Open a user's file for reading.

    Raises:
        FileNotFoundError: as for ``require_file``.
        ValueError: it may not be read.
    """
    path = require_file(path)
    try:
        return path.open("rb")
    except OSError as error:
        raise ValueError(f"{plain(path.name)} cannot be opened ({error.strerror})") from error

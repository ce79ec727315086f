"""Files that the browser and the nodes hand to each other."""

import hashlib
from pathlib import Path

import folder_paths

from ...gan_models.files import digest_of, write_atomically
from ...gan_models.quoting import shown
from ...gan_models.user_files import require_file
from .folders import input_folder, inside

BROWSER_FOLDER = "gan_atelier"
LARGEST_DIGESTED = 1 << 26


def input_file(reference: str) -> Path:
    """The file that a widget names, such as ``"folder/name.png [input]"``.

    Raises:
        ValueError: the name leads out of its folder.
        FileNotFoundError: there is no such file.
    """
    name, folder = folder_paths.annotated_filepath(reference)
    folder = Path(folder) if folder else input_folder()
    path = folder / name
    if not inside(path, folder):
        raise ValueError(f"{shown(reference)} is not a valid name for an input file; it leads out of {folder}")
    try:
        return require_file(path)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"there is no file {shown(name)} in {folder}; was it deleted?") from error


def digest(path: Path) -> str:
    """A text that is the same for files with the same content; of very large files, only size and time are read."""
    status = path.stat()
    if status.st_size > LARGEST_DIGESTED:
        return hashlib.sha256(f"{status.st_size} {status.st_mtime_ns}".encode()).hexdigest()
    return digest_of(path)


def temporary_path(data: bytes, suffix: str) -> Path:
    """Put a file into the temp folder, named by its content."""
    path = Path(folder_paths.get_temp_directory()) / BROWSER_FOLDER / (hashlib.sha256(data).hexdigest()[:32] + suffix)
    if not path.is_file():
        write_atomically(path, data)
    return path


def temporary_file(data: bytes, suffix: str) -> dict[str, str]:
    """``temporary_path`` for the browser; returns how ``/view`` calls the file."""
    return {"filename": temporary_path(data, suffix).name, "subfolder": BROWSER_FOLDER, "type": "temp"}

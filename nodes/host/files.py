"""Files that the browser and the nodes hand to each other."""

import hashlib
from pathlib import Path

import folder_paths

from ...gan_models.files import write_atomically
from .folders import input_folder, inside

BROWSER_FOLDER = "gan_atelier"


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
        raise ValueError(f"{reference!r} is no name for an input file; it leads out of {folder}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {name!r} in {folder}; was it deleted?")
    return path


def temporary_file(data: bytes, suffix: str) -> dict[str, str]:
    """Put a file for the browser into the temp folder, named by its content; returns how ``/view`` calls it."""
    name = hashlib.sha256(data).hexdigest()[:32] + suffix
    path = Path(folder_paths.get_temp_directory()) / BROWSER_FOLDER / name
    if not path.is_file():
        write_atomically(path, data)
    return {"filename": name, "subfolder": BROWSER_FOLDER, "type": "temp"}

"""Reads safetensors files, and writes files atomically."""

import os
import uuid
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor


def write_atomically(path: str | Path, data: bytes) -> None:
    """Write ``data`` to ``path``; if that fails, the file stays as it was.

    Raises:
        OSError: the folder is not writable or the disk is full. No temporary file is left behind.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        message = f"could not write {path.name} ({error.strerror}); no file was changed"
        raise OSError(error.errno, message) from error
    finally:
        temporary.unlink(missing_ok=True)


def read_safetensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, whatever its extension, and its metadata.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name}")
    try:
        with safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118
    except SafetensorError as error:
        raise ValueError(f"{path.name} is damaged or is not a safetensors file ({error})") from error

"""Reads safetensors files, and writes files atomically."""

import os
import uuid
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from .quoting import plain
from .user_files import open_file

LONGEST_HEADER = 1 << 23
"""The most bytes of the list of tensors in a safetensors file: room for about 80,000 of them."""


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

    The tensors take the size of the file in memory, which the system may give back as long as nobody changes them; the
    list of tensors takes 200 MB at most.

    Raises:
        FileNotFoundError: the file does not exist, or is not an ordinary file.
        ValueError: the file is damaged, or its list of tensors is longer than ``LONGEST_HEADER``.
    """
    name = plain(Path(path).name)
    with open_file(path) as file:
        if int.from_bytes(file.read(8), "little") > LONGEST_HEADER:
            raise ValueError(f"{name} is damaged or is not a safetensors file (its list of tensors is too long)")
    try:
        with safe_open(path, framework="pt") as opened:
            return {key: opened.get_tensor(key) for key in opened.keys()}, opened.metadata() or {}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError, OverflowError, AttributeError) as error:
        raise ValueError(f"{name} is damaged or is not a safetensors file ({plain(str(error))})") from error

"""Reads safetensors files, and writes files atomically."""

import hashlib
import itertools
import os
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from .owners import is_code_alive, this_process
from .quoting import plain
from .user_files import BLOCK, check_stop, open_file

LONGEST_HEADER = 1 << 23
"""The most bytes of the list of tensors in a safetensors file: room for about 80,000 of them."""

LOST_SECONDS = 86400.0
"""Age at which half-written files of unknown processes are deleted."""

PART = re.compile(r"(\.(?P<owner>[0-9a-f]{6}-[0-9]+-[0-9a-f]{4}))?\.[0-9a-f]{8}\.part$")
"""The ending of a half-written file. Files of former versions name no owner."""


def digest_of(path: Path) -> str:
    """SHA-256 of a file, which is never in memory as a whole. A ``stoppable`` block can stop it.

    Raises:
        FileNotFoundError: there is no such file, or it is not an ordinary one.
        ValueError: it may not be read.
    """
    digest = hashlib.sha256()
    with open_file(path) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def write_atomically(path: str | Path, data: bytes, *, overwrite: bool = True) -> Path:
    """Write ``data`` to ``path``; if that fails, the file stays as it was.

    Args:
        overwrite: whether an existing file is replaced. If not, a number is appended to a name that is taken, as in
            ``oak_2.safetensors``. Several processes that save under one name at the same time get different numbers.
    Returns:
        The path that was written.
    Raises:
        OSError: the folder is not writable or the disk is full. No temporary file is left behind.
    """
    path = Path(path)
    with _part(path, data) as part:
        if not overwrite:
            return _under_free_name(part, path)
        os.replace(part, path)
        return path


def write_once(path: str | Path, data: bytes) -> bool:
    """Write ``data`` to ``path`` unless there is such a file already; returns whether it was written.

    Raises:
        OSError: the folder is not writable or the disk is full.
    """
    path = Path(path)
    with _part(path, data) as part:
        try:
            _publish(part, path)
        except FileExistsError:
            return False
        return True


def remove_dead_parts(folder: str | Path) -> None:
    """Delete what processes left half-written in a folder and the folders below, never what a living one writes.

    Files of unknown processes, as on other machines, are deleted when they are a day old. Downloads are kept.
    """
    for path in Path(folder).rglob(".*.part"):
        found = PART.search(path.name)
        with suppress(OSError):
            alive = is_code_alive(found["owner"] or "") if found else True
            if alive is False or (alive is None and time.time() - path.stat().st_mtime > LOST_SECONDS):
                path.unlink()


@contextmanager
def _part(path: Path, data: bytes) -> Iterator[Path]:
    """A complete file beside ``path`` that still needs its name."""
    part = path.with_name(f".{path.name}.{this_process().code}.{uuid.uuid4().hex[:8]}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield part
    except OSError as error:
        message = f"could not write {path.name} ({error.strerror}); no file was changed"
        raise OSError(error.errno, message) from error
    finally:
        part.unlink(missing_ok=True)


def _under_free_name(part: Path, path: Path) -> Path:
    for number in itertools.count(1):
        wanted = path if number == 1 else path.with_name(f"{path.stem}_{number}{path.suffix}")
        with suppress(FileExistsError):
            _publish(part, wanted)
            return wanted
    raise AssertionError("the numbers never end")


def _publish(part: Path, path: Path) -> None:
    """Give a complete file its name. Raises FileExistsError if the name is taken."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        with open(path, "xb"):
            pass
        os.replace(part, path)


def read_safetensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Return the tensors of a safetensors file, whatever its extension, and its metadata.

    The tensors take the size of the file in memory, which the system may give back as long as nobody changes them; the
    list of tensors takes 200 MB at most. The system reads the bytes of a tensor when they are first used. A
    ``stoppable`` block can stop the reading.

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
            tensors = {}
            for key in opened.keys():  # noqa: SIM118
                check_stop()
                tensors[key] = opened.get_tensor(key)
            return tensors, opened.metadata() or {}
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError, OverflowError, AttributeError) as error:
        raise ValueError(f"{name} is damaged or is not a safetensors file ({plain(str(error))})") from error

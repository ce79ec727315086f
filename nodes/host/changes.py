"""What a node's fingerprint says of files, so that the node runs again when they change."""

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from .folders import model_files, model_path

State = list[tuple[str, int, int]]


def state_of(paths: Iterable[Path | os.DirEntry[str]]) -> State:
    """Name, size in bytes and time of change in nanoseconds of every file, without those that are gone."""
    found = []
    for path in paths:
        with suppress(OSError):
            status = path.stat()
            found.append((path.name, status.st_size, status.st_mtime_ns))
    return found


def digest_of_folder(folder: Path) -> str:
    """A text that stays the same as long as the state of every file in a folder does. The folder need not exist."""
    states = sorted(state_of(os.scandir(folder) if folder.is_dir() else ()))
    return hashlib.sha256(repr(states).encode()).hexdigest()


def state_of_models(kind: str) -> State:
    """The state of all model files of ``kind``, for a name that is linked and therefore not known yet."""
    return state_of(model_path(kind, name) for name in model_files(kind))

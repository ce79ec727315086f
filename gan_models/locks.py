"""A lock file, so that only one process at a time works on what is kept in a folder."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .files import write_once
from .owners import Owner, is_alive, this_process
from .quoting import plain

BEAT_SECONDS = 15.0
"""Time between the signs of life of an owner."""

LOST_SECONDS = 180.0
"""An owner on another machine without a sign of life for this long has lost its lock."""

WAIT_SECONDS = 0.5
"""Time between two looks at a lock that another process holds."""

GUARD_SECONDS = 30.0
"""The guard of a takeover that is older than this is what a killed process left."""


class LockedError(OSError):
    """Another process works on the same thing."""


class Lock:
    """A lock file that this process holds; a thread gives it a new time of change every ``BEAT_SECONDS``."""

    def __init__(self, path: Path, content: bytes, made_folder: bool):
        self._path, self._content, self._made_folder = path, content, made_folder
        self._ended = threading.Event()
        self._beating = threading.Thread(target=self._beat, name="lock", daemon=True)
        self._beating.start()

    def require(self) -> None:
        """Raises LockedError if another process has taken the lock over, as it may after a long sleep of this one."""
        if not self._is_ours():
            raise LockedError("another process has taken over, because this one gave no sign of life for a long time; "
                              "nothing more is written")  # fmt: skip

    def release(self) -> None:
        """Give the lock up."""
        self._ended.set()
        self._beating.join()
        with suppress(OSError):
            if self._is_ours():
                self._path.unlink()
                if self._made_folder:
                    self._path.parent.rmdir()  # an error if the folder has got any content

    def _is_ours(self) -> bool:
        try:
            return self._path.read_bytes() == self._content
        except OSError:
            return False

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_SECONDS):
            with suppress(OSError):
                if self._is_ours():
                    self._path.touch()


@contextmanager
def locked(
    path: str | Path,
    on_warning: Callable[[str], None] | None = None,
    on_wait: Callable[[str], None] | None = None,
) -> Iterator[Lock]:
    """Hold the lock ``path`` in the context, in a folder that is made if necessary.

    A lock whose owner has ended, or gave no sign of life for ``LOST_SECONDS``, is taken over.

    Args:
        on_warning: called with a sentence if a lock is taken over.
        on_wait: wait for a living process that holds the lock. Called every ``WAIT_SECONDS`` with which one it is, and
            since when; an exception raised in it ends the waiting.
    Raises:
        LockedError: a living process holds the lock, and there is no ``on_wait``. The message says which, and since
            when.
        OSError: the folder cannot be written or the disk is full.
    """
    path = Path(path)
    owner = this_process()
    about = {"host": owner.host, "process": owner.process, "started": owner.started, "since": time.time(),
             "key": uuid.uuid4().hex}  # fmt: skip
    content, made_folder = json.dumps(about).encode(), not path.parent.exists()
    while not write_once(path, content):
        found = _found(path)
        if found is None:
            continue  # it has just been released
        held, age, text = found
        if _holds(held, age):
            holder = f"{_named(held)} has been working{_since(held)}"
            if on_wait is None:
                raise LockedError(holder)
            on_wait(holder)
            time.sleep(WAIT_SECONDS)
        elif _removed(path, text) and on_warning is not None:
            on_warning(f"taken over from {_named(held)}, which ended without releasing it (its last sign of life was "
                       f"{_ago(age)} ago)")  # fmt: skip
    lock = Lock(path, content, made_folder)
    try:
        yield lock
    finally:
        lock.release()


def is_locked(path: str | Path) -> bool:
    """Whether a living process holds the lock ``path``."""
    found = _found(Path(path))
    return found is not None and _holds(*found[:2])


def remove_stale(path: str | Path) -> None:
    """Remove the lock ``path`` if the process that held it has ended."""
    found = _found(Path(path))
    if found is not None and not _holds(*found[:2]):
        _removed(Path(path), found[2])


def _found(path: Path) -> tuple[dict[str, Any], float, bytes] | None:
    """What a lock says, its age in seconds and its content; None if there is none. A damaged one says nothing."""
    try:
        age, text = time.time() - path.stat().st_mtime, path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        held = json.loads(text)
    except ValueError:
        held = {}
    return held if isinstance(held, dict) else {}, age, text


def _holds(held: dict[str, Any], age: float) -> bool:
    """Whether the owner of a lock still works."""
    host, process, started = (held.get(name) for name in ("host", "process", "started"))
    alive = None
    if isinstance(host, str) and isinstance(process, int) and isinstance(started, str):
        alive = is_alive(Owner(host, process, started))
    return age < LOST_SECONDS if alive is None else alive


def _removed(path: Path, text: bytes) -> bool:
    """Remove a lock that was found to be stale, unless another process was faster; returns whether it was removed.

    Only one process at a time may do so. Otherwise, one that is late could remove the new lock of another.
    """
    guard = path.with_name(f".{path.name}.takeover")
    if not write_once(guard, b""):
        with suppress(FileNotFoundError):
            if time.time() - guard.stat().st_mtime > GUARD_SECONDS:
                guard.unlink()
        time.sleep(0.01)
        return False
    try:
        if path.read_bytes() != text:
            return False
        path.unlink()
        return True
    except FileNotFoundError:
        return False
    finally:
        guard.unlink(missing_ok=True)


def _named(held: dict[str, Any]) -> str:
    """The owner of a lock, for a person."""
    host = plain(str(held.get("host", "")).split(" ")[0])
    return f"process {plain(held.get('process', '?'))} on {host}" if host else "an unknown process"


def _since(held: dict[str, Any]) -> str:
    since = held.get("since")
    if not isinstance(since, int | float):
        return ""
    return f" since {time.strftime('%Y-%m-%d %H:%M', time.localtime(since))}"


def _ago(seconds: float) -> str:
    minutes = max(0, seconds) / 60
    return f"{seconds:.0f} s" if minutes < 2 else f"{minutes:.0f} min" if minutes < 120 else f"{minutes / 60:.0f} h"

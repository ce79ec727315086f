"""Files that users bring: only ordinary files are opened, as reading a pipe or a device might never end.

Reading a large file from a slow disk takes long, and so do many label pictures. A user may want to stop it. Whoever
calls a reader says with ``stoppable`` how it learns of the stop. All readers of users' files ask between blocks and
between tensors, and the reader of label pictures asks between pictures and between its steps.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, BinaryIO

from .quoting import plain

BLOCK = 1 << 20
"""The most bytes of a file that are read between two checks for a stop."""

BUFFER = 1 << 16

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def stoppable(check: Callable[[], None]) -> Iterator[None]:
    """Call ``check`` again and again while this thread reads users' files and pictures inside the ``with`` block.

    ``check`` is called before each ``BLOCK`` of a file, before each tensor that is looked at, and before each label
    picture. An exception raised in it stops the reading at once and leaves the block as it is. Other threads read on.
    """
    token = _check.set(check)
    try:
        yield
    except _Stopped as stop:
        raise stop.reason from None
    finally:
        _check.reset(token)


def check_stop() -> None:
    """Stop reading if the ``stoppable`` block around it asks for that."""
    check = _check.get()
    if check is not None:
        try:
            check()
        except BaseException as reason:
            raise _Stopped(reason) from None


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
    """Open a user's file for reading, which a ``stoppable`` block around it can stop.

    Raises:
        FileNotFoundError: as for ``require_file``.
        ValueError: it may not be read.
    """
    path = require_file(path)
    try:
        return io.BufferedReader(_StoppableFile(path), BUFFER)
    except OSError as error:
        raise ValueError(f"{plain(path.name)} cannot be opened ({error.strerror})") from error


class _StoppableFile(io.FileIO):
    """A file that is read in blocks, with a check for a stop before each."""

    def readinto(self, buffer: Any, /) -> int:
        check_stop()
        return super().readinto(memoryview(buffer)[:BLOCK])

    def readall(self) -> bytes:
        return b"".join(iter(self._next_block, b""))

    def _next_block(self) -> bytes:
        check_stop()
        return self.read(BLOCK)


class _Stopped(BaseException):
    """Carries the exception of a check past the readers, which take every ``Exception`` as a sign of damage.

    Args:
        reason: the exception.
    """

    def __init__(self, reason: BaseException):
        super().__init__()
        self.reason = reason

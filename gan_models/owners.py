"""Which process a file belongs to, and whether that process still runs."""

import os
import socket
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path


@dataclass(frozen=True)
class Owner:
    """A process on some machine.

    Args:
        host: name of the machine, with the process namespace where there are several (containers).
        process: its number there.
        started: when it started, as the system tells; empty where the system doesn't.
    """

    host: str
    process: int
    started: str

    @property
    def code(self) -> str:
        """A short name for file names, such as ``3f29ab-4711-9c04``."""
        return f"{_short(self.host, 6)}-{self.process}-{_short(self.started, 4)}"


def this_process() -> Owner:
    """The running process."""
    return Owner(_host(), os.getpid(), _started(os.getpid()) or "")


def is_alive(owner: Owner) -> bool | None:
    """Whether a process still runs. None if this cannot be seen from here, as on another machine."""
    return _is_alive(_short(owner.host, 6), owner.process, _short(owner.started, 4))


def is_code_alive(code: str) -> bool | None:
    """``is_alive`` for the ``code`` of an owner. None for any other text, too."""
    host, _, rest = code.partition("-")
    process, _, started = rest.partition("-")
    return _is_alive(host, int(process), started) if process.isdecimal() else None


def _is_alive(host: str, process: int, started: str) -> bool | None:
    if host != _short(_host(), 6) or sys.platform == "win32":
        return None
    found = _started(process)
    return found is not None and _short(found, 4) == started


def _host() -> str:
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{socket.gethostname()} {space}".strip()


def _started(process: int) -> str | None:
    """When a process of this machine started, an empty text if that is not known; None if there is no such process."""
    try:
        state, *numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return None if state in "ZX" else numbers[18]
    except (OSError, IndexError):
        if Path("/proc/self/stat").exists() or sys.platform == "win32":
            return None if process != os.getpid() else ""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        pass
    return ""


def _short(text: str, digits: int) -> str:
    return sha256(text.encode()).hexdigest()[:digits]

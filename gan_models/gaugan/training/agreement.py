"""What all processes of a run, and a run and its continuation, must have in common."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path

from ...distributed import gathered, of_first, processes
from ...files import digest_of
from ...locks import LockedError, locked
from .pairs import Pairs
from .trainer import Trainer

LOCK = "run.lock"


@contextmanager
def owned(folder: Path, warn: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Hold the lock of the run in a folder in the first process, for all.

    Yields:
        What raises LockedError in the first process once another one has taken the run over.
    Raises:
        LockedError: another process trains in this folder.
    """
    with ExitStack() as stack:
        require, refusal = _nothing, ""
        if processes()[0] == 0:
            run = f"the run '{folder.name}'"
            try:
                require = stack.enter_context(locked(folder / LOCK, lambda text: warn(f"{run} was {text}"))).require
            except LockedError as error:
                refusal = (f"{run} is already being trained: {error}; wait until that has ended, or train under "
                           "another name")  # fmt: skip
            except OSError as error:
                warn(f"{run} is not protected from other processes: {error.strerror}")
        if refusal := of_first(refusal):
            raise LockedError(refusal)
        yield require


@contextmanager
def common_state(path: Path, warn: Callable[[str], None]) -> Iterator[Path | None]:
    """The state of the first process for all of them: a file that exists in the context, or None for a new run.

    Where the processes have folders of their own, a process with another state gets a copy of the first one's.
    """
    rank, _ = processes()
    own = _digest(path)
    digests = gathered(own)
    others = [number for number, digest in enumerate(digests) if digest != digests[0]]
    if others:
        listed = ", ".join(map(str, others))
        warn(f"the state of the run differs between the machines; {'process' if len(others) == 1 else 'processes'} "
             f"{listed} of {len(digests)} (counted from 0) start from the state of process 0"
             + ("" if digests[0] else ", which is new"))  # fmt: skip
    content = of_first(path.read_bytes() if rank == 0 and others and own else None)
    with tempfile.TemporaryDirectory() as folder:
        if content is not None and own != digests[0]:
            path = Path(folder) / path.name
            path.write_bytes(content)
        yield path if digests[0] else None


def require_common(trainer: Trainer, pairs: Pairs) -> None:
    """Refuse processes whose runs differ.

    Raises:
        ValueError: another process has another step, other settings or other data; in all processes.
    """
    settings = {f"the setting {field.name}": getattr(trainer.config, field.name) for field in fields(trainer.config)}
    mine = {"the step": trainer.step} | settings | {"the training data": pairs.identity, "the sources": trainer.sources}
    everyone = gathered({name: repr(value) for name, value in mine.items()})
    for rank, theirs in enumerate(everyone):
        for name, value in theirs.items():
            if value != (first := everyone[0].get(name)):
                values = f" ({value} instead of {first})" if len(value) + len(str(first)) < 80 else ""
                raise ValueError(f"{name} of process {rank} differs from that of process 0{values}; start all "
                                 "processes with the same options, data and version of the pack")  # fmt: skip


def require_sources(has: Mapping[str, str], wanted: Mapping[str, str], name: str) -> None:
    """Raises ValueError if a run was begun with other sources than it is to be resumed with."""
    for kind in sorted(has.keys() | wanted.keys()):
        if has.get(kind) != wanted.get(kind):
            raise ValueError(f"the run '{name}' was begun with {'other' if kind in has else 'no'} {kind}; give the "
                             "same, or start a new run under another name")  # fmt: skip


def _digest(path: Path) -> str:
    """The digest of a file, or an empty text if there is none."""
    try:
        return digest_of(path)
    except FileNotFoundError:
        return ""


def _nothing() -> None:
    """Other processes than the first write nothing, so they need no lock."""

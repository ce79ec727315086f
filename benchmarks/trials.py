"""Runs one thing at a time in a process of its own, and says how it ended, how long it took and how much memory."""

import os
import pickle
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

EXPECTED = (ValueError, FileNotFoundError)
"""What a reader raises for a bad file; a subclass that Python itself raises is not meant for people."""

RAW = (UnicodeError,)
LONGEST_MESSAGE = 600


@dataclass
class Trial:
    """How a run ended.

    Attributes:
        result: what it returned, if it ended well.
        error: the text of an expected error.
        raw: what went wrong, if a user would see it: an unexpected error, a message on several lines, or the end of the
            process.
        seconds: the processor's time that it took, or the whole time if it was ended.
        megabytes: how much memory it took besides what was there before.
    """

    result: Any = None
    error: str = ""
    raw: str = ""
    seconds: float = 0.0
    megabytes: float = 0.0


def run(task: Callable[[], Any], limit: float = 60.0, most: int = 8 << 30) -> Trial:
    """Run ``task`` in a child that is ended after ``limit`` seconds, or when it takes ``most`` bytes."""
    reading, writing = os.pipe()
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        os.close(reading)
        with os.fdopen(writing, "wb") as answer:
            answer.write(pickle.dumps(_ended(task, most)))
        os._exit(0)
    os.close(writing)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, limit)
    with os.fdopen(reading, "rb") as answer:
        data = answer.read()
    signal.setitimer(signal.ITIMER_REAL, 0)
    os.waitpid(child, 0)
    seconds = time.monotonic() - began
    return pickle.loads(data) if data else Trial(raw=f"ended after {seconds:.1f} s", seconds=seconds)


class Forked:
    """A process that ``task`` runs in until the ``with`` block ends, which kills it.

    Args:
        task: gets a function that sends a line of text to the parent.

    Attributes:
        rest: the lines that were sent and not yet read when the process was killed.
    """

    def __init__(self, task: Callable[[Callable[[str], None]], None]):
        self.rest: list[str] = []
        reading, writing = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(reading)
            try:
                task(lambda line: os.write(writing, f"{line}\n".encode()) and None)
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(0)
        os.close(writing)
        self.lines = os.fdopen(reading)

    def line(self) -> str:
        """The next line; waits for it.

        Raises:
            EOFError: the process has ended.
        """
        line = self.lines.readline()
        if not line:
            raise EOFError(f"process {self.process} has ended")
        return line.rstrip("\n")

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        self.rest = self.lines.read().splitlines()
        self.lines.close()


def _ended(task: Callable[[], Any], most: int) -> Trial:
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    before, began = _peak(), time.process_time()
    trial = Trial()
    try:
        trial.result = task()
    except Exception as error:
        text = str(error)
        if not isinstance(error, EXPECTED) or isinstance(error, RAW) or not text.isprintable():
            trial.raw = f"{type(error).__name__}: {text[:200]!a}"
        elif len(text) > LONGEST_MESSAGE:
            trial.raw = f"a message of {len(text)} characters: {text[:100]!a}"
        trial.error = text[:LONGEST_MESSAGE]
    trial.seconds, trial.megabytes = time.process_time() - began, _peak() - before
    return trial


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

"""What a part of the robustness benchmark gets, and what it found."""

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST_SHOWN = 20
"""The most failures of a part that are printed."""


@dataclass(frozen=True)
class Job:
    """What a part has to do.

    Args:
        folder: an empty folder for its files.
        count: how many things to try.
        seed: of all random choices.
        end: when its time is over, as ``time.monotonic`` counts.
    """

    folder: Path
    count: int
    seed: int
    end: float

    def numbers(self) -> Iterator[int]:
        """0, 1, … below ``count``, until the time is over."""
        for number in range(self.count):
            yield number
            if time.monotonic() > self.end:
                return


@dataclass
class Outcome:
    """What a part found.

    Attributes:
        done: how many things were tried.
        failures: what should never happen, each in a line.
        note: other figures for the last column.
        slowest: the most seconds of the processor, if they were measured.
        largest: the most megabytes besides a file's own size, if they were measured.
    """

    done: int = 0
    failures: list[str] = field(default_factory=list)
    note: str = ""
    slowest: float | None = None
    largest: float = 0.0

    def row(self, part: str) -> str:
        """A row of the table. The failures go to the standard error stream."""
        for failure in self.failures[:MOST_SHOWN]:
            print(f"  {failure}", file=sys.stderr)
        figures = " | " if self.slowest is None else f"{self.slowest:.1f} s | {self.largest:.0f} MB"
        return f"| {part} | {self.done} | {len(self.failures)} | {figures} | {self.note} |"


Part = Callable[[Job], Outcome]

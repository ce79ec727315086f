"""Progress reports of long work."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Progress:
    """One progress report.

    Attributes:
        step: the work done so far, between 0 and ``total``. Its unit is proportional to the expected time.
        total: the work of the whole run.
        stage: a description of the current work, for people.
        preview: a picture of the current state, ``[B, 3, H, W]`` in [-1, 1], or None.
    """

    step: int
    total: int
    stage: str
    preview: Tensor | None = None


OnProgress = Callable[[Progress], None]
"""Receives every report. An exception raised in it stops the work at once."""

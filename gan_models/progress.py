"""How long work reports where it is."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Progress:
    """One report from long work.

    Attributes:
        step: work done so far, between 0 and ``total``. Units are proportional to the expected time.
        total: all the work of the run.
        stage: what is being done, for a person to read.
        preview: a picture of the state, ``[B, 3, H, W]`` in [-1, 1], or None.
    """

    step: int
    total: int
    stage: str
    preview: Tensor | None = None


OnProgress = Callable[[Progress], None]
"""Receives every report. An exception raised in it stops the work at once."""

"""Progress reports of long work."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

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

FINEST = 1000
"""Steps in which ``parts`` reports."""


def parts(
    on_progress: OnProgress | None, costs: Sequence[float], stages: Sequence[str] = ()
) -> list[OnProgress | None]:
    """An ``on_progress`` for each part of long work, which turns reports of the part into reports of the whole.

    Args:
        on_progress: receives the reports of the whole; with None, nothing is reported.
        costs: the expected time of each part, in any unit.
        stages: descriptions of the parts, in place of those in their reports; empty keeps these.
    """
    if on_progress is None:
        return [None] * len(costs)
    *starts, total = accumulate(costs, initial=0.0)

    def part(number: int) -> OnProgress:
        def report(progress: Progress) -> None:
            done = starts[number] + costs[number] * progress.step / progress.total
            stage = stages[number] if stages else progress.stage
            on_progress(replace(progress, step=round(FINEST * done / total), total=FINEST, stage=stage))

        return report

    return [part(number) for number in range(len(costs))]

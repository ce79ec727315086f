"""Work on many pictures, a few at a time."""

from collections.abc import Callable

import torch
from torch import Tensor

from .progress import OnProgress, Progress

OUT_OF_MEMORY: type[BaseException] = getattr(torch, "OutOfMemoryError", torch.cuda.OutOfMemoryError)


def in_batches(
    work: Callable[[slice], Tensor], count: int, at_once: int, stage: str, on_progress: OnProgress | None = None
) -> Tensor:
    """The results of ``work`` for ``count`` pictures, concatenated along the batch.

    Args:
        work: takes a slice of the pictures and returns ``[b, ...]``, ``b`` being its length.
        at_once: the most pictures in a slice. It is halved, and the slice repeated, where memory runs out.
        stage: the stage that ``on_progress`` reports.
        on_progress: called before each slice and at the end. An exception raised in it stops the work.
    """
    report = on_progress or (lambda progress: None)
    results, done, step = [], 0, min(count, at_once)
    while done < count:
        report(Progress(done, count, stage))
        part = slice(done, min(done + step, count))
        try:
            results.append(work(part))
        except OUT_OF_MEMORY:
            if step == 1:
                raise
            step //= 2
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
        else:
            done = part.stop
    report(Progress(count, count, stage))
    return torch.cat(results)

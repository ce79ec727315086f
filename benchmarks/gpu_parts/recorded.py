"""Work that a CUDA graph replays with new inputs, so that its kernels start without Python."""

import gc
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Input:
    """A tensor that the work reads at a fixed address.

    Attributes:
        values: what the work reads.
        draw: makes new values for a replay; None keeps them.
    """

    values: Tensor
    draw: Callable[[], Tensor] | None


class Recorded:
    """Runs the same work again and again: as it is at first, then recorded, and replayed from then on.

    Everything in which the runs differ has to come from ``take``, always in the same order. Without CUDA, a replay
    repeats the work with new inputs, so that the same code can be tried out.

    Args:
        work: what to run, on the current stream.
        device: where it computes.
    """

    def __init__(self, work: Callable[[], object], device: torch.device):
        self.work, self.device = work, device
        self.inputs: list[Input] = []
        self.graph: torch.cuda.CUDAGraph | None = None
        self.result: object = None
        self._runs = self._taken = 0

    def __call__(self) -> object:
        """Run the work once, and return its result, which the next run may overwrite."""
        self._runs += 1
        self._taken = 0
        if self._runs == 1:
            self.result = self.work()
            return self.result
        if self._runs == 2 and self.device.type == "cuda":
            self.graph = self._record()
        for known in self.inputs:
            if known.draw is not None:
                known.values.copy_(known.draw())
        if self.graph is not None:
            self.graph.replay()
        else:
            self.result = self.work()
        return self.result

    def take(self, draw: Callable[[], Tensor], constant: bool = False) -> Tensor:
        """An input of the work, drawn by ``draw`` before every run or, if it is ``constant``, once."""
        if self._runs == 1:
            self.inputs.append(Input(draw().clone(), None if constant else draw))
        self._taken += 1
        return self.inputs[self._taken - 1].values

    def _record(self) -> torch.cuda.CUDAGraph:
        """Record the work, which runs nothing."""
        graph = torch.cuda.CUDAGraph()
        # torch.cuda.graph would collect garbage and empty the cache first, which takes longer than the recording.
        collecting = gc.isenabled()
        gc.disable()
        graph.capture_begin()
        try:
            self.result = self.work()
        finally:
            graph.capture_end()
            if collecting:
                gc.enable()
        return graph

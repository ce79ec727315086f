"""Where the parts measure, and how: the device, its clock and its memory."""

import resource
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]

Report = Callable[..., None]
"""Called as ``report(what, **figures)``, with numbers or texts; an underscore in a figure's name stands for a space."""


@dataclass(frozen=True)
class Setup:
    """Where and how long the parts measure.

    Attributes:
        device: "cuda", "cpu", or the name of the pretended device.
        tiny: whether sizes and iterations are as small as possible, to try everything out in seconds.
        tests: the test files and folders to run, relative to the pack's folder.
        processes: the number of processes that run the tests.
    """

    device: str
    tiny: bool
    tests: tuple[str, ...]
    processes: int

    @property
    def place(self) -> torch.device:
        """The device as PyTorch names it."""
        return torch.device(self.device)

    @property
    def repeats(self) -> int:
        """Number of runs of which the fastest counts."""
        return 1 if self.tiny else 5

    def mode(self, recorded: bool) -> str:
        """How a row calls work that is ``Recorded``, or not."""
        if not recorded:
            return "eager"
        return "CUDA graphs" if self.device == "cuda" else "recorded, without CUDA graphs"

    def entered(self) -> AbstractContextManager[object]:
        """The context in which ``device`` can be used."""
        if self.device in ("cpu", "cuda"):
            return nullcontext()
        from pretend_device import PretendDevice  # Not every version of PyTorch can pretend.

        return PretendDevice()

    def autocast(self, dtype: torch.dtype) -> AbstractContextManager[object]:
        """The context that computes convolutions in ``dtype``."""
        return nullcontext() if dtype == torch.float32 else torch.autocast(self.device, dtype)

    def synchronize(self) -> None:
        """Wait until the device has done its work."""
        if self.device == "cuda":
            torch.cuda.synchronize()

    def seconds(self, work: Callable[[], object], repeats: int | None = None) -> float:
        """Seconds of the fastest of several runs, after one that is not measured."""
        work()
        best = float("inf")
        for _ in range(repeats or self.repeats):
            self.synchronize()
            began = time.perf_counter()
            work()
            self.synchronize()
            best = min(best, time.perf_counter() - began)
        return best

    def peak_memory(self, work: Callable[[], object]) -> float:
        """Peak memory in MB while ``work`` runs: of the GPU or, without one, of the process so far."""
        if self.device != "cuda":
            work()
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
        self.synchronize()
        torch.cuda.reset_peak_memory_stats()
        work()
        self.synchronize()
        return torch.cuda.max_memory_allocated() / 2**20

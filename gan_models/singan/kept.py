"""The folder of trainings whose model was not saved yet: each is one file, named by its run."""

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError, safe_open

from ..files import remove_dead_parts
from ..locks import is_locked, remove_stale
from .model import SinGAN

SUFFIX, LOCK = ".unfinished", ".lock"
DAY = 86400.0
MOST, MOST_DAYS, FINISHED_DAYS = 20, 30, 1
"""The most trainings that are kept, and the days for which unfinished and finished ones are kept."""


@dataclass(frozen=True)
class Kept:
    """A training in the folder.

    Args:
        path: its file.
        scales, total: the number of finished scales, and of all.
        width, height: of the finest scale in pixels.
        age: seconds since the last scale was finished.
    """

    path: Path
    scales: int
    total: int
    width: int
    height: int
    age: float

    @property
    def finished(self) -> bool:
        return self.scales == self.total

    def __str__(self) -> str:
        hours = self.age / 3600
        age = f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.0f} h" if hours >= 2 else f"{hours * 60:.0f} min"
        return f"{self.scales} of {self.total} scales at {self.width}×{self.height}, {age} old"


def trainings_in(folder: str | Path) -> list[Kept]:
    """The trainings that are kept in a folder, the latest first. Damaged files are left out."""
    found = []
    for path in Path(folder).glob(f"*{SUFFIX}"):
        with suppress(OSError, SafetensorError, ValueError, IndexError):
            with safe_open(path, framework="pt") as file:
                sizes, scales = file.get_tensor("sizes"), len(file.get_tensor("noise_amplitudes"))
            height, width = sizes[-1].tolist()
            age = max(0.0, time.time() - path.stat().st_mtime)
            found.append(Kept(path, scales, len(sizes), int(width), int(height), age))
    return sorted(found, key=lambda kept: kept.age)


def tidy(folder: str | Path) -> None:
    """Delete all but the ``MOST`` latest trainings, and those that are too old. One that a process works on stays."""
    remove_dead_parts(folder)
    for lock in Path(folder).glob(f"*{LOCK}"):
        # The lock of a training that is kept stays, so that whoever resumes it learns whose it was.
        if not lock.with_suffix(SUFFIX).exists():
            with suppress(OSError):
                remove_stale(lock)
    for number, kept in enumerate(trainings_in(folder)):
        days = FINISHED_DAYS if kept.finished else MOST_DAYS
        if (number >= MOST or kept.age > days * DAY) and not is_locked(kept.path.with_suffix(LOCK)):
            with suppress(OSError):
                kept.path.unlink()
                remove_stale(kept.path.with_suffix(LOCK))


def forget(model: SinGAN, folder: str | Path) -> None:
    """Delete what the folder keeps of the training of a model, once the model is saved."""
    if model.run is not None:
        with suppress(OSError):
            (Path(folder) / (model.run + SUFFIX)).unlink(missing_ok=True)


def unfinished_text(folder: str | Path) -> str:
    """A sentence that lists the unfinished trainings in a folder, or an empty text if there are none."""
    unfinished = [kept for kept in trainings_in(folder) if not kept.finished]
    if not unfinished:
        return ""
    count = "1 unfinished training is" if len(unfinished) == 1 else f"{len(unfinished)} unfinished trainings are"
    return f"{count} kept in {Path(folder).name}: {'; '.join(map(str, unfinished))}"

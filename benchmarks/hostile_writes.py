"""Kills processes while they save models or train, and saves on a full disk: nothing that was finished is lost."""

import hashlib
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from gan_models import singan
from gan_models.progress import Progress
from gan_models.singan import resume
from gan_models.singan.kept import SUFFIX
from hostile_parts import Job, Outcome
from trials import Forked, run

SOURCE = Path(__file__).resolve().parent.parent / "weights" / "singan-balloons.safetensors"
TINY = replace(
    singan.SinGANConfig.preset("draft"), channels=8, iterations=4, coarse_iterations=4, learning_rate=5e-4, pool=2,
    pool_iterations=3, distribution_weight=0.0, joint_scales=0, diversity=0.0,
)  # fmt: skip
LONGEST_SAVE, LONGEST_KEEP = 0.2, 0.01
"""Seconds within which a process is killed that saves again and again, and one that begins to keep a scale."""


def kills(job: Job) -> Outcome:
    """Kill processes inside writes: by turns one that saves a model and one that trains a SinGAN."""
    draw, found = random.Random(job.seed), Outcome()
    saves, trainings = _Saves(job.folder / "saves"), _Trainings(job.folder / "trainings")
    for number in job.numbers():
        found.failures += [f"kill {number}: {text}" for text in (trainings if number % 2 else saves).kill(draw)]
        found.done += 1
    found.note = f"{saves.damaged} damaged models, {trainings.lost} lost scales of {trainings.finished} finished ones"
    return found


class _Saves:
    """A model that is saved over and over under one name.

    Attributes:
        damaged: how often it could not be read after a kill.
    """

    def __init__(self, folder: Path):
        folder.mkdir()
        self.path = folder / "model.safetensors"
        shutil.copy(SOURCE, self.path)
        self.damaged = 0

    def kill(self, draw: random.Random) -> list[str]:
        """Kill the process at a random time; returns what is wrong afterwards."""
        with Forked(self._save) as child:
            child.line()
            time.sleep(draw.uniform(0, LONGEST_SAVE))
        trial = run(lambda: singan.load(self.path).size)
        failures = [trial.raw or trial.error] if trial.raw or trial.error else []
        self.damaged += len(failures)
        names = [path.name for path in self.path.parent.iterdir() if not path.name.startswith(".")]
        return failures if names == [self.path.name] else [*failures, f"half files: {names}"]

    def _save(self, say: Callable[[str], None]) -> None:
        model = singan.load(self.path)
        say("ready")
        while True:
            singan.save(model, self.path, overwrite=True)


class _Trainings:
    """A tiny SinGAN that is trained from the beginning again and again, killed, and finished in another process.

    Attributes:
        finished: how many scales were finished and kept before a kill.
        lost: how many of these were trained again.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.picture = torch.rand(1, 3, 32, 36, generator=torch.Generator().manual_seed(0)) * 2 - 1
        # Here, as the processes of the trainings would otherwise import much of PyTorch, each of them anew.
        self.whole = self._train()
        self.scales = len(self.whole[0])
        self.finished = self.lost = 0

    def kill(self, draw: random.Random) -> list[str]:
        """Kill a training while it keeps a scale or right after that; returns what is wrong after the next one."""
        shutil.rmtree(self.folder, ignore_errors=True)
        scale, moment = draw.randrange(1, self.scales + 1), draw.choice(["keeps", "kept"])
        with Forked(self._train_aloud) as child:
            while child.line() != f"{moment} {scale}":
                pass
            time.sleep(draw.uniform(0, LONGEST_KEEP) if moment == "keeps" else 0)
        kept = scale - 1 if moment == "keeps" else scale
        kept = max([kept, *(int(line.split()[1]) for line in child.rest if line.startswith("kept"))])
        trial = run(self._train)
        if trial.raw or trial.error:
            return [trial.raw or trial.error]
        trained, digest = trial.result
        again = sorted(number for number in trained if number <= kept)
        self.finished += kept
        self.lost += len(again)
        failures = [f"scales {again} of {kept} finished ones were trained again"] if again else []
        failures += [] if digest == self.whole[1] else ["another model than that of an uninterrupted training"]
        left = [path.name for path in self.folder.iterdir() if path.suffix != SUFFIX]
        return [*failures, f"left behind: {left}"] if left else failures

    def _train(self) -> tuple[set[int], str]:
        """The numbers of the scales that were trained, the first being 1, and a digest of the model."""
        trained: set[int] = set()

        def note(progress: Progress) -> None:
            trained.add(int(progress.stage.split()[1]))

        model = resume.train_resumable(self.picture, TINY, seed=0, folder=self.folder, on_progress=note)
        numbers = b"".join(value.numpy().tobytes() for value in model.state_dict().values())
        return trained, hashlib.sha256(numbers).hexdigest()

    def _train_aloud(self, say: Callable[[str], None]) -> None:
        """Train, and say when a scale begins to be kept and when it is."""
        write, count = resume.write_atomically, 0

        def write_aloud(*arguments: Any) -> None:
            nonlocal count
            count += 1
            say(f"keeps {count}")
            write(*arguments)
            say(f"kept {count}")

        resume.write_atomically = write_aloud
        self._train()


def disk(job: Job) -> Outcome:
    """Save on a disk that has room for one model only. Without the right to mount one, nothing is done."""
    place = job.folder / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True).returncode:
        return Outcome(note="left out, as it needs the right to mount a disk")
    found = Outcome(done=1)
    try:
        model = singan.load(SOURCE)
        singan.save(model, place / "a.safetensors")
        try:
            singan.save(model, place / "b.safetensors")
            found.failures.append("a second model fitted")
        except OSError as error:
            found.failures += [] if "No space left" in str(error) else [str(error)]
        left = sorted(path.name for path in place.iterdir())
        found.failures += [] if left == ["a.safetensors"] else [f"left behind: {left}"]
        singan.load(place / "a.safetensors")
    finally:
        subprocess.run(["umount", str(place)], check=True)
    return found

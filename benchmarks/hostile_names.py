"""Saves models under strange names: each is refused in a sentence, or saved inside its folder and listed."""

import random
from pathlib import Path
from typing import Any

import headless
from hostile_parts import Job, Outcome
from trials import run

NAMES = ["", " ", ".", "..", "/", "a/../..", "../out", "/etc/out", "C:\\out", "..\\out", "a" * 300, "a/" * 200 + "b",
         "\x00", "a\x00b", "\ud800", "line\nbreak", "\x1b[31m", "training/run/run", "training/x", "~", "~root/x",
         "run.safetensors", ".git/x", "con", "a:b", "x.safetensors.safetensors", "\u202egnp", "é" * 120, "-rf", "$(id)",
         "link/x", "link/../x", ".hidden", "vgg19", "gaugan-landscape", "trainingrun"]  # fmt: skip


def names(job: Job) -> Outcome:
    """Save under the names above and under random ones, beside the state of a training and a link to elsewhere."""
    models, outside = job.folder / "models", job.folder / "outside"
    folder = models / "gaugan"
    state = folder / "training" / "run" / "run.safetensors"
    state.parent.mkdir(parents=True)
    state.write_bytes(b"state")
    outside.mkdir()
    (folder / "link").symlink_to(outside)
    before = _elsewhere(job.folder, folder)
    draw, pack, found, saved = random.Random(job.seed), _pack(folder), Outcome(), 0
    for number in job.numbers():
        drawn = "".join(draw.choices("ab./\\ \n\x00:é\ud800~", k=draw.randrange(1, 40)))
        name = NAMES[number] if number < len(NAMES) else drawn
        trial = run(lambda name=name: _save_as(pack, name))
        found.done += 1
        saved += not trial.error
        if trial.raw:
            found.failures.append(f"{name!a}: {trial.raw}")
        elif trial.result is not None and trial.result not in run(pack.nodes.gaugan_files.local_files).result:
            found.failures.append(f"{name!a}: saved, but not listed")
    escaped = _elsewhere(job.folder, folder) - before
    found.failures += [f"{path.name!a}: outside of the folder" for path in escaped]
    if state.read_bytes() != b"state":
        found.failures.append("a training's state was lost")
    found.note = f"{saved} saved, {len(escaped)} files outside of the folder"
    return found


def _elsewhere(folder: Path, models: Path) -> set[Path]:
    """What lies in a folder, but not in the folder of the models."""
    return {path for path in folder.rglob("*") if not path.is_relative_to(models)}


def _pack(folder: Path) -> Any:
    headless.install()
    pack = headless.load_pack()
    import folder_paths

    folder_paths.folder_names_and_paths["gaugan"] = ([str(folder)], {".safetensors", ".pth", ".pt", ".tar"})
    return pack


def _save_as(pack: Any, name: str) -> str:
    taken = pack.nodes.gaugan_files.downloads()
    path = pack.nodes.host.new_model_path("gaugan", name, trainings=True, taken=taken)
    pack.gan_models.files.write_atomically(path, b"model")
    return path.relative_to(pack.nodes.host.model_folder("gaugan")).as_posix()

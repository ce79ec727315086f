"""Loads damaged and hostile files, saves under strange names, kills processes while they write, and prints what failed.

    python benchmarks/robustness.py
    python benchmarks/robustness.py --share 0.1 --only singan pickles

All files are made from a seed, and each is opened in a process of its own. Everything takes at most ten minutes: on a
slow machine, a part leaves the rest out, and its row shows how many it has done. The part with a full disk needs the
right to mount one.
"""

import argparse
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from PIL import Image

import headless
import hostile_models
import hostile_pickles
import hostile_pictures
from gan_models import gaugan, singan
from gan_models.labels import LabelMap, LabelPicture, read, taxonomy
from gan_models.seeds import seeded
from gan_models.singan.checkpoint import encode
from gan_models.singan.networks import Generator
from gan_models.state_dict import read_state_dict
from trials import Trial, run

ROOT = Path(__file__).resolve().parent.parent
MINUTES = 10.0
SHARES = {"singan": 0.25, "gaugan": 0.3, "pickles": 0.15, "pictures": 0.08, "names": 0.04, "kills": 0.16, "disk": 0.02}
"""The share of the time that each part has. What a part does not reach by then, it leaves out."""
COUNTS = {"singan": 1000, "gaugan": 1000, "pickles": 250, "pictures": 200, "names": 100, "kills": 60, "disk": 1}
SLOWEST, LARGEST = 10.0, 500.0
"""The most seconds of the processor that a load may take, and the most megabytes besides the file's own."""

WHOLE_EVERY = 20
"""Every so many mutated models is the one that ships with the pack; the others are tiny."""

NAMES = ["", " ", ".", "..", "/", "a/../..", "../out", "/etc/out", "C:\\out", "..\\out", "a" * 300, "a/" * 200 + "b",
         "\x00", "a\x00b", "\ud800", "line\nbreak", "\x1b[31m", "training/run/run", "training/x", "~", "~root/x",
         "run.safetensors", ".git/x", "con", "a:b", "x.safetensors.safetensors", "\u202egnp", "é" * 120, "-rf", "$(id)",
         "link/x", "link/../x", ".hidden", "vgg19", "gaugan-landscape", "trainingrun"]  # fmt: skip

WRITER = """
import sys, torch
sys.path.insert(0, {root!r})
from gan_models.singan import load, save
model = load({source!r})
number = 0
print("ready", flush=True)
while True:
    number += 1
    model.facts["number"] = number
    save(model, {target!r}, overwrite=True)
"""


class Benchmark:
    """Counts what failed in each part.

    Args:
        share: how much of the numbers in ``COUNTS`` is done.
        minutes: the longest time for all parts.
        seed: of all random choices.
    """

    def __init__(self, share: float, minutes: float, seed: int):
        self.share, self.minutes, self.seed = share, minutes, seed
        self.end = 0.0
        self.folder = Path(tempfile.mkdtemp(prefix="robustness-"))
        self.trace = self.folder / "it_ran"
        self._warm_up()

    def _warm_up(self) -> None:
        """Do once what the children would otherwise import and compile, each of them anew."""
        file = self.folder / "sound.safetensors"
        for data, use in ((small_singans()[0], _use_singan), (small_gaugans(self.folder)[0], _use_gaugan)):
            file.write_bytes(data)
            use(file)
        Image.new("L", (8, 8)).save(self.folder / "sound.png")
        _use_picture(self.folder / "sound.png")

    def row(self, part: str) -> str:
        """Do one part; returns the row of the table."""
        self.end = time.monotonic() + 60 * self.minutes * SHARES[part]
        return getattr(self, part)()

    def count(self, part: str) -> int:
        return max(1, round(COUNTS[part] * self.share))

    def singan(self) -> str:
        whole = (ROOT / "weights" / "singan-balloons.safetensors").read_bytes()
        return self._loads("singan", ".safetensors", self._mutated(whole, small_singans()), _use_singan)

    def gaugan(self) -> str:
        whole = (ROOT / "weights" / "gaugan-landscape.safetensors").read_bytes()
        return self._loads("gaugan", ".safetensors", self._mutated(whole, small_gaugans(self.folder)), _use_gaugan)

    def _mutated(self, whole: bytes, small: list[bytes]) -> Iterator[bytes]:
        """Mutations of small files in turn, and now and then of the whole one."""
        draw = random.Random(self.seed)
        rare, *often = (hostile_models.mutations(data, draw) for data in (whole, *small))
        for number in itertools.count():
            yield next(rare if number % WHOLE_EVERY == WHOLE_EVERY - 1 else often[number % len(often)])

    def pickles(self) -> str:
        files = hostile_pickles.hostile(random.Random(self.seed), str(self.trace))
        return self._loads("pickles", ".pth", files, _use_pickle)

    def pictures(self) -> str:
        files = hostile_pictures.hostile(random.Random(self.seed))
        return self._loads("pictures", ".png", files, _use_picture)

    def names(self) -> str:
        models = self.folder / "models"
        (models / "gaugan").mkdir(parents=True)
        state = models / "gaugan" / "training" / "run" / "run.safetensors"
        state.parent.mkdir(parents=True)
        state.write_bytes(b"state")
        (models / "gaugan" / "link").symlink_to(self.folder)
        before = self._listing(models)
        draw, saved = random.Random(self.seed), 0
        pack = _pack(models)
        failures = []
        for number in range(self.count("names")):
            drawn = "".join(draw.choices("ab./\\ \n\x00:é\ud800~", k=draw.randrange(1, 40)))
            name = NAMES[number] if number < len(NAMES) else drawn
            trial = run(lambda name=name: _save_as(pack, name))
            saved += not trial.error
            if trial.raw:
                failures.append(f"{name!a}: {trial.raw}")
            elif trial.result is not None and trial.result not in run(pack.nodes.gaugan_files.local_files).result:
                failures.append(f"{name!a}: saved, but not listed")
        outside = self._listing(models) - before
        lost = state.read_bytes() != b"state"
        return self._row("names", self.count("names"), failures, f"{saved} saved, {len(outside)} files outside of the "
                         f"folder, {int(lost)} lost states")  # fmt: skip

    def kills(self) -> str:
        source, target = ROOT / "weights" / "singan-balloons.safetensors", self.folder / "kills" / "model.safetensors"
        target.parent.mkdir()
        shutil.copy(source, target)
        program = WRITER.format(root=str(ROOT), source=str(source), target=str(target))
        draw, half, done, failures = random.Random(self.seed), 0, 0, []
        for _ in range(self.count("kills")):
            with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
                assert child.stdout is not None
                child.stdout.readline()
                time.sleep(draw.uniform(0, 0.2))
                child.send_signal(signal.SIGKILL)
            trial = run(lambda: singan.load(target).size)
            half += bool(trial.raw or trial.error)
            done += 1
            if self._over():
                break
        names = [path.name for path in target.parent.iterdir() if not path.name.startswith(".")]
        if names != [target.name]:
            failures.append(f"half files: {names}")
        return self._row("kills", done, failures, f"{half} damaged models")

    def disk(self) -> str:
        place = self.folder / "disk"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(place)]
        if subprocess.run(command, capture_output=True).returncode:
            return "| disk | left out, as it needs the right to mount one | | | |"
        try:
            model = singan.load(ROOT / "weights" / "singan-balloons.safetensors")
            singan.save(model, place / "a.safetensors")
            try:
                singan.save(model, place / "b.safetensors")
                failures = ["a second model fitted"]
            except OSError as error:
                failures = [] if "No space left" in str(error) else [str(error)]
            left = sorted(path.name for path in place.iterdir())
            failures += [] if left == ["a.safetensors"] else [f"left behind: {left}"]
            singan.load(place / "a.safetensors")
        finally:
            subprocess.run(["umount", str(place)], check=True)
        return self._row("disk", 1, failures, "")

    def _loads(self, part: str, ending: str, files: Iterable[Any], use: Callable[[Path], str]) -> str:
        failures, slowest, largest, ends, done = [], 0.0, 0.0, {"read": 0, "refused": 0}, 0
        for number, data in enumerate(itertools.islice(files, self.count(part))):
            path = self.folder / f"file{ending}"
            _put(path, data)
            size = path.stat().st_size / 1e6 if path.is_file() else 0
            trial: Trial = run(lambda path=path: use(path))
            ends["refused" if trial.error or trial.raw else "read"] += 1
            slowest, largest = max(slowest, trial.seconds), max(largest, trial.megabytes - size)
            if trial.raw or trial.seconds > SLOWEST or trial.megabytes - size > LARGEST or self.trace.exists():
                what = trial.raw or ("it ran" if self.trace.exists() else "too slow or too large")
                failures.append(f"{part} {number}: {what} ({trial.seconds:.1f} s, {trial.megabytes:.0f} MB)")
                shutil.rmtree(self.trace, ignore_errors=True)
            done += 1
            if self._over():
                break
        return self._row(part, done, failures, f"{ends['read']} read, {ends['refused']} refused", slowest, largest)

    def _row(self, part: str, done: int, failures: list[str], note: str, slowest: float = 0, largest: float = 0) -> str:
        for failure in failures[:20]:
            print(f"  {failure}", file=sys.stderr)
        figures = f"{slowest:.1f} s | {largest:.0f} MB" if slowest else " | "
        return f"| {part} | {done} | {len(failures)} | {figures} | {note} |"

    def _over(self) -> bool:
        return time.monotonic() > self.end

    def _listing(self, models: Path) -> set[Path]:
        """What lies in the folder of the benchmark, but not in the folder of the models."""
        return {path for path in self.folder.rglob("*") if not path.is_relative_to(models / "gaugan")}


def small_singans() -> list[bytes]:
    """Files of tiny SinGANs with random weights, with and without batch norm."""
    torch.manual_seed(0)
    files = []
    for normalization in ("none", "batch"):
        config = replace(singan.SinGANConfig.preset("draft"), normalization=normalization, joint_scales=0)
        sizes = [(18, 20), (25, 28), (34, 40)]
        images = torch.randint(0, 256, (1, 3, *sizes[-1]), dtype=torch.uint8)
        model = singan.SinGAN(config, sizes, images, torch.randn(1, 3, *sizes[0]))
        for _ in sizes:
            model.add_scale(Generator(4, normalization), 0.1)
        files.append(encode(model))
    return files


def small_gaugans(folder: Path) -> list[bytes]:
    """Files of tiny GauGANs of several architectures."""
    torch.manual_seed(0)
    files = []
    for changes in ({}, {"z_dim": 0}, {"noise": True, "style_blocks": True}):
        settings = {"classes": 18, "unknown": True, "ngf": 2, "nhidden": 4, "z_dim": 6, "crop_size": 32} | changes
        generator = gaugan.Generator(gaugan.GeneratorConfig(**settings))
        style = gaugan.EncoderConfig(ndf=2, layers=3, z_dim=6)
        encoder = gaugan.StyleEncoder(style) if generator.config.z_dim else None
        gaugan.save(folder / "small.safetensors", generator, encoder, {"taxonomy": "landscape"})
        files.append((folder / "small.safetensors").read_bytes())
    return files


def _use_singan(path: Path) -> str:
    model = singan.load(path)
    if max(model.size) > 300:
        return "large"
    height, width = (max(1, side // 4) for side in model.size)
    images = model.sample(1, generator=seeded(0), height=height, width=width)
    if not bool(images.isfinite().all() & model.reconstruct_coarse(3).isfinite().all()):
        raise ArithmeticError("a picture of NaN")
    return "read"


def _use_gaugan(path: Path) -> str:
    model = gaugan.open_synthesizer(path)
    assert model.summary and model.trained is not None
    side = model.generator.config.stride
    ids = torch.arange(side * side).view(1, side, side).remainder(len(model.classes)).to(torch.uint8)
    style = gaugan.Style(model.random_styles(1, seeded(0))) if model.generator.config.z_dim else None
    images = model.generate(LabelMap(ids, model.taxonomy), style).images
    if not bool(images.isfinite().all()):
        raise ArithmeticError("a picture of NaN")
    return "read"


def _use_pickle(path: Path) -> str:
    """As a GauGAN and as each file of a SinGAN; the error of the last is returned."""
    errors = []
    for name in ("Gs.pth", "Zs.pth", "NoiseAmp.pth", "reals.pth"):
        if not path.with_name(name).exists():
            path.with_name(name).symlink_to(path)
    for task in (lambda: read_state_dict(path), lambda: gaugan.load(path), lambda: singan.load_released(path.parent)):
        try:
            task()
        except (ValueError, FileNotFoundError) as error:
            errors.append(error)
    if errors:
        raise errors[-1]
    return "read"


def _use_picture(path: Path) -> str:
    return read(LabelPicture.open(path), taxonomy("landscape")).summary


def _put(path: Path, data: Any) -> None:
    """Write a file, or make whatever the data say: a folder or a pipe."""
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    if isinstance(data, bytes):
        path.write_bytes(data)
    elif data == hostile_pictures.FOLDER:
        path.mkdir()
    elif data == hostile_pictures.PIPE:
        os.mkfifo(path)


def _pack(models: Path) -> Any:
    headless.install()
    pack = headless.load_pack()
    import folder_paths

    folder_paths.folder_names_and_paths["gaugan"] = ([str(models / "gaugan")], {".safetensors", ".pth", ".pt", ".tar"})
    return pack


def _save_as(pack: Any, name: str) -> str:
    path = pack.nodes.host.new_model_path("gaugan", name, trainings=True,
                                          taken=pack.nodes.gaugan_files.downloads())  # fmt: skip
    pack.gan_models.files.write_atomically(path, b"model")
    return path.relative_to(pack.nodes.host.model_folder("gaugan")).as_posix()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="how much of the numbers is done")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="the longest time for everything")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(COUNTS), default=list(COUNTS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    benchmark = Benchmark(arguments.share, arguments.minutes, arguments.seed)
    print("| part | number | failures | slowest | largest beyond the file | |\n|---|---|---|---|---|---|", flush=True)
    try:
        for part in arguments.only:
            print(benchmark.row(part), flush=True)
    finally:
        shutil.rmtree(benchmark.folder, ignore_errors=True)


if __name__ == "__main__":
    main()

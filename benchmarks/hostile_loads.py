"""Opens many damaged and hostile files, each in a process of its own, and uses what could be read."""

import itertools
import os
import random
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

import hostile_models
import hostile_pickles
import hostile_pictures
from gan_models import gaugan, singan
from gan_models.labels import LabelMap, LabelPicture, read, taxonomy
from gan_models.seeds import seeded
from gan_models.singan.checkpoint import encode
from gan_models.singan.networks import Generator
from gan_models.state_dict import read_state_dict
from hostile_parts import Job, Outcome
from trials import run

WEIGHTS = Path(__file__).resolve().parent.parent / "weights"
SINGAN, GAUGAN = WEIGHTS / "singan-balloons.safetensors", WEIGHTS / "gaugan-landscape.safetensors"
SLOWEST, LARGEST = 10.0, 500.0
"""The most seconds of the processor that a load may take, and the most megabytes besides the file's own."""

WHOLE_EVERY = 20
"""Every so many mutated models is the one that ships with the pack; the others are tiny."""


def singans(job: Job) -> Outcome:
    """Mutated SinGAN files; what loads is sampled."""
    return _loads(job, ".safetensors", _mutated(job.seed, SINGAN, small_singans()), _use_singan)


def gaugans(job: Job) -> Outcome:
    """Mutated GauGAN files; what loads paints."""
    return _loads(job, ".safetensors", _mutated(job.seed, GAUGAN, small_gaugans(job.folder)), _use_gaugan)


def pickles(job: Job) -> Outcome:
    """Hostile files of torch.save, as a GauGAN and as a SinGAN in the released format."""
    trace = job.folder / "it_ran"
    return _loads(job, ".pth", hostile_pickles.hostile(random.Random(job.seed), str(trace)), _use_pickle, trace)


def pictures(job: Job) -> Outcome:
    """Damaged pictures and bombs, as label maps."""
    return _loads(job, ".png", hostile_pictures.hostile(random.Random(job.seed)), _use_picture)


def warm_up(folder: Path) -> None:
    """Do once what the processes of the loads would otherwise import and compile, each of them anew."""
    file = folder / "sound.safetensors"
    models = [(data, _use_singan) for data in (SINGAN.read_bytes(), *small_singans())]
    models += [(data, _use_gaugan) for data in (GAUGAN.read_bytes(), *small_gaugans(folder))]
    for data, use in models:
        file.write_bytes(data)
        use(file)
    Image.new("L", (8, 8)).save(folder / "sound.png")
    _use_picture(folder / "sound.png")
    torch.save({"w": torch.zeros(3)}, folder / "sound.pth")
    read_state_dict(folder / "sound.pth")


def _mutated(seed: int, whole: Path, small: list[bytes]) -> Iterator[bytes]:
    """Mutations of small files in turn, and now and then of the whole one."""
    draw = random.Random(seed)
    rare, *often = (hostile_models.mutations(data, draw) for data in (whole.read_bytes(), *small))
    for number in itertools.count():
        yield next(rare if number % WHOLE_EVERY == WHOLE_EVERY - 1 else often[number % len(often)])


def _loads(
    job: Job, ending: str, files: Iterable[Any], use: Callable[[Path], str], trace: Path | None = None
) -> Outcome:
    """Use each file in a process of its own. The folder ``trace`` is there if one of them ran code."""
    found, read_ones = Outcome(slowest=0.0), 0
    path = job.folder / f"file{ending}"
    for number, data in zip(job.numbers(), files, strict=False):
        _put(path, data)
        size = path.stat().st_size / 1e6 if path.is_file() else 0
        trial = run(lambda: use(path))
        found.done += 1
        read_ones += not (trial.error or trial.raw)
        beyond = trial.megabytes - size
        found.slowest, found.largest = max(found.slowest or 0, trial.seconds), max(found.largest, beyond)
        ran = trace is not None and trace.exists()
        if trial.raw or ran or trial.seconds > SLOWEST or beyond > LARGEST:
            what = trial.raw or ("it ran" if ran else "too slow or too large")
            found.failures.append(f"file {number}: {what} ({trial.seconds:.1f} s, {trial.megabytes:.0f} MB)")
        if ran and trace is not None:
            shutil.rmtree(trace)
    found.note = f"{read_ones} read, {found.done - read_ones} refused"
    return found


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

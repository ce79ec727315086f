"""Rendered landscapes that no training has seen, to measure a GauGAN with. Training uses seeds below 100 000."""

import io
import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor

from gan_models.files import write_atomically
from gan_models.scenes import LIGHTS, lay_out, random_light, random_plan, render, render_scene
from gaugan_metrics import color_statistics

SCENES, OTHERS, TRIALS, STYLES, VARIED = 1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000
"""First seeds: of layouts, of other pictures, of the trials' layouts and style pictures, of layouts in many lights."""

Argument, Result = TypeVar("Argument"), TypeVar("Result")


@dataclass(frozen=True)
class Trial:
    """One trial of style fidelity: is a layout in the style of another's picture in a light nearest to that light?

    Attributes:
        seed: of the layout.
        labels: its label map, uint8 ``[H, W]``.
        light: name of the light.
        style_picture: another layout in that light, uint8 ``[3, H, W]``.
        in_lights: ``color_statistics`` of the layout in each of ``LIGHTS``, ``[lights, CLASSES, 6]``.
        varied: those of the layout in a light that ``random_light`` made of the trial's.
    """

    seed: int
    labels: Tensor
    light: str
    style_picture: Tensor
    in_lights: Tensor
    varied: Tensor


@dataclass(frozen=True)
class HeldOut:
    """What the models are measured on.

    Attributes:
        labels: label maps, uint8 ``[N, H, W]``.
        images: their pictures in random lights, uint8 ``[N, 3, H, W]``.
        others: pictures of other layouts in random lights, uint8 ``[N, 3, H, W]``.
        trials: of style fidelity.
        varied: label maps, each with its pictures in several random lights, uint8 ``[K, 3, H, W]``.
    """

    labels: Tensor
    images: Tensor
    others: Tensor
    trials: list[Trial]
    varied: list[tuple[Tensor, Tensor]]


def held_out(size: int, layouts: int, trials: int, varied: int, lights: int, workers: int) -> HeldOut:
    """Render everything: ``trials`` of style fidelity, and ``varied`` layouts in so many ``lights`` each."""
    first, other, tried, many = (
        render_all(partial(function, size=size), range(start, start + count), workers)
        for function, start, count in (
            (scene, SCENES, layouts),
            (scene, OTHERS, layouts),
            (trial, TRIALS, trials),
            (partial(in_random_lights, count=lights), VARIED, varied),
        )
    )
    labels, images = map(torch.stack, zip(*first, strict=True))
    return HeldOut(labels, images, torch.stack([image for _, image in other]), tried, many)


def kept_held_out(path: Path, workers: int, **counts: int) -> HeldOut:
    """What ``held_out`` renders for these counts, from a file; rendered now and written to it if there is none.

    The file knows nothing of the renderer: delete it when that changed.

    Raises:
        ValueError: the file was made with other counts.
    """
    if path.exists():
        kept = torch.load(path, weights_only=True)
        if kept["counts"] != counts:
            raise ValueError(f"{path.name} was made with {kept['counts']}, not with {counts}; give another file")
        return HeldOut(**kept["data"] | {"trials": [Trial(**trial) for trial in kept["data"]["trials"]]})
    made = held_out(**counts, workers=workers)
    data = vars(made) | {"trials": [vars(trial) for trial in made.trials]}
    file = io.BytesIO()
    torch.save({"counts": counts, "data": data}, file)
    write_atomically(path, file.getvalue())
    return made


def scene(seed: int, size: int) -> tuple[Tensor, Tensor]:
    """Label map, uint8 ``[H, W]``, and picture, uint8 ``[3, H, W]``, of a seed in a random light."""
    made = render_scene(seed, size)
    return made.labels, to_bytes(made.image)


def trial(seed: int, size: int) -> Trial:
    """The trial of a seed. The lights take turns."""
    name = list(LIGHTS)[seed % len(LIGHTS)]
    layout = lay_out(random_plan(seed), size)
    labels = layout.labels
    style_picture = to_bytes(render(lay_out(random_plan(seed - TRIALS + STYLES), size), LIGHTS[name]))
    in_lights = torch.stack([color_statistics(render(layout, light), labels) for light in LIGHTS.values()])
    varied = color_statistics(render(layout, random_light(seed, name)), labels)
    return Trial(seed, labels, name, style_picture, in_lights, varied)


def in_random_lights(seed: int, size: int, count: int) -> tuple[Tensor, Tensor]:
    """Label map, uint8 ``[H, W]``, and pictures of a layout in ``count`` random lights, uint8 ``[count, 3, H, W]``."""
    layout = lay_out(random_plan(seed), size)
    images = [to_bytes(render(layout, random_light(seed * count + index))) for index in range(count)]
    return layout.labels, torch.stack(images)


def render_all(function: Callable[[Argument], Result], arguments: Iterable[Argument], workers: int) -> list[Result]:
    """``function`` of all arguments, in order, by so many processes (1: by this one)."""
    if workers == 1:
        return [function(argument) for argument in arguments]
    # One thread for each process: many small tensors gain nothing from more. Pickled here, as torch would otherwise
    # share each tensor's memory, at the cost of an open file.
    with get_context("spawn").Pool(workers, torch.set_num_threads, (1,)) as pool:
        return [pickle.loads(result) for result in pool.imap(partial(_pickled, function), arguments, chunksize=4)]


def to_bytes(image: Tensor) -> Tensor:
    """Pictures in [-1, 1] as uint8."""
    return ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def to_float(image: Tensor) -> Tensor:
    """uint8 pictures in [-1, 1]."""
    return image.float() / 127.5 - 1


def _pickled(function: Callable[[Argument], Result], argument: Argument) -> bytes:
    return pickle.dumps(function(argument))

"""A training run as one file, from which it resumes exactly as if it had never been interrupted."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from ...efficientnet import EfficientNetLite
from ...files import read_safetensors, write_atomically
from ...quoting import plain
from ...settings import number_in
from ..config import NetConfig
from .config import WEIGHTS, TrainingConfig
from .trainer import Trainer

FORMAT_VERSION = 2
ARCHITECTURE = "gaugan-training"
MAY_CHANGE = ("size", "batch", "steps", "learning_rate", "decay", "margin", "smallest_crop", "largest_scale",
              "color_jitter", "class_jitter", "warp", "coarse_labels", "color_window", "frozen_norm", "transfers",
              "flips", "even_style", "generator_rate", "discriminator_rate", *WEIGHTS)  # fmt: skip
"""Settings that may change when a run is resumed, besides the generator's overscan."""

RENAMED = (("^averaged/", "ema/"), (r"^critics/critics\.", "discriminator/scales."), ("^critics/", "discriminator/"),
           ("^optimizers/critics/", "optimizers/discriminator/"), (r"(^discriminator/.*)\bjudge\.", r"\1score."),
           (r"(^discriminator/.*)\btell\.", r"\1embed."))  # fmt: skip
"""Names of tensors in files of version 1, as patterns, and their names in version 2."""


def save_state(trainer: Trainer, path: str | Path) -> None:
    """Write networks, EMA, optimizers, settings and the step to one safetensors file.

    An error leaves no half-written file.

    Raises:
        OSError: the folder cannot be written or the disk is full. An older file is kept.
    """
    tensors: dict[str, Tensor] = {}
    for name, network in _networks(trainer).items():
        tensors |= {f"{name}/{key}": value for key, value in network.state_dict().items()}
    for name, optimizer in trainer.optimizers.items():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {f"optimizers/{name}/{index}/{key}": value for key, value in values.items()}
    # Tensors in the file must not share memory, but broadcast tensors and channels_last views might.
    tensors = {name: value.detach().cpu().clone(memory_format=torch.contiguous_format) for name, value in
               tensors.items()}  # fmt: skip
    about = {
        "format_version": str(FORMAT_VERSION),
        "architecture": ARCHITECTURE,
        "config": trainer.config.to_json(),
        "step": str(trainer.step),
        "pictures": str(trainer.pictures),
        "seconds": str(trainer.seconds),
        "encoder_frozen": str(int(trainer.encoder_frozen)),
        "sources": json.dumps(trainer.sources),
        "norm_frozen": str(int(trainer.norm_frozen)),
    }
    write_atomically(path, to_bytes(tensors, about))


def read_config(path: str | Path) -> TrainingConfig:
    """The settings of the run in a file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a training run, or has a newer format.
    """
    with _damage(path):
        return TrainingConfig.from_json(_open(path)[1]["config"])


def load_state(
    path: str | Path,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    perceptual: nn.Module | None = None,
    features: EfficientNetLite | None = None,
    **changes: Any,
) -> Trainer:
    """The run in a file, ready to resume.

    Args:
        device, dtype, perceptual, features: as for ``Trainer``.
        changes: new values for settings in ``MAY_CHANGE``. None means no change.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a training run, or has a newer format, or a setting cannot be changed.
    """
    with _damage(path):
        tensors, about = _open(path)
        config = TrainingConfig.from_json(about["config"])
    changes = {name: value for name, value in changes.items() if value is not None}
    for name, wanted in changes.items():
        has, new = _as_trained(getattr(config, name)), _as_trained(wanted)
        if name not in MAY_CHANGE and has != new:
            part, has, new = _first_difference(name, has, new)
            raise ValueError(f"{plain(Path(path).name)} is a run with {part} {has}, which cannot become {new} later; "
                             "start a new run instead")  # fmt: skip
    trainer = Trainer(replace(config, **changes), device=device, dtype=dtype, perceptual=perceptual, features=features)
    with _damage(path):
        _fill(trainer, tensors, about)
    return trainer


def _fill(trainer: Trainer, tensors: dict[str, Tensor], about: dict[str, str]) -> None:
    for name, network in _networks(trainer).items():
        network.load_state_dict(_below(tensors, f"{name}/"))
    for name, optimizer in trainer.optimizers.items():
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _below(tensors, f"optimizers/{name}/").items():
            index, _, part = key.partition("/")
            state.setdefault(int(index), {})[part] = value
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
        # A fused optimizer relies on the memory layout, so its moments need the same layout as the parameters.
        for parameter, values in optimizer.state.items():
            for part, value in values.items():
                if value.shape == parameter.shape:
                    values[part] = torch.empty_like(parameter).copy_(value)
    if int(about.get("encoder_frozen", 0)):
        trainer.freeze_encoder()
    if int(about.get("norm_frozen", 0)):
        trainer.freeze_norm()
    trainer.sources = json.loads(about.get("sources", "{}"))
    trainer.step = int(about["step"])
    trainer.pictures = int(about.get("pictures", trainer.step * trainer.config.batch))
    trainer.seconds = float(about.get("seconds", 0))


@contextmanager
def _damage(path: str | Path) -> Iterator[None]:
    """Say in a sentence that a file is damaged, whatever its content led to."""
    name = plain(Path(path).name)
    try:
        yield
    except torch.OutOfMemoryError:
        raise
    except (LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError) as error:
        raise ValueError(f"{name} is a damaged training run ({type(error).__name__}); delete it to start a new "
                         "run") from error  # fmt: skip
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(name) else f"{name}: {plain(text)}") from error


def _as_trained(setting: Any) -> Any:
    """The setting without what has no effect on the training, which may change as well."""
    return replace(setting, overscan=0) if isinstance(setting, NetConfig) else setting


def _first_difference(name: str, has: Any, wanted: Any) -> tuple[str, Any, Any]:
    """Name and both values of the first difference. Settings of one kind of net are compared one by one."""
    if is_dataclass(has) and type(has) is type(wanted):
        for field in fields(has):
            pair = getattr(has, field.name), getattr(wanted, field.name)
            if pair[0] != pair[1]:
                return f"{name}.{field.name}", *pair
    return name, has, wanted


def _networks(trainer: Trainer) -> dict[str, nn.Module]:
    return trainer.networks | {"ema": trainer.ema}


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def _open(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    path = Path(path)
    tensors, about = read_safetensors(path)
    if about.get("architecture") != ARCHITECTURE:
        raise ValueError(f"{plain(path.name)} is not a GauGAN training run; give a file that the training wrote")
    version = number_in(about, "format_version", 0)
    if version > FORMAT_VERSION:
        raise ValueError(f"{plain(path.name)} has format {version}, which is newer than the format "
                         f"{FORMAT_VERSION} that this version reads; update the pack")  # fmt: skip
    for name, value in tensors.items():
        if value.is_floating_point() and not bool(value.isfinite().all()):
            raise ValueError(f"{plain(path.name)} is a damaged training run: {plain(name)} has numbers that are NaN or "
                             "infinite")  # fmt: skip
    return _from_version_1(tensors, about) if version == 1 else (tensors, about)


def _from_version_1(
    tensors: dict[str, Tensor], about: dict[str, str]
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a run with the names of version 2."""
    for pattern, name in RENAMED:
        tensors = {re.sub(pattern, name, key): value for key, value in tensors.items()}
    config = json.loads(about["config"])
    config["discriminator"] = config.pop("critics")
    return tensors, about | {"config": json.dumps(config), "encoder_frozen": about.get("encoder_held", "0")}

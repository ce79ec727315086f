"""One safetensors file for a SinGAN, recognised and rebuilt from the shapes of its tensors."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from ..files import read_safetensors, write_atomically
from .config import SinGANConfig
from .model import SinGAN
from .networks import Critic, Generator

Network = TypeVar("Network", Generator, Critic)

ARCHITECTURE = "singan"
FORMAT_VERSION = 1
LICENCE = "the model holds its training image; that image's licence applies"


def save(model: SinGAN, path: str | Path, *, licence: str = LICENCE) -> None:
    """Write ``model`` to one safetensors file, whole or not at all.

    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    write_atomically(path, encode(model, licence=licence))


def load(path: str | Path, device: torch.device | str = "cpu") -> SinGAN:
    """Read a model that ``save`` wrote; its samples equal the saved model's to the last bit.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, no SinGAN, or of a newer format.
    """
    model, _ = decode(path)
    if not model.finished:
        raise ValueError(f"{Path(path).name} is an unfinished training run, with {len(model.generators)} "
                         f"of {len(model.sizes)} scales; run the training again to finish it")  # fmt: skip
    return model.to(device)


def encode(model: SinGAN, critic: Critic | None = None, *, licence: str = LICENCE) -> bytes:
    """The bytes of a safetensors file with the model, and the critic of an unfinished run."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    tensors["sizes"] = torch.tensor(model.sizes, dtype=torch.int64)
    tensors["noise_amplitudes"] = torch.tensor(model.amplitudes, dtype=torch.float64)
    if critic is not None:
        tensors |= {f"critic.{name}": value.cpu().contiguous() for name, value in critic.state_dict().items()}
    metadata = {
        "format_version": str(FORMAT_VERSION),
        "architecture": ARCHITECTURE,
        "config": json.dumps(model.config.as_dict()),
        "facts": json.dumps(model.facts),
        "license": licence,
    }
    return to_bytes(tensors, metadata)


def decode(path: str | Path) -> tuple[SinGAN, Critic | None]:
    """Read what ``encode`` made. Raises as ``load`` does, but takes unfinished runs."""
    path = Path(path)
    tensors, metadata = read_safetensors(path)
    try:
        return rebuild(tensors, metadata)
    except (KeyError, IndexError, RuntimeError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} says that it is a SinGAN, but does not fit together: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def is_singan(tensors: dict[str, Tensor]) -> bool:
    """Whether a state dict looks like a SinGAN of ours."""
    return {"z_rec", "training_image", "sizes", "noise_amplitudes"} <= tensors.keys()


def rebuild(tensors: dict[str, Tensor], metadata: dict[str, str]) -> tuple[SinGAN, Critic | None]:
    """The model (and the critic of an unfinished run) of a state dict.

    The networks' shapes come from the tensors; the metadata tells only what they can't: the settings
    of the training.
    """
    if not is_singan(tensors):
        raise ValueError(f"this is no SinGAN model; its first tensors are {', '.join(sorted(tensors)[:3]) or 'none'}")
    version = int(metadata.get("format_version", FORMAT_VERSION))
    if version > FORMAT_VERSION:
        raise ValueError(f"its format {version} is newer than this version reads ({FORMAT_VERSION}); update the pack")
    config = _config(json.loads(metadata.get("config", "{}")))
    sizes = [(int(h), int(w)) for h, w in tensors["sizes"]]
    model = SinGAN(
        config,
        sizes,
        tensors["training_image"],
        tensors["z_rec"],
        json.loads(metadata.get("facts", "{}")),
        tensors.get("other_images"),
        tensors.get("other_z_rec"),
    )
    for scale, amplitude in enumerate(tensors["noise_amplitudes"].tolist()):
        weights = _below(tensors, f"generators.{scale}.")
        model.add_scale(_network(Generator, weights), amplitude)
    weights = _below(tensors, "critic.")
    return model, _network(Critic, weights) if weights else None


def _config(values: dict[str, Any]) -> SinGANConfig:
    known = {field.name for field in fields(SinGANConfig)}
    return SinGANConfig(**{name: value for name, value in values.items() if name in known})


def _network(kind: type[Network], weights: dict[str, Tensor]) -> Network:
    normalization = "batch" if "layers.1.running_mean" in weights else "none"
    network = kind(weights["layers.0.weight"].shape[0], normalization)  # type: ignore[arg-type]
    network.load_state_dict(weights)
    return network.eval()


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

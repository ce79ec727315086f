"""Reads and writes a SinGAN as one safetensors file, from whose tensors the networks are rebuilt.

The file has the first training image and its noise as ``training_image`` and ``z_rec``, and further ones, if any, as
``other_images`` and ``other_z_rec``.
"""

import json
from pathlib import Path
from typing import TypeVar

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
    """Write ``model`` to one safetensors file, completely or not at all.

    Args:
        licence: for the file's metadata.
    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    write_atomically(path, encode(model, licence=licence))


def load(path: str | Path, device: torch.device | str = "cpu") -> SinGAN:
    """Read a model that ``save`` wrote; its samples are bit-equal to the saved model's.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, not a SinGAN, unfinished, or in a newer format.
    """
    model, _ = decode(path)
    if not model.finished:
        raise ValueError(f"{Path(path).name} is an unfinished training run with {len(model.generators)} of "
                         f"{len(model.sizes)} scales; run the training again to finish it")  # fmt: skip
    return model.to(device)


def encode(model: SinGAN, critic: Critic | None = None, *, licence: str = LICENCE) -> bytes:
    """The bytes of a safetensors file with the model and, for an unfinished run, the critic."""
    tensors = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    images, z_rec = tensors.pop("training_images"), tensors.pop("z_rec")
    tensors |= {"training_image": images[0].clone(), "z_rec": z_rec[:1].clone()}
    if len(images) > 1:
        tensors |= {"other_images": images[1:].clone(), "other_z_rec": z_rec[1:].clone()}
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
    """Read a model and, of an unfinished run, the critic that ``encode`` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, not a SinGAN, or in a newer format.
    """
    path = Path(path)
    tensors, metadata = read_safetensors(path)
    try:
        return rebuild(tensors, metadata)
    except (KeyError, IndexError, RuntimeError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path.name} is marked as a SinGAN, but its tensors are incompatible: {error}") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


def is_singan(tensors: dict[str, Tensor]) -> bool:
    """Whether the tensors of a file look like those that ``encode`` writes."""
    return {"z_rec", "training_image", "sizes", "noise_amplitudes"} <= tensors.keys()


def rebuild(tensors: dict[str, Tensor], metadata: dict[str, str]) -> tuple[SinGAN, Critic | None]:
    """Build the model, and the critic of an unfinished run, from a file's tensors.

    The networks' shapes follow from the tensors; the metadata adds the settings of the training.

    Raises:
        ValueError, KeyError, IndexError, RuntimeError, TypeError, json.JSONDecodeError: the tensors are not a SinGAN's,
            in a newer format, or incompatible with each other.
    """
    if not is_singan(tensors):
        raise ValueError(f"this is not a SinGAN; its first tensors are {', '.join(sorted(tensors)[:3]) or 'none'}")
    version = int(metadata.get("format_version", FORMAT_VERSION))
    if version > FORMAT_VERSION:
        raise ValueError(f"its format {version} is newer than format {FORMAT_VERSION}, the last one supported by this "
                         "version of the pack; update the pack")  # fmt: skip
    config = SinGANConfig.from_dict(json.loads(metadata.get("config", "{}")))
    sizes = [(int(h), int(w)) for h, w in tensors["sizes"]]
    images, z_rec = tensors["training_image"][None], tensors["z_rec"]
    if "other_images" in tensors or "other_z_rec" in tensors:
        images = torch.cat([images, tensors["other_images"]])
        z_rec = torch.cat([z_rec, tensors["other_z_rec"]])
    model = SinGAN(config, sizes, images, z_rec, json.loads(metadata.get("facts", "{}")))
    for scale, amplitude in enumerate(tensors["noise_amplitudes"].tolist()):
        weights = _below(tensors, f"generators.{scale}.")
        model.add_scale(_network(Generator, weights), amplitude)
    weights = _below(tensors, "critic.")
    return model, _network(Critic, weights) if weights else None


def _network(kind: type[Network], weights: dict[str, Tensor]) -> Network:
    normalization = "batch" if "layers.1.running_mean" in weights else "none"
    network = kind(weights["layers.0.weight"].shape[0], normalization)  # type: ignore[arg-type]
    network.load_state_dict(weights)
    return network.eval()


def _below(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}

"""Reads and writes a SinGAN as one safetensors file, from whose tensors the networks are rebuilt.

The file has the first training image and its noise as ``training_image`` and ``z_rec``, and further ones, if any, as
``other_images`` and ``other_z_rec``.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save as to_bytes
from torch import Tensor

from ..files import read_safetensors, write_atomically
from ..quoting import plain
from ..settings import number_in, settings_in
from .config import SinGANConfig
from .model import SinGAN
from .networks import Critic, Generator
from .rebuilding import network_of, pictures_of, require_bounded, scales_of

ARCHITECTURE = "singan"
FORMAT_VERSION = 1
LICENCE = "the model holds its training image; that image's licence applies"


def save(model: SinGAN, path: str | Path, *, licence: str = LICENCE, overwrite: bool = True) -> Path:
    """Write ``model`` to one safetensors file, completely or not at all; returns the file.

    Args:
        licence: for the file's metadata.
        overwrite: whether an existing file is replaced. If not, a number is appended to a name that is taken.
    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    return write_atomically(path, encode(model, licence=licence), overwrite=overwrite)


def load(path: str | Path, device: torch.device | str = "cpu") -> SinGAN:
    """Read a model that ``save`` wrote; its samples are bit-equal to the saved model's.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, not a SinGAN, unfinished, or in a newer format.
    """
    model, _ = decode(path)
    if not model.finished:
        raise ValueError(f"{plain(Path(path).name)} is an unfinished training run with {len(model.generators)} of "
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

    Besides what ``read_safetensors`` takes, the networks take the size of the file in memory.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, not a SinGAN, or in a newer format.
    """
    name = plain(Path(path).name)
    tensors, metadata = read_safetensors(path)
    try:
        return rebuild(tensors, metadata)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    except (LookupError, RuntimeError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{name} is marked as a SinGAN, but its tensors are incompatible "
                         f"({type(error).__name__})") from error  # fmt: skip


def is_singan(tensors: dict[str, Tensor]) -> bool:
    """Whether the tensors of a file look like those that ``encode`` writes."""
    return {"z_rec", "training_image", "sizes", "noise_amplitudes"} <= tensors.keys()


def rebuild(tensors: dict[str, Tensor], metadata: dict[str, str]) -> tuple[SinGAN, Critic | None]:
    """Build the model, and the critic of an unfinished run, from a file's tensors.

    The networks' shapes follow from the tensors; the metadata adds the settings of the training.

    Everything is compared with the bytes that are there before anything is built from it.

    Raises:
        ValueError: the tensors are not a SinGAN's, are incompatible with each other or not sound, or are in a newer
            format.
    """
    if not is_singan(tensors):
        names = ", ".join(plain(name) for name in sorted(tensors)[:3])
        raise ValueError(f"this is not a SinGAN; its first tensors are {names or 'none'}")
    version = number_in(metadata, "format_version", FORMAT_VERSION)
    if version > FORMAT_VERSION:
        raise ValueError(f"its format {version} is newer than format {FORMAT_VERSION}, the last one supported by this "
                         "version of the pack; update the pack")  # fmt: skip
    config = SinGANConfig.from_dict(settings_in(metadata, "config"))
    sizes, amplitudes = scales_of(tensors)
    images, z_rec = pictures_of(tensors, sizes)
    model = SinGAN(config, sizes, images, z_rec, settings_in(metadata, "facts"))
    for scale, amplitude in enumerate(amplitudes):
        generator = network_of(Generator, tensors, f"generators.{scale}.")
        require_bounded(generator, z_rec, amplitude, scale)
        model.add_scale(generator, amplitude)
    critic = network_of(Critic, tensors, "critic.") if any(name.startswith("critic.") for name in tensors) else None
    return model, critic

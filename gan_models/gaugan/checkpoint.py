"""State dicts and files of GauGAN generators and style encoders, the released ones and ours.

Both use the same keys. Our files are safetensors with spectral norm folded into the weights, and may contain a
generator together with its style encoder. Their metadata gives the settings that the shapes leave open.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from safetensors.torch import save as to_bytes
from torch import Tensor, nn

from ..files import write_atomically
from ..state_dict import StateDict, read_state_dict
from .detection import (
    describe,
    encoder_config,
    encoder_part,
    generator_config,
    generator_part,
    is_encoder,
    is_pix2pixhd,
    pix2pixhd_config,
    plain_names,
)
from .networks.encoder import StyleEncoder
from .networks.generator import Generator
from .networks.pix2pixhd import AnyGenerator, Pix2PixHD

ARCHITECTURE, BASELINE = "gaugan", "pix2pixhd"
FORMAT_VERSION = 1

Network = TypeVar("Network", Generator, Pix2PixHD, StyleEncoder)


@dataclass
class GauGAN:
    """The contents of one file.

    Attributes:
        generator: ready for inference.
        encoder: the style encoder that it was trained with, or None if the file has none.
        metadata: the other facts in the file: taxonomy, licence, training.
    """

    generator: AnyGenerator
    encoder: StyleEncoder | None
    metadata: dict[str, str]


def load(path: str | Path, **overrides: Any) -> GauGAN:
    """Read a generator, and the style encoder that shares its file, from safetensors or .pth.

    Args:
        overrides: as for ``load_generator``; they take precedence over the file's metadata.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a GauGAN generator, or has a newer format.
    """
    tensors, metadata = read_state_dict(path)
    version = int(metadata.get("format_version", FORMAT_VERSION))
    ours = metadata.get("architecture", ARCHITECTURE) in (ARCHITECTURE, BASELINE)
    if ours and version > FORMAT_VERSION:
        raise ValueError(f"{Path(path).name} has format {version}, which is newer than the format "
                         f"{FORMAT_VERSION} that this version reads; update the pack")  # fmt: skip
    try:
        config = json.loads(metadata.get("config", "{}"))
        tensors = normalize(tensors)
        generator = load_generator(tensors, **config | {k: v for k, v in overrides.items() if v is not None})
        encoder = load_encoder(tensors) if is_encoder(tensors) else None
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from error
    return GauGAN(generator, encoder, metadata)


def save(
    path: str | Path,
    generator: AnyGenerator,
    encoder: StyleEncoder | None = None,
    metadata: Mapping[str, str] | None = None,
    dtype: torch.dtype | None = None,
) -> None:
    """Write a generator, and its style encoder if there is one, to one safetensors file.

    An error leaves no half-written file.

    Args:
        metadata: other facts for the file: taxonomy, licence, training.
        dtype: dtype of the weights in the file; None keeps the present one. Batch norm statistics stay in float32.
    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    tensors = generator.state_dict() | (encoder.state_dict() if encoder else {})
    tensors = {
        name: value.detach().to("cpu", None if dtype is None or ".running_" in name else dtype).contiguous()
        if value.is_floating_point()
        else value.cpu()
        for name, value in normalize(tensors).items()
    }
    about = {
        "format_version": str(FORMAT_VERSION),
        "architecture": ARCHITECTURE if isinstance(generator, Generator) else BASELINE,
        "config": json.dumps(generator.config.as_dict()),
    }
    write_atomically(path, to_bytes(tensors, dict(metadata or {}) | about))


def load_generator(state_dict: StateDict, **overrides: Any) -> AnyGenerator:
    """The generator of a state dict, ready for inference, in float32 and on the device of its tensors.

    The weights may have spectral norm or have it folded in, and their names may have a prefix such as ``module.`` or
    ``netG.``. The tensors of other networks in the same dict are ignored.

    Args:
        overrides: settings that the shapes leave open: ``crop_size``, ``aspect_ratio``, ``upsampling`` ("normal" or
            "more"), ``classes``, ``unknown``, ``instance_edges``. Any attribute of ``GeneratorConfig`` (or of
            ``Pix2PixHDConfig`` for a pix2pixHD++ net) is accepted and checked against the shapes.
    Raises:
        ValueError: the tensors are not a generator's, or one is missing, unknown or of another shape.
    """
    tensors = normalize(state_dict)
    if is_pix2pixhd(tensors):
        with torch.device("meta"):
            baseline = Pix2PixHD(pix2pixhd_config(tensors, **overrides))
        return _fill(baseline, generator_part(tensors))
    config = generator_config(tensors, **overrides)
    with torch.device("meta"):
        generator = Generator(config)
    return _fill(generator, generator_part(tensors))


def load_encoder(state_dict: StateDict) -> StyleEncoder:
    """The style encoder of a state dict, ready for inference; a generator in the same dict is ignored.

    Raises:
        ValueError: the tensors are not a style encoder's, or one is missing, unknown or of another shape.
    """
    tensors = normalize(state_dict)
    config = encoder_config(tensors)
    with torch.device("meta"):
        encoder = StyleEncoder(config)
    return _fill(encoder, encoder_part(tensors))


def normalize(state_dict: StateDict) -> StateDict:
    """The same tensors under their plain names, with spectral norm folded into the weights.

    A weight with spectral norm is ``weight_orig`` divided by its largest singular value, which follows from the stored
    vectors. If ``weight_v`` is missing (in very old files), one power iteration computes it.
    """
    tensors = plain_names(state_dict)
    folded = {}
    for name, value in tensors.items():
        stem, _, kind = name.rpartition(".")
        if kind == "weight_orig" and f"{stem}.weight_u" in tensors:
            folded[f"{stem}.weight"] = _fold(value, tensors[f"{stem}.weight_u"], tensors.get(f"{stem}.weight_v"))
        elif kind not in ("weight_orig", "weight_u", "weight_v") or f"{stem}.weight_orig" not in tensors:
            folded[name] = value
        elif kind == "weight_orig":
            raise ValueError(f"{name} has spectral norm, but {stem}.weight_u is missing")
    return folded


def _fold(weight: Tensor, u: Tensor, v: Tensor | None) -> Tensor:
    matrix = weight.float().flatten(1)
    u = u.float()
    v = F.normalize(matrix.T @ u, dim=0, eps=1e-12) if v is None else v.float()
    return weight.float() / (u @ (matrix @ v))


def _fill(network: Network, tensors: StateDict) -> Network:
    """Put ``tensors`` into a network on the meta device; names and shapes must match exactly."""
    wanted = network.state_dict()
    counter = torch.zeros((), dtype=torch.int64)
    absent = {name for name in wanted.keys() - tensors.keys() if name.endswith("num_batches_tracked")}
    tensors = tensors | dict.fromkeys(absent, counter)
    for name, value in wanted.items():
        if name not in tensors:
            raise ValueError(f"{name} is missing; the file seems to be {describe(tensors)}, but an incomplete one")
        if tensors[name].shape != value.shape:
            raise ValueError(f"{name} has the shape {list(tensors[name].shape)} where {list(value.shape)} is required; "
                             f"the file seems to be {describe(tensors)}, but with another architecture")  # fmt: skip
    extra = [name for name in tensors if name not in wanted]
    if extra:
        raise ValueError(f"{extra[0]} is not part of this network; the file seems to be {describe(tensors)}, "
                         f"but with {len(extra)} unknown tensors")  # fmt: skip
    network.to_empty(device=next(iter(tensors.values())).device)
    network.load_state_dict(tensors)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def parameters(network: nn.Module) -> int:
    """The number of parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())

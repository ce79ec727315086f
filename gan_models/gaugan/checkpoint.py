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
from ..filling import fill, require_shapes
from ..quoting import plain
from ..settings import number_in, settings_in
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

    Besides what ``read_state_dict`` takes, the networks take the size of the file in memory, or twice that for weights
    in half precision.

    Args:
        overrides: as for ``load_generator``; they take precedence over the file's metadata.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, is not a GauGAN generator, or has a newer format.
    """
    name = plain(Path(path).name)
    tensors, metadata = read_state_dict(path)
    try:
        version = number_in(metadata, "format_version", FORMAT_VERSION)
        config = settings_in(metadata, "config")
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    ours = metadata.get("architecture", ARCHITECTURE) in (ARCHITECTURE, BASELINE)
    if ours and version > FORMAT_VERSION:
        raise ValueError(f"{name} has format {version}, which is newer than the format {FORMAT_VERSION} that this "
                         "version reads; update the pack")  # fmt: skip
    try:
        tensors = plain_names(tensors)
        generator = load_generator(tensors, **config | {k: v for k, v in overrides.items() if v is not None})
        encoder = load_encoder(tensors) if is_encoder(_split(tensors)[0]) else None
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    except (LookupError, RuntimeError, TypeError, AttributeError, ArithmeticError) as error:
        raise ValueError(f"{name} is marked as a GauGAN, but its tensors are incompatible "
                         f"({type(error).__name__})") from error  # fmt: skip
    return GauGAN(generator, encoder, metadata)


def save(
    path: str | Path,
    generator: AnyGenerator,
    encoder: StyleEncoder | None = None,
    metadata: Mapping[str, str] | None = None,
    dtype: torch.dtype | None = None,
    *,
    overwrite: bool = True,
) -> Path:
    """Write a generator, and its style encoder if there is one, to one safetensors file, which is returned.

    An error leaves no half-written file.

    Args:
        metadata: other facts for the file: taxonomy, licence, training.
        dtype: dtype of the weights in the file; None keeps the present one. Batch norm statistics stay in float32.
        overwrite: whether an existing file is replaced. If not, a number is appended to a name that is taken.
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
    return write_atomically(path, to_bytes(tensors, dict(metadata or {}) | about), overwrite=overwrite)


def load_generator(state_dict: StateDict, /, **overrides: Any) -> AnyGenerator:
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
    weights, vectors = _split(state_dict)
    with torch.device("meta"):
        if is_pix2pixhd(weights):
            baseline = Pix2PixHD(pix2pixhd_config(weights, **overrides))
            return _fill(baseline, generator_part(weights), vectors)
        generator = Generator(generator_config(weights, **overrides))
    return _fill(generator, generator_part(weights), vectors)


def load_encoder(state_dict: StateDict) -> StyleEncoder:
    """The style encoder of a state dict, ready for inference; a generator in the same dict is ignored.

    Raises:
        ValueError: the tensors are not a style encoder's, or one is missing, unknown or of another shape.
    """
    weights, vectors = _split(state_dict)
    with torch.device("meta"):
        encoder = StyleEncoder(encoder_config(weights))
    return _fill(encoder, encoder_part(weights), vectors)


def normalize(state_dict: StateDict) -> StateDict:
    """The same tensors under their plain names, with spectral norm folded into the weights.

    A weight with spectral norm is ``weight_orig`` divided by its largest singular value, which follows from the stored
    vectors. If ``weight_v`` is missing (in very old files), one power iteration computes it.

    Raises:
        ValueError: a weight and its vectors do not go together.
    """
    weights, vectors = _split(state_dict)
    return _folded(weights, vectors)


def _split(state_dict: StateDict) -> tuple[StateDict, dict[str, tuple[Tensor, Tensor | None]]]:
    """The tensors under their plain names, and the vectors of the weights that have spectral norm."""
    tensors = plain_names(state_dict)
    weights, vectors = {}, {}
    for name, value in tensors.items():
        stem, _, kind = name.rpartition(".")
        if kind == "weight_orig":
            if f"{stem}.weight_u" not in tensors:
                raise ValueError(f"{plain(name)} has spectral norm, but {plain(stem)}.weight_u is missing")
            weights[f"{stem}.weight"] = value
            vectors[f"{stem}.weight"] = tensors[f"{stem}.weight_u"], tensors.get(f"{stem}.weight_v")
        elif kind not in ("weight_u", "weight_v") or f"{stem}.weight_orig" not in tensors:
            weights[name] = value
    return weights, vectors


def _folded(weights: StateDict, vectors: Mapping[str, tuple[Tensor, Tensor | None]]) -> StateDict:
    return {name: _fold(name, value, *vectors[name]) if name in vectors else value for name, value in weights.items()}


def _fold(name: str, weight: Tensor, u: Tensor, v: Tensor | None) -> Tensor:
    if weight.ndim < 2 or u.shape != weight.shape[:1] or (v is not None and v.shape != weight[0].flatten().shape):
        raise ValueError(f"{plain(name)} has spectral norm, but the shapes of its vectors do not fit")
    matrix = weight.float().flatten(1)
    u = u.float()
    v = F.normalize(matrix.T @ u, dim=0, eps=1e-12) if v is None else v.float()
    return weight.float() / (u @ (matrix @ v))


def _fill(network: Network, weights: StateDict, vectors: Mapping[str, tuple[Tensor, Tensor | None]]) -> Network:
    """Put weights into a network on the meta device; spectral norm is folded in once all names and shapes match."""
    kind = describe(weights)
    require_shapes({name: tuple(value.shape) for name, value in network.state_dict().items()}, weights, kind)
    fill(network, _folded(weights, vectors), kind)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return network.eval().requires_grad_(False)


def parameters(network: nn.Module) -> int:
    """The number of parameters of a network."""
    return sum(parameter.numel() for parameter in network.parameters())

"""Recognises state dicts and derives the architecture from their shapes."""

import math
import re
from dataclasses import replace
from typing import Any

from torch import Tensor

from ..quoting import plain, shown
from ..settings import require_values
from ..state_dict import StateDict
from .config import (
    COLOR_FEATURES,
    MOST_ASPECT,
    UPSAMPLINGS,
    EncoderConfig,
    GeneratorConfig,
    NetConfig,
    Pix2PixHDConfig,
    Upsampling,
)

KNOWN_CHANNELS = {
    184: {"classes": 182, "unknown": True, "instance_edges": True},  # COCO-Stuff
    151: {"classes": 150, "unknown": True, "instance_edges": False},  # ADE20K
    36: {"classes": 35, "unknown": False, "instance_edges": True},  # Cityscapes
}
"""The meaning of the released nets' label channels. The shapes tell only how many there are."""

KNOWN_SIZES: dict[int, dict[str, Any]] = {
    36: {"upsampling": "more", "crop_size": 512, "aspect_ratio": 2.0},  # Cityscapes
}
"""The training sizes of released nets without style that differ from 256x256, by their label channels."""

_GENERATOR_MARK, _ENCODER_MARK = "conv_img.weight", "fc_mu.weight"
"""The names of tensors that every generator, or every style encoder, has."""
_AVERAGE = re.compile(r"(^|[^a-z])ema([^a-z]|$)", re.IGNORECASE)
"""What marks the moving average of a network in a file."""
_PARAMETRIZED = {
    ".parametrizations.weight.original": ".weight_orig",
    ".parametrizations.weight.0._u": ".weight_u",
    ".parametrizations.weight.0._v": ".weight_v",
}
"""The names that spectral norm gives as a parametrization, and those that the released nets have instead."""

_ENCODER_PREFIXES = ("layer", "fc_mu.", "fc_var.", "seen")


def plain_names(state_dict: StateDict) -> StateDict:
    """The tensors of a generator and of a style encoder by the names that the released files have.

    Removes what stands before the names (``module.``, ``netG.``, ``state_dict.netE.`` and the like) and leaves other
    networks out. The moving average of a network is preferred to the network itself. A dict without a generator and
    without an encoder is returned as it is, apart from ``module.``.
    """
    tensors = {_renamed(name): value for name, value in state_dict.items()}
    prefixes = [_prefix(tensors, mark) for mark in (_GENERATOR_MARK, _ENCODER_MARK)]
    found = {prefix for prefix in prefixes if prefix is not None}
    if not found:
        return {name.removeprefix("module."): value for name, value in tensors.items()}
    plain = {}
    for name, value in tensors.items():
        prefix = max((prefix for prefix in found if name.startswith(prefix)), key=len, default=None)
        if prefix is not None:
            plain[name.removeprefix(prefix)] = value
    return plain


def _renamed(name: str) -> str:
    for old, new in _PARAMETRIZED.items():
        if name.endswith(old):
            return name.removesuffix(old) + new
    return name


def _prefix(tensors: StateDict, mark: str) -> str | None:
    """What stands before the names of the network that has a tensor ``mark``; None if there is no such network."""
    prefixes = [name.removesuffix(mark) for name in tensors if f".{name}".endswith(f".{mark}")]
    return min(prefixes, key=lambda prefix: not _AVERAGE.search(prefix), default=None)


def is_generator(tensors: StateDict) -> bool:
    """Whether these are, or contain, the tensors of a GauGAN generator."""
    return "head_0.norm_0.mlp_gamma.weight" in tensors


def is_pix2pixhd(tensors: StateDict) -> bool:
    """Whether these are, or contain, the tensors of a pix2pixHD++ generator of ours."""
    return {"encode_0.weight", "decode_0.weight", "blocks.0.conv_0.weight"} <= tensors.keys()


def is_encoder(tensors: StateDict) -> bool:
    """Whether these are, or contain, the tensors of a GauGAN style encoder."""
    return "fc_mu.weight" in tensors and any(name.startswith(("layer1.0.weight", "fc_var.")) for name in tensors)


def describe(tensors: StateDict) -> str:
    """What a state dict seems to be, as a phrase for messages."""
    encoder = is_encoder(tensors)
    for found, name in ((is_generator(tensors), "GauGAN"), (is_pix2pixhd(tensors), "pix2pixHD++")):
        if found:
            return f"a {name} generator" + (" and its style encoder" if encoder else "")
    if encoder:
        return "a GauGAN style encoder"
    if any(name.startswith("discriminator_") for name in tensors):
        return "a GauGAN discriminator"
    if any(name.startswith(("scale0_layer", "layer0.0.", "scale1_layer")) for name in tensors):
        return "a pix2pixHD discriminator"
    if "model.1.weight" in tensors and tensors["model.1.weight"].shape[-1:] == (7,):
        return "a pix2pixHD generator"
    if any(name.startswith("optimizers/") for name in tensors):
        return "the state of a GauGAN training"
    if {"z_rec", "noise_amplitudes"} <= tensors.keys():
        return "a SinGAN"
    names = ", ".join(plain(name) for name in list(tensors)[:3])
    return f"an unknown file (its tensors begin with {names})" if names else "empty"


def generator_part(tensors: StateDict) -> StateDict:
    """The tensors of the generator, without those of a style encoder in the same file."""
    return {name: value for name, value in tensors.items() if not name.startswith(_ENCODER_PREFIXES)}


def encoder_part(tensors: StateDict) -> StateDict:
    """Only the tensors of the style encoder."""
    return {name: value for name, value in tensors.items() if name.startswith(_ENCODER_PREFIXES)}


def generator_config(tensors: StateDict, /, **overrides: Any) -> GeneratorConfig:
    """The architecture of a generator, from its shapes.

    The shapes leave open what the label channels mean, whether upsampling is "normal" or "more", the training size, and
    the overscan. These come from ``overrides``, or else from the released nets with as many channels. Otherwise every
    channel is a class, the training size is 256x256, if that fits, and there is no overscan.

    Args:
        tensors: a generator's state dict with folded weights.
        overrides: values of ``GeneratorConfig``'s attributes. None means no override.
    Raises:
        ValueError: this is not a generator, a value contradicts the shapes, or there is no such setting.
    """
    if not is_generator(tensors):
        raise ValueError(f"this is not a GauGAN generator; it seems to be {describe(tensors)}")
    overrides = _checked(overrides, GeneratorConfig)
    shared = _of_dimensions(tensors, "head_0.norm_0.mlp_shared.0.weight", 4)
    gamma = _of_dimensions(tensors, "head_0.norm_0.mlp_gamma.weight", 4)
    first = _of_dimensions(tensors, "fc.weight", 2, 4)
    if gamma.shape[0] < 16:
        raise ValueError(f"head_0.norm_0.mlp_gamma.weight has {gamma.shape[0]} channels; at least 16 are required")
    derived: dict[str, Any] = {
        "ngf": gamma.shape[0] // 16,
        "nhidden": gamma.shape[1],
        "z_dim": first.shape[1] if first.ndim == 2 else 0,
    }
    derived["noise"] = "head_0.noise_0" in tensors
    derived["style_blocks"] = "head_0.style.weight" in tensors
    derived["overscan"] = overrides.get("overscan", 0)
    if "up_4.conv_0.weight" in tensors:
        derived["upsampling"] = "most"
    derived |= _channels(shared.shape[1], overrides)
    cells = first.shape[0] // gamma.shape[0] if first.ndim == 2 else None
    known = overrides | derived
    if cells is None and not {"upsampling", "crop_size", "aspect_ratio"} & known.keys():
        known |= KNOWN_SIZES.get(shared.shape[1], {})
    derived |= _size(cells, known)
    _require_agreement(overrides, derived, "GauGAN")
    return GeneratorConfig(**derived)


def pix2pixhd_config(tensors: StateDict, /, **overrides: Any) -> Pix2PixHDConfig:
    """The architecture of a pix2pixHD++ generator, from its shapes.

    The shapes tell only the total channels of labels and style, so ``z_dim`` is 0 unless it is overridden.

    Args:
        overrides: values of ``Pix2PixHDConfig``'s attributes. None means no override.
    Raises:
        ValueError: a value contradicts the shapes, or there is no such setting.
    """
    overrides = _checked(overrides, Pix2PixHDConfig)
    ngf, channels = _of_dimensions(tensors, "encode_0.weight", 4).shape[:2]
    labels = channels - overrides.get("z_dim", 0)
    derived = {"ngf": ngf, "z_dim": channels - labels} | _channels(labels, overrides)
    derived |= {name: overrides[name] for name in ("crop_size", "aspect_ratio", "overscan") if name in overrides}
    _require_agreement(overrides, derived, "pix2pixHD++")
    return Pix2PixHDConfig(**derived)


def encoder_config(tensors: StateDict) -> EncoderConfig:
    """The architecture of a style encoder, from its shapes.

    Raises:
        ValueError: this is not a style encoder.
    """
    if not is_encoder(tensors):
        raise ValueError(f"this is not a GauGAN style encoder; it seems to be {describe(tensors)}")
    layers = sum(name.startswith("layer") and name.endswith(".0.weight") for name in tensors)
    z_dim, features = _of_dimensions(tensors, "fc_mu.weight", 2).shape
    seen = len(_of_dimensions(tensors, "seen", 3)) if "seen" in tensors else 0
    ndf = _of_dimensions(tensors, "layer1.0.weight", 4).shape[0] if layers else EncoderConfig.ndf
    for colors in (False, True) if layers else (True,):
        config = EncoderConfig(ndf, layers, z_dim, seen=seen, colors=colors)
        config = replace(config, grid=math.isqrt(features // (config.features // config.grid**2)))
        if config.features == features:
            return config
    channels = sum(config.widths[-1:]) or COLOR_FEATURES
    raise ValueError(f"fc_mu takes {features} numbers, which no square grid of {channels} channels gives")


def _checked(overrides: dict[str, Any], kind: type[NetConfig]) -> dict[str, Any]:
    """The overrides that are not None, whose values are of the right kinds."""
    overrides = {name: value for name, value in overrides.items() if value is not None}
    require_values(kind, overrides)
    if not 1 / MOST_ASPECT <= overrides.get("aspect_ratio", 1) <= MOST_ASPECT:
        raise ValueError(f"aspect_ratio must be positive and at most {MOST_ASPECT}; it is {overrides['aspect_ratio']}")
    if overrides.get("upsampling", UPSAMPLINGS[0]) not in UPSAMPLINGS:
        raise ValueError(f"upsampling must be one of {', '.join(UPSAMPLINGS)}; it is {shown(overrides['upsampling'])}")
    return overrides


def _of_dimensions(tensors: StateDict, name: str, *dimensions: int) -> Tensor:
    if name not in tensors or tensors[name].ndim not in dimensions:
        found = f"has the shape {list(tensors[name].shape)[:8]}" if name in tensors else "is missing"
        raise ValueError(f"{name} {found}; a tensor of {' or '.join(map(str, dimensions))} dimensions is required")
    return tensors[name]


def _require_agreement(overrides: dict[str, Any], derived: dict[str, Any], kind: str) -> None:
    for name, value in overrides.items():
        if name not in derived:
            raise ValueError(f"a {kind} generator has no setting {shown(name)}; it has {', '.join(derived)}")
        if derived[name] != value:
            raise ValueError(f"{name} is given as {value}, but the tensors have {derived[name]}")


def _channels(semantic_nc: int, overrides: dict[str, Any]) -> dict[str, Any]:
    flags = {"unknown", "instance_edges", "classes"} & overrides.keys()
    if not flags and semantic_nc in KNOWN_CHANNELS:
        return dict(KNOWN_CHANNELS[semantic_nc])
    unknown, edges = bool(overrides.get("unknown", False)), bool(overrides.get("instance_edges", False))
    if flags == {"classes"} and semantic_nc - overrides["classes"] in (1, 2):
        unknown, edges = True, semantic_nc - overrides["classes"] == 2
    return {"classes": semantic_nc - unknown - edges, "unknown": unknown, "instance_edges": edges}


def _size(cells: int | None, known: dict[str, Any]) -> dict[str, Any]:
    """Upsampling, crop size and aspect ratio of a net with ``cells`` cells in its start grid (None: any number)."""
    upsamplings: list[Upsampling] = [known["upsampling"]] if "upsampling" in known else ["normal", "more"]
    aspects = [known["aspect_ratio"]] if "aspect_ratio" in known else [1.0, 2.0]
    for aspect in aspects:
        for crop in [known["crop_size"]] if "crop_size" in known else [256]:
            for upsampling in upsamplings:
                if cells is None or cells == _cells(upsampling, crop, aspect):
                    return {"upsampling": upsampling, "crop_size": crop, "aspect_ratio": float(aspect)}
    for aspect in aspects if cells is not None and "crop_size" not in known else []:
        crop = math.isqrt(round(cells * aspect)) << _doublings(upsamplings[0])  # type: ignore[operator]
        if cells == _cells(upsamplings[0], crop, aspect):
            return {"upsampling": upsamplings[0], "crop_size": crop, "aspect_ratio": float(aspect)}
    raise ValueError(f"the start grid of this GauGAN has {cells} cells, which does not fit "
                     + ", ".join(f"{n}={known[n]}" for n in ("upsampling", "crop_size", "aspect_ratio") if n in known)
                     + "; give its crop_size, aspect_ratio and upsampling")  # fmt: skip


def _cells(upsampling: Upsampling, crop: int, aspect: float) -> int:
    width = crop >> _doublings(upsampling)
    return width * round(width / aspect)


def _doublings(upsampling: Upsampling) -> int:
    return 5 + UPSAMPLINGS.index(upsampling)

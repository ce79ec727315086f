"""Opens a folder with a segmentation checkpoint of ``transformers``: safetensors only, and no code from the folder."""

import importlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError

CONFIG = "config.json"
SEGMENTERS = r"\w+For(SemanticSegmentation|UniversalSegmentation|InstanceSegmentation|Segmentation)"
"""The classes of ``transformers`` for this task. Their names end alike in all versions."""


class OtherCheckpointError(ValueError):
    """A folder holds no segmentation checkpoint, or one that does not fit together."""


class MissingTransformersError(ValueError):
    """``transformers`` is not installed, or too old for a checkpoint."""


class MissingNamesError(ValueError):
    """A checkpoint does not say what its classes are called."""


def read_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a checkpoint.

    Raises:
        OtherCheckpointError: there is none, it is not JSON, it is of another kind of model, or it has no safetensors.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        architecture = config["architectures"][0]
    except FileNotFoundError as error:
        raise OtherCheckpointError(f"it has no {CONFIG}, so it is not a checkpoint of transformers") from error
    except (ValueError, TypeError, LookupError) as error:
        raise OtherCheckpointError(f"its {CONFIG} names no architecture of transformers") from error
    if not re.fullmatch(SEGMENTERS, str(architecture)):
        raise OtherCheckpointError(f"it holds a {architecture}, which is not a segmentation model; such a model is a "
                                   "…ForSemanticSegmentation or a …ForUniversalSegmentation")  # fmt: skip
    if not any(folder.glob("*.safetensors")):
        others = sorted(path.name for path in folder.iterdir() if path.suffix in (".bin", ".pth", ".pt", ".h5"))
        raise OtherCheckpointError(f"it has no safetensors file{f', only {others[0]}' if others else ''}; download its "
                                   "model.safetensors, or save it again with a current transformers")  # fmt: skip
    return dict(config)


def class_names(config: dict[str, Any]) -> list[str]:
    """The name of each class, by ``id2label``.

    Raises:
        MissingNamesError: there are none, some are missing, or they are placeholders.
    """
    try:
        names = {int(number): str(name) for number, name in config["id2label"].items()}
    except (LookupError, ValueError, AttributeError) as error:
        raise MissingNamesError(f"its {CONFIG} has no id2label, which names the classes") from error
    if sorted(names) != list(range(len(names))) or not names:
        raise MissingNamesError(f"id2label in its {CONFIG} must have the keys 0 to {len(names) - 1}, without gaps")
    return [names[number] for number in range(len(names))]


def placeholders(names: Sequence[str]) -> bool:
    """Whether the names are those that ``transformers`` writes where nobody has named the classes: LABEL_0 …"""
    return all(re.fullmatch(r"LABEL_\d+", name) for name in names)


def open_network(folder: Path, config: dict[str, Any]) -> tuple[Any, list[str]]:
    """The network of a checkpoint, in float32 on the CPU, ready for use.

    Returns:
        the network, and the names of weights that the checkpoint lacks. These are NaN. Some are no loss: other versions
        of ``transformers`` have layers that nothing uses, and heads that only training uses may be left out.
    Raises:
        MissingTransformersError: ``transformers`` is not installed, or does not know the architecture.
        OtherCheckpointError: the weights have other shapes than the configuration says, or cannot be read.
    """
    architecture = config["architectures"][0]
    network_class = _architecture(architecture)
    try:
        settings = network_class.config_class.from_dict(_offline(config))
        if hasattr(settings, "is_training"):
            settings.is_training = False
        network, about = network_class.from_pretrained(
            folder, config=settings, local_files_only=True, use_safetensors=True, output_loading_info=True,
            ignore_mismatched_sizes=True,
        )  # fmt: skip
    except ImportError as error:
        raise OtherCheckpointError(f"{architecture} needs another package: {_first_line(error)}") from error
    except (OSError, ValueError, TypeError, KeyError, RuntimeError, SafetensorError) as error:
        raise OtherCheckpointError(f"transformers cannot load it: {_first_line(error)}") from error
    _require_shapes(about["mismatched_keys"], len(config["id2label"]))
    missing = []
    for name, weight in network.to(torch.float32).eval().requires_grad_(False).named_parameters():
        if name in about["missing_keys"]:
            weight.fill_(torch.nan)
            missing.append(name)
    return network, missing


def _offline(config: dict[str, Any]) -> dict[str, Any]:
    """A configuration for which ``transformers`` asks no Hub. A backbone's weights are in the checkpoint itself."""
    if config.get("backbone") and not config.get("backbone_config") and not config.get("use_timm_backbone"):
        raise OtherCheckpointError(f"its {CONFIG} names the backbone {config['backbone']} instead of describing it in "
                                   "backbone_config")  # fmt: skip
    unused = config.get("decoder_config") or {}  # MaskFormer's decoder is a DETR whose backbone nobody builds
    decoder = {key: value for key, value in unused.items() if "backbone" not in key}
    return _without_pretraining(config | ({"decoder_config": decoder} if decoder else {}))


def _without_pretraining(config: dict[str, Any]) -> dict[str, Any]:
    found = {key: _without_pretraining(value) if isinstance(value, dict) else value for key, value in config.items()}
    return found | ({"use_pretrained_backbone": False} if "use_pretrained_backbone" in found else {})


def _architecture(name: str) -> Any:
    try:
        transformers = importlib.import_module("transformers")
    except ImportError as error:
        raise MissingTransformersError("it needs the package transformers, which is not installed") from error
    found = getattr(transformers, name, None)
    if found is None:
        raise MissingTransformersError(f"transformers {transformers.__version__} does not know its kind, {name}")
    return found


def _require_shapes(mismatched: Iterable[tuple[str, Sequence[int], Sequence[int]]], classes: int) -> None:
    """Refuse weights of other shapes: name, shape in the file, shape by the configuration."""
    for key, found, wanted in sorted(mismatched):
        there, here = list(found), list(wanted)
        if here[:1] in ([classes], [classes + 1]) and there[1:] == here[1:]:
            raise OtherCheckpointError(f"id2label in its {CONFIG} names {classes} classes, but its weights have "
                                       f"{there[0] - (here[0] - classes)}")  # fmt: skip
        raise OtherCheckpointError(f"its weights do not fit its {CONFIG}: {key} is {there} instead of {here}")


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")

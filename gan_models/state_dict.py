"""Reading state dicts from safetensors and PyTorch's .pth files, without running what a file holds."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .files import read_safetensors
from .inert_pickle import read

StateDict = dict[str, Tensor]

DEEPEST = 5
"""How many containers around a tensor are looked into."""


def read_state_dict(path: str | Path) -> tuple[StateDict, dict[str, str]]:
    """The tensors and the metadata of a safetensors or .pth file. Code in a .pth file is never run.

    Training code often saves several networks, or other facts beside a network. The tensors in dicts within the file's
    dict get dotted names, such as ``netG.fc.weight``. What is not a tensor is left out.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, holds code or holds no tensors.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name}")
    return _read_pth(path), {}


def _read_pth(path: Path) -> StateDict:
    loaded = _content(path)
    if not isinstance(loaded, Mapping):
        raise ValueError(f"{path.name} is not a state dict: it should map names to tensors, but it is a "
                         f"{type(loaded).__name__}")  # fmt: skip
    tensors = _tensors(loaded, "", DEEPEST)
    if loaded and not tensors:
        raise ValueError(f"{path.name} is not a state dict: it should map names to tensors, but its keys are "
                         f"{', '.join(map(str, loaded))}")  # fmt: skip
    return tensors


def _content(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        try:
            return read(path)
        except ValueError:
            raise ValueError(f"{path.name} holds more than tensors, or is damaged; it was not opened, as such a file "
                             "can run code. Save its state dict alone, or as safetensors") from error  # fmt: skip
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path.name} is damaged or not a PyTorch file ({type(error).__name__})") from error


def _tensors(content: Any, prefix: str, deepest: int) -> StateDict:
    """The tensors in a dict or list, and in those inside it, by their dotted names."""
    tensors = {}
    for key, value in content.items() if isinstance(content, Mapping) else enumerate(content):
        if isinstance(value, Tensor):
            tensors[f"{prefix}{key}"] = value
        elif isinstance(value, Mapping | list | tuple) and deepest > 1:
            tensors |= _tensors(value, f"{prefix}{key}.", deepest - 1)
    return tensors

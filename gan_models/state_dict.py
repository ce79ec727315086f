"""Reading state dicts from safetensors and PyTorch's .pth files, without running what a file holds."""

import pickle
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from .files import read_safetensors

StateDict = dict[str, Tensor]


def read_state_dict(path: str | Path) -> tuple[StateDict, dict[str, str]]:
    """The tensors and the metadata of a safetensors or .pth file. Code in a .pth file is never run.

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
    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(f"{path.name} holds more than tensors, or is damaged; it was not opened, as such a file "
                         "can run code. Save its state dict alone, or as safetensors") from error  # fmt: skip
    except (RuntimeError, EOFError, OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path.name} is damaged or not a PyTorch file ({type(error).__name__})") from error
    if isinstance(loaded, Mapping) and isinstance(loaded.get("state_dict"), Mapping):
        loaded = loaded["state_dict"]
    if not isinstance(loaded, Mapping) or not all(isinstance(value, Tensor) for value in loaded.values()):
        raise ValueError(f"{path.name} is not a state dict: it should map names to tensors")
    return dict(loaded)

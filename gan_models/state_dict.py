"""Reading state dicts from safetensors and PyTorch's .pth files, without running what a file holds."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from torch import Tensor

from .files import read_safetensors
from .inert_pickle import CodeError, Described, read
from .quoting import plain, shown

StateDict = dict[str, Tensor]

DEEPEST = 5
"""How many containers around a tensor are looked into."""

LONGEST_KEY = 200
"""Longer names belong to no network."""

MOST_NAMED = 6
NUMPY_ARRAYS = ("numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct")


def read_state_dict(path: str | Path) -> tuple[StateDict, dict[str, str]]:
    """The tensors and the metadata of a safetensors or .pth file. Code in a .pth file is never run.

    Training code often saves several networks, or other facts beside a network. The tensors in dicts within the file's
    dict get dotted names, such as ``netG.fc.weight``. What is not a tensor is left out. A container that occurs more
    than once is looked into once. The memory that reading takes is bounded as ``inert_pickle.read`` and
    ``files.read_safetensors`` say.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, holds code or holds no tensors.
    """
    path = Path(path)
    if path.suffix == ".safetensors":
        return read_safetensors(path)
    return _read_pth(path), {}


def _read_pth(path: Path) -> StateDict:
    name = plain(path.name)
    try:
        loaded = read(path)
    except CodeError as error:
        found = "numpy arrays" if error.named in NUMPY_ARRAYS else error.named
        raise ValueError(f"{name} holds more than tensors{f' ({found})' if found else ''}, or is damaged; it was not "
                         "opened, as such a file can run code. Save its state dict alone, or as safetensors"
                         ) from error  # fmt: skip
    if isinstance(loaded, Described):
        raise ValueError(f"{name} is not a state dict: it is a whole object of the class {plain(loaded.kind)}; save "
                         "what its state_dict() returns")  # fmt: skip
    if not isinstance(loaded, Mapping):
        kind = "Tensor" if isinstance(loaded, Tensor) else shown(loaded).removeprefix("a ")
        raise ValueError(f"{name} is not a state dict: it should map names to tensors, but it is a {kind}")
    tensors = dict(_tensors(loaded, "", DEEPEST, set()))
    if loaded and not tensors:
        raise ValueError(f"{name} is not a state dict: it should map names to tensors, but its keys are "
                         f"{', '.join(_named(*item) for item in islice(loaded.items(), MOST_NAMED))}")  # fmt: skip
    return tensors


def _named(key: Any, value: Any) -> str:
    """A key, with the class of a whole object that it has."""
    return plain(key) + (f" (a whole object of the class {plain(value.kind)})" if isinstance(value, Described) else "")


def _tensors(content: Any, prefix: str, deepest: int, seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """The tensors in a dict or list, and in those inside it, with their dotted names."""
    seen.add(id(content))
    for key, value in content.items() if isinstance(content, Mapping) else enumerate(content):
        if isinstance(key, str) and len(key) > LONGEST_KEY:
            continue
        if isinstance(value, Tensor):
            yield f"{prefix}{key}", value
        elif isinstance(value, Mapping | list) and deepest > 1 and id(value) not in seen:
            yield from _tensors(value, f"{prefix}{key}.", deepest - 1, seen)

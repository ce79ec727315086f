"""What the names in a file of ``torch.save`` stand for: nothing is imported, and the few calls allowed make records."""

import math
import struct
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ..quoting import plain
from .errors import CodeError, RefusedError
from .machine import is_cheap
from .operands import MOST_BYTES

MOST_DIMENSIONS, LONGEST_DIMENSION = 8, 1 << 40

_STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
}  # fmt: skip
_NUMBERS = {
    "f2": "e", "f4": "f", "f8": "d", "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q",
    "u1": "B", "u2": "H", "u4": "I", "u8": "Q",
}  # fmt: skip
"""The kinds of numpy scalars, and the formats of ``struct`` that read them."""


@dataclass(frozen=True)
class Name:
    """Something that a file would import."""

    module: str
    name: str

    @property
    def full(self) -> str:
        """The name with its module."""
        return f"{self.module}.{self.name}"


class Described:
    """An object of a class that was not imported.

    Attributes:
        kind: the name of the class, without its module.
        state: the state that the file has for it, a dict for a module; None if there is none.
    """

    def __init__(self, kind: str, state: Any = None):
        self.kind = kind
        self.state = state


@dataclass(frozen=True)
class Storage:
    """The numbers of tensors.

    Attributes:
        key: where they lie in the file.
        dtype: their type; None if it is not supported.
        length: how many there are.
    """

    key: str
    dtype: torch.dtype | None
    length: int


@dataclass(frozen=True)
class Strided:
    """A tensor whose numbers have not been read yet: a part of a storage."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]


class StandIns:
    """The world of one file (see ``machine.World``).

    Attributes:
        storages: what tensors refer to, by its key.
    """

    def __init__(self) -> None:
        self.storages: dict[str, Storage] = {}
        self.copies_left = MOST_BYTES

    def named(self, module: str, name: str) -> Name:
        """A record of the name."""
        return Name(module, name)

    def call(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of one of ``_CALLS``."""
        name = function.full if isinstance(function, Name) else ""
        if name not in _CALLS:
            named = plain(name or type(function).__name__)
            raise CodeError(f"it asks to run {named}, which a file of networks never needs", named)
        # The same long argument could be copied by every call.
        self.copies_left -= sum(len(one) for one in arguments if isinstance(one, str | bytes | list | tuple | dict))
        if self.copies_left < 0:
            raise RefusedError("it describes far more than a list of networks")
        return _CALLS[name](*arguments)

    def made(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """An empty dict for one of the classes that are dicts, and otherwise a description."""
        if not isinstance(kind, Name):
            raise RefusedError("it holds an object without a class")
        return {} if _CALLS.get(kind.full) is _table else Described(kind.name)

    def filled(self, thing: Any, state: Any) -> None:
        """Keep the state of a description and the byte order of a number; everything else has none."""
        if isinstance(thing, Described):
            thing.state = state
        elif isinstance(thing, _NumberType):
            thing.set_order(state)

    def stored(self, reference: Any) -> Any:
        """The storage that a reference names; old files refer to classes, too."""
        kind, *details = reference
        if kind == "module":
            return details[0]  # the others are the text of its source
        storage_type, key, _, length = details[:4]
        if kind != "storage" or not isinstance(storage_type, Name) or any(map(bool, details[4:])):
            raise RefusedError("it holds data of an unsupported kind")
        if not isinstance(key, str | int) or not isinstance(length, int) or not 0 <= length < LONGEST_DIMENSION:
            raise RefusedError("it holds data without a key or a length")
        dtype = _STORAGES.get(storage_type.name)
        return self.storages.setdefault(str(key), Storage(str(key), dtype, length))


class _NumberType:
    """numpy's dtype: the kind and the size of a number, such as ``f8``, and its byte order."""

    def __init__(self, code: Any = None, *_: Any):
        self.code = code if isinstance(code, str) else ""
        self.order = sys.byteorder

    def set_order(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.order = "little" if state[1] == "<" else "big"


def _strided(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> Any:
    if isinstance(storage, Storage) and storage.dtype is None:
        return Described("Tensor")
    if not isinstance(size, tuple | list) or not isinstance(stride, tuple | list) or not isinstance(storage, Storage):
        raise RefusedError("it holds a tensor that is invalid")
    numbers = (offset, *size, *stride) if len(size) == len(stride) <= MOST_DIMENSIONS else ()
    if not numbers or not all(isinstance(number, int) and 0 <= number < LONGEST_DIMENSION for number in numbers):
        raise RefusedError("it holds a tensor that is invalid")
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if math.prod(size) and last >= storage.length:
        raise RefusedError("it holds a tensor that is larger than its data")
    return Strided(storage, offset, tuple(size), tuple(stride))


def _first(data: Any, *_: Any) -> Any:
    return data


def _rebuilt(function: Any, _kind: Any, arguments: Any, *_: Any) -> Any:
    """A tensor of a subclass, as the plain tensor."""
    if not isinstance(function, Name) or function.full not in (*_TENSORS, *_UNSUPPORTED):
        raise RefusedError("it holds a tensor that is invalid")
    return _CALLS[function.full](*arguments)


def _unsupported(*_: Any) -> Described:
    return Described("Tensor")


def _described(*_: Any) -> Described:
    return Described("object")


def _text_bytes(text: Any = "", encoding: Any = "latin1", *_: Any) -> bytes:
    """Bytes as old pickles write them: as a text whose characters stand for them."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise RefusedError("it holds bytes in an unsupported encoding")
    return text.encode("latin1")


def _byte_array(data: Any = b"", *_: Any) -> bytes:
    return data if isinstance(data, bytes) else b""


def _number(kind: Any, data: Any, *_: Any) -> Any:
    """A numpy scalar as a Python number."""
    if isinstance(data, str) and len(data) <= 16:
        data = data.encode("latin1")
    code = kind.code if isinstance(kind, _NumberType) else None
    if code not in _NUMBERS or not isinstance(data, bytes) or len(data) != int(code[1:]):
        raise RefusedError("it holds a numpy scalar of an unsupported kind")
    return struct.unpack(("<" if kind.order == "little" else ">") + _NUMBERS[code], data)[0]


def _table(*arguments: Any) -> dict[Any, Any]:
    """An OrderedDict, a Counter or a defaultdict as a dict."""
    pairs = arguments[-1] if arguments else ()
    items = pairs.items() if isinstance(pairs, dict) else pairs if isinstance(pairs, list | tuple) else ()
    return {key: value for key, value in items if is_cheap(key)}


def _set(things: Any = (), *_: Any) -> set[Any]:
    return {thing for thing in things if is_cheap(thing)} if isinstance(things, list | tuple | set) else set()


def _size(lengths: Any = (), *_: Any) -> list[Any]:
    return list(lengths) if isinstance(lengths, list | tuple) else []


_TENSORS: dict[str, Callable[..., Any]] = {
    "torch._utils._rebuild_tensor": _strided,
    "torch._utils._rebuild_tensor_v2": _strided,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
}
_UNSUPPORTED: dict[str, Callable[..., Any]] = {
    f"torch._utils._rebuild_{kind}": _unsupported
    for kind in ("tensor_v3", "qtensor", "sparse_tensor", "sparse_csr_tensor", "nested_tensor",
                 "meta_tensor_no_storage", "device_tensor_from_numpy", "device_tensor_from_cpu_tensor",
                 "wrapper_subclass")
}  # fmt: skip
"""Tensors without plain numbers. They are described, so that they matter only to a network that has one of them."""

_CALLS: dict[str, Callable[..., Any]] = {
    **_TENSORS,
    **_UNSUPPORTED,
    "torch._tensor._rebuild_from_type_v2": _rebuilt,
    "torch.Size": _size,
    "torch.device": _described,
    "torch.serialization._get_layout": _described,
    "collections.OrderedDict": _table,
    "collections.Counter": _table,
    "collections.defaultdict": _table,
    "builtins.set": _set,
    "__builtin__.set": _set,
    "builtins.bytearray": _byte_array,
    "builtins.complex": _described,
    "_codecs.encode": _text_bytes,
    "numpy.dtype": _NumberType,
    "numpy.core.multiarray.scalar": _number,
    "numpy._core.multiarray.scalar": _number,
}

"""Reads files of ``torch.save``, including whole modules, without running or importing anything that they name.

A pickle may call any function of any module. Here every name in it becomes a stand-in that does nothing: classes
become descriptions, the few functions that rebuild tensors become records, and a call of anything else is refused.
"""

import io
import math
import pickle
import struct
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""The pickled number at the start of files that torch.save wrote before PyTorch 1.6."""
LARGEST_PICKLE = 1 << 26

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
_DAMAGE = (
    pickle.UnpicklingError, zipfile.BadZipFile, EOFError, OSError, KeyError, IndexError, TypeError, AttributeError,
    RuntimeError, RecursionError, UnicodeDecodeError, MemoryError, OverflowError, NotImplementedError,
)  # fmt: skip


class _NotCallable(type):
    """The metaclass of classes that a pickle can name and fill, but not call."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise ValueError(f"it asks to run {cls.__module__}.{cls.__qualname__}, which a file of networks never needs")


class _Sealed:
    """Ignores the state that a pickle would put into it."""

    def __setstate__(self, state: Any) -> None:
        pass


class Described(metaclass=_NotCallable):
    """An object of a class that was not imported.

    Attributes:
        state: the state that the file holds for it, a dict for a module; None if there is none.
    """

    state: Any = None

    def __setstate__(self, state: Any) -> None:
        self.state = state

    @property
    def kind(self) -> str:
        """The name of the class, without its module."""
        return type(self).__qualname__


class _Table(_Sealed, dict[Any, Any]):
    """Replaces OrderedDict."""


class _Names(_Sealed, set[Any]):
    """Replaces set."""


@dataclass(frozen=True)
class _Storage(_Sealed):
    key: str
    dtype: torch.dtype
    length: int


class _Strided(_Sealed):
    """A tensor whose data have not been read yet: a storage with offset, size and stride."""

    def __init__(self, storage: Any, offset: Any, size: Any, stride: Any, *_: Any):
        numbers = (offset, *size, *stride)
        sound = len(size) == len(stride) and all(isinstance(number, int) and number >= 0 for number in numbers)
        if not sound or not isinstance(storage, _Storage):
            raise ValueError("it holds a tensor that is invalid")
        last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
        if math.prod(size) and last >= storage.length:
            raise ValueError("it holds a tensor that is larger than its data")
        self.storage, self.offset, self.size, self.stride = storage, offset, tuple(size), tuple(stride)

    def read(self, data: Tensor) -> Tensor:
        return data.as_strided(self.size, self.stride, self.offset).clone()


class _Parameter(_Sealed):
    """Replaces the function that rebuilds a parameter; returns its tensor."""

    def __new__(cls, data: Any, *_: Any) -> Any:
        return data


class _Text(_Sealed):
    """Replaces the function by which old pickles write bytes: text whose characters stand for them."""

    def __new__(cls, text: Any, encoding: Any = "latin1", *_: Any) -> Any:
        if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
            raise ValueError("it holds bytes in an unsupported encoding")
        return text.encode("latin1")


class _NumberType:
    """Replaces numpy's dtype: the kind and the size of a number, such as ``f8``, and its byte order."""

    def __init__(self, code: Any, *_: Any):
        self.code, self.order = code, sys.byteorder

    def __setstate__(self, state: Any) -> None:
        if isinstance(state, tuple) and len(state) > 1 and state[1] in ("<", ">"):
            self.order = "little" if state[1] == "<" else "big"


class _Number(_Sealed):
    """Replaces the function that makes a numpy scalar; returns a Python number."""

    def __new__(cls, kind: Any, data: Any, *_: Any) -> Any:
        if isinstance(data, str):
            data = data.encode("latin1")
        code = kind.code if isinstance(kind, _NumberType) else None
        if code not in _NUMBERS or not isinstance(data, bytes) or len(data) != int(code[1:]):
            raise ValueError("it holds a numpy scalar of an unsupported kind")
        return struct.unpack(("<" if kind.order == "little" else ">") + _NUMBERS[code], data)[0]


_ALLOWED: dict[str, type] = {
    "collections.OrderedDict": _Table,
    "builtins.set": _Names,
    "__builtin__.set": _Names,
    "torch._utils._rebuild_tensor": _Strided,
    "torch._utils._rebuild_tensor_v2": _Strided,
    "torch._utils._rebuild_parameter": _Parameter,
    "_codecs.encode": _Text,
    "numpy.dtype": _NumberType,
    "numpy.core.multiarray.scalar": _Number,
    "numpy._core.multiarray.scalar": _Number,
}


def read(path: str | Path) -> Any:
    """Return the content of a file of ``torch.save``.

    Lists, dicts, numbers and texts stay what they are, numpy scalars become numbers, tensors are on the CPU, and
    everything else becomes ``Described``. Both formats are supported: the zip files of PyTorch 1.6 and later, and the
    older files.

    Raises:
        FileNotFoundError: the file does not exist.
        ValueError: the file is damaged, has another format, or asks to run something. Nothing was run.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path.name} in {path.parent}")
    try:
        with path.open("rb") as file:
            return _read_zip(file) if zipfile.is_zipfile(file) else _read_legacy(file)
    except _DAMAGE as error:
        raise ValueError(f"{path.name} is damaged or is not a file of torch.save ({type(error).__name__})") from error
    except ValueError as error:
        raise ValueError(f"could not read {path.name}: {error}") from error


class _Unpickler(pickle.Unpickler):
    """Builds only stand-ins and never imports."""

    def __init__(self, file: BinaryIO):
        super().__init__(file, encoding="latin1")
        self.storages: dict[str, _Storage] = {}
        self.classes: dict[str, type] = {}

    def find_class(self, module: str, name: str) -> type:
        full = f"{module}.{name}"
        if full not in self.classes:
            stand_in = _ALLOWED.get(full)
            # Each file gets classes of its own, so that it cannot leave anything behind in them.
            bases = (Described,) if stand_in is None else (stand_in,)
            members = {"__module__": module, "__qualname__": name}
            self.classes[full] = type(bases[0])(name, bases, members)
        return self.classes[full]

    def persistent_load(self, reference: Any) -> Any:
        kind, *details = reference
        if kind == "module":
            # Old files store a class together with the text of its source.
            return details[0]
        stand_in, key, _, length = details[:4]
        name = str(stand_in.__qualname__)
        if kind != "storage" or name not in _STORAGES or any(details[4:]) or not isinstance(length, int) or length < 0:
            raise ValueError(f"it holds data of an unsupported kind ({kind} {name})")
        return self.storages.setdefault(str(key), _Storage(str(key), _STORAGES[name], length))


def _read_zip(file: BinaryIO) -> Any:
    with zipfile.ZipFile(file) as archive:
        entries = {entry.filename.partition("/")[2]: entry for entry in archive.infolist()}
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries.values()):
            raise ValueError("it is compressed, but files of torch.save never are")
        order = archive.read(entries["byteorder"]) if "byteorder" in entries else b"little"
        if order != sys.byteorder.encode():
            raise ValueError(f"its numbers are {order.decode(errors='replace')}-endian, unlike those of this machine")
        if entries["data.pkl"].file_size > LARGEST_PICKLE:
            raise ValueError("it describes far more than a list of networks")
        unpickler = _Unpickler(io.BytesIO(archive.read(entries["data.pkl"])))
        content = unpickler.load()
        data = {}
        for key, storage in unpickler.storages.items():
            entry = entries[f"data/{key}"]
            if entry.file_size != storage.length * storage.dtype.itemsize:
                raise ValueError("its data do not have the stated length")
            data[key] = _numbers(archive.read(entry), storage)
    return _Filling(data).fill(content)


def _read_legacy(file: BinaryIO) -> Any:
    file.seek(0)
    if _Unpickler(file).load() != LEGACY_MAGIC:
        raise pickle.UnpicklingError("the magic number is missing")
    _version, system = _Unpickler(file).load(), _Unpickler(file).load()
    if system["little_endian"] != (sys.byteorder == "little"):
        raise ValueError(f"its numbers are not {sys.byteorder}-endian, unlike those of this machine")
    unpickler = _Unpickler(file)
    content = unpickler.load()
    data = {}
    for key in _Unpickler(file).load():
        storage = unpickler.storages[str(key)]
        length = int.from_bytes(file.read(8), sys.byteorder)
        if length != storage.length:
            raise ValueError("its data do not have the stated length")
        data[storage.key] = _numbers(file.read(length * storage.dtype.itemsize), storage)
    return _Filling(data).fill(content)


def _numbers(data: bytes, storage: _Storage) -> Tensor:
    if len(data) != storage.length * storage.dtype.itemsize:
        raise EOFError
    return torch.frombuffer(bytearray(data), dtype=storage.dtype) if data else torch.empty(0, dtype=storage.dtype)


class _Filling:
    """Replaces the stand-ins of tensors by the tensors. An object that occurs more than once stays one object."""

    def __init__(self, data: dict[str, Tensor]):
        self.data = data
        self.done: dict[int, tuple[Any, Any]] = {}

    def fill(self, thing: Any) -> Any:
        if id(thing) not in self.done:
            if isinstance(thing, Described):
                # Its state may refer back to it.
                self.done[id(thing)] = thing, thing
                thing.state = self.fill(thing.state)
            else:
                self.done[id(thing)] = thing, self._filled(thing)
        return self.done[id(thing)][1]

    def _filled(self, thing: Any) -> Any:
        if isinstance(thing, _Strided):
            return thing.read(self.data[thing.storage.key])
        if isinstance(thing, dict):
            return {key: self.fill(value) for key, value in thing.items()}
        if isinstance(thing, list | tuple):
            return [self.fill(value) for value in thing]
        return thing

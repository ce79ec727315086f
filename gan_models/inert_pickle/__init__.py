"""Reads files of ``torch.save``, including whole modules, without running or importing anything that they name.

A pickle may call any function of any module. Here every name in it becomes a stand-in that does nothing: objects become
descriptions, the few functions that rebuild tensors become records, and a call of anything else is refused.
"""

import io
import math
import sys
from pathlib import Path
from typing import Any, BinaryIO

import torch
from torch import Tensor

from ..quoting import plain
from ..user_files import open_file
from .errors import CodeError, RefusedError
from .machine import Machine
from .operands import MOST_BYTES
from .stand_ins import Described, Name, StandIns, Storage, Strided
from .stored_zip import MARK, StoredZip

__all__ = ["CodeError", "Described", "read"]

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""The pickled number at the start of files that torch.save wrote before PyTorch 1.6."""

DEEPEST = 100
"""How many containers may lie in one another."""

COPIES, ROOM = 4, 1 << 20
"""The tensors of a file may have so many times its size in bytes, and so many more. Most share the bytes of the file,
but a tensor that was expanded has a copy of its own."""


def read(path: str | Path) -> Any:
    """Return the content of a file of ``torch.save``.

    Lists, dicts, numbers and texts stay what they are, tuples become lists, numpy scalars become numbers, and tensors
    are on the CPU. Everything else becomes ``Described``, and so do sparse, quantized and complex tensors. Entries of
    dicts and sets whose keys are neither numbers nor texts are left out. Both formats are supported: the zip files of
    PyTorch 1.6 and later, and the older files. Reading takes at most five times the size of the file in memory and
    250 MB more, and about a second besides the time of the disk.

    Raises:
        FileNotFoundError: the file does not exist.
        CodeError: the file asks to run something. Nothing was run.
        ValueError: the file is damaged, has another format, or claims more than it has.
    """
    name = plain(Path(path).name)
    with open_file(path) as file:
        try:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            is_zip = file.read(len(MARK)) == MARK
            content, data = _read_zip(file) if is_zip else _read_legacy(file)
            return _Filling(data, COPIES * size + ROOM).fill(content)
        except CodeError as error:
            raise CodeError(f"could not read {name}: {error}", error.named) from error
        except RefusedError as error:
            raise ValueError(f"could not read {name}: {error}") from error
        except Exception as error:  # there is no end of what a damaged file can raise
            reason = type(error).__name__
            raise ValueError(f"{name} is damaged or is not a file of torch.save ({reason})") from error


def _read_zip(file: BinaryIO) -> tuple[Any, dict[str, Tensor]]:
    archive = StoredZip(file)
    order = archive.read("byteorder") if "byteorder" in archive.members else b"little"
    if order != sys.byteorder.encode():
        raise RefusedError(f"its numbers are {plain(order.decode('latin1'))}-endian, unlike those of this machine")
    if archive.members["data.pkl"].length > MOST_BYTES:
        raise RefusedError("it describes far more than a list of networks")
    world = StandIns()
    content = Machine(io.BytesIO(archive.read("data.pkl")), world).run()
    data = {}
    for key, storage in world.storages.items():
        if storage.dtype is None:
            continue
        if archive.members[f"data/{key}"].length != storage.length * storage.dtype.itemsize:
            raise RefusedError("its data do not have the stated length")
        data[key] = _numbers(archive.read(f"data/{key}"), storage.dtype)
    return content, data


def _read_legacy(file: BinaryIO) -> tuple[Any, dict[str, Tensor]]:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    first = Machine(file, StandIns()).run()
    if isinstance(first, Name | Described):
        raise CodeError("it is a pickle of something else than tensors")
    if first != LEGACY_MAGIC:
        raise EOFError
    _version, system = Machine(file, StandIns()).run(), Machine(file, StandIns()).run()
    if system["little_endian"] != (sys.byteorder == "little"):
        raise RefusedError(f"its numbers are not {sys.byteorder}-endian, unlike those of this machine")
    world = StandIns()
    content = Machine(file, world).run()
    data: dict[str, Tensor] = {}
    for key in Machine(file, StandIns()).run():
        storage = world.storages[str(key)]
        length = int.from_bytes(file.read(8), sys.byteorder)
        if length != storage.length:
            raise RefusedError("its data do not have the stated length")
        if storage.dtype is None:
            raise RefusedError("it holds data of an unsupported kind")
        if file.tell() + length * storage.dtype.itemsize > size:
            raise EOFError
        numbers = bytearray(length * storage.dtype.itemsize)
        file.readinto(numbers)  # type: ignore[attr-defined]
        data[storage.key] = _numbers(numbers, storage.dtype)
    return content, data


def _numbers(data: bytearray, dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)


class _Filling:
    """Replaces the records of tensors by the tensors. An object that occurs more than once stays one object.

    Args:
        data: the storages by their keys.
        bytes_left: how many bytes all tensors together may have.
    """

    def __init__(self, data: dict[str, Tensor], bytes_left: int):
        self.data = data
        self.bytes_left = bytes_left
        self.done: dict[int, tuple[Any, Any]] = {}
        self.tensors: dict[Strided, Tensor] = {}

    def fill(self, thing: Any, depth: int = 0) -> Any:
        if isinstance(thing, Strided):
            return self._tensor(thing)
        if not isinstance(thing, list | tuple | dict | Described):
            return None if isinstance(thing, Storage) else thing
        if id(thing) in self.done:
            return self.done[id(thing)][1]
        if depth == DEEPEST:
            raise RefusedError(f"its lists and dicts are nested more than {DEEPEST} levels deep")
        filled: Any = list(thing) if isinstance(thing, tuple) else thing
        # It is noted before its parts are filled, because they may refer back to it.
        self.done[id(thing)] = thing, filled
        if isinstance(filled, Described):
            filled.state = self.fill(filled.state, depth + 1)
        else:
            for key in filled if isinstance(filled, dict) else range(len(filled)):
                filled[key] = self.fill(filled[key], depth + 1)
        return filled

    def _tensor(self, record: Strided) -> Tensor:
        if record not in self.tensors:
            numbers = self.data[record.storage.key]
            self.bytes_left -= math.prod(record.size) * numbers.itemsize
            if self.bytes_left < 0:
                raise RefusedError("its tensors claim to be much larger than the file")
            tensor = numbers.as_strided(record.size, record.stride, record.offset)
            self.tensors[record] = tensor if tensor.numel() == len(numbers) else tensor.clone()
        return self.tensors[record]

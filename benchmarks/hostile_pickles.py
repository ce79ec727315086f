"""Makes members of the kinds of hostile files of torch.save: programs that run code, never end or claim too much."""

import io
import os
import pickle
import random
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import cache

import torch
from torch import Tensor, nn


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function: Callable[..., object], *arguments: object):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def in_zip(program: bytes, data: dict[str, bytes] | None = None, method: int = zipfile.ZIP_STORED) -> bytes:
    """A file as torch.save writes them, around a hand-written pickle and its data."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr("archive/data.pkl", program)
        for key, content in (data or {}).items():
            archive.writestr(f"archive/data/{key}", content)
    return buffer.getvalue()


def saved(content: object, legacy: bool = False) -> bytes:
    """The bytes that torch.save writes."""
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=not legacy)
    return buffer.getvalue()


def tensor_program(
    size: tuple[int, ...], stride: tuple[int, ...], stored: int, copies: int = 1, offset: int = 0
) -> bytes:
    """A program for a dict of tensors that share one storage of float32."""
    numbers = b"(" + b"".join(_number(n) for n in size) + b"t(" + b"".join(_number(n) for n in stride) + b"t"
    storage = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpu" + _number(stored) + b"tQ"
    build = b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + _number(offset) + numbers + b"\x89}tR"
    entries = b"".join(b"X\x05\0\0\0" + f"{n:05}".encode() + build for n in range(copies))
    return b"\x80\x02}(" + entries + b"u."


def _number(value: int) -> bytes:
    data = value.to_bytes(17, "little", signed=True)
    return b"\x8a\x11" + data


def memo(draw: random.Random) -> bytes:
    """An index of the memo that reserves gigabytes."""
    index = draw.randrange(10**8, 2**32)
    return b"\x80\x02N" + draw.choice([b"r" + struct.pack("<I", index), b"p99999999999\n"]) + b"."


def claims(draw: random.Random) -> bytes:
    """A text, bytes or a number with a length that the file does not have."""
    code, kind = draw.choice([(b"B", "<I"), (b"X", "<I"), (b"\x8e", "<Q"), (b"\x8d", "<Q"), (b"\x96", "<Q"),
                              (b"T", "<I"), (b"\x8b", "<I"), (b"\x95", "<Q")])  # fmt: skip
    return b"\x80\x04" + code + struct.pack(kind, draw.choice([2**31 - 1, 2**32 - 1, 2**30])) + b"abc."


def laughs(draw: random.Random) -> bytes:
    """Lists of lists that occur ten times each, on many levels, as the content or as a key."""
    levels = draw.randrange(8, 40)
    kind = draw.choice(["list", "key", "dict"])
    program = b"\x80\x02" + (b"(N" if kind == "key" else b"]")
    program += b"tq\x00" if kind == "key" else b"q\x00"
    for level in range(1, levels):
        before = b"h" + bytes([level - 1])
        program += b"(" + before * 10 + (b"t" if kind == "key" else b"l") + b"q" + bytes([level])
    top = b"h" + bytes([levels - 1])
    if kind == "key":
        return program + b"}" + top + b"Ns."
    return program + (b"}X\x01\0\0\0a" + top + b"s." if kind == "dict" else b".")


def deep(draw: random.Random) -> bytes:
    """Containers in containers, or a program of a million instructions."""
    count = draw.choice([200, 5000, 400_000])
    return draw.choice([b"]" * count + b"a" * (count - 1), b"N" + b"\x85" * count, b"}" + b"X\x01\0\0\0a}" * count
                        + b"s" * count, b"N" * count, b"]" * count, b"]\x94" * count, b"(" * count]) + b"."  # fmt: skip


def strides(draw: random.Random) -> bytes:
    """A tensor whose strides make it larger than its data, or that is no tensor."""
    big = draw.choice([10**9, 10**12, 2**62, 2**80])
    size, stride = draw.choice([((big,), (0,)), ((1000, 1000, 1000), (0, 0, 0)), ((big, 0), (1, 1)), ((3,), (-1,)),
                                ((1,) * 70, (1,) * 70), ((4,), (1, 1)), ((3, big), (big, 0))])  # fmt: skip
    return in_zip(tensor_program(size, stride, 4), {"0": bytes(16)})


def shared(draw: random.Random) -> bytes:
    """Thousands of tensors that share one storage, in different shapes."""
    count = draw.choice([100, 3000])
    return in_zip(tensor_program((250_000,), (1,), 1_000_000, count, draw.randrange(5)), {"0": bytes(4_000_000)})


def keys(draw: random.Random) -> bytes:
    """Keys that are no texts, and numbers that all have one hash."""
    some = [{1: Tensor(), 2.5: 1}, {None: torch.zeros(1)}, {(1, (2, 3)): torch.zeros(2)}, {b"a": torch.ones(1)},
            {frozenset((1, 2)): 1}, {"\ud800": torch.zeros(1)}, {"\n" * 9000: torch.zeros(1)},
            {"conv_img.weight": "text"}]  # fmt: skip
    if draw.random() < 0.3:
        entries = b"".join(_number(k * (2**61 - 1)) + b"N" for k in range(draw.choice([10, 50_000])))
        return in_zip(b"\x80\x02}(" + entries + b"u.")
    return saved(draw.choice(some), draw.random() < 0.5)


def odd_tensors(draw: random.Random) -> bytes:
    """Sparse, complex, quantized and meta tensors, and single numbers, under the names of a network."""
    warnings.filterwarnings("ignore", "(Sparse|torch.quantize)")
    some = [torch.zeros(3, 3).to_sparse(), torch.zeros(3, dtype=torch.complex64), torch.zeros(2, 2, device="meta"),
            torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8), torch.tensor(1.0), torch.zeros(0, 5),
            torch.zeros(3).to(torch.float8_e4m3fn), torch.tensor(float("nan")), torch.zeros(2, dtype=torch.uint16),
            torch.zeros(3, 3).to_sparse_csr(), nn.Parameter(torch.ones(2)), torch.tensor([True])]  # fmt: skip
    names = ["conv_img.weight", "fc.weight", "head_0.norm_0.mlp_gamma.weight", "head_0.norm_0.mlp_shared.0.weight",
             "fc_mu.weight", "layer1.0.weight", "model.1.weight"]  # fmt: skip
    return saved({name: draw.choice(some) for name in names}, draw.random() < 0.3)


def soup(draw: random.Random) -> bytes:
    """Random instructions."""
    codes = b"().012FGIJKLMNPQRSTUVXabcdeghijlopqrstu]}" + bytes(range(0x80, 0x98))
    return b"".join(bytes([draw.choice(codes)]) + draw.choice([b"", b"", b"\x01", b"os\nsystem\n", b"1\n"])
                    for _ in range(draw.randrange(300))) + b"."  # fmt: skip


def zips(draw: random.Random) -> bytes:
    """Compressed members, members that share bytes, and listings of very many members."""
    kind = draw.randrange(4)
    if kind == 0:
        return in_zip(tensor_program((10**8,), (1,), 10**8), {"0": bytes(4 * 10**7)}, zipfile.ZIP_DEFLATED)
    data = in_zip(tensor_program((1000,), (1,), 1000), {"0": bytes(4000)})
    if kind == 1:
        return _many_members()
    changed = bytearray(data)
    start = int.from_bytes(data[-6:-2], "little")
    for _ in range(draw.choice([1, 3])):
        changed[draw.randrange(start, len(data))] = draw.choice([0, 1, 255])
    return bytes(changed)


@cache
def _many_members() -> bytes:
    """Only a listing: a million entries of 46 bytes, each without a name."""
    entry = b"PK\x01\x02" + bytes(42)
    end = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 10**6, 10**6, 46 * 10**6, 4)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 4 + 46 * 10**6, 1)
    return b"PK\x03\x04" + entry * 10**6 + end + locator + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, *[65535] * 2,
                                                                                  2**32 - 1, 2**32 - 1, 0)  # fmt: skip


def damaged(draw: random.Random) -> bytes:
    """A sound file with a few other bytes, or cut off."""
    data = bytearray(saved({"conv_img.weight": torch.rand(3, 4), "list": [1, 2.5, "text"]}, draw.random() < 0.5))
    for _ in range(draw.choice([1, 5])):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data[: draw.randrange(len(data))] if draw.random() < 0.3 else data)


def code(draw: random.Random, trace: str) -> bytes:
    """A file that makes the folder ``trace`` if anything in it is run."""
    bad = draw.choice([Call(os.mkdir, trace), Call(os.makedirs, trace), Call(exec, f"import os; os.mkdir({trace!r})"),
                       Call(eval, f"__import__('os').mkdir({trace!r})")])  # fmt: skip
    content = draw.choice([[bad], {"a": bad}, {"a": torch.zeros(1), "b": OrderedDict(a=bad)}, [1, [2, {"c": bad}]]])
    if draw.random() < 0.2:
        return pickle.dumps(content)
    return saved(content, draw.random() < 0.5)


LEGACY = b"".join(pickle.dumps(part, 2) for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}))
"""How a file of the old format begins."""

KINDS = (memo, claims, laughs, deep, strides, shared, keys, odd_tensors, soup, zips, damaged)


def hostile(draw: random.Random, trace: str) -> Iterator[bytes]:
    """Hostile files without end, of every kind in turn; programs alone are put into both formats."""
    while True:
        for kind in KINDS:
            data = kind(draw)
            if data[:2] == b"PK" or kind in (keys, odd_tensors, damaged):
                yield data
            else:
                yield in_zip(data) if draw.random() < 0.7 else LEGACY + data
        yield code(draw, trace)

"""Makes members of the kinds of damaged and hostile model files: safetensors that claim, lack or hold the wrong things.

A file is a dict of tensors as (kind, shape, bytes) by their names, and a dict of metadata, so that everything can be
written that the format can express, and much that it cannot.
"""

import json
import math
import random
import struct
from collections.abc import Callable, Iterator

Parts = tuple[dict[str, tuple[str, list[int], bytes]], dict[str, object]]

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1,
         "F8_E4M3": 1, "F8_E5M2": 1, "U16": 2, "C64": 8}  # fmt: skip
NUMBERS = [math.nan, math.inf, -math.inf, 3e38, -3e38, 1e30, 1e18, 1e9, -1.0, 0.0, 1e-45]
TEXTS = ["", "{", "[]", "null", "true", '"text"', "1e999", "NaN", "-1", "0", "9" * 5000, "[" * 100_000, "\x00",
         "\u202e", "\U0001f600" * 3000, "line\nbreak", '{"a": ' * 2000, "7", "1.5", "{}", "no such thing"]  # fmt: skip
VALUES = [None, True, -1, 0, 1, 7, 10**9, 10**18, 10**400, 1.5, -0.5, 1e308, "text", "\n\x1b[31m", [], [[]], {},
          {"a": {}}, "normal", "more", [1] * 1000]  # fmt: skip
SHAPES: list[list[int]] = [[], [0], [1], [0, 2**40], [2**62, 0], [1] * 9, [1] * 70, [3], [3, 3], [1, 1, 1, 1]]


def parsed(data: bytes) -> Parts:
    """The parts of a sound safetensors file."""
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__", {})
    body = data[8 + length :]
    tensors = {name: (one["dtype"], one["shape"], body[slice(*one["data_offsets"])]) for name, one in header.items()}
    return tensors, metadata


def written(parts: Parts) -> bytes:
    """The bytes of a file with these parts."""
    tensors, metadata = parts
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    place = 0
    for name, (kind, shape, data) in tensors.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [place, place + len(data)]}
        place += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values())


def mutations(data: bytes, draw: random.Random) -> Iterator[bytes]:
    """Mutated files without end, of every kind in turn."""
    while True:
        for change in (*CHANGES, *BYTE_CHANGES):
            if change in BYTE_CHANGES:
                yield change(data, draw)
            else:
                tensors, metadata = parsed(data)
                parts = tensors, dict(metadata)
                for _ in range(draw.choice((1, 1, 2))):
                    change(parts, draw)
                yield written(parts)


def _some_name(parts: Parts, draw: random.Random) -> str:
    return draw.choice(list(parts[0]) or [""])


def numbers(parts: Parts, draw: random.Random) -> None:
    """One number, or all, of a tensor become strange ones."""
    name = draw.choice([n for n, (kind, _, data) in parts[0].items() if kind in ("F32", "F64", "F16") and data] or [""])
    if not name:
        return
    kind, shape, data = parts[0][name]
    code = {"F32": "<f", "F64": "<d", "F16": "<e"}[kind]
    value = draw.choice([number for number in NUMBERS if kind != "F16" or not 6e4 < abs(number) < math.inf])
    one, size = struct.pack(code, value), BYTES[kind]
    if draw.random() < 0.4:
        parts[0][name] = kind, shape, one * (len(data) // size)
    else:
        place = draw.randrange(len(data) // size) * size
        parts[0][name] = kind, shape, data[:place] + one + data[place + size :]


def shapes(parts: Parts, draw: random.Random) -> None:
    """A tensor has another shape, and as many bytes as that needs, or none."""
    name = _some_name(parts, draw)
    kind, shape, data = parts[0].get(name, ("F32", [], b""))
    new = draw.choice([*SHAPES, shape[::-1], [*shape, 1], shape[:-1], [draw.randrange(40) for _ in shape]])
    count = math.prod(new)
    length = min(count, 10**6) * BYTES.get(kind, 1)
    parts[0][name] = kind, new, (data * 2)[:length].ljust(length, b"\0")


def kinds(parts: Parts, draw: random.Random) -> None:
    """A tensor has numbers of another kind."""
    name = _some_name(parts, draw)
    _, shape, _ = parts[0].get(name, ("F32", [1], b""))
    kind = draw.choice(list(BYTES))
    parts[0][name] = kind, shape, draw.randbytes(min(math.prod(shape), 10**6) * BYTES[kind])


def names(parts: Parts, draw: random.Random) -> None:
    """A tensor is missing, has another name, or there is one too many."""
    name = _some_name(parts, draw)
    tensor = parts[0].get(name, ("F32", [1], b"\0" * 4))
    if draw.random() < 0.6:
        parts[0].pop(name, None)
    other = ["x", "", "\n" * 500, "layer99.0.weight", f"{name}_orig", f"module.{name}", "critic.layers.0.bias",
             "a" * 3000, "generators.99.layers.0.weight", "\u202ename", "other_images"]  # fmt: skip
    parts[0][draw.choice(other)] = tensor


def metadata(parts: Parts, draw: random.Random) -> None:
    """A value of the metadata is another text, or no text at all."""
    key = draw.choice(["config", "facts", "format_version", "architecture", "taxonomy", "label_offset", "training"])
    parts[1][key] = draw.choice(TEXTS if draw.random() < 0.8 else VALUES)


def settings(parts: Parts, draw: random.Random) -> None:
    """A setting has another value, or there is one too many."""
    config = json.loads(str(parts[1].get("config", "{}")))
    key = draw.choice([*config, "unknown_setting", "state_dict", "self"])
    parts[1]["config"] = json.dumps(config | {key: draw.choice(VALUES)}).replace("1e+308", "1e999")


def sizes(parts: Parts, draw: random.Random) -> None:
    """Sizes and amplitudes of a SinGAN, or a bias of another net, that nothing supports."""
    numbers = [draw.choice([-1, 0, 1, 18, 250, 2**31, 2**62]) for _ in range(draw.choice([2, 4, 12, 2000]))]
    parts[0]["sizes"] = "I64", [len(numbers) // 2, 2], struct.pack(f"<{len(numbers)}q", *numbers)


def cut(data: bytes, draw: random.Random) -> bytes:
    """The file ends early, or has more bytes than it should."""
    return data[: draw.randrange(len(data))] if draw.random() < 0.8 else data + draw.randbytes(100)


def flipped(data: bytes, draw: random.Random) -> bytes:
    """Some bytes of the tensors are others."""
    start = 8 + int.from_bytes(data[:8], "little")
    return _flipped(data, draw, start, len(data))


def flipped_header(data: bytes, draw: random.Random) -> bytes:
    """Some bytes of the list of tensors are others."""
    return _flipped(data, draw, 0, 8 + int.from_bytes(data[:8], "little"))


def _flipped(data: bytes, draw: random.Random, start: int, end: int) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.choice((1, 4, 64))):
        changed[draw.randrange(start, end)] ^= 1 << draw.randrange(8)
    return bytes(changed)


CHANGES: tuple[Callable[[Parts, random.Random], None], ...] = (numbers, shapes, kinds, names, metadata, settings, sizes)
BYTE_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, flipped, flipped_header)

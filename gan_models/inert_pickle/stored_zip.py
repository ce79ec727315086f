"""The members of a zip file that ``torch.save`` wrote: stored as they are, one after another."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from ..user_files import BLOCK
from .errors import RefusedError

MARK = b"PK\x03\x04"
_END, _END_64, _LOCATOR, _ENTRY = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
LONGEST_END = (1 << 16) + 22
LONGEST_LISTING, MOST_MEMBERS = 1 << 26, 200_000
_LARGE, _MANY = 0xFFFFFFFF, 0xFFFF


@dataclass(frozen=True)
class Member:
    """Where a member lies: its header, its length in bytes and its checksum."""

    start: int
    length: int
    checksum: int


class StoredZip:
    """A zip file whose listing was checked against the bytes that are really there.

    Python's own reader would make an object of every entry in the listing, and inflates what is compressed.

    Args:
        file: the zip file, which is left open.
    Raises:
        RefusedError: a member is compressed or encrypted, or shares bytes with another one, or there are too many.
        Exception: the file is damaged.
    """

    def __init__(self, file: BinaryIO):
        self.file = file
        self.size = file.seek(0, 2)
        count, length, start = self._listing()
        if length > LONGEST_LISTING or count > MOST_MEMBERS:
            raise RefusedError("it has far more parts than a file of networks")
        listing = self._at(start, length)
        self.members: dict[str, Member] = {}
        place = 0
        for _ in range(count):
            name, member, place = _entry(listing, place)
            self.members[name.partition("/")[2]] = member
        ordered = sorted(self.members.values(), key=lambda member: member.start)
        if len(ordered) != count or any(one.start + 30 + one.length > two.start for one, two in pairwise(ordered)):
            raise RefusedError("some of its parts share bytes or names")

    def read(self, name: str) -> bytearray:
        """The content of a member.

        Raises:
            KeyError: there is no such member.
            EOFError: it is not complete, or its checksum is another one.
        """
        member = self.members[name]
        header = self._at(member.start, 30)
        if not header.startswith(MARK):
            raise EOFError
        start = member.start + 30 + sum(struct.unpack("<HH", header[26:]))
        if start + member.length > self.size:
            raise EOFError
        content = bytearray(member.length)
        left, checksum = memoryview(content), 0
        self.file.seek(start)
        while left and (count := self.file.readinto(left[:BLOCK])):  # type: ignore[attr-defined]
            checksum = zlib.crc32(left[:count], checksum)
            left = left[count:]
        if left or checksum != member.checksum:
            raise EOFError
        return content

    def _at(self, start: int, length: int) -> bytes:
        if not 0 <= start <= start + length <= self.size:
            raise EOFError
        self.file.seek(start)
        return self.file.read(length)

    def _listing(self) -> tuple[int, int, int]:
        """Number of entries, length and start of the listing."""
        tail_start = max(0, self.size - LONGEST_END)
        tail = self._at(tail_start, self.size - tail_start)
        end = tail.rfind(_END)
        if end < 0:
            raise EOFError
        count, length, start = struct.unpack_from("<HII", tail, end + 10)
        if count == _MANY or _LARGE in (length, start):
            locator = self._at(tail_start + end - 20, 20)
            if not locator.startswith(_LOCATOR):
                raise EOFError
            record = self._at(int.from_bytes(locator[8:16], "little"), 56)
            if not record.startswith(_END_64):
                raise EOFError
            count, length, start = struct.unpack_from("<QQQ", record, 32)
        return count, length, start


def _entry(listing: bytes, place: int) -> tuple[str, Member, int]:
    """Name and place of an entry of the listing, and where the next entry begins."""
    fields = struct.unpack_from("<4s4xHH4xIIIHHH8xI", listing, place)
    mark, flags, method, checksum, packed, length, name_length, extra_length, note_length, start = fields
    name_start = place + 46
    extra_start = name_start + name_length
    name = listing[name_start:extra_start].decode()
    if mark != _ENTRY:
        raise EOFError
    if flags & 1 or method:
        raise RefusedError("it is compressed, but files of torch.save never are")
    wide = _wide(listing[extra_start : extra_start + extra_length])
    length, packed, start = (next(wide) if value == _LARGE else value for value in (length, packed, start))
    if packed != length:
        raise EOFError
    return name, Member(start, length, checksum), extra_start + extra_length + note_length


def _wide(extra: bytes) -> Iterator[int]:
    """The 64-bit numbers of an entry, in their order."""
    while len(extra) >= 4:
        kind, length = struct.unpack_from("<HH", extra)
        if kind == 1:
            for place in range(4, min(length, len(extra) - 4) - 3, 8):
                yield int.from_bytes(extra[place : place + 8], "little")
        extra = extra[4 + length :]
    raise EOFError

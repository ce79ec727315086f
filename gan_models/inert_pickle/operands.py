"""Reads the operands of a pickle's instructions, within a budget of bytes."""

import struct
from typing import Any, BinaryIO

from .errors import RefusedError

MOST_BYTES = 1 << 26
"""The longest pickle that is read."""

LONGEST_LINE, LONGEST_NUMBER = 1 << 20, 64
"""The most bytes of a line of text, and of an integer."""

LONGEST_PIECE = 1 << 16
"""The most bytes that are asked for at once, whether or not the file has them."""


class Operands:
    """What follows the instructions in the file of a pickle.

    Every method raises EOFError where the file ends too early, and RefusedError where the budget of ``MOST_BYTES`` is
    exhausted or a length is absurd.

    Args:
        file: it is read from its present position.
    """

    def __init__(self, file: BinaryIO):
        self.file = file
        self.bytes_left = MOST_BYTES

    def read(self, count: int) -> bytes:
        """The next ``count`` bytes."""
        if count > self.bytes_left:
            raise RefusedError("it describes far more than a list of networks")
        data = self.file.read(count) if count <= LONGEST_PIECE else self._long(count)
        if len(data) != count:
            raise EOFError
        self.bytes_left -= count
        return data

    def _long(self, count: int) -> bytes:
        """The bytes that are really there, without room for those that are not."""
        here = self.file.tell()
        end = self.file.seek(0, 2)
        self.file.seek(here)
        return self.file.read(min(count, end - here))

    def number(self, kind: str) -> Any:
        """A number in a format of ``struct``."""
        return struct.unpack(kind, self.read(struct.calcsize(kind)))[0]

    def sized(self, kind: str, most: int = MOST_BYTES) -> bytes:
        """At most ``most`` bytes, after their count in a format of ``struct``."""
        length = self.number(kind)
        if not 0 <= length <= most:
            raise RefusedError("it contains a number or a text of an absurd length")
        return self.read(length)

    def integer(self, kind: str) -> int:
        """An integer of any size, after the count of its bytes in a format of ``struct``."""
        return int.from_bytes(self.sized(kind, LONGEST_NUMBER), "little", signed=True)

    def line(self) -> bytes:
        """A line without its end."""
        line = self.file.readline(LONGEST_LINE)
        self.bytes_left -= len(line)
        if not line.endswith(b"\n"):
            raise EOFError
        return line[:-1]

    def integer_line(self) -> int:
        """An integer in decimal digits, or a boolean, which protocol 0 writes as 00 or 01."""
        text = self.line()
        constants = {b"00": False, b"01": True}
        if len(text) > LONGEST_NUMBER:
            raise RefusedError("it contains a number or a text of an absurd length")
        return constants[text] if text in constants else int(text.rstrip(b"L"))

    def quoted_line(self) -> str:
        """A text in quotation marks.

        Raises:
            TypeError: there are no quotation marks.
        """
        text = self.line().strip()
        if len(text) < 2 or text[:1] not in (b"'", b'"') or text[:1] != text[-1:]:
            raise TypeError("a text has no quotation marks")
        return text[1:-1].decode("unicode_escape")

"""Untrusted text in messages: escaped, on one line, and short."""

from pathlib import PurePath
from typing import Any

LONGEST = 80
"""The most characters of an untrusted text that a message repeats."""

FEW = 3


def plain(text: Any) -> str:
    """A name from a file or of a file, or a path, without quotation marks, in at most ``LONGEST`` characters.

    Whatever does not print, such as line breaks, control characters, marks of the writing direction and lone
    surrogates, is escaped. Long names lose their end, and long paths their start.
    """
    if isinstance(text, PurePath):
        end = _escaped(str(text)[-LONGEST - 1 :])
        return end if len(end) <= LONGEST else f"…{end[1 - LONGEST :]}"
    start = _escaped(text[: LONGEST + 1] if isinstance(text, str) else shown(text))
    return start if len(start) <= LONGEST else f"{start[: LONGEST - 1]}…"


def shown(thing: Any) -> str:
    """A value from a file in at most ``LONGEST`` characters: texts in quotation marks, and what kind others are.

    Containers are never walked, because an object in them may occur any number of times.
    """
    if isinstance(thing, str):
        return f"'{plain(thing[:LONGEST])[: LONGEST - 2]}'"
    if thing is None or isinstance(thing, bool | float):
        return repr(thing)
    if isinstance(thing, int):
        return repr(thing) if thing.bit_length() <= 128 else f"a number of {thing.bit_length()} bits"
    if isinstance(thing, list) and len(thing) <= FEW and all(isinstance(one, bool | float) or one is None or (
            isinstance(one, int) and one.bit_length() <= 32) for one in thing):  # fmt: skip
        return repr(thing)
    if isinstance(thing, list | tuple | dict | set):
        return f"a {type(thing).__name__.strip('_').lower()} of {len(thing)}"
    return f"a {plain(type(thing).__name__)}"


def _escaped(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

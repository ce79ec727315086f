"""Settings as files have them: JSON objects of plain values, whose kinds and sizes nobody has checked."""

import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from .quoting import shown

LARGEST_COUNT = 1 << 31


def settings_in(metadata: Mapping[str, str], name: str) -> dict[str, Any]:
    """The JSON object that the metadata of a file have under ``name``; empty if there is none.

    Raises:
        ValueError: it is not a JSON object.
    """
    text = metadata.get(name, "{}")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"its metadata have no valid JSON as {name}: {shown(text)}") from error
    if not isinstance(values, dict):
        raise ValueError(f"its metadata have {shown(values)} as {name}, where a JSON object is required")
    return values


def number_in(metadata: Mapping[str, str], name: str, default: int) -> int:
    """The whole number that the metadata of a file have under ``name``.

    Raises:
        ValueError: it is not a whole number, or it has more than nine digits.
    """
    text = metadata.get(name, str(default)).strip()
    if not text.removeprefix("-").isdecimal() or len(text) > 9:
        raise ValueError(f"its metadata have {shown(text)} as {name}, where a whole number is required")
    return int(text)


def require_kinds(settings: Any) -> None:
    """``require_values`` for all values of a dataclass."""
    require_values(type(settings), vars(settings))


def require_values(kind: Any, values: Mapping[str, Any]) -> None:
    """Check that the values for a dataclass are of the kinds of its defaults; a whole number is without a default.

    Args:
        kind: the dataclass.
        values: some or all of its values by their names; other names are passed over.
    Raises:
        ValueError: a value is of another kind, is not finite or is absurdly large.
    """
    for field in fields(kind):
        if field.name not in values:
            continue
        value = values[field.name]
        wanted = int if field.default is MISSING else type(field.default)
        if wanted is int:
            sound = isinstance(value, int) and abs(value) < LARGEST_COUNT
        elif wanted is float:
            sound = isinstance(value, int | float) and abs(value) < LARGEST_COUNT and math.isfinite(value)
        else:
            sound = isinstance(value, wanted)
        if not sound:
            names = {int: "a whole number", float: "a number", bool: "true or false"}
            raise ValueError(f"{field.name} must be {names.get(wanted, 'a text')}; it is {shown(value)}")

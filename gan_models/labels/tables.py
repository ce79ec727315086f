"""All taxonomies as plain tables, for programs that don't run Python."""

from functools import cache
from typing import Any

from .remap import BETWEEN, counterparts
from .taxonomy import TAXONOMIES, taxonomy

BASE = "sky"


def base_class(name: str) -> str:
    """What an empty label map of taxonomy ``name`` is full of: its sky."""
    return counterparts(BETWEEN, name)[BASE]


@cache
def tables() -> dict[str, dict[str, Any]]:
    """By name of taxonomy: ``names`` and ``colors`` (``#rrggbb``) of its classes by id, the ``base`` class's id, and
    under ``to``, by name of another taxonomy, the id there of every class's counterpart. Not to be changed."""
    return {
        name: {
            "names": taxonomy(name).names,
            "colors": ["#{:02x}{:02x}{:02x}".format(*entry.color) for entry in taxonomy(name).classes],
            "base": taxonomy(name).find(base_class(name)).id,
            "to": {other: _ids(name, other) for other in TAXONOMIES if other != name},
        }
        for name in TAXONOMIES
    }


def _ids(source: str, target: str) -> list[int]:
    names = counterparts(source, target)
    return [taxonomy(target).find(names[name]).id for name in taxonomy(source).names]

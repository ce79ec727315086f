"""All taxonomies as plain tables, for programs in other languages."""

from functools import cache
from typing import Any

from .remap import BETWEEN, counterparts
from .taxonomy import TAXONOMIES, taxonomy

BASE = "sky"


def base_class(name: str) -> str:
    """The class of every pixel of an empty label map of taxonomy ``name``: its sky."""
    return counterparts(BETWEEN, name)[BASE]


@cache
def tables() -> dict[str, dict[str, Any]]:
    """A table for every taxonomy by its name, which the caller must not change.

    A table has the ``names`` and ``colors`` (``#rrggbb``) of the classes by id, the id of the ``base`` class, and in
    ``to``, by the name of another taxonomy, the id of the counterpart of every class there.
    """
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

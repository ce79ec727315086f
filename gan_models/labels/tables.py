"""All taxonomies as plain tables, for programs in other languages."""

from functools import cache
from typing import Any

from .remap import BETWEEN, counterparts
from .taxonomy import Taxonomy, taxonomies, taxonomy

BASE = "sky"


def base_class(name: str) -> str:
    """The class of every pixel of an empty label map of taxonomy ``name``: its sky, or else its first class."""
    found = counterparts(BETWEEN, name)[BASE]
    return found if found != taxonomy(name).unknown.name else taxonomy(name).names[0]


def tables() -> dict[str, dict[str, Any]]:
    """A table for every taxonomy by its name, which the caller must not change.

    A table has the ``names`` and ``colors`` (``#rrggbb``) of the classes by id, the id of the ``base`` class, and in
    ``to``, by the name of another taxonomy, the id of the counterpart of every class there.
    """
    return _tables(tuple(taxonomy(name) for name in taxonomies()))


@cache
def _tables(every: tuple[Taxonomy, ...]) -> dict[str, dict[str, Any]]:
    return {
        known.name: {
            "names": known.names,
            "colors": ["#{:02x}{:02x}{:02x}".format(*entry.color) for entry in known.classes],
            "base": known.find(base_class(known.name)).id,
            "to": {other.name: _ids(known, other) for other in every if other is not known},
        }
        for known in every
    }


def _ids(source: Taxonomy, target: Taxonomy) -> list[int]:
    names = counterparts(source.name, target.name)
    return [target.find(names[name]).id for name in source.names]

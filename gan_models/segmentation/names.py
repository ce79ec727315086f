"""Matches the class names of a net to the classes of a taxonomy: by name, never by position."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..labels import NUMBERED, Taxonomy, counterparts, taxonomies, taxonomy

SYNONYMS = Path(__file__).parent / "synonyms.json"
UNKNOWN = {"", "unknown", "unlabeled", "unlabelled", "background", "void", "ignore", "na", "none", "undefined", "other"}
"""What data sets call the pixels that belong to no class, if the taxonomy has no such class."""


class NothingMatchesError(ValueError):
    """No class name of a net is the name of a class."""


@dataclass(frozen=True)
class Matching:
    """The classes of a taxonomy for the classes of a net.

    Attributes:
        taxonomy: the taxonomy.
        ids: its id for each class of the net, in the net's order; unmatched ones have the unknown id.
        unmatched: the names of the net's classes that have no class in the taxonomy.
    """

    taxonomy: Taxonomy
    ids: tuple[int, ...]
    unmatched: tuple[str, ...]


def match(names: Sequence[str], wanted: str | None = None) -> Matching:
    """Match the class names of a net to a taxonomy.

    A name may list synonyms, separated by commas or semicolons; the first one that is a class counts. Case, blanks,
    hyphens and the ending "-merged" of COCO's panoptic classes are ignored. A name without a class in the wanted
    taxonomy is translated by way of the taxonomy that explains most names. For ``numbered``, class i of the net becomes
    class i.

    Args:
        names: the name of each class of the net.
        wanted: the name of the taxonomy. None chooses the one that has most of the names, and the smallest of several.
    Raises:
        NothingMatchesError: the taxonomy has none of the names.
        ValueError: there is no such taxonomy, or the net has more classes than ``numbered``.
    """
    if wanted == NUMBERED:
        return _numbered(names)
    found = {name: _found(names, taxonomy(name)) for name in taxonomies() if name != NUMBERED}
    nearest = max(found, key=lambda name: (sum(entry is not None for entry in found[name]), -len(taxonomy(name))))
    classes = taxonomy(wanted or nearest)
    direct, between = _found(names, classes), counterparts(nearest, classes.name)
    translated = [between[there] if here is None and there is not None else here
                  for here, there in zip(direct, found[nearest], strict=True)]  # fmt: skip
    known = [None if name == classes.unknown.name else name for name in translated]
    if not any(known):
        where = f"taxonomy '{wanted}'" if wanted else "taxonomies"
        raise NothingMatchesError(f"none of its {len(names)} class names, such as {names[0]!r}, is a class of the "
                                  f"{where}")  # fmt: skip
    ids = tuple(classes.unknown_id if name is None else classes.find(name).id for name in known)
    lost = [name for name, entry in zip(names, known, strict=True) if entry is None and not _means_unknown(name)]
    return Matching(classes, ids, tuple(lost))


def _numbered(names: Sequence[str]) -> Matching:
    classes = taxonomy(NUMBERED)
    if len(names) > classes.unknown_id:
        raise ValueError(f"it has {len(names)} classes, and '{NUMBERED}' has only {classes.unknown_id}")
    return Matching(classes, tuple(range(len(names))), ())


def _found(names: Sequence[str], classes: Taxonomy) -> list[str | None]:
    """The class of the taxonomy for each name, or None."""
    table = _table(classes)
    return [next((table[key] for key in _keys(name) if key in table), None) for name in names]


@cache
def _table(classes: Taxonomy) -> dict[str, str]:
    """The classes by the keys of their names and of their synonyms, without the unknown class."""
    synonyms: dict[str, list[str]] = json.loads(SYNONYMS.read_text(encoding="utf-8")).get(classes.name, {})
    table = {_key(word): name for name, words in synonyms.items() for word in words}
    return table | {_key(name): name for name in classes.names if name != classes.unknown.name}


def _keys(name: str) -> Iterator[str]:
    """What a class may be called in a table, the best first."""
    for word in re.split("[,;]", name.lower()):
        plain = re.sub(r"[-_ ]merged\s*$", "", word)
        yield _key(plain)
        yield _key(plain) + "other"


def _key(name: str) -> str:
    return re.sub(r"[^\w]|_", "", name.lower())


def _means_unknown(name: str) -> bool:
    return any(_key(word) in UNKNOWN for word in re.split("[,;]", name))

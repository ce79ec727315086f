"""Translates the classes of one taxonomy to those of another, by name."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from .taxonomy import TAXONOMIES, LabelClass, Taxonomy, listed, taxonomy

MAPPINGS = Path(__file__).parent / "mappings.json"
BETWEEN = "landscape"


def remap(
    ids: Tensor, source: Taxonomy, target: Taxonomy, replacements: Mapping[str, str] | None = None
) -> tuple[Tensor, list[LabelClass]]:
    """Translates the ids of a label map to another taxonomy, and lists the classes without a counterpart there.

    Args:
        ids: ``[B, H, W]`` ids of ``source``.
        source: the taxonomy of ``ids``.
        target: the taxonomy of the result; it may be the same.
        replacements: ``{source class: target class}``, which override the built-in mapping.
    Returns:
        uint8 ids of ``target``, and the source classes among ``ids`` that became unknown, those with the most pixels
        first.
    Raises:
        ValueError: a replacement names a class that doesn't exist.
    """
    names = counterparts(source.name, target.name)
    chosen = {source.find(old).name: target.find(new).name for old, new in (replacements or {}).items()}
    table = torch.tensor([target.find((names | chosen)[name]).id for name in source.names], dtype=torch.uint8)
    lost = [
        entry
        for entry in source.present(ids)
        if table[entry.id] == target.unknown_id and entry.id != source.unknown_id and entry.name not in chosen
    ]
    return table[ids.long()], lost


def counterparts(source: str, target: str) -> dict[str, str]:
    """The name of the counterpart in ``target``, or of its unknown class, for every class of taxonomy ``source``.

    ``mappings.json`` lists the counterparts to and from 'landscape'. Between two other taxonomies, classes of the same
    name are counterparts, and the others are translated by way of 'landscape'. The classes of a taxonomy that does not
    ship have only counterparts of the same name.
    """
    return _counterparts(taxonomy(source), taxonomy(target))


@cache
def _counterparts(source: Taxonomy, target: Taxonomy) -> dict[str, str]:
    if source.name == target.name:
        return {name: name for name in source.names}
    if (source.name, target.name) in _mappings():
        return _mappings()[source.name, target.name]
    known = set(target.names)
    if {source.name, target.name} <= {*TAXONOMIES}:
        there, back = counterparts(source.name, BETWEEN), counterparts(BETWEEN, target.name)
        return {name: name if name in known else back[there[name]] for name in source.names}
    same = {name: name if name in known else target.unknown.name for name in source.names}
    return same | {source.unknown.name: target.unknown.name}


def lost_text(lost: Sequence[LabelClass], target: str) -> str:
    """A sentence that names the classes which taxonomy ``target`` does not have, or an empty text."""
    if not lost:
        return ""
    return f"'{target}' has no class for {listed(entry.name for entry in lost)}, now unknown"


def parse_replacements(text: str) -> dict[str, str]:
    """Parses lines like ``sea, river: water`` to ``{"sea": "water", "river": "water"}``, and ignores empty lines.

    Raises:
        ValueError: a line has another form.
    """
    replacements = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        old, colon, new = (part.strip() for part in line.partition(":"))
        names = [name.strip() for name in old.split(",")]
        if not colon or not new or not all(names):
            raise ValueError(f"the replacement {line!r} must look like 'sea, river: water': old classes, new class")
        replacements.update(dict.fromkeys(names, new))
    return replacements


@cache
def _mappings() -> dict[tuple[str, str], dict[str, str]]:
    tables = json.loads(MAPPINGS.read_text(encoding="utf-8"))
    return {
        (table["from"], table["to"]): {old: new for new, group in table["classes"].items() for old in group}
        for table in tables
    }

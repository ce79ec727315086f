"""Which classes a label map may hold: their ids, names and colours."""

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Protocol

from torch import Tensor

FOLDER = Path(__file__).parent / "taxonomies"
TAXONOMIES = ("landscape", "coco_stuff", "ade20k", "cityscapes")

SKY = ("sky", "sky-other", "clouds", "fog")
"""Names that the taxonomies have for the sky and what hangs in it."""

Color = tuple[int, int, int]


class HasLabels(Protocol):
    """Anything that carries label ids and the name of their taxonomy."""

    @property
    def ids(self) -> Tensor: ...

    @property
    def taxonomy(self) -> str: ...


@dataclass(frozen=True)
class LabelClass:
    """One class: its id is its channel in a one-hot label map, its colour what people paint it with."""

    id: int
    name: str
    color: Color


@dataclass(frozen=True)
class Taxonomy:
    """The classes of a label map, in channel order: class i is ``classes[i]``, the unknown one included.

    Attributes:
        name: how sockets, files and the manifest call it.
        description: where ids and colours come from.
        classes: all classes; their ids run from 0 without gaps.
        unknown_id: what pixels get that belong to no other class.
    """

    name: str
    description: str
    classes: tuple[LabelClass, ...]
    unknown_id: int

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def names(self) -> list[str]:
        return [entry.name for entry in self.classes]

    @property
    def sky(self) -> list[int]:
        """Ids of the classes that are sky, or hang in it."""
        return [entry.id for entry in self.classes if entry.name in SKY]

    @property
    def unknown(self) -> LabelClass:
        return self.classes[self.unknown_id]

    def find(self, name: str) -> LabelClass:
        """The class called ``name``; upper or lower case and blanks around it don't matter.

        Raises:
            ValueError: there is none; the message offers similar names.
        """
        wanted = name.strip().lower()
        if wanted in self._by_name:
            return self._by_name[wanted]
        similar = [known for known in self.names if wanted and wanted in known]
        similar += [known for known in difflib.get_close_matches(wanted, self.names) if known not in similar]
        hint = (
            f"did you mean {' or '.join(map(repr, similar[:3]))}?"
            if similar
            else f"there are {', '.join(self.names[:8])}…"
        )
        raise ValueError(f"'{self.name}' has no class {name.strip()!r}; {hint}")

    def require(self, labels: HasLabels) -> Tensor:
        """The ids of a label map of this taxonomy, ``[B, H, W]``.

        Raises:
            ValueError: its ids mean the classes of another taxonomy.
        """
        if labels.taxonomy != self.name:
            raise ValueError(
                f"the label map has the classes of '{labels.taxonomy}', but those of '{self.name}' are wanted; "
                "put Remap Label Map in between"
            )
        return labels.ids

    def present(self, ids: Tensor) -> list[LabelClass]:
        """The classes that a label map holds, those with the most pixels first."""
        counts = ids.flatten().long().bincount(minlength=len(self))
        order = counts.argsort(descending=True, stable=True).tolist()
        return [self.classes[i] for i in order if counts[i]]

    @cached_property
    def _by_name(self) -> dict[str, LabelClass]:
        return {entry.name: entry for entry in self.classes}


@cache
def taxonomy(name: str) -> Taxonomy:
    """The taxonomy called ``name``, one of ``TAXONOMIES``.

    Raises:
        ValueError: there is no such taxonomy.
    """
    if name not in TAXONOMIES:
        raise ValueError(f"there is no taxonomy {name!r}; there are {', '.join(TAXONOMIES)}")
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    classes = tuple(LabelClass(entry["id"], entry["name"], from_hex(entry["color"])) for entry in data["classes"])
    return Taxonomy(data["name"], data["description"], classes, data["unknown_id"])


def from_hex(color: str) -> Color:
    """``"#ff8000"`` as (255, 128, 0)."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def listed(names: Iterable[str], most: int = 6) -> str:
    """Names for a message: the first few, and how many more there are."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

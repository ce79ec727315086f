"""Classes of label maps with their ids, names and colours, and the taxonomies that they form."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

SKY = ("sky", "sky-other", "clouds", "fog")
"""The names of the sky, and of what hangs in it, in all taxonomies."""

Color = tuple[int, int, int]


@dataclass(frozen=True)
class LabelClass:
    """A class: its id is its channel in a one-hot label map, and its colour shows it in pictures."""

    id: int
    name: str
    color: Color


@dataclass(frozen=True)
class Taxonomy:
    """The classes of label maps in channel order, the unknown class included: ``classes[i]`` has id i.

    Attributes:
        name: the name in sockets, files and the manifest.
        description: the origin of the ids and the colours.
        classes: all classes; their ids run from 0 without gaps.
        unknown_id: the id of pixels that belong to no other class.
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
        """The ids of the classes that are sky, or that hang in it."""
        return [entry.id for entry in self.classes if entry.name in SKY]

    @property
    def unknown_is_last(self) -> bool:
        """Whether "unknown" follows the other classes. At any other id, it is an ordinary label of a net."""
        return self.unknown_id == len(self.classes) - 1

    @property
    def unknown(self) -> LabelClass:
        return self.classes[self.unknown_id]

    def find(self, name: str) -> LabelClass:
        """The class called ``name``; its case and blanks around it are ignored.

        Raises:
            ValueError: there is no such class; the message offers similar names.
        """
        wanted = name.strip().lower()
        if wanted in self._by_name:
            return self._by_name[wanted]
        similar = [known for known in self.names if wanted and wanted in known]
        similar += [known for known in difflib.get_close_matches(wanted, self.names) if known not in similar]
        hint = (
            f"did you mean {' or '.join(map(repr, similar[:3]))}?"
            if similar
            else f"the classes are {', '.join(self.names[:8])}…"
        )
        raise ValueError(f"'{self.name}' has no class {name.strip()!r}; {hint}")

    def present(self, ids: Tensor) -> list[LabelClass]:
        """The classes that occur in a label map, those with the most pixels first."""
        counts = ids.flatten().long().bincount(minlength=len(self))
        order = counts.argsort(descending=True, stable=True).tolist()
        return [self.classes[i] for i in order if counts[i]]

    @cached_property
    def _by_name(self) -> dict[str, LabelClass]:
        return {entry.name: entry for entry in self.classes}


def from_hex(color: str) -> Color:
    """Parses ``"#ff8000"`` to (255, 128, 0)."""
    red, green, blue = bytes.fromhex(color.removeprefix("#"))
    return red, green, blue


def listed(names: Iterable[str], most: int = 6) -> str:
    """Joins names for a message: the first ``most`` of them, and the number of the others."""
    every = list(names)
    more = f" and {len(every) - most} more" if len(every) > most else ""
    return ", ".join(every[:most]) + more

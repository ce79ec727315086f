"""The taxonomies by their names: those that ship, those of files, and numbered classes."""

import json
from collections.abc import Callable, Iterable
from functools import cache, lru_cache
from pathlib import Path

from ..quoting import plain, shown
from .classes import Color, LabelClass, Taxonomy, from_hex, listed
from .taxonomy_files import ENDINGS, generated_color, read_taxonomy

__all__ = [
    "NUMBERED",
    "TAXONOMIES",
    "Color",
    "LabelClass",
    "Taxonomy",
    "listed",
    "look_for_taxonomies",
    "offer_taxonomy",
    "taxonomies",
    "taxonomy",
    "taxonomy_files",
    "taxonomy_problems",
]

FOLDER = Path(__file__).parent / "taxonomies"
TAXONOMIES = ("landscape", "coco_stuff", "ade20k", "cityscapes")
"""The taxonomies that ship."""
NUMBERED = "numbered"
"""A taxonomy whose classes have numbers for names, for label maps and models whose classes nobody has named."""
NUMBERED_CLASSES = 254

_places: list[Callable[[], Iterable[Path]]] = []


def look_for_taxonomies(folders: Callable[[], Iterable[Path]]) -> None:
    """Offer the taxonomies of the files in some folders, in addition to those that ship.

    Args:
        folders: called whenever taxonomies are looked up. The folders need not exist.
    """
    _places.append(folders)


def offer_taxonomy(path: Path) -> str:
    """Offer the taxonomy of one file, in addition to the others; returns its name.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is not a taxonomy.
    """
    path = path.resolve()
    if not path.is_file():
        raise FileNotFoundError(f"there is no taxonomy {shown(str(path))}; the taxonomies are "
                                f"{', '.join(taxonomies())}, or give the path of a JSON or CSV file")  # fmt: skip
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"taxonomy {plain(path.name)} cannot be used: it is neither a JSON nor a CSV file")
    if problem := _problem(path):
        raise ValueError(problem)
    if path not in taxonomy_files().values():
        _places.append(lambda: [path])
    return next(name for name, file in taxonomy_files().items() if file == path)


def taxonomies() -> list[str]:
    """The names of all taxonomies: those that ship, those of files that can be read, and ``NUMBERED``."""
    return [*TAXONOMIES, *(name for name, path in taxonomy_files().items() if not _problem(path)), NUMBERED]


def taxonomy_problems() -> list[str]:
    """A sentence for every file that should be a taxonomy and cannot be read."""
    return [problem for path in taxonomy_files().values() if (problem := _problem(path))]


def taxonomy(name: str) -> Taxonomy:
    """The taxonomy called ``name``, one of ``taxonomies()``.

    Raises:
        ValueError: there is no such taxonomy, or its file cannot be read.
    """
    if name in TAXONOMIES:
        return _shipped(name)
    if name == NUMBERED:
        return _numbered()
    path = taxonomy_files().get(name)
    if path is None:
        raise ValueError(f"there is no taxonomy {shown(name)}; the taxonomies are {', '.join(taxonomies())}")
    return _from_file(name, path)


def taxonomy_files() -> dict[str, Path]:
    """The files of taxonomies by their names. A name that is taken is followed by the ending of the file."""
    found: dict[str, Path] = {}
    for place in (place for places in _places for place in places()):
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            if path.suffix.lower() in ENDINGS and path.is_file():
                taken = path.stem in (*TAXONOMIES, NUMBERED, *found)
                found.setdefault(path.name if taken else path.stem, path)
    return found


@cache
def _shipped(name: str) -> Taxonomy:
    data = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    classes = tuple(LabelClass(entry["id"], entry["name"], from_hex(entry["color"])) for entry in data["classes"])
    return Taxonomy(data["name"], data["description"], classes, data["unknown_id"])


@cache
def _numbered() -> Taxonomy:
    classes = [LabelClass(i, f"class {i}", generated_color(i)) for i in range(NUMBERED_CLASSES)]
    unknown = LabelClass(NUMBERED_CLASSES, "unknown", (0, 0, 0))
    return Taxonomy(NUMBERED, "Classes without names.", (*classes, unknown), unknown.id)


def _from_file(name: str, path: Path) -> Taxonomy:
    status = path.stat()
    return _read(name, path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=256)
def _read(name: str, path: Path, modified: int, size: int) -> Taxonomy:
    return read_taxonomy(path, name)


def _problem(path: Path) -> str:
    try:
        _from_file(path.stem, path)
    except (ValueError, OSError) as error:
        return f"taxonomy {plain(path.name)} cannot be used: {error}"
    return ""

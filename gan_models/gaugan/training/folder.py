"""A folder of training pairs: which picture, label map and style belong together."""

import re
from collections.abc import Callable, Set
from dataclasses import dataclass
from pathlib import Path

from ...quoting import plain, shown
from ...user_files import open_file

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")
QUOTES = "\"'“”‘’"

ENDINGS = (
    "labelIds", "labelTrainIds", "ids", "labels", "label", "annotations", "annotation", "mask", "masks", "segmentation",
    "seg", "gtFine", "gtCoarse", "gt", "colors", "color", "leftImg8bit", "image", "img", "photo", "rgb", "sat",
)  # fmt: skip
"""What data sets append to the names of pictures and label maps. Of several label maps, the first kind is used."""

TRAIN_IDS = "labelTrainIds"
LONGEST_STYLE = 1000
"""The most bytes of the name of a style."""
MOST_WARNINGS = 20
MOST_KINDS = 6

_ENDING = re.compile(rf"[ ._-]({'|'.join(ENDINGS)})$", re.IGNORECASE)


@dataclass(frozen=True)
class PairFiles:
    """The files of a pair.

    Attributes:
        image: the picture.
        labels: its label map.
        style: the name of the picture's style, or None.
    """

    image: Path
    labels: Path
    style: str | None


def unquoted(path: str | Path) -> Path:
    """A path as people paste it: without the blanks and the quotation marks around it, and ``~`` as the home folder.

    Raises:
        ValueError: it is not a valid path.
    """
    text = str(path).strip().strip(QUOTES).strip()
    if "\0" in text:
        raise ValueError(f"{shown(text)} is not a valid path")
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"{shown(text)} is the home folder of a user whom this system does not know") from error


def pair_files(folder: Path, warn: Callable[[str], None]) -> list[PairFiles]:
    """The pairs of a folder with ``images/`` and ``labels/``, and maybe ``styles/``, by the pictures' names.

    Names are equal apart from the extension. Files that are left over belong together if their names differ only by
    what data sets append, as in ``aachen_leftImg8bit.png`` and ``aachen_gtFine_labelIds.png``.

    Args:
        folder: the folder.
        warn: called for every file that is skipped, with the reason, and if the names of pairs differ.
    Raises:
        FileNotFoundError: there is no such folder, or no pair in it.
    """
    images, labels = (_pictures(folder / part, warn) for part in ("images", "labels"))
    names = {name: name for name in images.keys() & labels.keys()}
    differing = _matched(images.keys() - names.keys(), labels.keys() - names.keys())
    names |= differing
    if not names:
        raise FileNotFoundError(_nothing_text(folder, images, labels))
    if differing:
        warn(_differing_text([(images[name], labels[other]) for name, other in sorted(differing.items())]))
    lonely = [(images[name], "label map") for name in images.keys() - names.keys()]
    lonely += [(labels[name], "picture") for name in labels.keys() - {*names.values()}]
    lonely.sort(key=lambda entry: (entry[0].stem, entry[0]))
    for file, missing in lonely[:MOST_WARNINGS]:
        warn(f"{_shown(file)} is skipped: it has no {missing} of the same name")
    if len(lonely) > MOST_WARNINGS:
        warn(f"{len(lonely) - MOST_WARNINGS} more files are skipped, as nothing has the same name")
    styles = _styles(folder / "styles", {*names, *map(_stem, differing)}, warn)
    return [PairFiles(images[name], labels[other], styles.get(name) or styles.get(_stem(name)))
            for name, other in sorted(names.items())]  # fmt: skip


def _pictures(folder: Path, warn: Callable[[str], None]) -> dict[str, Path]:
    """The pictures in a folder by their names without the extension; of several with one name, the last is used."""
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {_shown(folder)}; put pictures into images/ and label maps of "
                                "the same names into labels/")  # fmt: skip
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() in SUFFIXES and path.is_file():
            if other := found.get(path.stem):
                warn(f"{_shown(other)} is skipped: {_shown(path)} has the same name and is used instead")
            found[path.stem] = path
    return found


def _matched(images: Set[str], labels: Set[str]) -> dict[str, str]:
    """Names of pictures and the names of their label maps, which are equal except for their endings."""
    candidates = {_stem(name): name for name in sorted(labels, key=_rank, reverse=True)}
    pictures = {_stem(name): name for name in sorted(images, reverse=True)}
    return {name: candidates[stem] for stem, name in pictures.items() if stem in candidates}


def _stem(name: str) -> str:
    """A name without what data sets append to it."""
    while shorter := _ENDING.sub("", name):
        if shorter == name:
            break
        name = shorter
    return name


def _rank(name: str) -> tuple[int, str]:
    """A label map of a lower rank is preferred."""
    ending = _ENDING.search(name)
    kinds = [kind.lower() for kind in ENDINGS]
    return kinds.index(ending[1].lower()) if ending else len(kinds), name


def _differing_text(files: list[tuple[Path, Path]]) -> str:
    image, labels = files[0]
    pairs = "1 pair has" if len(files) == 1 else f"{len(files)} pairs have"
    text = f"{pairs} names with different endings, such as {_shown(image)} and {_shown(labels)}"
    if any(file.stem.lower().endswith(TRAIN_IDS.lower()) for _, file in files):
        text += "; set the palette to cityscapes_train_ids if these are the train ids of Cityscapes"
    return text


def _nothing_text(folder: Path, images: dict[str, Path], labels: dict[str, Path]) -> str:
    seen = "; ".join(f"{part}/ has {_contents(folder / part)}" for part in ("images", "labels"))
    text = f"there is no training pair in {plain(folder.name)}: {seen}"
    if images and labels:
        pair = " and ".join(_shown(files[min(files)]) for files in (images, labels))
        return f"{text}. A picture and its label map must have the same name, unlike {pair}"
    return f"{text}. Put pictures ({', '.join(SUFFIXES)}) into images/ and label maps of the same names into labels/"


def _contents(folder: Path) -> str:
    """What a folder contains, such as "3 pictures, 2 subfolders and 4 files of other kinds (.heic, .txt)"."""
    entries = sorted(folder.iterdir())
    folders = sum(entry.is_dir() for entry in entries)
    files = [entry for entry in entries if not entry.is_dir()]
    unread = [entry for entry in files if entry.suffix.lower() not in SUFFIXES]
    kinds = ", ".join(sorted({entry.suffix.lower() or "no extension" for entry in unread})[:MOST_KINDS])
    parts = [counted(len(files) - len(unread), "picture")] if len(files) > len(unread) or not entries else []
    parts += [f"{counted(folders, 'subfolder')} (not searched)"] if folders else []
    parts += [f"{counted(len(unread), 'file')} of other kinds ({kinds})"] if unread else []
    return " and ".join(parts)


def counted(number: int, thing: str) -> str:
    """A number of things: "no pictures", "1 picture", "2 pictures"."""
    return f"{number or 'no'} {thing}{'' if number == 1 else 's'}"


def _styles(folder: Path, names: Set[str], warn: Callable[[str], None]) -> dict[str, str]:
    """The names of styles in a folder by file name; unusable files are skipped."""
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    styles = {}
    for path in files:
        if path.stem not in names:
            warn(f"styles/{plain(path.name)} is skipped: it has no picture and label map of the same name")
            continue
        try:
            with open_file(path) as file:
                text = file.read(LONGEST_STYLE).decode("utf-8").strip()
        except UnicodeDecodeError:
            warn(f"styles/{plain(path.name)} is skipped: it is not a UTF-8 text file")
            continue
        except (ValueError, OSError) as error:
            warn(f"styles/{plain(path.name)} is skipped: {error}")
            continue
        if text:
            styles[path.stem] = text
        else:
            warn(f"styles/{plain(path.name)} is skipped: it is empty; write the style's name into it")
    return styles


def _shown(path: Path) -> str:
    return f"{plain(path.parent.name)}/{plain(path.name)}"

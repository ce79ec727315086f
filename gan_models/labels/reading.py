"""The one reader of label pictures: it says what a picture is, and what its pixels mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .evidence import looks_like_a_photo
from .label_picture import LabelPicture
from .numbering import IDS, INVALID, NUMBERINGS, Numbering
from .palette import (
    MOST_INDEXED,
    MOST_UNMATCHED,
    PALETTES,
    TOLERANCE,
    Palette,
    UnknownColorsError,
    best_match,
    decode,
    palette,
)
from .remap import lost_text, remap
from .taxonomy import LabelClass, Taxonomy, taxonomies, taxonomy

AUTO = "auto"
PALETTE_CHOICES = (AUTO, *PALETTES, *NUMBERINGS)
"""What a picture can be said to be: one of the palettes, or numbers of classes."""

MOSTLY = 0.5
EXACT = 1
"""The largest difference in a channel between a colour and that of a palette of its own."""


@dataclass(frozen=True, eq=False)
class Reading:
    """What was read from a picture.

    Attributes:
        ids: uint8 ``[B, H, W]`` ids of ``target``.
        off_palette: bool ``[B, H, W]``, True where no colour of the palette is near. All False if the picture has ids.
        target: the taxonomy of the result.
        found: what the picture is, in words.
        lost: the classes of the picture that are unknown in ``target``, those with the most pixels first.
        source: the taxonomy of the picture.
        source_ids: uint8 ``[B, H, W]`` ids of ``source``, before they were translated.
    """

    ids: Tensor
    off_palette: Tensor
    target: Taxonomy
    found: str
    lost: list[LabelClass]
    source: Taxonomy
    source_ids: Tensor

    @property
    def unknown(self) -> float:
        """The share of the pixels that are unknown, 0 to 1."""
        return (self.ids == self.target.unknown_id).float().mean().item()

    @property
    def warning(self) -> str:
        """A sentence if the result is wholly or mostly unknown, or an empty text."""
        if self.unknown <= MOSTLY:
            return ""
        return (f"{percent(self.unknown)} of the pixels are unknown in '{self.target.name}'; check that this is the "
                "right taxonomy")  # fmt: skip

    @property
    def summary(self) -> str:
        """What was found, what is off the palette, which classes were lost, and the warning."""
        off = self.off_palette.float().mean().item()
        parts = [self.found]
        if self.found.startswith("palette") and not self.warning:
            parts[0] += f", {off * 100:.1f} % of the pixels off palette"
        return "; ".join([*parts, *filter(None, [lost_text(self.lost, self.target.name), self.warning])])


def percent(share: float) -> str:
    """A share as a percentage: "40 %"; "0.3 %" if it is small, and never "100 %" if it is less."""
    if 0 < share < 0.01 or 0.99 < share < 1:
        return f"{min(max(share * 100, 0.1), 99.9):.1f} %"
    return f"{share * 100:.0f} %"


def read(
    picture: LabelPicture, target: Taxonomy, choice: str = AUTO, offset: int = 0, tolerance: int = TOLERANCE
) -> Reading:
    """Reads a picture as a label map.

    A picture is one of these: a drawing of the label painter; ids, as grey levels of 8 or 16 bits; ids behind a
    palette of its own; colours of a taxonomy, also behind a palette in any order; or a photograph, which is refused.
    Transparent pixels are unknown.

    Args:
        picture: the picture.
        target: the taxonomy of the result.
        choice: one of ``PALETTE_CHOICES``. 'auto' takes ids for ids where that explains more pixels than any palette
            does, and prefers the colours of ``target``.
        offset: added to every number that is read as an id. 255 and negative results are unknown.
        tolerance: see ``decode``.
    Raises:
        ValueError: the picture is not what ``choice`` says, or nothing that is known.
    """
    if choice in NUMBERINGS:
        return _read_ids(picture, target, NUMBERINGS[choice], offset)
    if choice != AUTO:
        return _read_colors(picture, [palette(choice)], target, tolerance)
    if (own := _drawing(picture, target)) is not None:
        return _read_drawing(picture, own, target)
    palettes = [palette(name) for name in dict.fromkeys([target.name, *PALETTES])]
    if _has_ids(picture, target, palettes, offset, tolerance):
        return _read_ids(picture, target, NUMBERINGS[IDS], offset)
    return _read_colors(picture, palettes, target, tolerance)


def _read_colors(
    picture: LabelPicture, palettes: Sequence[Palette], target: Taxonomy, tolerance: int
) -> Reading:
    decoded = decode(picture.colors, palettes, tolerance, picture.transparent)
    source = taxonomy(decoded.palette.taxonomy)
    ids, lost = remap(decoded.ids, source, target)
    return Reading(ids, decoded.off_palette, target, f"palette '{decoded.palette.name}'", lost, source, decoded.ids)


def _read_ids(picture: LabelPicture, target: Taxonomy, numbering: Numbering, offset: int) -> Reading:
    source = taxonomy(numbering.taxonomy) if numbering.taxonomy else target
    numbers = _numbers(picture, source, numbering, offset)
    if numbers is None:
        error = UnknownColorsError if len(picture.counted[0]) <= MOST_INDEXED else ValueError
        raise error(f"the picture has colours, but '{numbering.name}' are the levels of a grey picture; choose "
                    "the palette of the colours")  # fmt: skip
    if picture.lossy and numbers is picture.values:
        raise ValueError(f"the levels of this grey picture cannot be ids: {picture.lossy}. {HOW_TO_SAVE}")
    if numbers is picture.values and picture.looks_compressed:
        raise ValueError("the levels of this grey picture cannot be ids: around the borders, they are mixtures of "
                         f"several ids, as JPEG, lossy WebP or smooth resizing leave them. {HOW_TO_SAVE}")  # fmt: skip
    ids = _opaque_ids(picture, numbers, source, numbering, offset)
    invalid = numbers[ids == INVALID]
    if len(invalid):
        raise ValueError(_strange(invalid, source, numbering, offset))
    ids = ids.to(torch.uint8)
    result, lost = remap(ids, source, target)
    where = " behind a palette of its own" if numbers is picture.indices else ""
    shift = f" with offset {offset}" if offset else ""
    found = f"ids of '{source.name}'" if numbering.taxonomy is None else numbering.name
    on_palette = torch.zeros_like(result, dtype=torch.bool)
    return Reading(result, on_palette, target, found + where + shift, lost, source, ids)


HOW_TO_SAVE = "Save ids as PNG, and resize them by nearest neighbour."


def _strange(invalid: Tensor, source: Taxonomy, numbering: Numbering, offset: int) -> str:
    value = int(invalid[0])
    if numbering.classes:
        known = f"'{numbering.name}' has numbers from 0 to {max(numbering.classes)}"
    else:
        known = f"'{source.name}' has ids from 0 to {len(source) - 1}"
    shifted = f", which the offset makes {value + offset + numbering.first}" if offset + numbering.first else ""
    advice = "choose the taxonomy of the ids, or an offset"
    if value >= 1000:
        advice = "numbers of four digits and more are usually instances; take the file with the classes"
    return f"the label map has the id {value}{shifted}, but {known}; {advice}"


def _opaque_ids(
    picture: LabelPicture, numbers: Tensor, source: Taxonomy, numbering: Numbering, offset: int
) -> Tensor:
    ids = numbering.ids(numbers, source, offset)
    if picture.transparent is not None:
        ids[picture.transparent] = source.unknown_id
    return ids


def _numbers(picture: LabelPicture, source: Taxonomy, numbering: Numbering, offset: int) -> Tensor | None:
    """The levels or the indices of a picture: its levels, unless only all of its indices are ids."""
    if picture.values is None or picture.indices is None:
        return picture.indices if picture.values is None else picture.values
    levels, indices = (_opaque_ids(picture, numbers, source, numbering, offset)
                       for numbers in (picture.values, picture.indices))  # fmt: skip
    only_indices = bool((levels == INVALID).any()) and not bool((indices == INVALID).any())
    return picture.indices if only_indices else picture.values


def _has_ids(
    picture: LabelPicture, target: Taxonomy, palettes: Sequence[Palette], offset: int, tolerance: int
) -> bool:
    """Whether the numbers of a picture explain it better than its colours do."""
    numbers = _numbers(picture, target, NUMBERINGS[IDS], offset)
    if numbers is None:
        return False
    if numbers is picture.indices:
        return not _has_colors_of(picture, palettes, tolerance)
    return _levels_are_ids(picture, numbers, target, palettes, offset, tolerance)


def _levels_are_ids(
    picture: LabelPicture, values: Tensor, target: Taxonomy, palettes: Sequence[Palette], offset: int, tolerance: int
) -> bool:
    opaque = torch.ones_like(values, dtype=torch.bool) if picture.transparent is None else ~picture.transparent
    valid = NUMBERINGS[IDS].ids(values, target, offset)[opaque] != INVALID
    explained = valid.float().mean().item() if len(valid) else 1.0
    colors, counts = picture.counted
    tolerance = tolerance if picture.looks_compressed else 0
    matches = [best_match(colors, counts, [tried], tolerance) for tried in palettes]
    matched = 1 - min(match.unmatched for match in matches)
    if looks_like_a_photo(values) or matched > max(explained, 1 - MOST_UNMATCHED):
        return False
    if explained < 1 - MOST_UNMATCHED:
        return True  # neither fits: the error names the number that is no id
    exact = 1 - min(match.inexact for match in matches if match.palette == palettes[0])
    return picture.one_channel or exact < explained


def _has_colors_of(picture: LabelPicture, palettes: Sequence[Palette], tolerance: int) -> bool:
    """Whether the colours of a picture with a palette of its own, black excepted, are those of a taxonomy."""
    colors, counts = picture.counted
    counts = counts * (colors > 0).any(1)
    if not counts.any():
        return False
    few = int((counts > 0).sum()) <= max(len(tried.colors) for tried in palettes)
    return best_match(colors, counts, palettes, EXACT if few else tolerance).unmatched <= MOST_UNMATCHED


def _drawing(picture: LabelPicture, target: Taxonomy) -> Taxonomy | None:
    """The taxonomy whose ids the indices are, because each index has the colour of that class; None if none is."""
    if picture.indices is None:
        return None
    source = taxonomy(picture.drawing) if picture.drawing in taxonomies() else target
    indices = picture.indices
    if int(indices.max()) >= len(source):
        return None
    own = torch.tensor([entry.color for entry in source.classes], dtype=torch.uint8)
    same = (own[indices] == picture.colors).all(-1)
    if picture.transparent is not None:
        same |= picture.transparent
    return source if bool(same.all()) else None


def _read_drawing(picture: LabelPicture, source: Taxonomy, target: Taxonomy) -> Reading:
    assert picture.indices is not None
    ids = picture.indices.to(torch.uint8)
    if picture.transparent is not None:
        ids[picture.transparent] = source.unknown_id
    result, lost = remap(ids, source, target)
    on_palette = torch.zeros_like(result, dtype=torch.bool)
    return Reading(result, on_palette, target, f"a drawing in '{source.name}'", lost, source, ids)

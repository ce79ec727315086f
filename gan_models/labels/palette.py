"""Palettes: they turn colour pictures into label maps, and label maps into colour pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..user_files import check_stop
from .borders import in_patch, take_from_neighbours
from .taxonomy import Color, taxonomies, taxonomy

TOLERANCE = 8
MOST_UNMATCHED = 0.4
UNMATCHED = 255
OWN_ADVANTAGE = 1.25
"""The first palette is used if another one leaves fewer pixels unmatched, but not fewer by this factor."""

CHUNK = 1 << 16
MOST_INDEXED = 256
"""The most colours that a palette in a file has."""


class UnknownColorsError(ValueError):
    """A picture has few colours, as label maps have, but those of no palette that is known."""


@dataclass(frozen=True)
class Palette:
    """A colour for every class of a taxonomy; ``colors[i]`` is the colour of id i.

    A colour that several classes share means the one with the lowest id: in 'ade20k' road (not skyscraper), in
    'ade20k_oneformer' floor and tree (not glass and clock), in 'cityscapes' unlabeled (not ego vehicle, rectification
    border, out of roi, static), pole (not polegroup) and car (not license plate).
    """

    name: str
    taxonomy: str
    colors: tuple[Color, ...]

    def tensor(self) -> Tensor:
        """The colours, ``[classes, 3]`` uint8."""
        return torch.tensor(self.colors, dtype=torch.uint8)


@dataclass(frozen=True)
class Decoded:
    """A label map that was decoded from colours.

    Attributes:
        ids: uint8 ``[B, H, W]``.
        off_palette: bool ``[B, H, W]``, True where no colour of the palette is within the tolerance.
        palette: the palette that was used.
    """

    ids: Tensor
    off_palette: Tensor
    palette: Palette


PALETTES = ("landscape", "coco_stuff", "ade20k", "ade20k_oneformer", "cityscapes")
"""The palettes of all taxonomies, and the one that OneFormer preprocessors have used for ADE20K since 2025.

The COCO variant of these preprocessors has 133 panoptic classes, which no taxonomy of the pack describes.
"""


def palette(name: str) -> Palette:
    """The palette called ``name``: one of ``PALETTES``, or a taxonomy. Raises ValueError for any other."""
    if name == "ade20k_oneformer":
        # The preprocessor numbers from wall = 0, and has no colour for unknown, which gets one that it never uses.
        return Palette(name, "ade20k", ((255, 255, 255), *(golden_angle_color(i) for i in range(150))))
    if name not in PALETTES and name not in taxonomies():
        raise ValueError(f"there is no palette {name!r}; the palettes are {', '.join(PALETTES)}")
    return Palette(name, name, tuple(entry.color for entry in taxonomy(name).classes))


def golden_angle_color(index: int) -> Color:
    """Colour ``index`` of the OneFormer preprocessors: hues at multiples of the golden angle, rounded to 8-bit HSV."""
    if index == 0:
        return 0, 0, 0
    half_degrees = int(index * 137.508 % 360 / 2)
    saturation = int((0.6 + 0.4 * (index % 3 / 2)) * 255) / 255
    value = int((0.7 + 0.3 * (index % 2)) * 255) / 255
    sector, rest = divmod(half_degrees / 30, 1)
    down, falling, rising = (
        value * (1 - saturation),
        value * (1 - saturation * rest),
        value * (1 - saturation * (1 - rest)),
    )
    red, green, blue = (
        (value, rising, down),
        (falling, value, down),
        (down, value, rising),
        (down, falling, value),
        (rising, down, value),
        (value, down, falling),
    )[int(sector)]
    return round(red * 255), round(green * 255), round(blue * 255)


def encode(ids: Tensor, palette: Palette) -> Tensor:
    """Paints ``[B, H, W]`` ids in the colours of a palette, ``[B, H, W, 3]`` uint8.

    Raises:
        ValueError: the palette lacks some of the ids.
    """
    colors = palette.tensor()
    if int(ids.max()) >= len(colors) or int(ids.min()) < 0:
        raise ValueError(f"the palette '{palette.name}' has colours for ids 0 to {len(colors) - 1}, not for all of "
                         f"{int(ids.min())} to {int(ids.max())}")  # fmt: skip
    return colors[ids.long()]


def decode(
    image: Tensor, palettes: Sequence[Palette], tolerance: int = TOLERANCE, transparent: Tensor | None = None
) -> Decoded:
    """Decodes a picture in the colours of one of ``palettes`` to a label map.

    The palette that leaves the fewest pixels unmatched is used; the first one is also used if the difference is small.
    In a grey picture, only black itself matches black, because dark greys may be ids. A pixel that has exactly a
    colour of the palette gets its class, and so does a pixel that is within ``tolerance`` of that colour in every
    channel together with its neighbours. Other pixels, as on blurred or JPEG-compressed borders, get the class of the
    neighbour whose colour is nearest to theirs. (The nearest colour of the palette would often belong to a third
    class: there is some green between blue and yellow.)

    Args:
        image: ``[B, H, W, 3]`` uint8.
        palettes: at least one.
        tolerance: the largest difference in a channel, 0 to 255.
        transparent: bool ``[B, H, W]``: these pixels are unknown, whatever their colour. None means no pixel.
    Raises:
        ValueError: more than 40 % of the pixels are unmatched; an UnknownColorsError if the picture has few colours,
            and none of the palettes matches.
    """
    if image.dtype != torch.uint8 or image.ndim != 4 or image.shape[-1] != 3 or image.numel() == 0:
        raise ValueError(f"a colour map must be uint8 [batch, height, width, 3]; this one is {image.dtype} "
                         f"{list(image.shape)}")  # fmt: skip
    check_stop()
    colors, inverse = distinct_colors(image)
    check_stop()
    seen = inverse.flatten() if transparent is None else inverse[~transparent]
    counts = seen.bincount(minlength=len(colors))
    best = best_match(colors, counts, palettes, tolerance)
    if best.unmatched > MOST_UNMATCHED:
        chosen = best_match(colors, counts, palettes[:1], tolerance)
        closest = best_match(colors, counts, [palettes[0], *map(palette, PALETTES)], tolerance)
        seen = colors[counts > 0]
        flat = len(seen) <= MOST_INDEXED and not is_grey(seen) and closest.unmatched > MOST_UNMATCHED
        error = UnknownColorsError if flat else ValueError
        raise error(_complaint(chosen, closest, tolerance, is_grey(seen)))
    ids = best.nearest[inverse]
    off_palette = ~best.near_enough[inverse]
    if transparent is not None:
        off_palette &= ~transparent
    if not best.exact.all():
        for start in range(len(image)):
            check_stop()
            one = slice(start, start + 1)
            patches = in_patch(ids[one].masked_fill(off_palette[one], UNMATCHED), UNMATCHED)
            unsure = off_palette[one] | ~(best.exact[inverse[one]] | patches)
            hidden = None if transparent is None else transparent[one]
            if hidden is not None:
                unsure &= ~hidden
            take_from_neighbours(ids[one], unsure, image[one], best.palette.tensor(), hidden)
    if transparent is not None:
        ids[transparent] = taxonomy(best.palette.taxonomy).unknown_id
    return Decoded(ids, off_palette, best.palette)


@dataclass(frozen=True)
class Match:
    """How well a palette matches the distinct colours of a picture.

    Attributes:
        palette: the palette.
        nearest: the id of the nearest colour of the palette for each colour of the picture, uint8 ``[n]``.
        exact: whether that is the colour itself, bool ``[n]``.
        near_enough: whether it is within the tolerance, bool ``[n]``.
        unmatched: the share of the pixels whose colour is not near enough, 0 to 1.
        inexact: the share of the pixels that do not have exactly a colour of the palette, 0 to 1.
    """

    palette: Palette
    nearest: Tensor
    exact: Tensor
    near_enough: Tensor
    unmatched: float
    inexact: float


def best_match(colors: Tensor, counts: Tensor, palettes: Sequence[Palette], tolerance: int) -> Match:
    """The palette that explains a picture best, and how well.

    Args:
        colors: the distinct colours of the picture, uint8 ``[n, 3]``.
        counts: the number of pixels of each colour, ``[n]``.
        palettes: at least one. The first one is preferred if the difference is small.
        tolerance: the largest difference in a channel, 0 to 255.
    """
    matches = [_match(colors, counts, tried, tolerance) for tried in palettes]
    best = min(matches, key=lambda match: match.unmatched)
    return matches[0] if matches[0].unmatched <= best.unmatched * OWN_ADVANTAGE else best


def _match(colors: Tensor, counts: Tensor, palette: Palette, tolerance: int) -> Match:
    wanted = palette.tensor().float()
    squares = wanted.square().sum(1)
    nearest = torch.empty(len(colors), dtype=torch.uint8)
    for start in range(0, len(colors), CHUNK):
        # |a - b|² without |a|², which is the same for all b. The result is exact: the numbers are small integers.
        distance = torch.addmm(squares, colors[start : start + CHUNK].float(), wanted.T, alpha=-2)
        nearest[start : start + CHUNK] = distance.argmin(1)
    apart = (colors.float() - wanted[nearest.int()]).abs().amax(1)
    near_enough = apart <= tolerance
    if is_grey(colors[counts > 0]):
        near_enough &= (apart == 0) | (wanted[nearest.int()] > 0).any(1)
    return Match(palette, nearest, apart == 0, near_enough, _share(~near_enough, counts), _share(apart > 0, counts))


def _share(these: Tensor, counts: Tensor) -> float:
    return float(counts[these].sum() / counts.sum().clamp(min=1))


def is_grey(colors: Tensor) -> bool:
    """Whether all colours, ``[..., 3]``, are shades of grey."""
    return bool((colors == colors[..., :1]).all())


def _complaint(best: Match, closest: Match, tolerance: int, grey: bool) -> str:
    text = (
        f"{best.unmatched * 100:.0f} % of the pixels match no '{best.palette.name}' colour (tolerance {tolerance}). "
        "A colour map has one flat colour for each class; "
    )
    if closest.unmatched > MOST_UNMATCHED:
        otherwise = "are the grey levels ids" if grey else "a map in other colours"
        return text + f"is this a photo, or {otherwise}? No palette comes close."
    share = f"{closest.unmatched * 100:.0f} %"
    return text + f"is this one painted with another palette? Closest: '{closest.palette.name}' ({share})."


def distinct_colors(image: Tensor) -> tuple[Tensor, Tensor]:
    """The distinct colours of a picture, ``[n, 3]``, and for each pixel the index of its colour.

    The tables have entries for all 2**24 colours, but only the memory pages in use cost time: this is ten times as fast
    as sorting.
    """
    packed = (image[..., 0].int() << 16) | (image[..., 1].int() << 8) | image[..., 2]
    seen = torch.zeros(1 << 24, dtype=torch.bool)
    seen[packed.flatten()] = True
    codes = torch.from_numpy(np.flatnonzero(seen.numpy()))  # torch's nonzero takes ten times as long here
    index = torch.empty(1 << 24, dtype=torch.int32)
    index[codes] = torch.arange(len(codes), dtype=torch.int32)
    colors = torch.stack([codes >> 16, codes >> 8 & 255, codes & 255], 1).to(torch.uint8)
    return colors, index[packed]

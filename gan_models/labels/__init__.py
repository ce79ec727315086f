"""Label maps: taxonomies, their colour palettes, the reader of pictures, and the translation between taxonomies."""

from .drawing import resize, to_drawing, to_png
from .label_map import LabelMap, OtherTaxonomyError
from .label_picture import LabelPicture
from .layers import lay, uniform
from .legend import draw_legend, with_legend
from .palette import PALETTES, TOLERANCE, Decoded, Palette, UnknownColorsError, decode, encode, palette
from .reading import AUTO, PALETTE_CHOICES, Reading, percent, read
from .remap import counterparts, lost_text, parse_replacements, remap
from .tables import base_class, tables
from .taxonomy import (
    NUMBERED,
    TAXONOMIES,
    LabelClass,
    Taxonomy,
    listed,
    look_for_taxonomies,
    offer_taxonomy,
    taxonomies,
    taxonomy,
    taxonomy_files,
    taxonomy_problems,
)

__all__ = [
    "AUTO",
    "NUMBERED",
    "PALETTES",
    "PALETTE_CHOICES",
    "TAXONOMIES",
    "TOLERANCE",
    "Decoded",
    "LabelClass",
    "LabelMap",
    "LabelPicture",
    "OtherTaxonomyError",
    "Palette",
    "Reading",
    "Taxonomy",
    "UnknownColorsError",
    "base_class",
    "counterparts",
    "decode",
    "draw_legend",
    "encode",
    "lay",
    "listed",
    "look_for_taxonomies",
    "lost_text",
    "offer_taxonomy",
    "palette",
    "parse_replacements",
    "percent",
    "read",
    "remap",
    "resize",
    "tables",
    "taxonomies",
    "taxonomy",
    "taxonomy_files",
    "taxonomy_problems",
    "to_drawing",
    "to_png",
    "uniform",
    "with_legend",
]

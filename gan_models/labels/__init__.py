"""Label maps: taxonomies, their colour palettes, and the translation between taxonomies."""

from .drawing import read_drawing, resize, to_png
from .label_map import LabelMap, OtherTaxonomyError
from .layers import lay, uniform
from .legend import draw_legend, with_legend
from .palette import PALETTES, TOLERANCE, Decoded, Palette, decode, encode, palette
from .remap import counterparts, parse_replacements, remap
from .tables import base_class, tables
from .taxonomy import TAXONOMIES, LabelClass, Taxonomy, listed, taxonomy

__all__ = [
    "PALETTES",
    "TAXONOMIES",
    "TOLERANCE",
    "Decoded",
    "LabelClass",
    "LabelMap",
    "OtherTaxonomyError",
    "Palette",
    "Taxonomy",
    "base_class",
    "counterparts",
    "decode",
    "draw_legend",
    "encode",
    "lay",
    "listed",
    "palette",
    "parse_replacements",
    "read_drawing",
    "remap",
    "resize",
    "tables",
    "taxonomy",
    "to_png",
    "uniform",
    "with_legend",
]

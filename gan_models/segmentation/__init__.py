"""Label maps from photographs: what a segmenter is, our own net for landscapes, and adapters to other nets."""

from .checkpoint import MissingNamesError, MissingTransformersError, OtherCheckpointError
from .landscape import LandscapeSegmenter, open_landscape_segmenter
from .names import NothingMatchesError
from .segmenter import Segmentation, Segmenter
from .transformers_segmenter import TransformersSegmenter, open_transformers_segmenter

__all__ = [
    "LandscapeSegmenter",
    "MissingNamesError",
    "MissingTransformersError",
    "NothingMatchesError",
    "OtherCheckpointError",
    "Segmentation",
    "Segmenter",
    "TransformersSegmenter",
    "open_landscape_segmenter",
    "open_transformers_segmenter",
]

"""Label maps from photographs: what a segmenter is, our own net for landscapes, and adapters to other nets."""

from .segmenter import Segmentation, Segmenter

__all__ = ["Segmentation", "Segmenter"]

"""What every segmenter offers, whatever net it has: photographs in, classes with their confidence out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from ..labels import LabelMap, Taxonomy
from ..progress import OnProgress, Progress


@dataclass(frozen=True, eq=False)
class Segmentation:
    """The class of every pixel of a batch of photographs, on the CPU, at the photographs' own size.

    Attributes:
        ids: uint8 ``[B, H, W]``: ids of the segmenter's taxonomy.
        confidence: float32 ``[B, H, W]`` in 0..1: the probability of that class.
        instances: int32 ``[B, H, W]``: pixels of one object share a number, which is above 1000, and pixels of no
            object have their id, so that borders between classes are borders between instances, too. None means that
            the net does not tell objects apart.
    """

    ids: Tensor
    confidence: Tensor
    instances: Tensor | None = None

    def label_map(self, taxonomy: Taxonomy) -> LabelMap:
        """The label map without the confidence."""
        return LabelMap(self.ids, taxonomy.name, self.instances)


def one_by_one(images: Tensor, on_progress: OnProgress | None) -> Iterator[Tensor]:
    """Every photograph of a batch ``[B, 3, H, W]`` as a batch of one, after a report. See ``Segmenter.segment``."""
    for number, image in enumerate(images):
        if on_progress is not None:
            on_progress(Progress(number, len(images), f"photograph {number + 1} of {len(images)}"))
        yield image[None]


class Segmenter(Protocol):
    """A net that finds the classes of photographs.

    Attributes:
        taxonomy: the taxonomy of the ids that it gives.
    """

    @property
    def taxonomy(self) -> Taxonomy: ...

    def segment(self, images: Tensor, on_progress: OnProgress | None = None) -> Segmentation:
        """Find the class of every pixel.

        Args:
            images: float ``[B, 3, H, W]`` in 0..1, of any size and on any device. They are not changed.
            on_progress: receives a report for each photograph. An exception raised in it stops the work.
        Returns:
            the classes at the photographs' own size, on the CPU.
        """
        ...

"""A batch of label maps with the taxonomy of their ids."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .taxonomy import Taxonomy, taxonomy


class OtherTaxonomyError(ValueError):
    """A label map has another taxonomy than the one required."""


@dataclass(frozen=True, eq=False)
class LabelMap:
    """The class of every pixel of a batch of pictures.

    Attributes:
        ids: uint8 or int16 ``[B, H, W]``: ids of the taxonomy.
        taxonomy: name of the taxonomy.
        instances: int32 ``[B, H, W]``: pixels of one object share a number. None means that objects are not known.
    Raises:
        ValueError: a wrong type or shape, an id that the taxonomy does not have, or an unknown taxonomy.
    """

    ids: Tensor
    taxonomy: str
    instances: Tensor | None = None

    def __post_init__(self) -> None:
        classes = taxonomy(self.taxonomy)
        if self.ids.dtype not in (torch.uint8, torch.int16):
            raise ValueError(f"label ids must be uint8 or int16, not {self.ids.dtype}")
        if self.ids.ndim != 3 or self.ids.numel() == 0:
            raise ValueError(f"label ids must be [batch, height, width], not {list(self.ids.shape)}")
        lowest, highest = self.ids.aminmax()
        if lowest < 0 or highest >= len(classes):
            wrong = int(lowest if lowest < 0 else highest)
            raise ValueError(f"{wrong} is not a valid id of '{self.taxonomy}', whose ids are 0 to {len(classes) - 1}")
        given = self.instances
        if given is not None and (given.dtype != torch.int32 or given.shape != self.ids.shape):
            raise ValueError(f"instances must be int32 {list(self.ids.shape)} like the ids, not {given.dtype} "
                             f"{list(given.shape)}")  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def classes(self) -> Taxonomy:
        """The taxonomy itself."""
        return taxonomy(self.taxonomy)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.ids.shape[1]), int(self.ids.shape[2])

    def require(self, classes: Taxonomy) -> Tensor:
        """The ids, ``[B, H, W]``, if they are ids of this taxonomy.

        Raises:
            OtherTaxonomyError: they are ids of another one.
        """
        if self.taxonomy != classes.name:
            raise OtherTaxonomyError(f"the label map has the taxonomy '{self.taxonomy}', but '{classes.name}' is "
                                     "required")  # fmt: skip
        return self.ids

    def at(self, rows: Tensor, columns: Tensor) -> "LabelMap":
        """The label map made of these rows and columns, integer ``[H']`` and ``[W']``."""
        instances = None if self.instances is None else self.instances[:, rows][:, :, columns]
        return LabelMap(self.ids[:, rows][:, :, columns], self.taxonomy, instances)

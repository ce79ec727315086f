"""How data sets number the classes of a taxonomy in their label maps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from .taxonomy import Taxonomy

UNKNOWN = 255
INVALID = -1
"""The id of values that mean no class."""

UNKNOWN_16 = 65535


@dataclass(frozen=True)
class Numbering:
    """The meaning of the numbers in a label map.

    Attributes:
        name: the name in the nodes and on the command line.
        taxonomy: the taxonomy of the classes; None stands for the one that is chosen for the result.
        first: the id of number 0, if the numbers run like the ids.
        classes: the id of every number, if they do not.
    """

    name: str
    taxonomy: str | None = None
    first: int = 0
    classes: Mapping[int, int] = field(default_factory=dict)

    def ids(self, values: Tensor, classes: Taxonomy, offset: int = 0) -> Tensor:
        """The ids of numbers, int32 like ``values``; ``INVALID`` where a number means no class.

        255 is unknown in every numbering, whatever the offset, and so is a number that is negative, or that the offset
        makes negative: data sets that count from 1 use 0 for what has no class. A taxonomy that has an id 255 is an
        exception.

        Args:
            values: int32.
            classes: the taxonomy of the ids.
            offset: added to every number first.
        """
        numbers = values + offset
        if self.classes:
            table = torch.full((max(self.classes) + 1,), INVALID, dtype=torch.int32)
            table[list(self.classes)] = torch.tensor(list(self.classes.values()), dtype=torch.int32)
            ids = table[numbers.clamp(0, len(table) - 1)]
            ids[numbers >= len(table)] = INVALID
        else:
            ids = numbers + self.first
            ids[ids >= len(classes)] = INVALID
        unknown = (numbers < 0) | (values == UNKNOWN_16)
        if len(classes) <= UNKNOWN:
            unknown |= values == UNKNOWN
        ids[unknown] = classes.unknown_id
        return ids


IDS = "ids"

NUMBERINGS = {
    numbering.name: numbering
    for numbering in (
        Numbering(IDS),
        Numbering("ade20k_ids_from_0", "ade20k", first=1),
        Numbering(
            "cityscapes_train_ids",
            "cityscapes",
            classes=dict(enumerate((7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33))),
        ),
    )
}
"""The numberings by their names: the ids of the chosen taxonomy, and the numbers of public data sets."""

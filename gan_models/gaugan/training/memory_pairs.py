"""Training data that is in memory already: pictures and label maps that a program or a node hands over."""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...labels import LabelMap, taxonomy
from ...pixels import to_bytes
from .folder import counted
from .pairs import class_shares


class MemoryPairs:
    """Pictures with their label maps, which may differ in size from pair to pair.

    Args:
        images: batches of pictures, ``[B, 3, H, W]`` in [-1, 1].
        label_maps: batches of as many label maps in all, of the sizes of their pictures.
        taxonomy_name: the taxonomy that the label maps must have.
    Raises:
        OtherTaxonomyError: a label map has another taxonomy.
        ValueError: there is no picture, the numbers differ, or the sizes of a picture and its label map differ.
    """

    def __init__(self, images: Sequence[Tensor], label_maps: Sequence[LabelMap], taxonomy_name: str):
        self.taxonomy = taxonomy(taxonomy_name)
        pictures = [picture for batch in images for picture in batch]
        maps = [ids for one in label_maps for ids in one.require(self.taxonomy)]
        if not pictures or len(pictures) != len(maps):
            raise ValueError(f"there are {counted(len(pictures), 'picture')} and {counted(len(maps), 'label map')}; "
                             "every picture needs one label map")  # fmt: skip
        self._pairs = []
        for number, (picture, ids) in enumerate(zip(pictures, maps, strict=True), 1):
            if picture.shape[1:] != ids.shape:
                sizes = [f"{shape[-1]}×{shape[-2]}" for shape in (picture.shape, ids.shape)]
                raise ValueError(f"picture {number} is {sizes[0]}, but its label map is {sizes[1]}; give both the same "
                                 "size")  # fmt: skip
            self._pairs.append((to_bytes(picture).permute(1, 2, 0).contiguous().cpu(), ids.to("cpu", torch.uint8)))

    def __len__(self) -> int:
        return len(self._pairs)

    def load(self, index: int) -> tuple[Image.Image, Image.Image]:
        picture, ids = self._pairs[index]
        return Image.fromarray(picture.numpy()), Image.fromarray(np.ascontiguousarray(ids.numpy()))

    def style(self, index: int) -> None:
        """Pictures in memory have no names for their styles."""

    @property
    def identity(self) -> str:
        return f"{len(self)} pairs"

    @property
    def digest(self) -> str:
        """A digest of all pictures and label maps, by which a run recognises its data."""
        found = hashlib.sha256()
        for pair in self._pairs:
            for part in pair:
                found.update(repr(tuple(part.shape)).encode())
                found.update(np.ascontiguousarray(part.numpy()).data)
        return found.hexdigest()

    def survey(self) -> str:
        """A sentence with the classes in the label maps and their shares."""
        counts = torch.zeros(len(self.taxonomy), dtype=torch.int64)
        for _, ids in self._pairs:
            counts += ids.flatten().long().bincount(minlength=len(self.taxonomy))
        return f"{counted(len(self), 'label map')} with the classes {class_shares(self.taxonomy, counts)}"

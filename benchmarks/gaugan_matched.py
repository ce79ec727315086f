"""A GauGAN whose pictures get the colours of the photographs that give the styles."""

from pathlib import Path

import torch
from torch import Tensor

from gan_models.gaugan import Synthesizer, match_colors_softly
from gan_models.segmentation import open_landscape_segmenter

BUNDLED = Path(__file__).resolve().parent.parent / "weights" / "segmentation-landscape.safetensors"


class Matched:
    """Makes what **GauGAN Generate** makes of a style image and its label map with ``color_match`` "per class, soft".

    It takes the place of a model in the measures and the sheets. The label maps of the photographs are those that the
    bundled segmentation net finds, as in **Label Map from Photo**. The last number of a style from ``encode`` tells
    ``paint`` which photograph it is from.

    Args:
        model: a model of the 'landscape' taxonomy with a style encoder.
    """

    def __init__(self, model: Synthesizer):
        self.model = model
        self.encoder, self.taxonomy = model.encoder, model.taxonomy
        self._segmenter = open_landscape_segmenter(BUNDLED)
        self._photographs: list[Tensor] = []
        self._labels: list[Tensor] = []

    def encode(self, images: Tensor) -> Tensor:
        """The styles of photographs, ``[B, 3, H, W]`` in [-1, 1]: ``[B, z_dim + 1]``."""
        z = self.model.encode(images)
        numbers = torch.arange(len(self._photographs), len(self._photographs) + len(images)).to(z)
        self._photographs += images
        self._labels += self._segmenter.segment(images / 2 + 0.5).ids
        return torch.cat([z, numbers[:, None]], 1)

    def paint(self, labels: Tensor, styles: Tensor, seed: int = 0) -> Tensor:
        """As ``Synthesizer.paint``, for styles from ``encode`` of photographs of one size."""
        images = self.model.paint(labels, styles[:, :-1], seed=seed)
        numbers = styles[:, -1].long().expand(len(images)).tolist()
        photographs, found = (torch.stack([kept[number] for number in numbers])
                              for kept in (self._photographs, self._labels))  # fmt: skip
        return match_colors_softly(images, photographs, labels, found, self.model.classes.sky)[0]


AnyModel = Synthesizer | Matched

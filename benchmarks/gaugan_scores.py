"""Scores a GauGAN of the 'landscape' taxonomy on photographs that it has not seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import torch
from torch import Tensor

from gan_models.efficientnet import EfficientNetLite
from gan_models.pixels import to_bytes, to_float
from gaugan_looks import features, kernel_distance
from gaugan_matched import AnyModel
from gaugan_metrics import CLASSES, confusion, deviation, frechet
from gaugan_photographs import Photograph, crops, find, squares
from gaugan_segmentation import Segmentation, shrink_labels
from gaugan_spectrum import Peak, peaks, power_spectrum
from gaugan_styles import LAYOUTS, STYLES, Fidelity, colors, fidelity, in_flat_colors

BATCH = 8
Item = TypeVar("Item")


@dataclass(frozen=True)
class Scores:
    """The scores of a set of pictures; None for scores that do not apply to it.

    Attributes:
        numbers: the numbers of pictures in the two sets that were compared.
        kid: kernel distance and its standard error.
        frechet: squared Frechet distance.
        counts: confusion matrix between the label maps and the labels found in the pictures.
        style: fidelity to the photographs of the styles.
        diversity: diversity of pixels and features over styles, relative to their references.
        peaks: peaks of the spectrum, by period and direction.
    """

    numbers: tuple[int, int]
    kid: tuple[float, float]
    frechet: float
    counts: Tensor | None = None
    style: Fidelity | None = None
    diversity: tuple[float, float] | None = None
    peaks: list[Peak] | None = None


class HeldOut:
    """Held-out photographs and the measurements on them.

    Attributes:
        crops: the crops that pictures are compared with and whose label maps are painted in the styles of ``own``.
        own: the middle square of each photograph.
        styles: squares of the photographs for the style fidelity.
        layouts: squares of other photographs, whose label maps are painted in all styles.
    """

    def __init__(
        self,
        photographs: Sequence[Photograph],
        size: int,
        network: EfficientNetLite,
        segmentation: Segmentation,
        styles: Sequence[str] = STYLES,
        layouts: int = LAYOUTS,
    ) -> None:
        self.photographs, self.size = photographs, size
        self.network, self.segmentation = network, segmentation
        self.crops = crops(photographs, size)
        self.own = squares(photographs, size)
        self.style_photographs = find(photographs, styles)
        self.styles = squares(self.style_photographs, size)
        others = [photograph for photograph in photographs if photograph.name not in styles]
        self.layouts = squares(spread(others, layouts), size)

    @cached_property
    def features(self) -> Tensor:
        """Features of the crops, ``[N, 1280]``."""
        return self.features_of(self.crops.images)

    def features_of(self, images: Tensor) -> Tensor:
        """Of pictures, uint8 ``[N, 3, H, W]``."""
        return features(self.network, images)

    def photograph_scores(self) -> Scores:
        """Scores of the held-out photographs themselves: every second photograph against the others.

        The style fidelity compares one end of the style photographs with the other.
        """
        second = self.crops.sources % 2 == 1
        halves = [(self.features[half], self.crops.sources[half]) for half in (~second, second)]
        ends = [colors(cut.images, cut.labels) for cut in
                (squares(self.style_photographs, self.size, place) for place in (0, 1))]  # fmt: skip
        style = fidelity(ends[0], torch.arange(len(ends[0])), ends[1])
        images = self.crops.images
        return Scores(*_apart(*halves[0], *halves[1]), self.confusion(images), style, None, self.peaks(images))

    def training_scores(self, photographs: Sequence[Photograph]) -> Scores:
        """Scores of training photographs against the held-out ones, with the same number of each."""
        chosen = crops(spread(photographs, len(self.photographs)), self.size)
        # These are not the held-out photographs, so they need numbers of their own.
        return Scores(*_apart(self.features_of(chosen.images), ~chosen.sources, self.features, self.crops.sources))

    def flat_scores(self) -> Scores:
        """Scores of the crops with each class in its mean colour in the crop.

        A model has to be better than this, because positions and colours alone score well.
        """
        pairs = zip(self.crops.images, self.crops.labels, strict=True)
        return self.crops_scores(torch.stack([to_bytes(flat(to_float(image), labels)) for image, labels in pairs]))

    def model_scores(self, model: AnyModel, painted: Tensor) -> Scores:
        """Scores of a model. ``painted`` is the result of ``paint_crops``."""
        if model.encoder is None:
            return self.crops_scores(painted)
        z = model.encode(to_float(self.styles.images))
        made, diversity = [], []
        for labels in self.layouts.labels:
            images = to_bytes(model.paint(labels[None], z).cpu())
            made.append(colors(images, labels.expand(len(z), -1, -1)))
            known = deviation(in_flat_colors(labels, self.styles))
            diversity.append([deviation(to_float(images)) / known, deviation(self.features_of(images))])
        own = torch.arange(len(z)).repeat(len(made))
        style = fidelity(torch.cat(made), own, colors(self.styles.images, self.styles.labels))
        pixels, seen = torch.tensor(diversity).mean(0).tolist()
        return self.crops_scores(painted, style, (pixels, seen / deviation(self.features_of(self.styles.images))))

    def crops_scores(
        self, images: Tensor, style: Fidelity | None = None, diversity: tuple[float, float] | None = None
    ) -> Scores:
        """Scores of pictures painted from the crops' label maps, uint8 ``[N, 3, H, W]``."""
        found = _apart(self.features_of(images), self.crops.sources, self.features, self.crops.sources)
        return Scores(*found, self.confusion(images), style, diversity, self.peaks(images))

    def paint_crops(self, model: AnyModel) -> Tensor:
        """The crops' label maps, each in the style of its photograph's middle square: uint8 ``[N, 3, H, W]``.

        A model without a style encoder paints all of them in its mean style.
        """
        styles = None
        if model.encoder is not None:
            styles = torch.cat([model.encode(to_float(some)) for some in self.own.images.split(BATCH)])
        painted = []
        batches = zip(self.crops.labels.split(BATCH), self.crops.sources.split(BATCH), strict=True)
        for seed, (labels, sources) in enumerate(batches):
            images = model.paint(labels, None if styles is None else styles[sources], seed=seed)
            painted.append(to_bytes(images.cpu()))
        return torch.cat(painted)

    def confusion(self, images: Tensor) -> Tensor:
        """Confusion matrix of the crops' label maps and the labels found in pictures, ``[CLASSES, CLASSES]``."""
        counts = torch.zeros(CLASSES, CLASSES, dtype=torch.int64)
        for some, labels in zip(images.split(BATCH), self.crops.labels.split(BATCH), strict=True):
            counts += confusion(self.segmentation.look(to_float(some)), shrink_labels(labels))
        return counts

    def peaks(self, images: Tensor) -> list[Peak]:
        """Of pictures, uint8 ``[N, 3, H, W]``."""
        return peaks(power_spectrum(map(to_float, images.split(BATCH))))


def flat(image: Tensor, labels: Tensor) -> Tensor:
    """A picture ``[3, H, W]`` with each class of its label map ``[H, W]`` in its mean colour."""
    ids = labels.flatten().long()
    sums = torch.zeros(3, CLASSES).index_add_(1, ids, image.flatten(1))
    return (sums / ids.bincount(minlength=CLASSES).clamp(min=1))[:, ids].view_as(image)


def spread(items: Sequence[Item], count: int) -> list[Item]:
    """``count`` of the items, evenly spread over their order, or all of them if there are fewer."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def _apart(
    a: Tensor, sources_a: Tensor, b: Tensor, sources_b: Tensor
) -> tuple[tuple[int, int], tuple[float, float], float]:
    return (len(a), len(b)), kernel_distance(a, b, sources_a, sources_b), frechet(a, b)

"""The segmentation net for landscapes that ships with the pack."""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save as to_file
from torch import Tensor

from ..efficientnet import SCALES, EfficientNetLite
from ..files import read_safetensors, write_atomically
from ..filling import fill
from ..labels import Taxonomy, taxonomy
from ..progress import OnProgress
from .network import SegmentationNet
from .refinement import refined
from .scores import best
from .segmenter import Segmentation, one_by_one

ARCHITECTURE = "segmentation"
FORMAT_VERSION = 1
SHORT_SIDES = (224, 320)
"""The photograph's short side in pixels at each of the sizes at which it is looked at."""

LONGEST_SIDE = 2048
"""Pixels of the long side at most, so that narrow pictures do not become huge."""

STRIDE = 32


class LandscapeSegmenter:
    """The net with its classes. It looks at a photograph and its mirror image, at several sizes.

    Attributes:
        taxonomy: the taxonomy of the ids that it gives.
    """

    def __init__(self, network: SegmentationNet, classes: Taxonomy):
        self.taxonomy = classes
        self._network = network

    @torch.no_grad()
    def segment(self, images: Tensor, on_progress: OnProgress | None = None) -> Segmentation:
        """As ``Segmenter.segment``."""
        parts = [self._segment(image) for image in one_by_one(images, on_progress)]
        ids, confidence = (torch.stack(each) for each in zip(*parts, strict=True))
        return Segmentation(ids.to(torch.uint8), confidence)

    def _segment(self, image: Tensor) -> tuple[Tensor, Tensor]:
        photo = image.to(self._network.classifier.weight) * 2 - 1
        finest = resized(photo, SHORT_SIDES[-1])
        total = torch.zeros(())
        for side in SHORT_SIDES:
            here = resized(photo, side)
            for mirrored in (False, True):
                logits = self._network(here.flip(3) if mirrored else here)
                found = (logits.flip(3) if mirrored else logits).float().softmax(1)
                total = total.to(found) + F.interpolate(found, finest.shape[2:], mode="bilinear")
        probabilities = refined(total / (2 * len(SHORT_SIDES)), finest.float())[0]
        return best(probabilities, (image.shape[2], image.shape[3]), lambda scores: scores)


def resized(image: Tensor, short_side: int) -> Tensor:
    """A picture ``[1, 3, H, W]`` with about this short side. Both sides are multiples of 32."""
    scale = min(short_side / min(image.shape[2:]), LONGEST_SIDE / max(image.shape[2:]))
    size = [max(1, round(side * scale / STRIDE)) * STRIDE for side in image.shape[2:]]
    return F.interpolate(image, size, mode="bilinear", antialias=True)


def open_landscape_segmenter(path: str | Path, device: torch.device | str = "cpu") -> LandscapeSegmenter:
    """Read a file that ``save_network`` wrote.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, contains something else, or has a newer format.
    """
    path = Path(path)
    tensors, about = read_safetensors(path)
    if about.get("architecture") != ARCHITECTURE:
        raise ValueError(f"{path.name} is not a segmentation net of this pack")
    if about.get("format_version") != str(FORMAT_VERSION):
        raise ValueError(f"{path.name} has format {about.get('format_version')}, but this version reads the format "
                         f"{FORMAT_VERSION}; update the pack")  # fmt: skip
    if about.get("features") not in SCALES:
        raise ValueError(f"{path.name} does not say which features it has; they must be one of {', '.join(SCALES)}")
    classes = taxonomy(about.get("taxonomy", ""))
    with torch.device("meta"):
        network = SegmentationNet(EfficientNetLite(about["features"]), len(classes) - classes.unknown_is_last)
    try:
        fill(network, tensors, "a segmentation net")
    except ValueError as error:
        raise ValueError(f"{path.name} is damaged: {error}") from error
    return LandscapeSegmenter(network.to(device).eval().requires_grad_(False), classes)


def save_network(path: str | Path, network: SegmentationNet, metadata: dict[str, str]) -> None:
    """Write a net to a safetensors file, in float16 with float32 statistics.

    Args:
        metadata: "taxonomy" (whose known classes the net has), "features" (the variant of EfficientNet-Lite), and other
            facts.
    """
    about = {"architecture": ARCHITECTURE, "format_version": str(FORMAT_VERSION)} | metadata
    tensors = {name: value.half() if value.is_floating_point() and ".running_" not in name else value
               for name, value in network.cpu().state_dict().items()}  # fmt: skip
    tensors = {name: value.contiguous() for name, value in tensors.items()}
    write_atomically(Path(path), to_file(tensors, about))

"""Finds the network that computes the frozen features for the discriminators."""

from pathlib import Path

from ...efficientnet import EfficientNetLite, read_efficientnet
from ...progress import OnProgress
from ...weights import entries, resolve
from ..networks.projected import ProjectedConfig
from .config import TrainingConfig


def find_features(
    config: TrainingConfig, place: str | Path, on_progress: OnProgress | None = None
) -> EfficientNetLite | None:
    """EfficientNet-Lite0, if the discriminators of a training run use its features, and None otherwise.

    Args:
        place: the file of its weights, or a folder that contains the file or to which it is downloaded.
        on_progress: called during the download.
    Raises:
        FileNotFoundError: the weights are missing and cannot be downloaded.
        ValueError: the file has other contents.
    """
    if not isinstance(config.discriminator, ProjectedConfig):
        return None
    place = Path(place)
    if place.is_file():
        return read_efficientnet(place)
    (entry,) = entries("efficientnet")
    return read_efficientnet(resolve(entry, place, on_progress))

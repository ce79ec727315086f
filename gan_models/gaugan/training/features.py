"""Where the frozen features come from that discriminators look at."""

from pathlib import Path

from ...progress import OnProgress
from ...weights import entries, resolve
from ..networks.efficientnet import EfficientNetLite, read_efficientnet
from ..networks.projected import ProjectedConfig
from .config import TrainingConfig


def find_features(
    config: TrainingConfig, place: str | Path, on_progress: OnProgress | None = None
) -> EfficientNetLite | None:
    """EfficientNet-Lite0 for a training whose discriminators look at its features; None for any other.

    Args:
        place: a file of its weights, or a folder where they lie or are downloaded to.
        on_progress: hears of the download.
    Raises:
        FileNotFoundError: the weights are neither there nor to be had.
        ValueError: the file is not the right one.
    """
    if not isinstance(config.discriminator, ProjectedConfig):
        return None
    place = Path(place)
    if place.is_file():
        return read_efficientnet(place)
    (entry,) = entries("efficientnet")
    return read_efficientnet(resolve(entry, place, on_progress))

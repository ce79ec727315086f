"""What Train GauGAN trains on, and from which model: the inputs of the node turned into pairs and settings."""

from collections.abc import Callable
from pathlib import Path

from torch import Tensor, nn

from ..gan_models import gaugan
from ..gan_models.gaugan.training.config import TrainingConfig
from ..gan_models.gaugan.training.folder import unquoted
from ..gan_models.gaugan.training.memory_pairs import MemoryPairs
from ..gan_models.gaugan.training.pairs import FolderPairs, Pairs, RenderedPairs
from ..gan_models.gaugan.training.presets import preset, preset_of_model
from ..gan_models.labels import LabelMap
from . import host
from .advice import advice

FOLDER, RENDERED, CONNECTED = "folder", "rendered landscapes", "connected pictures"
SCENES = 2000


def configure(
    name: str,
    taxonomy: str,
    generator: str,
    discriminators: str | None,
    model: gaugan.Synthesizer | None = None,
    **widgets: float,
) -> TrainingConfig:
    """The settings that the node's widgets ask for. 0 means the preset's value, except for the seed.

    Raises:
        ValueError: the preset needs a model and there is none, or a value is not valid.
        OtherTaxonomyError, NoEncoderError: the model cannot be trained with these settings.
    """
    overrides = {key: value for key, value in widgets.items() if value or key in ("seed", "flips")}
    if model is None:
        return preset(name, taxonomy, generator, discriminators, **overrides)
    if model.taxonomy != taxonomy:
        raise ValueError(f"taxonomy is '{taxonomy}', but the connected model has the classes of '{model.taxonomy}'; "
                         "choose that")  # fmt: skip
    if model.label_offset:
        raise ValueError(f"the connected model counts its labels with an offset of {model.label_offset}; a training "
                         "can only start from a model without an offset")  # fmt: skip
    net, encoder = model.generator.config, model.encoder
    if net.z_dim and encoder is None:
        raise gaugan.NoEncoderError("the connected model has a style but no style encoder, which training needs")
    size = int(overrides.pop("size", 0)) or model.trained_size
    return preset_of_model(name, taxonomy, net, encoder and encoder.config, size, discriminators, **overrides)


def networks_of(model: gaugan.Synthesizer | None) -> dict[str, nn.Module] | None:
    """The networks from which a run starts, by the names that the trainer knows."""
    if model is None:
        return None
    return {"generator": model.generator} | ({"encoder": model.encoder} if model.encoder is not None else {})


def training_folder(folder: str) -> Path:
    """The folder of the pairs. ``folder`` is a full path or a path inside ComfyUI's input folder."""
    if not folder.strip():
        raise ValueError(f"folder is empty; give a folder with images/ and labels/, or set data to '{RENDERED}' or "
                         f"'{CONNECTED}'")  # fmt: skip
    return host.input_folder() / unquoted(folder)


def folder_pairs(
    folder: str, config: TrainingConfig, warn: Callable[[str], None], palette: str, offset: int
) -> FolderPairs:
    """The pairs in a folder."""
    try:
        return FolderPairs(training_folder(folder), config.taxonomy, warn, palette, offset)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"folder: {error}") from error


def rendered_pairs(config: TrainingConfig, run: Path) -> RenderedPairs:
    """The landscapes that are rendered into the folder of the run."""
    if config.taxonomy != "landscape":
        raise ValueError(f"taxonomy is '{config.taxonomy}', but rendered landscapes need 'landscape'; choose that")
    return RenderedPairs.for_run(run, SCENES, config)


def connected_pairs(
    images: list[Tensor] | None, label_maps: list[LabelMap] | None, config: TrainingConfig
) -> MemoryPairs:
    """The pictures and label maps on the sockets."""
    for name, given in (("images", images), ("label_maps", label_maps)):
        if not given:
            raise ValueError(f"data is '{CONNECTED}', but {name} is not connected")
    assert images is not None and label_maps is not None
    with advice():
        return MemoryPairs([host.to_model(batch, "images") for batch in images], label_maps, config.taxonomy)


def require_use(data: str, **connected: object) -> None:
    """Refuse connected pictures that another choice of data would ignore."""
    for name, given in connected.items():
        if given and data != CONNECTED:
            raise ValueError(f"{name} is connected, but data is '{data}'; set data to '{CONNECTED}', or disconnect it")


def described(data: str, pairs: Pairs, folder: str) -> str:
    """What a model was trained on, for its metadata."""
    if data == RENDERED:
        return f"{len(pairs)} rendered landscapes"
    if data == CONNECTED:
        return f"{len(pairs)} connected picture{'' if len(pairs) == 1 else 's'}"
    return training_folder(folder).name

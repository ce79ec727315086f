"""Opens files of generators and style encoders that belong together."""

from pathlib import Path
from typing import Any

from ..labels import NUMBERED, taxonomies, taxonomy
from ..quoting import plain
from ..settings import number_in
from ..state_dict import read_state_dict
from .checkpoint import load, load_encoder
from .synthesizer import Synthesizer

GENERATOR_MARK, ENCODER_MARK = "net_G", "net_E"
"""How training code calls the files of a generator and of the style encoder that belongs to it."""

ENDINGS = (".safetensors", ".pth.tar", ".pth", ".pt")
"""The endings of files of weights."""

RELEASED = ("coco_stuff", "ade20k", "cityscapes")
"""The taxonomies that the number of labels gives away. 19 labels can be those of 'landscape', or any others."""

MOST_OFFSET = 255


def open_synthesizer(
    path: str | Path,
    *,
    encoder: str | Path | None = None,
    without_encoder: bool = False,
    taxonomy_name: str | None = None,
    label_offset: int | None = None,
    **overrides: Any,
) -> Synthesizer:
    """Read a generator's file and what belongs to it, ready for inference, in float32 on the CPU.

    Args:
        encoder: file of the style encoder. None: the one in the same file; else ``…net_E…`` beside ``…net_G…``.
        without_encoder: do not load any style encoder.
        taxonomy_name: of its label maps; None: as the file says, else the one of ``RELEASED`` with as many classes.
        label_offset: see ``Synthesizer``; None: as the file says, else 0.
        overrides: what shapes can't tell, as for ``load_generator``.
    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a file is damaged or another thing than it should be, or they don't belong together.
    """
    found = load(path, **overrides)
    config = found.generator.config
    own = found.encoder
    if encoder is None and own is None and config.z_dim:
        encoder = encoder_beside(path)
    if without_encoder:
        own = None
    elif encoder is not None:
        try:
            own = load_encoder(read_state_dict(encoder)[0])
        except ValueError as error:
            raise ValueError(f"{plain(Path(encoder).name)}: {error}") from error
    name = taxonomy_name or found.metadata.get("taxonomy") or _taxonomy_of(config.classes + config.unknown, path)
    if label_offset is None:
        label_offset = number_in(found.metadata, "label_offset", 0)
        if abs(label_offset) > MOST_OFFSET:
            raise ValueError(f"{plain(Path(path).name)} has the label offset {label_offset}, but ids reach only "
                             f"{MOST_OFFSET}")  # fmt: skip
    return Synthesizer(found.generator, own, name, label_offset, found.metadata)


def encoder_beside(path: str | Path) -> Path | None:
    """The file of the style encoder that lies beside a generator's, such as ``latest_net_E.pth``, if there is one."""
    path = Path(path)
    if GENERATOR_MARK not in path.name:
        return None
    own = next((ending for ending in ENDINGS if path.name.endswith(ending)), path.suffix)
    stem = path.name.removesuffix(own).replace(GENERATOR_MARK, ENCODER_MARK)
    beside = [path.with_name(stem + ending) for ending in (own, *ENDINGS)]
    return next((file for file in beside if file.is_file()), None)


def _taxonomy_of(labels: int, path: str | Path) -> str:
    for name in RELEASED:
        if len(taxonomy(name)) == labels:
            return name
    sizes = ", ".join(f"{name} {len(taxonomy(name))}" for name in taxonomies() if name != NUMBERED)
    raise ValueError(f"{plain(Path(path).name)} does not say what its {labels} labels mean; choose the taxonomy that "
                     f"it was trained with ({sizes}), or '{NUMBERED}' for classes without names")  # fmt: skip

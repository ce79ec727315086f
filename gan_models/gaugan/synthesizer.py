"""A GauGAN that is ready to use: its nets, what its labels mean, and what it keeps of the label maps used last."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..labels import TAXONOMIES, Taxonomy, taxonomy
from ..state_dict import read_state_dict
from .checkpoint import load, load_encoder, parameters, save
from .fast.modulation import ModulationCache
from .networks.encoder import StyleEncoder
from .networks.pix2pixhd import AnyGenerator
from .style import random_styles
from .synthesis import synthesize

GENERATOR_MARK, ENCODER_MARK = "net_G", "net_E"
"""How training code calls the files of a generator and of the style encoder that belongs to it."""

WORKSPACE = 1 << 28
"""Memory that the work on a label map takes besides the activations."""

NO_STYLE = (
    "this GauGAN has no style: with the same label map it always makes the same picture; leave the style away, or use "
    "color_match of GauGAN Generate with a photo"
)


class Synthesizer(nn.Module):
    """A generator, its style encoder if it has one, and the classes of its label maps.

    What depends on a label map alone is kept with the nets while the same label map comes again, and let go of when
    they are moved to another device or cast.

    Args:
        taxonomy: name of the taxonomy whose ids the label maps hold.
        label_offset: added to every id before it goes into the generator. Ids that have no channel then are unknown.
        metadata: what else its file says: licence, training facts.
    """

    def __init__(
        self,
        generator: AnyGenerator,
        encoder: StyleEncoder | None,
        taxonomy_name: str,
        label_offset: int = 0,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        config = generator.config
        if encoder is not None and encoder.config.z_dim != config.z_dim:
            takes = f"takes {config.z_dim}" if config.z_dim else "takes none"
            raise ValueError(f"the style encoder gives styles of {encoder.config.z_dim} numbers, but the generator "
                             f"{takes}; they are no pair")  # fmt: skip
        known, classes = config.classes + config.unknown, len(taxonomy(taxonomy_name))
        if classes + min(label_offset, 0) > known:
            raise ValueError(f"'{taxonomy_name}' has {classes} classes, but this GauGAN knows {known} labels; "
                             "choose the taxonomy that it was trained with")  # fmt: skip
        self.generator = generator
        self.encoder = encoder
        self.taxonomy = taxonomy_name
        self.label_offset = label_offset
        self.metadata = dict(metadata or {})
        self.cache = ModulationCache()

    def __reduce__(self) -> tuple[Any, ...]:
        return Synthesizer, (self.generator, self.encoder, self.taxonomy, self.label_offset, self.metadata)

    @property
    def classes(self) -> Taxonomy:
        """The classes of the label maps."""
        return taxonomy(self.taxonomy)

    @property
    def summary(self) -> str:
        """A line for a person: what it takes and gives."""
        config = self.generator.config
        width = self._facts.get("size", config.crop_size)
        size = f"{width}×{round(width / config.aspect_ratio)}"
        style = f"style of {config.z_dim} numbers" if config.z_dim else "no style"
        encoder = ", with encoder" if self.encoder else ", no encoder" if config.z_dim else ""
        return (f"classes of '{self.taxonomy}', {style}{encoder}, trained at {size}, "
                f"{parameters(self.generator) / 1e6:.1f} M parameters")  # fmt: skip

    @property
    def trained(self) -> str:
        """A line for a person: how the file says that it was trained; empty if it doesn't."""
        if not self._facts:
            return ""
        steps, minutes = self._facts["steps"], self._facts["seconds"] / 60
        return f"trained for {steps} steps in {minutes:.1f} minutes on {self._facts['data']}"

    @property
    def _facts(self) -> dict[str, Any]:
        facts: dict[str, Any] = json.loads(self.metadata.get("training", "{}"))
        return facts

    def save(self, path: str | Path, dtype: torch.dtype | None = None) -> None:
        """Write a file that ``open_synthesizer`` reads. See ``checkpoint.save``."""
        about = {"taxonomy": self.taxonomy, "label_offset": str(self.label_offset)}
        save(path, self.generator, self.encoder, self.metadata | about, dtype)

    def paint(
        self, ids: Tensor, z: Tensor | None = None, instances: Tensor | None = None, seed: int = 0
    ) -> Tensor:
        """The pictures of label maps, ``[B, 3, H, W]`` in [-1, 1]: ``synthesize`` for ids of the taxonomy."""
        ids = ids.long()
        config = self.generator.config
        if self.label_offset:
            ids = ids + self.label_offset
            if config.unknown:
                ids = ids.masked_fill((ids < 0) | (ids > config.classes), config.classes)
        self.require_style(z)
        return synthesize(self.generator, ids, z, instances=instances, cache=self.cache, seed=seed)

    def encode(self, images: Tensor) -> Tensor:
        """The styles of photos ``[B, 3, H, W]`` in [-1, 1], float32 ``[B, z_dim]``.

        Raises:
            ValueError: there is no style encoder.
        """
        if not self.generator.config.z_dim:
            raise ValueError("this GauGAN has no style, so it cannot take over a photo's; to follow the photo's "
                             "colours, connect it to style_image of GauGAN Generate and set color_match")  # fmt: skip
        if self.encoder is None:
            raise ValueError("this GauGAN has a style but no style encoder, so it cannot read a photo's; use GauGAN "
                             "Random Style, or choose an encoder file (latest_net_E) in Load GauGAN")  # fmt: skip
        return self.encoder.encode(images.to(self.generator.conv_img.weight.device)).float()

    def random_styles(self, count: int, generator: torch.Generator, spread: float = 1.0) -> Tensor:
        """``style.random_styles`` for this net: of the styles that its encoder has seen, if it keeps them.

        Raises:
            ValueError: it has no style.
        """
        if not self.generator.config.z_dim:
            raise ValueError(NO_STYLE)
        seen = self.encoder.seen if self.encoder is not None else None
        return random_styles(self.generator.config.z_dim, count, generator, spread, seen)

    def require_style(self, z: Tensor | None) -> None:
        """Raise a ValueError if the net cannot take these styles, of which None is none at all."""
        wanted = self.generator.config.z_dim
        if z is not None and not wanted:
            raise ValueError(NO_STYLE)
        if z is not None and z.shape[1:] != (wanted,):
            raise ValueError(f"the style has {z.shape[1]} numbers, but this GauGAN takes {wanted}; make the style "
                             "with the same model")  # fmt: skip

    def memory(self, batch: int, height: int, width: int) -> int:
        """Bytes that making so many pictures at once takes at most, what is kept of a label map included."""
        config, bytes_each = self.generator.config, self.generator.conv_img.weight.element_size()
        # The widest activations are those that up_3 gets: 2 ngf channels a pixel, a few of them at a time. The scales
        # and shifts of all layers together are about 20 ngf numbers a pixel.
        return height * width * config.ngf * (12 * batch + 20) * bytes_each + WORKSPACE

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Synthesizer":
        before = self._place()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self._place() != before:
            self.cache.clear()
        return self

    def _place(self) -> tuple[torch.device, torch.dtype]:
        weight = self.generator.conv_img.weight
        return weight.device, weight.dtype


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
        without_encoder: leave the style encoder away.
        taxonomy_name: of its label maps; None: as the file says, else the taxonomy with as many classes.
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
            raise ValueError(f"{Path(encoder).name}: {error}") from error
    name = taxonomy_name or found.metadata.get("taxonomy") or _taxonomy_of(config.classes + config.unknown, path)
    if label_offset is None:
        label_offset = int(found.metadata.get("label_offset", 0))
    return Synthesizer(found.generator, own, name, label_offset, found.metadata)


def encoder_beside(path: str | Path) -> Path | None:
    """The file of the style encoder that lies beside a generator's, such as ``latest_net_E.pth``, if there is one."""
    path = Path(path)
    if GENERATOR_MARK not in path.name:
        return None
    stem = path.stem.replace(GENERATOR_MARK, ENCODER_MARK)
    beside = [path.with_name(stem + suffix) for suffix in (path.suffix, ".safetensors", ".pth")]
    return next((file for file in beside if file.is_file()), None)


def _taxonomy_of(labels: int, path: str | Path) -> str:
    for name in TAXONOMIES:
        if len(taxonomy(name)) == labels:
            return name
    sizes = ", ".join(f"{name} {len(taxonomy(name))}" for name in TAXONOMIES)
    raise ValueError(f"{Path(path).name} does not say what its {labels} labels mean; choose the taxonomy that it was "
                     f"trained with ({sizes})")  # fmt: skip

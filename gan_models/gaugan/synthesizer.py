"""A GauGAN that is ready to use: its nets, what its labels mean, and what it keeps of the label maps used last."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..batching import in_batches
from ..labels import NUMBERED, TAXONOMIES, LabelMap, Taxonomy, taxonomy
from ..precision import own_dtype
from ..progress import OnProgress
from ..quoting import plain
from ..settings import settings_in
from .checkpoint import parameters, save
from .errors import NoEncoderError, NoStyleError, StyleSizeError
from .fast.modulation import ModulationCache
from .label_offset import generator_labels
from .networks.encoder import StyleEncoder
from .networks.pix2pixhd import AnyGenerator
from .sizes import HowToFit, fitting
from .style import Style, random_styles
from .synthesis import synthesize

WORKSPACE = 1 << 28
"""Memory that the work on a label map takes besides the activations."""

LARGEST_SIZE = 1 << 14
"""The largest size of training pictures, in pixels, that a file may claim."""

PIXELS_AT_ONCE = 1 << 19
"""Pixels that are painted at once on a GPU."""

PHOTOS_AT_ONCE, PHOTO_MEMORY = 16, 1 << 28
"""Photographs whose styles are encoded at once on a GPU, and the memory in bytes that this takes."""

MakeRoom = Callable[[int], object]
"""Called with the number of bytes that a task needs, before it begins. It may move the net to another device."""

NO_STYLE = "this GauGAN has no style: with the same label map it always makes the same picture"


@dataclass(frozen=True)
class Painting:
    """What ``Synthesizer.generate`` returns.

    Attributes:
        images: ``[B, 3, H, W]`` in [-1, 1], float32.
        label_map: the label maps that they show, of the size of the images, one or as many.
        painted_size: height and width at which the net painted, before any padding was cut off.
    """

    images: Tensor
    label_map: LabelMap
    painted_size: tuple[int, int]


class Synthesizer(nn.Module):
    """A generator, its style encoder if it has one, and the classes of its label maps.

    What depends on a label map alone is kept with the nets while the same label map comes again, and let go of when
    they are moved to another device or cast.

    Args:
        taxonomy: name of the taxonomy whose ids the label maps hold.
        label_offset: added to every id before it goes into the generator. Ids that have no channel then are unknown,
            and so are unknown pixels.
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
                             f"{takes}; they are incompatible")  # fmt: skip
        known, classes = config.classes + config.unknown, len(taxonomy(taxonomy_name))
        # A net with own classes can lack the channel for a last class "unknown", and no net has all numbered classes.
        optional = taxonomy_name not in TAXONOMIES and taxonomy(taxonomy_name).unknown_is_last
        needed = classes - optional + min(label_offset, 0)
        if needed > known and taxonomy_name != NUMBERED:
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
        size = f"{self.trained_size}×{round(self.trained_size / config.aspect_ratio)}"
        style = f"style of {config.z_dim} numbers" if config.z_dim else "no style"
        encoder = ", with encoder" if self.encoder else ", no encoder" if config.z_dim else ""
        return (f"classes of '{self.taxonomy}', {style}{encoder}, trained at {size}, "
                f"{parameters(self.generator) / 1e6:.1f} M parameters")  # fmt: skip

    @property
    def trained_size(self) -> int:
        """Width of the pictures on which it was trained, in pixels."""
        size = self._facts.get("size")
        return size if isinstance(size, int) and 0 < size <= LARGEST_SIZE else self.generator.config.crop_size

    @property
    def digest(self) -> str:
        """A digest of all weights, by which a training recognises the model from which it started."""
        found = hashlib.sha256()
        for name, value in self.state_dict().items():
            found.update(name.encode())
            found.update(value.detach().cpu().contiguous().float().numpy().data)
        return found.hexdigest()

    @property
    def trained(self) -> str:
        """A line for a person: how the file says that it was trained; empty if it doesn't."""
        facts = self._facts
        steps, seconds, data = (facts.get(name) for name in ("steps", "seconds", "data"))
        if not isinstance(steps, int) or not isinstance(seconds, int | float) or not isinstance(data, str):
            return ""
        return f"trained for {steps} steps in {seconds / 60:.1f} minutes on {plain(data)}"

    @property
    def _facts(self) -> dict[str, Any]:
        """What the file says about the training; nothing if it says it in another form."""
        try:
            return settings_in(self.metadata, "training")
        except ValueError:
            return {}

    def save(self, path: str | Path, dtype: torch.dtype | None = None, *, overwrite: bool = True) -> Path:
        """Write a file that ``open_synthesizer`` reads, and return it. See ``checkpoint.save``."""
        about = {"taxonomy": self.taxonomy, "label_offset": str(self.label_offset)}
        return save(path, self.generator, self.encoder, self.metadata | about, dtype, overwrite=overwrite)

    def paint(
        self, ids: Tensor, z: Tensor | None = None, instances: Tensor | None = None, seed: int = 0
    ) -> Tensor:
        """The pictures of label maps, ``[B, 3, H, W]`` in [-1, 1]: ``synthesize`` for ids of the taxonomy."""
        self.require_style(z)
        labels = generator_labels(ids.long(), self.classes, self.label_offset, self.generator.config)
        return synthesize(self.generator, labels, z, instances=instances, cache=self.cache, seed=seed)

    def generate(
        self,
        label_map: LabelMap,
        style: Style | None = None,
        *,
        seed: int = 0,
        size: HowToFit = "resize",
        device: torch.device | str = "cpu",
        make_room: MakeRoom | None = None,
        on_progress: OnProgress | None = None,
    ) -> Painting:
        """Paint label maps of any size and number in the given styles, a few at a time.

        Args:
            label_map: ``B`` or one.
            style: ``B`` or one; None is the mean style.
            seed: of the noise, for a net that adds noise inside.
            size: what to do about a size that the net cannot make, as for ``fitting``. A padded picture is cut back to
                the size of its label map.
            device: of the returned images.
            make_room: see ``MakeRoom``.
            on_progress: called before each batch. An exception raised in it stops the work.
        Raises:
            OtherTaxonomyError: the label map has another taxonomy.
            NoStyleError, StyleSizeError: as for ``require_style``.
            ValueError: the numbers of label maps and styles differ, the size doesn't fit and ``size`` is "error", or
                the weights give pixels that are NaN.
        """
        label_map.require(self.classes)
        z = None if style is None else style.z
        self.require_style(z)
        fitted = label_map.at(*fitting(self.generator.config, *label_map.size, size))
        count = max(len(fitted), 1 if z is None else len(z))
        for what, number in (("label maps", len(fitted)), ("styles", 1 if z is None else len(z))):
            if number not in (1, count):
                raise ValueError(f"{number} {what} don't go with {count} of the other; give one, or as many")
        height, width = self.generator.config.generated_size(*fitted.size)
        at_once = max(1, PIXELS_AT_ONCE // (height * width))
        if make_room is not None:
            make_room(self.memory(min(count, at_once), *fitted.size))

        def paint(part: slice) -> Tensor:
            styles, instances = (whole if whole is None or len(whole) == 1 else whole[part]
                                 for whole in (z, fitted.instances))  # fmt: skip
            ids = fitted.ids if len(fitted) == 1 else fitted.ids[part]
            return self.paint(ids, styles, instances, seed).to(device, torch.float32)

        images = in_batches(paint, count, self._at_once(at_once), "painting", on_progress)
        if not bool(images.isfinite().all()):
            raise ValueError("this GauGAN painted pixels that are NaN, so its weights are damaged, or the style is far "
                             "from every style that it has seen; load another file, or use another style")  # fmt: skip
        if size == "pad":
            height, width = label_map.size
            return Painting(images[:, :, :height, :width], label_map, fitted.size)
        return Painting(images, fitted, fitted.size)

    def read_style(
        self, photos: Tensor, *, make_room: MakeRoom | None = None, on_progress: OnProgress | None = None
    ) -> Style:
        """The styles of any number of photos, ``[B, 3, H, W]`` in [-1, 1], a few at a time.

        Args:
            make_room: see ``MakeRoom``.
            on_progress: called before each batch. An exception raised in it stops the work.
        Raises:
            NoStyleError, NoEncoderError: as for ``encode``.
        """
        if make_room is not None:
            make_room(PHOTO_MEMORY)
        at_once = self._at_once(PHOTOS_AT_ONCE)
        return Style(
            in_batches(lambda part: self.encode(photos[part]).cpu(), len(photos), at_once, "style", on_progress)
        )

    def _at_once(self, most: int) -> int:
        """On a CPU one picture at a time: more would gain nothing and delay a stop."""
        return 1 if self._place()[0].type == "cpu" else most

    def encode(self, images: Tensor) -> Tensor:
        """The styles of photos ``[B, 3, H, W]`` in [-1, 1], float32 ``[B, z_dim]``. A caller's autocast has no effect.

        Raises:
            NoStyleError: the generator takes no style.
            NoEncoderError: there is no style encoder.
        """
        if not self.generator.config.z_dim:
            raise NoStyleError("this GauGAN has no style, so it cannot take over a photo's")
        if self.encoder is None:
            raise NoEncoderError("this GauGAN has a style but no style encoder, so it cannot read a photo's")
        device = self.generator.conv_img.weight.device
        with own_dtype(device):
            return self.encoder.encode(images.to(device)).float()

    def random_styles(self, count: int, generator: torch.Generator, spread: float = 1.0) -> Tensor:
        """``style.random_styles`` for this net: of the styles that its encoder has seen, if it keeps them.

        Raises:
            NoStyleError: the generator takes no style.
        """
        if not self.generator.config.z_dim:
            raise NoStyleError(NO_STYLE)
        seen = self.encoder.seen if self.encoder is not None else None
        return random_styles(self.generator.config.z_dim, count, generator, spread, seen)

    def require_style(self, z: Tensor | None) -> None:
        """Check that the generator can take these styles. None is no style.

        Raises:
            NoStyleError: the generator takes no style.
            StyleSizeError: the generator takes styles of another length.
        """
        wanted = self.generator.config.z_dim
        if z is not None and not wanted:
            raise NoStyleError(NO_STYLE)
        if z is not None and z.shape[1:] != (wanted,):
            raise StyleSizeError(f"the style has {z.shape[1]} numbers, but this GauGAN takes {wanted}")

    def memory(self, batch: int, height: int, width: int) -> int:
        """Bytes that making so many pictures at once takes at most, what is kept of a label map included."""
        config, bytes_each = self.generator.config, self.generator.conv_img.weight.element_size()
        *smaller, pixels = (prod(config.generated_size(*size)) for size in config.sizes_up_to(height, width))
        # The widest activations are those that up_3 gets: 2 ngf channels a pixel, a few of them at a time. The scales
        # and shifts of all layers together are about 20 ngf numbers a pixel.
        return (12 * batch * pixels + 20 * (sum(smaller) + pixels)) * config.ngf * bytes_each + WORKSPACE

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> "Synthesizer":
        before = self._place()
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        if self._place() != before:
            self.cache.clear()
        return self

    def _place(self) -> tuple[torch.device, torch.dtype]:
        weight = self.generator.conv_img.weight
        return weight.device, weight.dtype

"""Training data: pictures with their label maps, from a folder or from the renderer, and batches of them."""

import hashlib
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ...labels import AUTO, LabelPicture, Reading, Taxonomy, listed, percent, read, taxonomy
from ...pictures import open_colors, open_picture
from ...quoting import plain
from .augmentation import Cut, varied
from .config import TrainingConfig
from .folder import counted, pair_files, unquoted

AHEAD = 2
"""Number of batches that are prepared while one is in use."""

KEPT_BYTES = 1 << 30
"""Memory for decoded pairs of a folder. They are kept because decoding takes longer than cropping."""

MOST_SURVEYED = 64
"""Number of label maps that are read to tell which classes a folder has."""

MOST_SHARES = 12

Batch = TypeVar("Batch")


class Pairs(Protocol):
    """A data set."""

    def __len__(self) -> int: ...

    def load(self, index: int) -> tuple[Image.Image, Image.Image]:
        """A picture (RGB) and its label map (8-bit ids) of the same size."""

    def style(self, index: int) -> str | None:
        """The name of the style of the picture that ``load`` gives for this index, or None if it has no name.

        If ``load`` finds that a picture is damaged, it loads another one instead. The result is then the style of that
        one.
        """

    @property
    def identity(self) -> str:
        """What two machines can compare of a data set without reading it: numbers, or names and sizes of files."""

    def survey(self) -> str | None:
        """A sentence with the classes in the label maps and their shares, or None if there is nothing to check."""


@dataclass(frozen=True)
class RenderedPairs:
    """Landscapes in the 'landscape' taxonomy, which are rendered into a folder when they are first loaded.

    Attributes:
        folder: the folder for the landscapes, in the format of ``python -m gan_models.scenes``.
        count: number of landscapes.
        size: height and width in pixels.
        first_seed: seed of the first landscape.
    """

    folder: Path
    count: int
    size: tuple[int, int]
    first_seed: int = 0

    @classmethod
    def for_run(cls, folder: str | Path, count: int, config: TrainingConfig) -> "RenderedPairs":
        """Landscapes of the size that the run in ``folder`` needs, stored in that folder."""
        size = round(config.height * config.margin), round(config.size * config.margin)
        return cls(Path(folder) / "scenes" / f"{size[1]}x{size[0]}", count, size)

    def __len__(self) -> int:
        return self.count

    def load(self, index: int) -> tuple[Image.Image, Image.Image]:
        # Imported here because importing the renderer reads files, which importing the pack should not.
        from ...scenes.writing import Writer

        image, labels = Writer(self.folder, self.size, lighting=None, jpeg=True)(self.first_seed + index)
        return open_colors(image), open_picture(labels)

    def style(self, index: int) -> str:
        """The name of the lighting of a picture; nothing is rendered for it."""
        from ...scenes import random_lighting

        return random_lighting(self.first_seed + index).name

    @property
    def identity(self) -> str:
        return f"{len(self)} rendered landscapes, {self.size}, {self.first_seed}"

    def survey(self) -> None:
        """Rendered label maps need no check."""


class FolderPairs:
    """A folder with ``images/`` and ``labels/``, whose files have the same names apart from the extension.

    Label maps are what ``labels.read`` accepts: ids, or pictures in the colours of a taxonomy. 255 and transparent
    pixels are unknown. A folder ``styles/`` may contain text files (UTF-8) of the same names with the name of the
    picture's style: its lighting, weather, season or artist. Not every picture needs one.

    Args:
        folder: the folder.
        taxonomy_name: taxonomy of the label maps.
        on_warning: called for every file that is skipped, with the reason, and for label maps that are mostly unknown.
        choice: what the label maps are, one of ``labels.PALETTE_CHOICES``.
        offset: added to every number that is read as an id.
    Raises:
        FileNotFoundError: the folder does not exist or contains no pair.
    """

    def __init__(
        self,
        folder: str | Path,
        taxonomy_name: str,
        on_warning: Callable[[str], None] | None = None,
        choice: str = AUTO,
        offset: int = 0,
    ):
        self.warn = on_warning or (lambda text: None)
        self.taxonomy = taxonomy(taxonomy_name)
        self.choice, self.offset = choice, offset
        files = pair_files(unquoted(folder), self.warn)
        self.files = [(pair.image, pair.labels) for pair in files]
        self._styles = [pair.style for pair in files]
        self._damaged: set[int] = set()
        self._unknown: set[Path] = set()
        self._kept: dict[int, Cut] = {}
        self._kept_bytes = 0

    def __len__(self) -> int:
        return len(self.files)

    def load(self, index: int) -> tuple[Image.Image, Image.Image]:
        """The pair at ``index``, or the next pair that is not damaged.

        Raises:
            ValueError: all pairs are damaged.
        """
        while True:
            here = self._sound(index)
            if here in self._kept:
                return self._kept[here]
            try:
                pair = self._read(*self.files[here])
                self._keep(here, pair)
                return pair
            except (OSError, ValueError) as error:
                self._damaged.add(here)
                image, labels = self.files[here]
                self.warn(f"the pair {plain(image.name)} and {plain(labels.name)} is skipped: {error}")

    def _keep(self, index: int, pair: Cut) -> None:
        size = 4 * pair[0].width * pair[0].height
        if self._kept_bytes + size <= KEPT_BYTES:
            self._kept[index] = pair
            self._kept_bytes += size

    def style(self, index: int) -> str | None:
        """The name in ``styles/`` for the pair at ``index``, or for the next pair that is not known to be damaged."""
        return self._styles[self._sound(index)]

    def _sound(self, index: int) -> int:
        for step in range(len(self)):
            here = (index + step) % len(self)
            if here not in self._damaged:
                return here
        raise ValueError("every training pair is damaged; see the warnings for each")

    @property
    def identity(self) -> str:
        files = [(path.name, path.stat().st_size) for pair in self.files for path in pair]
        return f"{len(self)} pairs, {hashlib.sha256(repr(files).encode()).hexdigest()[:12]}"

    def survey(self) -> str:
        """A sentence with the classes in the label maps and their shares, so that a person notices shifted ids.

        Only some label maps of a large folder are read for it. Damaged ones are left out.
        """
        chosen = self.files[:: -(-len(self) // MOST_SURVEYED)]
        counts = torch.zeros(len(self.taxonomy), dtype=torch.int64)
        found = []
        for _, file in chosen:
            try:
                reading = self._read_labels(file)
            except (OSError, ValueError):
                continue  # load says why
            found.append(reading.found)
            counts += reading.ids.flatten().long().bincount(minlength=len(self.taxonomy))
        if not found:
            return f"none of the {len(chosen)} label maps that were tried can be read"
        kinds = [kind for kind, _ in Counter(found).most_common()]
        which = "" if len(found) == len(self) else f"{len(found)} of "
        classes = class_shares(self.taxonomy, counts)
        return f"{which}{counted(len(self), 'label map')} ({listed(kinds)}) with the classes {classes}"

    def _read(self, image_file: Path, labels_file: Path) -> tuple[Image.Image, Image.Image]:
        image, reading = open_colors(image_file), self._read_labels(labels_file)
        labels = Image.fromarray(reading.ids[0].numpy())
        if labels.size != image.size:
            raise ValueError(f"the picture is {image.width}×{image.height}, the label map "
                             f"{labels.width}×{labels.height}")  # fmt: skip
        return image, labels

    def _read_labels(self, file: Path) -> Reading:
        reading = read(LabelPicture.open(file), self.taxonomy, self.choice, self.offset)
        if reading.warning and file not in self._unknown:
            self._unknown.add(file)
            self.warn(f"{plain(file.parent.name)}/{plain(file.name)}: {reading.warning}")
        return reading


def class_shares(classes: Taxonomy, counts: Tensor) -> str:
    """The most frequent classes with their shares, for a person. Counts: pixels of each class, ``[classes]``."""
    order = [index for index in counts.argsort(descending=True, stable=True).tolist() if counts[index]]
    shares = (f"{classes.names[index]} {percent(float(counts[index] / counts.sum()))}" for index in order)
    return listed(shares, MOST_SHARES)


def batches(
    pairs: Pairs, config: TrainingConfig, start: int, rank: int = 0, processes: int = 1
) -> Generator[tuple[Tensor, Tensor], None, None]:
    """This process's share of every batch from step ``start`` on, without end.

    A batch depends only on the step, not on where a run began or how many processes share it. There is one exception:
    if a batch of large pictures has fewer pictures than there are processes, every process gets one.

    Yields:
        pictures ``[B, 3, H, W]`` in [-1, 1] and ids, int64 ``[B, H, W]``.
    Raises:
        ValueError: the batch cannot be shared evenly.
    """
    if config.batch % processes:
        raise ValueError(f"a batch of {config.batch} cannot be shared by {processes} processes; use a multiple of it")

    def load(step: int) -> tuple[Tensor, Tensor]:
        here = config.at_step(step)
        share = max(1, here.batch // processes)
        first = step * config.batch + rank * share
        loaded = [_example(pairs, here, position) for position in range(first, first + share)]
        return torch.stack([image for image, _ in loaded]), torch.stack([ids for _, ids in loaded])

    return prepared(load, start)


def prepared(load: Callable[[int], Batch], start: int) -> Generator[Batch, None, None]:
    """The results of ``load`` from step ``start`` on; a few are prepared while one is in use."""
    with ThreadPoolExecutor(max_workers=AHEAD) as pool:
        waiting: list[Future[Batch]] = []
        step = start
        try:
            while True:
                while len(waiting) < AHEAD:
                    waiting.append(pool.submit(load, step))
                    step += 1
                yield waiting.pop(0).result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _example(pairs: Pairs, config: TrainingConfig, position: int) -> tuple[Tensor, Tensor]:
    """The example at a position in the endless sequence of all epochs."""
    return varied(*pairs.load(place_in_epochs(config.seed, len(pairs), position)), config, position)


def place_in_epochs(seed: int, count: int, position: int) -> int:
    """Index of the example at a position in the endless sequence of all epochs, each with its own order."""
    epoch, place = divmod(position, count)
    return int(_order(seed, epoch, count)[place])


@lru_cache(maxsize=2)
def _order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The order of the pairs in an epoch. Two are cached, because a batch can extend into the next epoch."""
    return np.random.default_rng([seed, epoch]).permutation(count)

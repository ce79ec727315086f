"""The result of a training run: networks for previews while it runs, and the model file at the end."""

import copy
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ...labels import encode, palette
from ...pixels import to_float
from ..checkpoint import save
from ..fast.modulation import LabelMaps
from ..label_codes import label_codes
from ..networks.encoder import StyleEncoder
from ..networks.pix2pixhd import AnyGenerator
from ..networks.spade import BatchNorm
from ..style import random_styles
from ..synthesis import synthesize
from .draws import training_noise
from .initialization import effective_state
from .trainer import Trainer

SEEN = 256
"""The largest number of training pictures' styles that a model stores."""

Examples = Iterable[tuple[Tensor, Tensor]]
"""Pictures ``[B, 3, H, W]`` in [-1, 1] with their ids ``[B, H, W]``."""


@dataclass(frozen=True)
class Result:
    """Networks for inference, separate from those that are being trained.

    Attributes:
        generator: the generator with the EMA of the weights.
        encoder: the style encoder with spectral norm folded into its weights; None for a net without a style.
        taxonomy: name of the label maps' taxonomy.
    """

    generator: AnyGenerator
    encoder: StyleEncoder | None
    taxonomy: str

    @torch.no_grad()
    def sheet(self, images: Tensor, ids: Tensor) -> Tensor:
        """Rows of label maps, their pictures, and generated pictures: ``[1, 3, rows * H, B * W]``.

        A net with a style generates a row in the styles of the pictures and a row in random styles, which are always
        the same.
        """
        colors = to_float(encode(ids, palette(self.taxonomy)).movedim(3, 1))
        styles: list[Tensor | None] = [None]
        if self.encoder is not None:
            device = self.generator.conv_img.weight.device
            seed = torch.Generator().manual_seed(1)
            drawn = random_styles(self.encoder.config.z_dim, len(ids), seed, seen=self.encoder.seen)
            styles = [self.encoder.encode(images.to(device)), drawn]
        made = [synthesize(self.generator, ids, z).float().cpu() for z in styles]
        return torch.cat([torch.cat(list(row), 2) for row in (colors, images, *made)], 1)[None].clamp(-1, 1)


@torch.no_grad()
def result_of(trainer: Trainer, examples: Examples) -> Result:
    """Copies of the networks of a run in their present state. The run itself is not affected.

    Args:
        examples: pictures on which the batch norm statistics of the EMA are measured, unless they are frozen, and whose
            styles the encoder stores. If several processes train together, each of them calls this with its share.
    """
    config = trainer.config
    encoder = None
    if config.encoder is not None and trainer.encoder is not None:
        with torch.device("meta"):
            encoder = StyleEncoder(config.encoder).eval().requires_grad_(False)
        encoder.to_empty(device=trainer.device)
        encoder.load_state_dict(effective_state(trainer.encoder))
    generator = copy.deepcopy(trainer.ema)
    if config.generator.overscan and config.size > config.generator.crop_size:
        # Otherwise, pictures of the training size would be generated like those that are larger than that.
        generator.set_crop_size(config.size)
    norms = [module for module in generator.modules() if isinstance(module, BatchNorm) and not trainer.norm_frozen]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None
    generator.train()
    seen = []
    for position, (images, ids) in enumerate(examples if norms or encoder is not None else ()):
        codes = label_codes(config.generator, ids).to(trainer.device)
        with trainer.autocast():
            z = None
            if encoder is not None:
                z, logvar = encoder(images.to(trainer.device))
                seen.append(torch.stack([z, logvar], 1).float())
            if norms:
                generator(LabelMaps(config.generator, codes), z, training_noise(len(images), config.seed, position))
    if encoder is not None and seen:
        encoder.keep(torch.cat(seen)[:SEEN])
    return Result(generator.eval(), encoder, config.taxonomy)


def save_result(
    path: str | Path, result: Result, trainer: Trainer, *, data: str, license: str = "", half: bool = False
) -> None:
    """Write a file that ``open_synthesizer`` reads. An error leaves no half-written file.

    Args:
        data: description of the training data, for the file's metadata.
        license: licence of the weights, for the file's metadata.
        half: whether to write the weights in float16. Statistics stay in float32.
    Raises:
        OSError: the folder cannot be written or the disk is full.
    """
    facts = {
        "data": data,
        "steps": trainer.step,
        "pictures": trainer.pictures,
        "seconds": round(trainer.seconds),
        "size": trainer.config.size,
        "batch": trainer.config.batch,
    }
    metadata = {"taxonomy": trainer.config.taxonomy, "training": json.dumps(facts)}
    if license:
        metadata["license"] = license
    save(path, result.generator, result.encoder, metadata, torch.float16 if half else None)

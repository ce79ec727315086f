"""One scale of a trained SinGAN learned anew, on inputs in few colours (Shaham et al. 2019, supplement)."""

import torch
from torch import Tensor

from ..progress import OnProgress
from .coarser_scales import FrozenScales
from .model import SinGAN
from .palette import quantize
from .pyramid import Size, resize
from .scale_training import ScaleTrainer
from .training import Reporter


def retrained(
    model: SinGAN,
    scale: int,
    palette: Tensor,
    seed: int,
    dtype: torch.dtype = torch.float32,
    on_progress: OnProgress | None = None,
) -> SinGAN:
    """A model like ``model`` whose generator of ``scale`` learned from inputs in the colours of ``palette``.

    The other scales are shared with ``model``. ``on_progress`` gets what that of ``train`` gets.
    """
    with torch.inference_mode(False), torch.enable_grad():
        real = resize(model.training_picture(), model.sizes[scale]).clone()
        other = SinGAN(model.config, model.sizes, model.training_image, model.z_rec, model.facts)
        _share(model, other, range(scale))
        coarser = QuantizedScales(other, model.sizes[scale], palette.clone())
        trainer = ScaleTrainer(other, None, real, torch.Generator().manual_seed(seed), dtype, coarser)
        reporter = Reporter(on_progress, model.config, model.sizes, range(scale, scale + 1))
        with reporter.watching(trainer):
            trainer.run(reporter.iteration_done)
        other.add_scale(trainer.generator, trainer.amplitude)
        _share(model, other, range(scale + 1, len(model.sizes)))
    return other


class QuantizedScales(FrozenScales):
    """Coarser scales whose pictures are seen in the colours of ``palette`` alone."""

    def __init__(self, model: SinGAN, size: Size, palette: Tensor):
        super().__init__(model, size)
        self.palette = palette
        self.reconstructions = quantize(self.reconstructions, palette)

    def sample(self, noises: list[torch.Generator], averaged: bool = False, canvas: Size | None = None) -> Tensor:
        return quantize(super().sample(noises, averaged, canvas), self.palette)


def _share(source: SinGAN, target: SinGAN, scales: range) -> None:
    for scale in scales:
        target.generators.append(source.generators[scale])
        target.amplitudes.append(source.amplitudes[scale])

"""Retraining one scale of a SinGAN on inputs in few colours (Shaham et al. 2019, supplement)."""

import torch
from torch import Tensor

from ..progress import OnProgress
from .coarser_scales import FrozenScales
from .model import SinGAN
from .palette import quantize
from .pyramid import Size, resize
from .reporting import Reporter
from .scale_training import ScaleTrainer


def retrained(
    model: SinGAN,
    scale: int,
    palette: Tensor,
    seed: int,
    dtype: torch.dtype = torch.float32,
    on_progress: OnProgress | None = None,
) -> SinGAN:
    """A copy of ``model`` whose generator of one scale was trained again, on inputs in the colours of ``palette``.

    The other scales are shared with ``model``. The generator learns the first training image only.

    Args:
        scale: the scale to retrain, from 1 (0 = coarsest).
        palette: ``[count, 3]`` in [-1, 1].
        seed: of the initial weights and all other random numbers, 0 … 2**63 - 1.
        dtype: of the convolutions: torch.float32, or torch.bfloat16 for autocast.
        on_progress: called as by ``train``.
    Raises:
        DivergedError: the scale diverged from the image instead of learning it.
    """
    with torch.inference_mode(False), torch.enable_grad():
        real = resize(model.training_picture(), model.sizes[scale]).clone()
        other = SinGAN(model.config, model.sizes, model.training_images[:1], model.z_rec[:1], model.facts)
        share(model, other, range(scale))
        coarser = QuantizedScales(other, model.sizes[scale], palette.clone())
        trainer = ScaleTrainer(other, None, real, torch.Generator().manual_seed(seed), dtype, coarser)
        reporter = Reporter(on_progress, model.config, model.sizes, range(scale, scale + 1))
        with reporter.watching(trainer):
            trainer.run(reporter.iteration_done)
        other.add_scale(trainer.generator, trainer.amplitude)
        share(model, other, range(scale + 1, len(model.sizes)))
    return other


class QuantizedScales(FrozenScales):
    """Coarser scales whose pictures are quantized to the colours of ``palette``, ``[count, 3]`` in [-1, 1]."""

    def __init__(self, model: SinGAN, size: Size, palette: Tensor):
        super().__init__(model, size)
        self.palette = palette
        self.reconstructions = quantize(self.reconstructions, palette)

    def sample(self, noises: list[torch.Generator], ema: bool = False, canvas: Size | None = None) -> Tensor:
        return quantize(super().sample(noises, ema, canvas), self.palette)


def share(source: SinGAN, target: SinGAN, scales: range) -> None:
    """Append the generators and amplitudes of ``scales`` of one model to another, without copying them."""
    for scale in scales:
        target.generators.append(source.generators[scale])
        target.amplitudes.append(source.amplitudes[scale])

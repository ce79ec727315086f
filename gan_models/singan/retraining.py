"""One scale of a trained SinGAN learned anew, on inputs in few colours (Shaham et al. 2019, supplement)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..progress import OnProgress
from .model import SinGAN
from .palette import quantize
from .pyramid import resize
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
        trainer = QuantizedTrainer(other, palette.clone(), real, torch.Generator().manual_seed(seed), dtype)
        reporter = Reporter(on_progress, model.config, model.sizes, range(scale, scale + 1))
        with reporter.watching(trainer):
            trainer.run(reporter.iteration_done)
        other.add_scale(trainer.generator, trainer.amplitude)
        _share(model, other, range(scale + 1, len(model.sizes)))
    return other


class QuantizedTrainer(ScaleTrainer):
    """Trains a scale on inputs in few colours: the coarser scales' pictures are quantized before it sees them."""

    def __init__(self, model: SinGAN, palette: Tensor, real: Tensor, rng: torch.Generator, dtype: torch.dtype):
        self.palette = palette
        super().__init__(model, None, real, rng, dtype)

    def _previous(self, noises: list[torch.Generator]) -> Tensor:
        return quantize(super()._previous(noises), self.palette)

    def _trained_along(self) -> None:
        """The other scales stay as they are."""

    def _reconstruction_so_far(self) -> tuple[Tensor, float]:
        previous, _ = super()._reconstruction_so_far()
        previous = quantize(previous, self.palette)
        return previous, self.config.noise_weight * F.mse_loss(previous, self.real).sqrt().item()


def _share(source: SinGAN, target: SinGAN, scales: range) -> None:
    for scale in scales:
        target.generators.append(source.generators[scale])
        target.amplitudes.append(source.amplitudes[scale])

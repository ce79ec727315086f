"""Fine-tuning of a model for harmonization on the very picture that is to be harmonized (Hinz et al. 2021)."""

from dataclasses import replace

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .coarser_scales import DisturbedCopies
from .editing import Harmonization
from .model import SinGAN
from .pyramid import Size, resize
from .reporting import Reporter
from .retraining import share
from .scale_training import ScaleTrainer

CRITIC_SHARE = 0.2
"""Share of the steps in which only the critic learns, as the model does not keep the one of its training."""


class Composites(DisturbedCopies):
    """Copies of the training image that are the pictures to harmonize, one of them in each iteration.

    Args:
        pictures: ``[B, 3, H, W]`` in [-1, 1] at the size of the scale in training.
        masks: of their objects, ``[B or 1, 1, H, W]`` with 0 and 1.
        critic_lead: as for ``DisturbedCopies``.
    """

    def __init__(self, model: SinGAN, size: Size, pictures: Tensor, masks: Tensor, critic_lead: int):
        super().__init__(model, size)
        self.pictures, self.masks, self.critic_lead = pictures, masks.expand(len(pictures), -1, -1, -1), critic_lead

    def composite(self, real: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        index = int(torch.randint(len(self.pictures), (), generator=rng))
        return self.pictures[index][None], self.masks[index][None]


def fine_tuned(
    harmonization: Harmonization,
    steps: int,
    *,
    seed: int = 0,
    dtype: torch.dtype = torch.float32,
    on_progress: OnProgress | None = None,
) -> SinGAN:
    """A copy of the model of ``harmonization`` whose coarsest generator was trained further on its pictures.

    The other scales are shared with the model, which itself does not change.

    Args:
        harmonization: of one picture or several, in a model that was trained for harmonization.
        steps: updates, from 1.
        seed: of all random numbers, 0 … 2**63 - 1.
        dtype: of the convolutions: torch.float32, or torch.bfloat16 for autocast.
        on_progress: called as by ``train``; its previews are the harmonized picture beside the reconstruction.
    Raises:
        ValueError: fewer than one step, or a model for other tasks.
        DivergedError: the training diverged.
    """
    model = harmonization.model
    if steps < 1:
        raise ValueError(f"fine-tuning needs at least one step; steps is {steps}")
    if not model.config.harmonizes:
        raise ValueError("fine-tuning needs a model that was trained for harmonization; this one was trained for other "
                         "tasks")  # fmt: skip

    def report(progress: Progress) -> None:
        if on_progress is not None:
            on_progress(replace(progress, stage=f"fine-tuning, {progress.stage.rpartition(', ')[2]}"))

    with torch.inference_mode(False), torch.enable_grad():
        size = model.sizes[0]
        config = replace(model.config, coarse_iterations=steps, iterations=steps)
        blank = SinGAN(config, model.sizes, model.training_images[:1].clone(), model.z_rec[:1].clone())
        real = resize(blank.training_picture(), size)
        pictures = resize(harmonization.image, size).clone()
        masks = (resize(harmonization.mask * 2 - 1, size) > 0).float()
        copies = Composites(blank, size, pictures, masks, round(CRITIC_SHARE * steps))
        rng = torch.Generator().manual_seed(seed)
        trainer = ScaleTrainer(blank, None, real, rng, dtype, copies, model.generators[0])  # type: ignore[arg-type]
        reporter = Reporter(report if on_progress is not None else None, config, model.sizes, range(1))
        with reporter.watching(trainer):
            trainer.run(reporter.iteration_done)
        other = SinGAN(model.config, model.sizes, model.training_images, model.z_rec, model.facts)
        other.add_scale(trainer.generator, model.amplitudes[0])
        share(model, other, range(1, len(model.sizes)))
    return other

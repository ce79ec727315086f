"""Training for harmonization: the generators learn to bring disturbed copies of the picture back to it.

After Hinz et al. 2021 (section 4.2): a pyramid of few scales whose coarsest one refines a disturbed copy of the
training image in place of noise. The copies are of two kinds. Recoloured ones are compared with the picture itself.
In those with foreign objects, the objects should keep their edges, have colours of the picture, and patches that
the critic takes for the picture's.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from .coarser_scales import DisturbedCopies
from .disturbances import recoloured
from .harmony import color_excess, edge_correlation
from .networks import MARGIN, noisy
from .scale_inputs import Example
from .training_steps import TrainingStep

RECOLOURED_WEIGHT = 5.0
COLOR_WEIGHT = 4.0
EDGE_WEIGHT = 0.5
ADVERSARIAL_WEIGHT = 3.0
SURROUNDINGS = 0.05
"""Weight of a patch outside the objects in the critic's score of a copy, relative to one inside."""


class HarmonizingStep(TrainingStep):
    """One update of each network, on the picture, a recoloured copy, and a copy with foreign objects."""

    def run(self, iteration: int) -> None:
        example = self.inputs.draw(iteration)
        real = self.inputs.real[example.picture][None]
        copy, mask = self.copies.composite(real, self.inputs.rng)
        outputs = self._outputs(torch.cat([real, recoloured(real, self.inputs.rng), copy]), example)
        copy, mask = example.window.of(copy), example.window.of(mask)
        weights = F.avg_pool2d(mask, 2 * MARGIN + 1, stride=1) + SURROUNDINGS
        self.weights = weights / weights.sum()
        self.update_critic(example.real, outputs[2:].detach())
        if iteration >= self.copies.critic_lead:
            self.update_generator(self._generator_losses(outputs, copy, mask, example))

    @property
    def copies(self) -> DisturbedCopies:
        """The coarser scales, which make the copies."""
        coarser = self.inputs.coarser
        assert isinstance(coarser, DisturbedCopies)
        return coarser

    def wasserstein_losses(self, real: Tensor, fake: Tensor) -> Iterator[Tensor]:
        real_scores, fake_scores = self.scores(torch.cat([real, fake])).chunk(2)
        yield (fake_scores * self.weights).sum() - real_scores.mean()

    def _outputs(self, pictures: Tensor, example: Example) -> Tensor:
        """The generator's results for the training image and its copies, ``[3, 3, h, w]`` in the example's window."""
        with torch.no_grad(), self.autocast():
            rng = self.inputs.rng
            previous = self.copies.refine(pictures, [None, rng, rng])
        noise = torch.cat([torch.zeros_like(example.noise), example.noise, example.noise])
        padded = noisy(noise, previous, self.inputs.amplitude)
        with self.autocast():
            outputs: Tensor = self.generator(example.window.of(padded, MARGIN), example.window.of(previous))
        return outputs

    def _generator_losses(self, outputs: Tensor, copy: Tensor, mask: Tensor, example: Example) -> Iterator[Tensor]:
        original, restored, harmonized = outputs.chunk(3)
        around = (harmonized - example.real).square().mul(1 - mask).mean()
        yield (
            self.reconstruction_loss(original, example)
            + self.config.reconstruction_weight * around
            + RECOLOURED_WEIGHT * F.mse_loss(restored, example.real)
            + COLOR_WEIGHT * color_excess(harmonized, self.copies.colors[example.picture], mask)
            + EDGE_WEIGHT * (1 - edge_correlation(harmonized, copy, mask).mean())
            - ADVERSARIAL_WEIGHT * (self.scores(harmonized) * self.weights).sum()
        )

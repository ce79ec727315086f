"""Trains the style encoder alone, before it trains with the generator, to tell named styles apart.

Together with a generator, the encoder learns whatever helps to reconstruct the picture, and confuses styles whose
pictures are similar. An encoder that has learned to tell the styles apart beforehand does not. SPADE's paper has no
such training. The loss on the names is the Gaussian mixture loss (Wan et al. 2018, "Rethinking Feature Distribution for
Loss Functions in Image Classification").
"""

from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ...distributed import average_gradients, processes
from ...progress import OnProgress, Progress
from ...seeds import seeds_default_generator
from ..networks.encoder import StyleEncoder
from .augmentation import varied
from .config import TrainingConfig
from .draws import sample_style
from .finite import require_finite, total
from .losses import style_loss
from .pairs import Pairs, place_in_epochs, prepared

BATCH = 16
"""Pictures per step over all processes, rounded up to a number that they can share evenly."""

LEARNING_RATE = 1e-3
"""Learning rate in the first half of the steps. It falls linearly to zero in the second half."""

STYLE_WEIGHT = 0.005
"""Weight of the styles' divergence from the unit Gaussian, relative to the cross entropy of the names."""

CENTER_WEIGHT = 1.0
"""Weight of half the squared distance of a picture's mean style from the center of its name, relative to the same.

Without this loss, styles encode what the pictures show, which cannot be transferred to another layout.
"""


def pretrain(
    encoder: StyleEncoder,
    pairs: Pairs,
    config: TrainingConfig,
    *,
    device: torch.device | str = "cpu",
    on_progress: OnProgress | None = None,
) -> list[str]:
    """Train the encoder so that the styles of each name gather around a center of their own.

    The centers are random draws from the unit Gaussian, which is also the target distribution of all styles together. A
    picture whose name is uncertain gets a style between the centers of the possible names.

    This takes ``config.style_steps`` steps, or ``config.steps`` if that is fewer. The pictures are cropped and mirrored
    as in the training run. The result depends only on ``config`` and the data. If several processes train together, all
    of them call this and end with the same weights.

    Args:
        encoder: the encoder, on ``device``. Its weights are changed.
        pairs: the data set. Pictures whose style has no name are not used.
        config: the settings of the run that follows.
        device: where to compute.
        on_progress: called for every step. An exception that it raises ends the work at once. If several processes
            train together, all of them have to raise it.
    Returns:
        The sorted names. If there are fewer than two, there is nothing to learn and the encoder is not changed.
    Raises:
        NotFiniteError: a loss was infinite or NaN. The encoder took no step from it.
        ValueError: every picture whose style has a name is damaged.
    """
    named = _Named(pairs)
    if len(named.names) < 2 or not config.style_steps:
        return named.names
    count = processes()[1]
    config = replace(config, steps=min(config.style_steps, config.steps), batch=-(-BATCH // count) * count)
    report = on_progress or (lambda progress: None)
    with seeds_default_generator(config.seed):
        centers = torch.randn(len(named.names), encoder.config.z_dim).to(device)
    parameters = [*encoder.parameters()]
    optimizer = torch.optim.Adam(parameters, LEARNING_RATE, (0.0, config.beta), fused=True)
    stage = "the style encoder alone: starting"
    with closing(named.batches(config)) as examples:
        for step in range(config.steps):
            report(Progress(step, config.steps, stage))
            images, targets = (part.to(device) for part in next(examples))
            mu, logvar = encoder(images.contiguous(memory_format=torch.channels_last))
            z = sample_style(mu, logvar, config.seed, step)
            losses = {
                "names": F.cross_entropy(-_distances(z, centers), targets),
                "centers": CENTER_WEIGHT * _distances(mu, centers).gather(1, targets[:, None]).mean(),
                "style": STYLE_WEIGHT * style_loss(mu, logvar),
            }
            values = require_finite(losses, f"step {step + 1} of the style encoder alone")
            optimizer.param_groups[0]["lr"] = LEARNING_RATE * config.rate_at(step)
            optimizer.zero_grad(set_to_none=True)
            total(losses).backward()  # type: ignore[no-untyped-call]
            average_gradients(parameters)
            optimizer.step()
            numbers = ", ".join(f"{name} {value:.3g}" for name, value in values.items())
            stage = f"the style encoder alone: step {step + 1}, {numbers}"
    report(Progress(config.steps, config.steps, stage))
    return named.names


def _distances(styles: Tensor, centers: Tensor) -> Tensor:
    """Half the squared distances ``[B, N]`` of styles ``[B, z_dim]`` and centers ``[N, z_dim]``."""
    return (styles[:, None] - centers).square().sum(2) / 2


class _Named:
    """Those pictures of a data set whose style has a name."""

    def __init__(self, pairs: Pairs):
        self.pairs = pairs
        styles = {index: pairs.style(index) for index in range(len(pairs))}
        self.indices = [index for index, name in styles.items() if name is not None]
        self.names = sorted({name for name in styles.values() if name is not None})

    def batches(self, config: TrainingConfig) -> Generator[tuple[Tensor, Tensor], None, None]:
        """This process's share of every batch: pictures ``[B, 3, H, W]`` and the indices of their names, ``[B]``."""
        rank, count = processes()
        share = config.batch // count

        def load(step: int) -> tuple[Tensor, Tensor]:
            first = step * config.batch + rank * share
            examples = [self._example(config, position) for position in range(first, first + share)]
            images, targets = zip(*examples, strict=True)
            return torch.stack(images), torch.tensor(targets)

        return prepared(load, 0)

    def _example(self, config: TrainingConfig, position: int) -> tuple[Tensor, int]:
        place = place_in_epochs(config.seed, len(self.indices), position)
        for step in range(len(self.indices)):
            index = self.indices[(place + step) % len(self.indices)]
            image, labels = self.pairs.load(index)
            # Read after loading, because a damaged picture is replaced by another one, perhaps with a different style.
            name = self.pairs.style(index)
            if name is not None:
                return varied(image, labels, config, position)[0], self.names.index(name)
        raise ValueError("every training pair whose style has a name is damaged; see the warnings for each")

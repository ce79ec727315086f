"""How good a GauGAN of the 'landscape' taxonomy is, on rendered landscapes that it has not seen."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from gan_models.gaugan import Synthesizer
from gan_models.scenes import LIGHTS
from gan_models.seeds import seeded
from gaugan_heldout import HeldOut, Trial, to_float
from gaugan_judge import Judge, shrink_labels
from gaugan_metrics import CLASSES, color_distance, color_statistics, confusion, deviation, frechet

BATCH = 8


@dataclass(frozen=True)
class Styles:
    """How the trials of style fidelity went.

    Attributes:
        nearest: share of the trials whose light is the nearest one.
        nearest_two: share of the trials whose light is one of the two nearest.
        mistakes: (the trial's light, the nearest one) of all others, and how often.
    """

    nearest: float
    nearest_two: float
    mistakes: Counter[tuple[str, str]]


@dataclass(frozen=True)
class Scores:
    """The scores of a model, or of other pictures in place of its.

    Attributes:
        counts: what the judge takes each class for, ``[CLASSES, CLASSES]``.
        frechet: distance of the judge's features to those of true pictures of other layouts.
        styles: None where there are none.
        diversity: mean standard deviation of a layout's pixels (in -1..1), and of its features, over random styles;
            None where there are none.
    """

    counts: Tensor
    frechet: float
    styles: Styles | None
    diversity: tuple[float, float] | None


def true_scores(held: HeldOut, judge: Judge) -> Scores:
    """What a perfect model would reach: true pictures in place of generated ones.

    In the trials of style fidelity that is a picture in a light that differs as much from the wanted one as those of
    the training set do.
    """
    counts, features = judged(judge, ((to_float(image), label) for image, label in _batches(held.images, held.labels)))
    styles = style_fidelity((trial, trial.varied) for trial in held.trials)
    diversity = mean_diversity(judge, (to_float(images) for _, images in held.varied))
    return Scores(counts, frechet(features, other_features(held, judge)), styles, diversity)


def flat_scores(held: HeldOut, judge: Judge) -> Scores:
    """What label maps reach that are painted flat, each class in its mean colour in the true picture.

    A model has to be better than this: places and colours alone tell the judge a lot.
    """
    pictures = (
        (torch.stack([flat(*pair) for pair in zip(to_float(image), label, strict=True)]), label)
        for image, label in _batches(held.images, held.labels)
    )
    counts, features = judged(judge, pictures)
    return Scores(counts, frechet(features, other_features(held, judge)), None, None)


def model_scores(held: HeldOut, judge: Judge, model: Synthesizer) -> Scores:
    """The scores of a model.

    Each layout is painted in the style of the next one's picture. A model without style encoder paints all in its
    mean style.
    """
    style_pictures = held.images.roll(-1, 0)
    pictures = (
        (in_style_of(model, labels, pictures), labels) for pictures, labels in _batches(style_pictures, held.labels)
    )
    counts, features = judged(judge, pictures)
    distance = frechet(features, other_features(held, judge))
    if model.encoder is None:
        return Scores(counts, distance, None, None)
    styles = style_fidelity(_painted_trials(model, held.trials))
    count = len(held.varied[0][1])
    z = model.random_styles(len(held.varied) * count, seeded(0)).split(count)
    painted = (model.paint(labels[None], some) for (labels, _), some in zip(held.varied, z, strict=True))
    return Scores(counts, distance, styles, mean_diversity(judge, painted))


def in_style_of(model: Synthesizer, labels: Tensor, pictures: Tensor) -> Tensor:
    """Label maps ``[B, H, W]``, each painted in the style of a picture of uint8 ``[B, 3, H, W]``: ``[B, 3, H, W]``."""
    return model.paint(labels, None if model.encoder is None else model.encode(to_float(pictures)))


def flat(image: Tensor, labels: Tensor) -> Tensor:
    """A picture ``[3, H, W]`` with each class of its label map ``[H, W]`` in its mean colour."""
    ids = labels.flatten().long()
    sums = torch.zeros(3, CLASSES).index_add_(1, ids, image.flatten(1))
    return (sums / ids.bincount(minlength=CLASSES).clamp(min=1))[:, ids].view_as(image)


def judged(judge: Judge, batches: Iterable[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    """Confusion ``[CLASSES, CLASSES]`` and features ``[N, 384]`` of batches of pictures and their label maps."""
    counts, every = torch.zeros(CLASSES, CLASSES, dtype=torch.int64), []
    for images, labels in batches:
        ids, features = judge.look(images)
        counts += confusion(ids.cpu(), shrink_labels(labels))
        every.append(features.cpu())
    return counts, torch.cat(every)


def other_features(held: HeldOut, judge: Judge) -> Tensor:
    """The judge's features of the true pictures of other layouts, ``[N, 384]``."""
    return torch.cat([judge.look(to_float(images))[1].cpu() for images in held.others.split(BATCH)])


def style_fidelity(pictures: Iterable[tuple[Trial, Tensor]]) -> Styles:
    """How often the ``color_statistics`` of a trial's picture are nearest to those in its light."""
    ranks, mistakes = [], Counter[tuple[str, str]]()
    names = list(LIGHTS)
    for trial, statistics in pictures:
        order = color_distance(trial.in_lights, statistics, trial.labels).argsort().tolist()
        ranks.append(order.index(names.index(trial.light)))
        if ranks[-1]:
            mistakes[trial.light, names[order[0]]] += 1
    first, second = (sum(rank <= most for rank in ranks) / len(ranks) for most in (0, 1))
    return Styles(first, second, mistakes)


def mean_diversity(judge: Judge, groups: Iterable[Tensor]) -> tuple[float, float]:
    """``deviation`` of the pixels and of the features in groups of pictures ``[B, 3, H, W]``, averaged over groups."""
    both = torch.tensor([(deviation(images), deviation(judge.look(images)[1])) for images in groups])
    pixels, features = both.mean(0).tolist()
    return pixels, features


def _painted_trials(model: Synthesizer, trials: list[Trial]) -> Iterator[tuple[Trial, Tensor]]:
    for start in range(0, len(trials), BATCH):
        some = trials[start : start + BATCH]
        labels, pictures = (torch.stack(x) for x in zip(*((t.labels, t.style_picture) for t in some), strict=True))
        for trial, image in zip(some, in_style_of(model, labels, pictures), strict=True):
            yield trial, color_statistics(image, trial.labels)


def _batches(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    return zip(*(tensor.split(BATCH) for tensor in tensors), strict=True)

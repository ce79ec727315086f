"""From the scores of classes, at a net's own resolution, to the class of every pixel of the photograph."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

MOST_VALUES = 1 << 26
"""Scores that are in memory at once; a photograph of 12 million pixels has 2 billion of 150 classes."""
OBJECT = 0.5
"""The least probability of an object, and of its pixels."""
VISIBLE = 0.8
"""The least share of an object's pixels that no other object covers (Cheng et al. 2021, section 3.4)."""
UNCOVERED = 1e-6
"""The score of the unknown class where no mask covers a pixel."""
NUMBERS = 1000
"""Objects of one class have the numbers that follow a multiple of this, as in the instance maps of Cityscapes."""


def enlarged(scores: Tensor, size: tuple[int, int]) -> Iterator[Tensor]:
    """Scores ``[C, h, w]`` at another size ``[C, rows, W]``, interpolated bilinearly, from top to bottom in pieces."""
    height, width = size
    rows = max(1, MOST_VALUES // (len(scores) * width))
    last = scores.shape[1] - 1
    places = ((torch.arange(height, device=scores.device) + 0.5) * (last + 1) / height - 0.5).clamp(0, last)
    above = places.long()
    for start in range(0, height, rows):
        upper = above[start : start + rows]
        between = (places[start : start + rows] - upper).to(scores.dtype).view(1, -1, 1)
        band = scores[:, upper].lerp(scores[:, (upper + 1).clamp(max=last)], between)
        yield F.interpolate(band[None], (band.shape[1], width), mode="bilinear", align_corners=False)[0]


def best(scores: Tensor, size: tuple[int, int], probabilities: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """The most probable class of every pixel, and its probability: ``[H, W]`` int64 and float32 on the CPU.

    Args:
        scores: ``[C, h, w]``.
        size: H and W.
        probabilities: turns enlarged scores ``[C, rows, W]`` to probabilities ``[classes, rows, W]``.
    """
    values, classes = zip(*(probabilities(band).max(0) for band in enlarged(scores, size)), strict=True)
    return torch.cat(classes).cpu(), torch.cat(values).float().cpu()


def united(scores: Tensor, ids: Tensor, classes: int) -> Tensor:
    """The sums of the scores ``[C, ...]`` that belong to one class: ``[classes, ...]``. ``ids``: the class of each."""
    return scores.new_zeros(classes, *scores.shape[1:]).index_add_(0, ids, scores)


def from_logits(ids: Tensor, classes: int) -> Callable[[Tensor], Tensor]:
    """Turns logits of a net's classes into probabilities of a taxonomy's. ``ids``: the taxonomy's id for each."""
    return lambda logits: united(logits.softmax(0), ids, classes)


def of_queries(class_logits: Tensor, masks: Tensor, ids: Tensor, classes: int, unknown: int) -> Tensor:
    """The scores of a net that finds masks: sums of masks, weighted with the probabilities of their classes.

    Args:
        class_logits: ``[Q, C + 1]``; the last one means that the query found nothing.
        masks: probabilities ``[Q, h, w]``.
        ids: the taxonomy's id for each of the C classes.
        classes: the number of ids.
        unknown: the unknown id, for pixels that no mask covers.
    Returns:
        ``[classes, h, w]``. ``share`` turns them into probabilities.
    """
    found = united(class_logits.softmax(-1)[:, :-1].T, ids, classes)
    scores = torch.einsum("cq,qhw->chw", found, masks)
    scores[unknown] += UNCOVERED
    return scores


def share(scores: Tensor) -> Tensor:
    """Each class's share of the scores ``[classes, ...]``. Where masks cover a pixel only in part, shares are less."""
    return scores / scores.sum(0, keepdim=True).clamp(min=1)


def instances(class_logits: Tensor, masks: Tensor, ids: Tensor, unknown: int, labels: Tensor) -> Tensor:
    """The objects of a net that finds masks (Cheng et al. 2021, section 3.4), int32 ``[H, W]``.

    Args:
        class_logits: ``[Q, C + 1]``.
        masks: probabilities ``[Q, h, w]``.
        ids: the taxonomy's id for each of the C classes.
        unknown: the unknown id, which has no objects.
        labels: the id of every pixel ``[H, W]``, on the CPU. An object has only pixels of its class.
    Returns:
        1000 × (id + 1) + 1, + 2 … for the objects of a class, and the id itself where there is no object: borders
        between classes are borders between instances, too.
    """
    probability, label = (each.cpu() for each in class_logits.softmax(-1).max(-1))
    ids = ids.cpu()
    found = (probability > OBJECT) & (label < len(ids))
    kept = [query for query in found.nonzero().flatten().tolist() if ids[label[query]] != unknown]
    numbers = labels.to(torch.int32)
    if not kept:
        return numbers
    weights, areas, winners = probability[kept].view(-1, 1, 1).to(masks.device), torch.zeros(len(kept)), []
    for band in enlarged(masks[kept], (labels.shape[0], labels.shape[1])):
        areas += (band > OBJECT).sum((1, 2)).cpu()
        winner = (band * weights).argmax(0, keepdim=True)
        winners.append(winner.where(band.gather(0, winner) > OBJECT, -1)[0].cpu())
    places, count = torch.cat(winners), [0] * (int(ids.max()) + 1)
    for number, (query, area) in enumerate(zip(kept, areas.tolist(), strict=True)):
        label_id = int(ids[label[query]])
        own = (places == number) & (labels == label_id)
        if area and own.sum() >= VISIBLE * area:
            count[label_id] += 1
            numbers[own] = NUMBERS * (label_id + 1) + count[label_id]
    return numbers

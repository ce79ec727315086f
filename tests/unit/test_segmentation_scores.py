import pytest
import torch
import torch.nn.functional as F

from gan_models.segmentation import scores


@pytest.mark.parametrize("size", [(7, 11), (40, 60), (3, 100), (12, 15), (1, 1)])
@pytest.mark.parametrize("most", [1, 700, 1 << 26])
def test_scores_are_enlarged_bilinearly_in_any_pieces(monkeypatch, size, most):
    monkeypatch.setattr(scores, "MOST_VALUES", most)
    given = torch.randn(5, 12, 15, generator=torch.Generator().manual_seed(0))
    whole = F.interpolate(given[None], size, mode="bilinear", align_corners=False)[0]
    assert torch.allclose(torch.cat(list(scores.enlarged(given, size)), 1), whole, atol=1e-5)


def test_probabilities_of_classes_that_become_one_are_added():
    logits = torch.tensor([2.0, 1.9, 1.8]).log().view(3, 1, 1)
    ids, confidence = scores.best(logits, (2, 3), scores.from_logits(torch.tensor([4, 1, 1]), 6))
    assert ids.unique().tolist() == [1] and ids.shape == (2, 3)
    assert torch.allclose(confidence, torch.tensor(3.7 / 5.7))


def queries(*classes, count=3):
    """Logits of queries that are sure of these classes; None found nothing."""
    return torch.stack([9.0 * F.one_hot(torch.tensor(count if c is None else c), count + 1) for c in classes])


def box(top, bottom, left, right, side=8):
    mask = torch.zeros(side, side)
    mask[top:bottom, left:right] = 1
    return mask


IDS = torch.tensor([5, 2, 9])
UNKNOWN = 9


def test_masks_are_weighted_with_their_classes():
    masks = torch.stack([box(0, 8, 0, 4), box(0, 8, 4, 8), box(0, 8, 0, 8)])
    sums = scores.of_queries(queries(0, 1, None), masks, IDS, 10, UNKNOWN)
    ids, confidence = scores.best(sums, (8, 8), scores.share)
    assert (ids[:, :4] == 5).all() and (ids[:, 4:] == 2).all() and confidence.min() > 0.99
    sums = scores.of_queries(queries(0), 0.4 * masks[:1], IDS, 10, UNKNOWN)
    ids, confidence = scores.best(sums, (8, 8), scores.share)
    assert ids[0].tolist() == [5] * 4 + [UNKNOWN] * 4
    assert confidence[:, :4].max() < 0.41 and confidence[:, 4:].max() < 0.01


def test_objects_of_one_class_have_different_numbers():
    masks = torch.stack([box(0, 4, 0, 8), box(4, 8, 0, 3), box(4, 8, 5, 8), box(4, 8, 3, 5)])
    found = queries(1, 0, 0, 2)
    labels = torch.full((8, 8), 5)
    labels[:4], labels[4:, 3:5] = 2, UNKNOWN
    numbers = scores.instances(found, masks, IDS, UNKNOWN, labels)
    assert numbers.dtype == torch.int32
    assert (numbers[:4] == 3001).all() and (numbers[4:, :3] == 6001).all() and (numbers[4:, 5:] == 6002).all()
    assert (numbers[4:, 3:5] == UNKNOWN).all()


def test_a_hidden_object_is_none():
    masks = torch.stack([box(0, 8, 0, 8), 0.9 * box(0, 8, 0, 6), 0.9 * box(0, 2, 0, 2)])
    numbers = scores.instances(queries(0, 0, None), masks, IDS, UNKNOWN, torch.full((8, 8), 5))
    assert numbers.unique().tolist() == [6001]


def test_without_objects_the_numbers_are_the_ids():
    labels = torch.arange(64).view(8, 8) % 3
    numbers = scores.instances(queries(None, 2), torch.ones(2, 8, 8), IDS, UNKNOWN, labels)
    assert torch.equal(numbers, labels.to(torch.int32))

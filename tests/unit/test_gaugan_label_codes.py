import pytest
import torch

from gan_models.gaugan import instance_edges, label_codes, one_hot
from gaugan_toys import config


def test_channel_order_is_classes_unknown_edge():
    settings = config(classes=3, unknown=True, instance_edges=True)
    ids = torch.tensor([[[0, 2], [255, 3]]], dtype=torch.uint8)
    instances = torch.ones(1, 2, 2, dtype=torch.int32)
    channels = one_hot(settings, label_codes(settings, ids, instances))
    assert channels.shape == (1, 5, 2, 2)
    assert channels.argmax(1).tolist() == [[[0, 2], [3, 3]]]
    assert channels[:, 4].sum() == 0
    instances[0, 0, 0] = 9
    assert one_hot(settings, label_codes(settings, ids, instances))[0, 4].tolist() == [[1, 1], [1, 0]]


def test_edges_are_marked_on_both_sides():
    instances = torch.zeros(1, 5, 5, dtype=torch.int64)
    instances[0, 2, 2] = 7
    expected = torch.zeros(5, 5, dtype=torch.bool)
    expected[2, 1:4] = expected[1:4, 2] = True
    assert torch.equal(instance_edges(instances)[0], expected)


def test_without_instances_every_region_of_a_class_is_one():
    settings = config(instance_edges=True)
    ids = torch.tensor([[[1, 1, 4, 4]]])
    assert (label_codes(settings, ids) % 2).tolist() == [[[0, 1, 1, 0]]]


def test_255_is_a_plain_class_of_a_net_with_that_many():
    settings = config(classes=300, unknown=True)
    assert label_codes(settings, torch.tensor([[[255, 300]]])).tolist() == [[[510, 600]]]


@pytest.mark.parametrize(
    ("unknown", "wrong", "known"),
    [(False, 255, "0 to 6"), (False, 7, "0 to 6"), (True, 8, "255 for unknown"), (True, -1, "0 to 6")],
)
def test_ids_that_the_net_does_not_know(unknown, wrong, known):
    with pytest.raises(ValueError, match=f"the id {wrong}, .*{known}"):
        label_codes(config(unknown=unknown), torch.tensor([[[0, wrong]]]))


def test_invalid_label_maps():
    for wrong in (torch.zeros(1, 4, 4), torch.zeros(4, 4, dtype=torch.int64), torch.zeros(1, 4, 4, dtype=torch.bool)):
        with pytest.raises(ValueError, match=r"label_ids must be integers \[B, H, W\]"):
            label_codes(config(), wrong)
    with pytest.raises(ValueError, match="instances must have the shape"):
        label_codes(config(instance_edges=True), torch.zeros(2, 4, 4).long(), torch.zeros(2, 4, 5).long())

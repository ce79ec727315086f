"""The training of the segmentation net that ships: what it cuts out of photographs, and what learns."""

import importlib.util
import random
import sys

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

from gaugan_photographs import Photograph

spec = importlib.util.spec_from_file_location("segmentation_training", ROOT / "tools" / "segmentation_training.py")
training = sys.modules["segmentation_training"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(training)


@pytest.fixture
def photographs():
    """Blue sky above green grass, at two sizes."""
    made = []
    for name, (height, width) in (("wide", (64, 96)), ("high", (96, 64))):
        pixels, ids = np.full((height, width, 3), (90, 140, 230), np.uint8), np.zeros((height, width), np.uint8)
        pixels[height // 2 :], ids[height // 2 :] = (60, 160, 60), 10
        made.append(Photograph(name, Image.fromarray(pixels), Image.fromarray(ids)))
    return made


def test_a_cut_shows_the_same_part_of_picture_and_ids():
    rows, columns = torch.meshgrid(torch.arange(80), torch.arange(120), indexing="ij")
    draw, mirrored = random.Random(0), set()
    for _ in range(20):
        cut = training.Cut.draw(draw, rows.shape, (32, 48))
        mirrored.add(cut.mirrored)
        picture = (cut.of_picture(torch.stack([rows, columns, columns])) + 1) * 127.5
        ids = torch.stack([cut.of_ids(rows), cut.of_ids(columns)])
        assert picture.shape == (3, 32, 48) and ids.shape == (2, 32, 48) and ids.dtype == torch.int64
        assert (picture[:2] - ids).abs().max() < 3
        left, right = ids[1, 0, 0], ids[1, 0, -1]
        assert (left > right) == cut.mirrored and ids[0, -1, 0] > ids[0, 0, 0]
        assert abs(int(left) - int(right)) >= 0.4 * 120
    assert mirrored == {False, True}


@pytest.mark.parametrize("features_rate", [0.0, 1e-3])
def test_a_net_learns_and_its_features_only_if_they_have_a_rate(network, photographs, features_rate):
    settings = training.Settings("lite0", steps=4, features_rate=features_rate, size=(64, 64), seed=1)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    net = training.train(settings, network, photographs)
    assert not net.training and not any(weight.requires_grad for weight in net.parameters())
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    kept = [torch.equal(before[name], value) for name, value in net.features.state_dict().items() if name in before]
    assert all(kept) is not bool(features_rate)
    twin = training.train(settings, network, photographs)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True))

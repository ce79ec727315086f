"""The training of the segmentation net that ships: what it cuts out of photographs, and what learns."""

import importlib.util
import random

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

from gaugan_photographs import Photograph

spec = importlib.util.spec_from_file_location("segmentation", ROOT / "tools" / "segmentation.py")
training = importlib.util.module_from_spec(spec)
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


def test_a_crop_shows_the_same_part_of_picture_and_ids():
    rows, columns = torch.meshgrid(torch.arange(80), torch.arange(120), indexing="ij")
    draw, mirrored = random.Random(0), set()
    for _ in range(20):
        state = draw.getstate()
        picture, down = training.crop((torch.stack([rows, columns, columns]), rows), (32, 48), draw)
        draw.setstate(state)
        _, across = training.crop((torch.stack([rows, columns, columns]), columns), (32, 48), draw)
        assert picture.shape == (3, 32, 48) and down.shape == (32, 48) and down.dtype == torch.int64
        assert ((picture[:2] + 1) * 127.5 - torch.stack([down, across])).abs().max() < 3
        left, right = across[0, 0], across[0, -1]
        mirrored.add(bool(left > right))
        assert down[-1, 0] > down[0, 0]
        assert abs(int(left) - int(right)) >= 0.4 * 120
    assert mirrored == {False, True}


@pytest.mark.parametrize("features_rate", [0.0, 1e-3])
def test_a_net_learns_and_its_features_only_if_they_have_a_rate(network, photographs, features_rate):
    settings = {"steps": 4, "features_rate": features_rate, "size": (64, 64), "seed": 1}
    before = {name: value.clone() for name, value in network.state_dict().items()}
    net = training.train(network, photographs, **settings)
    assert not net.training and not any(weight.requires_grad for weight in net.parameters())
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
    kept = [torch.equal(before[name], value) for name, value in net.features.state_dict().items() if name in before]
    assert all(kept) is not bool(features_rate)
    twin = training.train(network, photographs, **settings)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), twin.state_dict().values(), strict=True))

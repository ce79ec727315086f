"""The segmentation net that recognises the labels again."""

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

import gaugan_segmentation
from gan_models.pixels import to_float
from gaugan_metrics import (
    UNKNOWN,
    confusion,
    pixel_accuracy,
)
from gaugan_photographs import (
    Photograph,
    crops,
)
from gaugan_segmentation import Segmentation, shrink, shrink_labels
from quality_toys import SIZE, drawn


def test_segmentation_learns_and_keeps(tmp_path, network, monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "BATCH", 4)
    # The only lesson is that skies are bright and ground is dark; unknown pixels teach nothing.
    ids = np.zeros((40, 60), np.uint8)
    ids[20:] = 10
    ids[:, 25:35] = UNKNOWN
    one = Photograph("x", Image.fromarray(np.where(ids == 10, 40, 220).astype(np.uint8)).convert("RGB"),
                     Image.fromarray(ids))  # fmt: skip
    losses = []
    net = gaugan_segmentation.train(network, [one] * 8, steps=30, on_step=lambda step, loss: losses.append(loss))
    assert losses[-1] < losses[0] - 0.5
    gaugan_segmentation.save(tmp_path / "net.safetensors", net, {"steps": 30})
    again = gaugan_segmentation.load(tmp_path / "net.safetensors", network)
    cut = crops([one], SIZE)
    assert torch.equal(net.look(to_float(cut.images)), again.look(to_float(cut.images)))
    assert pixel_accuracy(confusion(again.look(to_float(cut.images)), cut.labels)) > 0.8
    assert not any(name.startswith("features") for name in net.state_dict())


def test_rare_classes_count_more():
    ids = np.zeros((10, 10), np.uint8)
    ids[0, :] = 7
    ids[9, :] = UNKNOWN
    one = Photograph("x", Image.fromarray(ids).convert("RGB"), Image.fromarray(ids))
    weights = gaugan_segmentation.class_weights([one] * 2)
    assert len(weights) == UNKNOWN
    assert (weights[7] / weights[0]).item() == pytest.approx(8**0.5, rel=0.01)
    assert (8 * weights[0] + weights[7]).item() == pytest.approx(9)


def test_segmentation_looks_at_256_pixels(network, monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "SIZE", 256)
    assert Segmentation(network).eval().look(drawn(1, 3, 64, 64).float()).shape == (1, 256, 256)
    picture = drawn(1, 3, 256, 256).float()
    assert shrink(picture) is picture
    large = torch.arange(4.0).repeat_interleave(128).view(1, 1, 512, 1).expand(1, 3, 512, 512)
    assert torch.allclose(shrink(large)[0, 0, 16::32, 0], torch.arange(4.0).repeat_interleave(2)[:8], atol=0.01)
    labels = torch.arange(4).repeat_interleave(128).view(1, 512, 1).expand(1, 512, 512)
    assert torch.equal(shrink_labels(labels)[0, :, 0], torch.arange(4).repeat_interleave(64))


def test_a_file_that_is_not_a_segmentation_net(tmp_path, network):
    save_file({"x": torch.zeros(1)}, tmp_path / "x.safetensors")
    with pytest.raises(ValueError, match=r"x\.safetensors contains no landscape segmentation"):
        gaugan_segmentation.load(tmp_path / "x.safetensors", network)

"""Segmentation computes on another device than the CPU, and gives its results on the CPU."""

import pytest
import torch

from gan_models.segmentation import open_transformers_segmenter
from pretend_device import NAME, PretendDevice
from segmentation_toys import write_checkpoint


@pytest.mark.parametrize("kind", ["segformer", "upernet", "mask2former", "oneformer"])
def test_checkpoints_of_transformers(tmp_path, kind):
    folder = write_checkpoint(tmp_path, kind)
    images = torch.rand(2, 3, 40, 60, generator=torch.Generator().manual_seed(0))
    near = open_transformers_segmenter(folder, torch.device("cpu")).segment(images)
    with PretendDevice() as device:
        far = open_transformers_segmenter(folder, torch.device(NAME, 0)).segment(images)
        assert device.launches
    assert torch.equal(near.ids, far.ids) and torch.allclose(near.confidence, far.confidence, atol=1e-4)
    assert near.instances is None or torch.equal(near.instances, far.instances)
    assert {found.device.type for found in (far.ids, far.confidence)} == {"cpu"}

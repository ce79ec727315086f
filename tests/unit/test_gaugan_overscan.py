"""Generators that paint beyond the borders of a picture."""

from dataclasses import replace

import pytest
import torch

from gan_models.gaugan import Style, Synthesizer, load, one_hot, save, synthesize, synthesizer
from gan_models.gaugan.fast.modulation import ModulationCache
from gan_models.gaugan.label_codes import label_codes
from gan_models.gaugan.networks.pix2pixhd import Pix2PixHD, Pix2PixHDConfig
from gan_models.labels import LabelMap
from gaugan_toys import LANDSCAPE, blob_map, config, generator


@pytest.mark.parametrize(
    "changes", [{}, {"z_dim": 0, "unknown": True}, {"instance_edges": True}, {"noise": True, "style_blocks": True}]
)
def test_the_picture_is_the_middle_of_a_larger_one(changes):
    net = generator(config(overscan=32, crop_size=32, **changes))
    ids = blob_map(net.config, 64, 96, batch=2)
    rows, columns = (torch.arange(-32, side + 32).clamp(0, side - 1) for side in ids.shape[1:])
    codes = label_codes(net.config, ids)[:, rows][:, :, columns]
    z = torch.randn(2, net.config.z_dim) if net.config.z_dim else None
    with torch.no_grad():
        large = net(one_hot(net.config, codes), z)
    cache = ModulationCache()
    silent = replace(net.config, noise=False)
    for kept in (None, cache, cache):
        made = synthesize(net, ids, z, cache=kept)
        assert made.shape == (2, 3, 64, 96)
        if net.config == silent:
            assert (made - large[:, :, 32:-32, 32:-32]).abs().max() < 1e-4
    assert (made - synthesize(narrow(net), ids, z)).abs().max() > 1e-3


def test_pictures_of_the_training_size_are_generated_as_in_training():
    net = generator(config(overscan=32, crop_size=64, aspect_ratio=2.0))
    z = torch.randn(1, net.config.z_dim)
    for height, width, larger in ((32, 64, False), (32, 32, False), (64, 64, True), (32, 96, True)):
        ids = blob_map(net.config, height, width)
        assert torch.equal(synthesize(net, ids, z), synthesize(narrow(net), ids, z)) is not larger
        assert net.config.generated_size(height, width) == (height + 64 * larger, width + 64 * larger)


def narrow(net):
    twin = generator(replace(net.config, overscan=0))
    twin.load_state_dict(net.state_dict())
    return twin


def test_the_file_keeps_the_overscan(tmp_path):
    net = generator(config(overscan=16))
    save(tmp_path / "net.safetensors", net)
    assert load(tmp_path / "net.safetensors").generator.config == net.config
    torch.manual_seed(0)
    baseline = Pix2PixHD(Pix2PixHDConfig(**LANDSCAPE, ngf=2, z_dim=0, crop_size=32, overscan=16))
    save(tmp_path / "baseline.safetensors", baseline.eval())
    assert load(tmp_path / "baseline.safetensors").generator.config.overscan == 16
    ids = blob_map(baseline.config, 32, 64)
    assert synthesize(baseline, ids).shape == (1, 3, 32, 64)


@pytest.mark.parametrize("overscan", [-16, 8, 272])
@pytest.mark.parametrize("kind", [config, lambda **changes: Pix2PixHDConfig(5, **changes)])
def test_impossible_overscans(kind, overscan):
    with pytest.raises(ValueError, match=f"overscan must be a multiple of 16 from 0 to 256; it is {overscan}"):
        kind(overscan=overscan)


def test_memory_counts_the_overscan():
    plain, larger = (Synthesizer(generator(config(**LANDSCAPE, overscan=overscan, crop_size=32)), None, "landscape")
                     for overscan in (0, 32))  # fmt: skip
    assert larger.memory(2, 64, 96) == plain.memory(2, 128, 160)


def test_fewer_pictures_are_generated_at_once_with_an_overscan(monkeypatch):
    monkeypatch.setattr(synthesizer, "PIXELS_AT_ONCE", 2 * 64 * 96)
    for overscan, at_once in ((0, 2), (32, 1)):
        net = Synthesizer(generator(config(**LANDSCAPE, overscan=overscan, crop_size=32)), None, "landscape")
        ids = blob_map(net.generator.config, 64, 96).to(torch.uint8)
        rooms, styles = [], Style(torch.randn(4, net.generator.config.z_dim))
        made = net.generate(LabelMap(ids, "landscape"), styles, make_room=rooms.append)
        assert made.images.shape == (4, 3, 64, 96)
        assert rooms == [net.memory(at_once, 64, 96)]


@pytest.mark.parametrize("size", [(64, 96), (32, 64)])
def test_a_start_grid_of_one_cell_is_found_and_has_no_place(size):
    """With such a grid, the style cannot give one part of a picture other colours than another part."""
    net = generator(config(crop_size=32))
    assert net.config.grid == (1, 1)
    ids = torch.full((1, *size), 3)
    start = net._start(one_hot_labels(net, ids), torch.randn(1, net.config.z_dim))
    assert start.shape[2:] == (size[0] // 32, size[1] // 32)
    assert torch.equal(start, start[:, :, :1, :1].expand_as(start))


def one_hot_labels(net, ids):
    from gan_models.gaugan.networks.one_hot import conditioning

    return conditioning(one_hot(net.config, label_codes(net.config, ids)))

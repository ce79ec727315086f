"""Generators with an overscan: they generate larger pictures from coarse to fine and beyond the borders."""

from copy import deepcopy
from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F

from gan_models.gaugan import Style, Synthesizer, load, one_hot, save, synthesize, synthesizer
from gan_models.gaugan.fast.modulation import ModulationCache
from gan_models.gaugan.label_codes import label_codes
from gan_models.gaugan.networks.noise import Noise
from gan_models.gaugan.networks.one_hot import conditioning
from gan_models.gaugan.networks.pix2pixhd import Pix2PixHD, Pix2PixHDConfig
from gan_models.gaugan.networks.spade import COARSE_NOISE, SPADEResBlock
from gan_models.labels import LabelMap
from gaugan_toys import LANDSCAPE, blob_map, config, generator


@pytest.mark.parametrize(
    "changes", [{}, {"z_dim": 0, "unknown": True}, {"instance_edges": True}, {"noise": True, "style_blocks": True}]
)
def test_larger_pictures_are_generated_from_coarse_to_fine_with_an_overscan(changes):
    net = generator(config(overscan=32, crop_size=32, **changes))
    ids = blob_map(net.config, 64, 96, batch=2)
    assert net.config.sizes_up_to(64, 96) == [(32, 64), (64, 96)]
    rows, columns = (torch.arange(-32, side + 32).clamp(0, side - 1) for side in ids.shape[1:])
    z = torch.randn(2, net.config.z_dim) if net.config.z_dim else None
    small = ids[:, 1::2, ((torch.arange(64) + 0.5) * 1.5).long()]
    with torch.no_grad():
        details = net(one_hot(net.config, label_codes(net.config, ids)[:, rows][:, :, columns]), z, Noise(5))
        coarse = net(one_hot(net.config, label_codes(net.config, small)), z, Noise(5))
    details = details[:, :, 32:-32, 32:-32]
    enlarged = F.interpolate(coarse, size=(64, 96), mode="bicubic")
    expected = (blurred(enlarged, 2.0) + details - blurred(details, 4.0)).clamp(-1, 1)
    cache = ModulationCache()
    for kept in (None, cache, cache):
        made = synthesize(net, ids, z, cache=kept, seed=5)
        torch.testing.assert_close(made, expected, atol=1e-4, rtol=0)
    assert (made - synthesize(narrow(net), ids, z, seed=5)).abs().max() > 1e-3


def blurred(image, sigma):
    """A Gaussian blur as one convolution."""
    radius = int(3 * sigma)
    offsets = torch.arange(-radius, radius + 1).square() / (2 * sigma**2)
    kernel = torch.exp(-offsets[:, None] - offsets[None])
    kernel = (kernel / kernel.sum()).expand(3, 1, -1, -1)
    return F.conv2d(F.pad(image, (radius,) * 4, mode="replicate"), kernel, groups=3)


def test_pictures_of_the_training_size_have_no_overscan():
    net = generator(config(overscan=32, crop_size=64, aspect_ratio=2.0))
    z = torch.randn(1, net.config.z_dim)
    for height, width, larger in ((32, 64, False), (32, 32, False), (64, 64, False), (32, 128, False), (64, 96, True)):
        ids = blob_map(net.config, height, width)
        plain = net(one_hot(net.config, label_codes(net.config, ids)), z)
        assert torch.allclose(synthesize(net, ids, z), plain, atol=1e-5) is not larger
        assert net.config.generated_size(height, width) == (height + 64 * larger, width + 64 * larger)


def test_borderless_blocks_see_the_nearest_activations_beyond_all_borders_but_the_lower_one():
    settings = config()
    block = SPADEResBlock(4, 6, settings.semantic_nc, 5, noise=True).eval()
    twin = deepcopy(block)
    for conv in (twin.conv_0, twin.conv_1):
        conv.forward = partial(convolve_with_nearest, conv)
    for weight in (twin.noise_0, twin.noise_1):
        weight.data *= COARSE_NOISE
    maps = conditioning(one_hot(settings, label_codes(settings, blob_map(settings, 12, 20))))
    x = torch.randn(1, 4, 12, 20)
    torch.testing.assert_close(block(x, maps, None, Noise(1), borderless=True), twin(x, maps, None, Noise(1)))


def convolve_with_nearest(conv, x):
    return F.conv2d(F.pad(F.pad(x, (1, 1, 1, 0), mode="replicate"), (0, 0, 0, 1)), conv.weight, conv.bias)


@pytest.mark.parametrize("upsampling, cell", [("normal", 32), ("more", 64), ("most", 128)])
def test_blocks_up_to_twice_a_start_grid_of_many_cells_are_borderless_in_nets_with_an_overscan(upsampling, cell):
    net = generator(config(overscan=64, crop_size=8 * cell, upsampling=upsampling))
    assert borderless(net) == {"head_0", "G_middle_0"} | ({"G_middle_1"} if upsampling == "normal" else set())
    assert not borderless(narrow(net))
    assert not borderless(net.train())
    net.eval().set_crop_size(4 * cell)
    assert not borderless(net)


def borderless(net):
    """The names of the blocks that are borderless when the net makes a picture."""
    found = set()

    def notice(name, block, inputs):
        if inputs[4:] == (True,):
            found.add(name)

    blocks = [(name, module) for name, module in net.named_modules() if isinstance(module, SPADEResBlock)]
    hooks = [block.register_forward_pre_hook(partial(notice, name)) for name, block in blocks]
    side = net.config.stride
    codes = label_codes(net.config, blob_map(net.config, side, side))
    with torch.no_grad():
        net(one_hot(net.config, codes).expand(2, -1, -1, -1), torch.randn(2, net.config.z_dim))
    for hook in hooks:
        hook.remove()
    return found


@pytest.mark.parametrize("crop_size, aspect_ratio", [(256, 1.0), (256, 1.5), (288, 1.6), (512, 2.0), (96, 0.7)])
def test_each_picture_is_at_most_twice_as_large_as_the_one_before(crop_size, aspect_ratio):
    net = config(overscan=32, crop_size=crop_size, aspect_ratio=aspect_ratio)
    for height in range(32, 1400, 96):
        for width in range(32, 1400, 64):
            sizes = net.sizes_up_to(height, width)
            assert sizes[-1] == (height, width)
            assert net.enlargement(*sizes[0]) <= 1
            for (h, w), (larger_h, larger_w) in pairwise(sizes):
                assert larger_h - 32 <= 2 * h <= 2 * larger_h and larger_w - 32 <= 2 * w <= 2 * larger_w
                net.require_size(h, w)
            assert replace(net, overscan=0).sizes_up_to(height, width) == [(height, width)]
    assert config(overscan=32, crop_size=256).sizes_up_to(1024, 1536) == [(256, 384), (512, 768), (1024, 1536)]


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


def test_memory_counts_the_overscan_and_what_is_kept_of_smaller_sizes():
    plain, larger = (Synthesizer(generator(config(**LANDSCAPE, overscan=overscan, crop_size=32)), None, "landscape")
                     for overscan in (0, 32))  # fmt: skip
    kept = plain.memory(0, 32, 64) - plain.memory(0, 0, 0)
    assert larger.memory(2, 64, 96) == plain.memory(2, 128, 160) + kept


def test_fewer_pictures_are_generated_at_once_with_an_overscan(monkeypatch):
    monkeypatch.setattr(synthesizer, "PIXELS_AT_ONCE", 2 * 64 * 96)
    for overscan, at_once in ((0, 2), (32, 1)):
        net = Synthesizer(generator(config(**LANDSCAPE, overscan=overscan, crop_size=32)), None, "landscape")
        ids = blob_map(net.generator.config, 64, 96).to(torch.uint8)
        rooms, styles = [], Style(torch.randn(4, net.generator.config.z_dim))
        made = net.generate(LabelMap(ids, "landscape"), styles, make_room=rooms.append)
        assert made.images.shape == (4, 3, 64, 96)
        assert rooms == [net.memory(at_once, 64, 96)]


@pytest.mark.parametrize("aspect_ratio, size", [(1.0, (128, 128)), (2.0, (64, 128))])
def test_a_start_grid_for_larger_pictures_gives_the_same_pictures(aspect_ratio, size):
    net = generator(config(crop_size=64, aspect_ratio=aspect_ratio))
    ids, z = blob_map(net.config, *size), torch.randn(2, net.config.z_dim)
    before = synthesize(net, ids, z)
    net.set_crop_size(128)
    assert net.config.grid == (size[0] // 32, 4)
    torch.testing.assert_close(synthesize(net, ids, z), before, atol=1e-5, rtol=0)


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

import copy
import pickle

import pytest
import torch
from torch import nn

from gan_models.gaugan import LabelMaps, ModulationCache, label_codes, one_hot, synthesize
from gan_models.gaugan.fast import predict as predict_module
from gan_models.gaugan.fast.neighbourhoods import find_neighbourhoods
from gan_models.gaugan.networks.one_hot import OneHotLabels
from gan_models.gaugan.networks.spade import SPADEResBlock
from gaugan_toys import blob_map, config, generator, noise_map

VARIANTS = [
    {},
    {"unknown": True},
    {"instance_edges": True},
    {"unknown": True, "instance_edges": True, "ngf": 8, "nhidden": 5},
    {"z_dim": 0},
    {"z_dim": 0, "unknown": True, "instance_edges": True, "upsampling": "more", "crop_size": 512, "aspect_ratio": 2.0},
    {"upsampling": "more"},
    {"upsampling": "most", "crop_size": 256, "instance_edges": True},
]


def style(net, batch=1, seed=5):
    drawn = torch.Generator().manual_seed(seed)
    return torch.randn(batch, net.config.z_dim, generator=drawn) if net.config.z_dim else None


def plain(net, ids, z=None, instances=None):
    """The picture by the layers' own convolutions."""
    with torch.no_grad():
        return net(one_hot(net.config, label_codes(net.config, ids, instances)), z)


def patches_by_hand(ids, radius, outside):
    height, width = ids.shape[1:]
    padded = nn.functional.pad(ids, (radius,) * 4, value=outside)
    side = 2 * radius + 1
    windows = [padded[:, y : y + height, x : x + width] for y in range(side) for x in range(side)]
    return torch.stack(windows, -1).flatten(0, 2)


@pytest.mark.parametrize("kind", [blob_map, noise_map])
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 2), (24, 40)])
@pytest.mark.parametrize("classes", [1, 3, 5000])
def test_neighbourhoods_are_all_there_and_exact(kind, size, classes):
    ids = kind(config(classes=classes), *size, batch=2)
    around = find_neighbourhoods(ids, classes)
    small, large = patches_by_hand(ids, 1, classes), patches_by_hand(ids, 2, classes)
    assert torch.equal(around.small[around.small_index.flatten()], small)
    assert len(around.small) == len(small.unique(dim=0))
    centres = torch.cat([around.small, torch.full((1, 9), classes)])
    assert torch.equal(centres[around.large[around.index.flatten()]][:, 4], small)
    assert len(around.large) == len(large.unique(dim=0))


@pytest.mark.parametrize("changes", VARIANTS)
@pytest.mark.parametrize("kind", [blob_map, noise_map])
@pytest.mark.parametrize("always", ["tables", "convolved", "chosen"])
def test_same_picture_as_the_layers_own_convolutions(changes, kind, always, monkeypatch):
    if always != "chosen":
        monkeypatch.setattr(predict_module, "WORTHWHILE", {"tables": 9, "convolved": -1}[always])
    net = generator(config(**changes), seed=torch.seed() % 2**31)
    ids = kind(net.config, net.config.stride, 2 * net.config.stride, batch=2)
    z = style(net, 2)
    expected = plain(net, ids, z)
    cache = ModulationCache()
    for _ in range(2):
        assert (synthesize(net, ids, z, cache=cache) - expected).abs().max() < 1e-4
    assert (synthesize(net, ids, z) - expected).abs().max() < 1e-4
    assert expected.std() > 0.01


def test_one_strip_at_a_time_gives_the_same(monkeypatch):
    net = generator(config())
    for kind in (blob_map, noise_map):
        ids = kind(net.config, 64, 64, batch=2)
        expected = synthesize(net, ids, style(net))
        monkeypatch.setattr(predict_module, "STRIP_BYTES", 1)
        monkeypatch.setattr(predict_module, "CPU_TABLE_BYTES", 1)
        monkeypatch.setattr("gan_models.gaugan.fast.spreading.CPU_STRIP_BYTES", 1 << 12)
        assert torch.allclose(synthesize(net, ids, style(net)), expected, atol=1e-5)
        monkeypatch.undo()


def test_constant_and_single_pixel_maps_at_the_border():
    net = generator(config(instance_edges=True))
    ids = torch.full((1, 32, 32), 3)
    assert (synthesize(net, ids, style(net)) - plain(net, ids, style(net))).abs().max() < 1e-4
    for y, x in ((0, 0), (0, 31), (31, 16), (1, 30)):
        ids = torch.full((1, 32, 32), 3)
        ids[0, y, x] = 5
        assert (synthesize(net, ids, style(net)) - plain(net, ids, style(net))).abs().max() < 1e-4


def test_instances_are_seen():
    net = generator(config(instance_edges=True))
    ids = torch.full((1, 32, 64), 2, dtype=torch.uint8)
    instances = torch.zeros(1, 32, 64, dtype=torch.int32)
    instances[:, :, 20:] = 7
    image = synthesize(net, ids, style(net), instances=instances)
    assert (image - plain(net, ids, style(net), instances)).abs().max() < 1e-4
    assert (image - synthesize(net, ids, style(net))).abs().max() > 1e-3


@pytest.mark.parametrize("kind", ["tensor", "one-hot", "neighbourhoods"])
def test_a_generator_overwrites_nothing_that_it_was_given(kind):
    net = generator(config())
    codes = label_codes(net.config, blob_map(net.config, 32, 64))
    labels = one_hot(net.config, codes)
    inputs = labels, codes, style(net)
    copies = [tensor.clone() for tensor in inputs]
    conditioning = {"tensor": labels, "one-hot": OneHotLabels(labels), "neighbourhoods": LabelMaps(net.config, codes)}
    with torch.no_grad():
        first, second = (net(conditioning[kind], inputs[2]) for _ in range(2))
    assert torch.equal(first, second)
    assert all(torch.equal(tensor, before) for tensor, before in zip(inputs, copies, strict=True))


@pytest.mark.parametrize("upsample", [False, True])
@pytest.mark.parametrize("fout", [4, 6])
@pytest.mark.parametrize("training", [False, True])
def test_residual_blocks_under_either_conditioning(upsample, fout, training):
    torch.manual_seed(2)
    settings = config()
    block = SPADEResBlock(4, fout, settings.semantic_nc, 5, upsample=upsample).train(training)
    codes = label_codes(settings, blob_map(settings, 32, 48, batch=2))
    x = torch.randn(2, 4, 16, 24) if upsample else torch.randn(2, 4, 32, 48)
    plain, fast = OneHotLabels(one_hot(settings, codes)), LabelMaps(settings, codes)
    expected = block(x, plain)
    assert expected.shape == (2, fout, 32, 48)
    assert torch.allclose(block(x, fast), expected, atol=1e-4)
    with torch.no_grad():
        for labels in (plain, fast):
            assert torch.allclose(block(x.clone(), labels), expected, atol=1e-4)


def test_batches_of_label_maps_and_styles():
    net = generator(config())
    ids, z = blob_map(net.config, 32, 64, batch=3), style(net, 3)
    together = synthesize(net, ids, z)
    for n in range(3):
        assert (together[n] - synthesize(net, ids[n : n + 1], z[n : n + 1])[0]).abs().max() < 1e-5
    styles = synthesize(net, ids[:1], z)
    assert styles.shape == (3, 3, 32, 64)
    assert (styles - torch.cat([synthesize(net, ids[:1], z[n : n + 1]) for n in range(3)])).abs().max() < 1e-5
    labels = synthesize(net, ids, z[:1])
    assert (labels - torch.cat([synthesize(net, ids[n : n + 1], z[:1]) for n in range(3)])).abs().max() < 1e-5
    with pytest.raises(ValueError, match="3 label maps and 2 styles don't match"):
        synthesize(net, ids, z[:2])


def test_no_style_is_the_mean_style():
    net = generator(config())
    ids = blob_map(net.config, 32, 32)
    assert torch.equal(synthesize(net, ids), synthesize(net, ids, torch.zeros(1, 6)))


def test_a_style_for_a_net_without_is_an_error():
    net = generator(config(z_dim=0))
    with pytest.raises(ValueError, match="has no style vector"):
        synthesize(net, blob_map(net.config, 32, 32), torch.zeros(1, 6))


def test_wrong_size():
    with pytest.raises(ValueError, match=r"50x70.*multiples of 32; the nearest is 64x64"):
        synthesize(generator(config()), torch.zeros(1, 70, 50, dtype=torch.int64))


@pytest.mark.parametrize("size", [(32, 32), (64, 160), (128, 128)])
def test_sizes_other_than_the_training_size(size):
    net = generator(config())
    ids = blob_map(net.config, *size)
    assert synthesize(net, ids, style(net)).shape == (1, 3, *size)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision(dtype):
    net = generator(config())
    ids, z = blob_map(net.config, 64, 64), style(net)
    expected = synthesize(net, ids, z)
    half = copy.deepcopy(net).to(dtype)
    image = synthesize(half, ids, z, cache=ModulationCache())
    assert image.dtype == dtype
    assert (image.float() - expected).abs().mean() < (0.02 if dtype == torch.bfloat16 else 0.003)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("kind", [blob_map, noise_map])
def test_gradients_are_those_of_the_plain_path(training, kind):
    settings = config(instance_edges=True, z_dim=0)
    codes = label_codes(settings, kind(settings, 64, 96, batch=2))
    gradients, statistics = [], []
    for labels in (one_hot(settings, codes), LabelMaps(settings, codes)):
        net = generator(settings, seed=3).requires_grad_(True).train(training)
        net(labels).square().sum().backward()
        gradients.append([parameter.grad for parameter in net.parameters()])
        statistics.append(net.up_2.norm_1.param_free_norm.running_var)
    # A sum near 0 may fall on either side of a ReLU's kink, so single numbers can be further apart.
    largest = max(gradient.norm() for gradient in gradients[0])
    for a, b in zip(*gradients, strict=True):
        assert (a - b).norm() <= 0.01 * a.norm() + 1e-6 * largest
    assert torch.allclose(*statistics, rtol=1e-4)


class TestCache:
    def test_finds_a_label_map_by_its_content(self):
        net = generator(config())
        ids, cache = blob_map(net.config, 64, 64), ModulationCache()
        first = synthesize(net, ids, style(net), cache=cache)
        kept = cache.bytes
        assert kept > 0
        assert torch.equal(synthesize(net, ids.to(torch.uint8), style(net), cache=cache), first)
        assert (len(cache), cache.bytes) == (1, kept)
        changed = ids.clone()
        changed[0, 10, 10] = (ids[0, 10, 10] + 1) % 7
        other = synthesize(net, changed, style(net), cache=cache)
        assert len(cache) == 2
        assert (other - plain(net, changed, style(net))).abs().max() < 1e-4

    def test_further_styles_compute_no_modulation(self, monkeypatch):
        net = generator(config())
        ids, cache = blob_map(net.config, 64, 64), ModulationCache()
        synthesize(net, ids, style(net), cache=cache)
        monkeypatch.setattr("gan_models.gaugan.fast.modulation.predict", None)
        z = style(net, 4, seed=8)
        assert (synthesize(net, ids, z, cache=cache) - plain(net, ids, z)).abs().max() < 1e-4

    def test_forgets_what_was_not_used_for_longest(self):
        net = generator(config())
        maps = [blob_map(net.config, 64, 64, seed=seed) for seed in range(4)]
        cache = ModulationCache()
        synthesize(net, maps[0], cache=cache)
        cache.max_bytes = int(3.5 * cache.bytes)
        for seed in (1, 0, 2, 0, 3):
            synthesize(net, maps[seed], cache=cache)
            assert cache.bytes <= cache.max_bytes
        kept = [entry.maps.codes for entry in cache._entries]
        assert any(torch.equal(codes, label_codes(net.config, maps[0])) for codes in kept)
        assert not any(torch.equal(codes, label_codes(net.config, maps[1])) for codes in kept)

    @pytest.mark.parametrize("room", [0, 200_000])
    def test_keeps_no_more_than_fits(self, room):
        net = generator(config())
        ids, cache = noise_map(net.config, 64, 64), ModulationCache(room)
        for _ in range(2):
            assert (synthesize(net, ids, style(net), cache=cache) - plain(net, ids, style(net))).abs().max() < 1e-4
            assert cache.bytes <= room
        assert (cache.bytes > 0) == (room > 0)

    def test_changed_weights_and_other_nets_are_noticed(self):
        net, other = generator(config()), generator(config(), seed=1)
        ids, cache = blob_map(net.config, 32, 32), ModulationCache()
        for seed in range(3):
            for model in (net, other):
                assert len(cache) <= 2
                assert (synthesize(model, ids, cache=cache) - plain(model, ids, torch.zeros(1, 6))).abs().max() < 1e-4
            net.load_state_dict(generator(config(), seed=seed + 7).state_dict())
        net.up_2.norm_0.param_free_norm.running_mean.add_(1)
        assert (synthesize(net, ids, cache=cache) - plain(net, ids, torch.zeros(1, 6))).abs().max() < 1e-4
        assert len(cache) == 2
        half = net.to(torch.bfloat16)
        assert synthesize(half, ids, cache=cache).dtype == torch.bfloat16

    def test_lets_go_of_a_net_that_is_gone(self):
        net = generator(config())
        ids, cache = blob_map(net.config, 32, 32), ModulationCache()
        synthesize(net, ids, cache=cache)
        kept = cache.bytes
        del net
        assert cache.bytes < kept / 2
        cache.trim()
        assert len(cache) == 0

    def test_copies_are_empty(self):
        net = generator(config())
        cache = ModulationCache(12345678)
        synthesize(net, blob_map(net.config, 32, 32), cache=cache)
        for twin in (copy.deepcopy(cache), pickle.loads(pickle.dumps(cache))):
            assert (len(twin), twin.max_bytes) == (0, 12345678)
        cache.clear()
        assert (len(cache), cache.bytes) == (0, 0)

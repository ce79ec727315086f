import pytest
import torch
import torch.nn.functional as F

from gan_models.gaugan import ModulationCache, label_codes, one_hot, synthesize
from gan_models.gaugan.networks.spade import Conv3x3
from gan_models.kernels import onednn, winograd
from gaugan_toys import blob_map, config, generator


def pictures(batch, channels, height, width, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    return torch.randn(batch, channels, height, width, generator=drawn)


def layer(channels, out, seed=1):
    drawn = torch.Generator().manual_seed(seed)
    weight = torch.randn(out, channels, 3, 3, generator=drawn) / (9 * channels) ** 0.5
    return weight, torch.randn(out, generator=drawn)


@pytest.fixture
def everywhere(monkeypatch):
    """Minimal filtering in every layer, however small."""
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
    monkeypatch.setattr(winograd, "FEWEST_TILES", 1)


@pytest.mark.parametrize("shape", [(1, 4, 4), (1, 12, 8), (3, 16, 20), (1, 4, 96), (2, 96, 4)])
@pytest.mark.parametrize("channels", [(1, 1), (8, 3), (40, 24)])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_is_a_convolution(shape, channels, layout):
    batch, *size = shape
    x = pictures(batch, channels[0], *size).to(memory_format=layout)
    weight, bias = layer(*channels)
    out = winograd.convolve(x, weight.to(memory_format=layout), bias)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    assert out.shape == exact.shape
    assert out.is_contiguous(memory_format=torch.channels_last)
    assert (out - exact).abs().max() < 2e-5


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.parametrize("strip", [1, 7, 13, 1000])
@pytest.mark.parametrize("part", [1, 100, 10**6])
def test_strips_and_parts_are_put_together(many, strip, part, monkeypatch):
    for name, value in {"MANY": 0 if many else 10**9, "STRIP": strip, "LONG_STRIP": strip, "PART": part}.items():
        monkeypatch.setattr(winograd, name, value)
    x, (weight, bias) = pictures(3, 24, 20, 12), layer(24, 10)
    assert (winograd.convolve(x, weight, bias) - F.conv2d(x, weight, bias, padding=1)).abs().max() < 2e-5


def test_error_is_a_few_millionths_of_what_comes_out():
    x, (weight, bias) = pictures(1, 256, 32, 32), layer(256, 128)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    error = winograd.convolve(x, weight, bias) - exact
    assert error.square().mean().sqrt() < 3e-6 * exact.std()
    assert error.abs().max() < 3e-5 * exact.std()


@torch.no_grad()
def test_only_where_it_can_and_pays():
    weight = torch.zeros(128, 128, 3, 3)
    assert winograd.pays(weight, torch.zeros(1, 128, 32, 32))
    assert winograd.pays(weight, torch.zeros(4, 128, 16, 16))
    assert not winograd.pays(weight, torch.zeros(1, 128, 16, 16))
    assert not winograd.pays(weight, torch.zeros(1, 128, 34, 32))
    assert not winograd.pays(weight, torch.zeros(1, 128, 32, 34))
    assert not winograd.pays(weight, torch.zeros(1, 128, 32, 32, dtype=torch.bfloat16))
    assert not winograd.pays(weight, torch.zeros(1, 128, 32, 32, device="meta"))
    assert not winograd.pays(weight[:64], torch.zeros(1, 128, 32, 32))
    with torch.enable_grad():
        assert not winograd.pays(weight, torch.zeros(1, 128, 32, 32))


@pytest.mark.usefixtures("everywhere")
@pytest.mark.parametrize("changes", [{}, {"z_dim": 0}, {"upsampling": "most", "crop_size": 256}, {"ngf": 8}])
def test_same_picture_with_large_weights(changes):
    net = generator(config(**changes), seed=4)
    for name, parameter in net.named_parameters():
        if name.startswith(("head", "G_", "up")) and name.endswith("weight") and "mlp" not in name:
            torch.nn.init.kaiming_normal_(parameter, 0.2)
    ids = blob_map(net.config, 2 * net.config.stride, net.config.stride * 4, batch=2)
    z = pictures(2, net.config.z_dim, 1, 1).flatten(1) if net.config.z_dim else None
    with torch.no_grad():
        expected = net(one_hot(net.config, label_codes(net.config, ids)), z)
    cache = ModulationCache()
    for _ in range(2):
        assert (synthesize(net, ids, z, cache=cache) - expected).abs().max() < 1e-4
    assert expected.std() > 0.1


@pytest.mark.usefixtures("everywhere")
def test_synthesis_uses_it_and_the_plain_path_does_not(monkeypatch):
    net, calls = generator(config()), []
    convolve = winograd.convolve
    monkeypatch.setattr(winograd, "convolve", lambda *args: calls.append(args[0].shape) or convolve(*args))
    ids = torch.zeros(1, 128, 128, dtype=torch.int64)  # so that no scales are convolved
    with torch.no_grad():
        net(one_hot(net.config, label_codes(net.config, ids)), torch.zeros(1, 6))
    assert not calls
    synthesize(net, ids)
    assert (len(calls), calls[-1][2:]) == (14, (128, 128))


@pytest.mark.usefixtures("everywhere")
def test_transformed_weights_are_kept_for_all_label_maps_and_no_longer_than_those(monkeypatch):
    net, packed = generator(config()), []
    pack = winograd._pack
    monkeypatch.setattr(winograd, "_pack", lambda weight: packed.append(weight) or pack(weight))
    cache = ModulationCache()
    maps = [torch.full((1, 128, 128), label) for label in range(2)]  # so that no scales are convolved
    first = synthesize(net, maps[0], cache=cache)
    weights = sum(conv.weight.numel() for conv in net.modules() if isinstance(conv, Conv3x3))
    assert len(packed) == 14 and cache.filter_bytes == weights // 9 * 36 * 4
    synthesize(net, maps[1], cache=cache)
    assert torch.equal(synthesize(net, maps[0], cache=cache), first) and len(packed) == 14
    with torch.no_grad():
        net.up_3.conv_1.weight.mul_(2)
    assert not torch.equal(synthesize(net, maps[0], cache=cache), first) and len(packed) == 28
    cache.max_bytes = 0
    cache.trim()
    assert cache.filter_bytes == 0
    synthesize(net, maps[0])
    assert len(packed) == 42


def test_operators_that_changed_are_not_used(monkeypatch):
    x, (weight, bias) = pictures(1, 128, 32, 32), layer(128, 128)
    with torch.no_grad():
        before = winograd.pays(weight, x)
        monkeypatch.setattr(onednn, "_linear", lambda x, weight, bias: x @ weight.T + 1)
        onednn.works.cache_clear()
        assert not winograd.pays(weight, x)
        square = weight[:, :, 0, 0]
        assert torch.equal(onednn.linear(square, square, bias), F.linear(square, square, bias))
        monkeypatch.undo()
        onednn.works.cache_clear()
        assert winograd.pays(weight, x) == before

import pickle

import pytest
import torch

from gan_models.gaugan import EncoderConfig, Generator, GeneratorConfig, StyleEncoder, one_hot
from gan_models.gaugan.checkpoint import parameters
from gan_models.gaugan.networks.one_hot import OneHotLabels
from gan_models.gaugan.networks.spade import SPADE, BatchNorm, SPADEResBlock
from gan_models.kernels.onednn import linear
from gaugan_toys import config, encoder, generator

RELEASED = {
    "coco": (GeneratorConfig(182, unknown=True, instance_edges=True, z_dim=0), 97.5),
    "ade20k": (GeneratorConfig(150, unknown=True, z_dim=0), 96.5),
    "cityscapes": (
        GeneratorConfig(35, instance_edges=True, z_dim=0, upsampling="more", crop_size=512, aspect_ratio=2), 93.0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RELEASED)
def test_released_nets_have_the_published_number_of_parameters(name):
    config, millions = RELEASED[name]
    with torch.device("meta"):
        net = Generator(config)
    assert parameters(net) / 1e6 == pytest.approx(millions, abs=0.05)


def test_start_grids():
    assert config(crop_size=256).grid == (8, 8)
    assert RELEASED["cityscapes"][0].grid == (4, 8)
    assert config(upsampling="most", crop_size=512).grid == (4, 4)
    assert [config(upsampling=u, crop_size=512).stride for u in ("normal", "more", "most")] == [32, 64, 128]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": 0}, "classes must be at least 1"),
        ({"upsampling": "lots"}, "upsampling must be one of normal, more, most"),
        ({"upsampling": "most", "ngf": 3, "crop_size": 256}, "must be even"),
        ({"crop_size": 16}, "too small"),
        ({"aspect_ratio": 0}, "aspect_ratio must be positive"),
        ({"z_dim": -1}, "z_dim must not be negative"),
    ],
)
def test_impossible_settings(changes, message):
    with pytest.raises(ValueError, match=message):
        config(**changes)


def test_spade_by_hand():
    """One channel, one class, weights that pick the centre: every number can be worked out."""
    layer = SPADE(1, 1, 1).eval()
    for conv in (layer.mlp_shared[0], layer.mlp_gamma, layer.mlp_beta):
        conv.weight.data.zero_()[:, :, 1, 1] = 1
        conv.bias.data.zero_()
    layer.mlp_beta.weight.data *= 5
    layer.param_free_norm.running_mean.fill_(2)
    layer.param_free_norm.running_var.fill_(4)
    x = torch.tensor([[[[4.0, 4.0], [0.0, 0.0]]]])
    labels = torch.tensor([[[[1.0, 0.0], [1.0, 0.0]]]])
    expected = torch.tensor([[[[1 * 2 + 5, 1.0], [-1 * 2 + 5, -1.0]]]])
    assert torch.allclose(layer(x, labels), expected, atol=1e-4)


def test_labels_are_resized_to_the_layer_by_nearest_neighbour():
    torch.manual_seed(1)
    layer = SPADE(3, 4, 5).eval()
    labels = torch.rand(1, 4, 16, 16)
    x = torch.randn(1, 3, 4, 4)
    assert torch.equal(layer(x, labels), layer(x, labels[:, :, ::4, ::4]))


def test_residual_block_learns_its_skip_where_the_width_changes():
    same, wider = SPADEResBlock(4, 4, 3, 5), SPADEResBlock(4, 6, 3, 5)
    assert not hasattr(same, "conv_s")
    assert wider.conv_s.bias is None
    assert wider(torch.randn(2, 4, 5, 5), OneHotLabels(torch.rand(2, 3, 5, 5))).shape == (2, 6, 5, 5)
    for block in (same, wider):
        block.conv_1.weight.data.zero_()
        block.conv_1.bias.data.zero_()
    x, labels = torch.randn(2, 4, 5, 5), OneHotLabels(torch.rand(2, 3, 5, 5))
    assert torch.equal(same.eval()(x, labels), x)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("bias", [None, torch.arange(6) / 7])
def test_linear_is_that_of_pytorch(dtype, bias):
    x, weight = torch.randn(2, 3, 4, 50).to(dtype), torch.randn(6, 50).to(dtype)
    bias = bias if bias is None else bias.to(dtype)
    out = linear(x, weight, bias)
    assert out.dtype == dtype
    assert torch.allclose(out, torch.nn.functional.linear(x, weight, bias), atol=1e-5)


@pytest.mark.parametrize("upsampling", ["normal", "more", "most"])
@pytest.mark.parametrize("z_dim", [0, 6])
@pytest.mark.parametrize("aspect_ratio", [1, 2])
def test_picture_has_the_size_of_the_label_map(upsampling, z_dim, aspect_ratio):
    settings = config(upsampling=upsampling, z_dim=z_dim, crop_size=256, aspect_ratio=aspect_ratio)
    net = generator(settings)
    for height, width in ((settings.stride, settings.stride), (settings.stride, 2 * settings.stride)):
        labels = one_hot(settings, torch.zeros(1, height, width, dtype=torch.int64))
        image = net(labels, torch.randn(1, z_dim) if z_dim else None)
        assert image.shape == (1, 3, height, width)
        assert image.abs().max() <= 1


def test_wrong_sizes_and_styles():
    net = generator(config())
    with pytest.raises(ValueError, match=r"100x60.*multiples of 32; the nearest is 96x64"):
        net(torch.zeros(1, 7, 60, 100), torch.zeros(1, 6))
    with pytest.raises(ValueError, match="needs a style vector"):
        net(torch.zeros(1, 7, 32, 32))
    with pytest.raises(ValueError, match=r"z must be \[B, 6\]; it is \[1, 5\]"):
        net(torch.zeros(1, 7, 32, 32), torch.zeros(1, 5))
    with pytest.raises(ValueError, match="takes no style vector"):
        generator(config(z_dim=0))(torch.zeros(1, 7, 32, 32), torch.zeros(1, 6))


def test_half_precision_keeps_the_statistics_in_float32():
    net = generator(config()).to(torch.bfloat16)
    norms = [module for module in net.modules() if isinstance(module, BatchNorm)]
    assert {norm.running_var.dtype for norm in norms} == {torch.float32}
    assert net.fc.weight.dtype == torch.bfloat16
    copy = pickle.loads(pickle.dumps(net))
    assert all(torch.equal(a, b) for a, b in zip(net.buffers(), copy.buffers(), strict=True))


def test_encoder_takes_photos_of_any_size():
    net = encoder()
    for height, width in ((256, 256), (40, 300), (1, 1)):
        mu, logvar = net(torch.rand(2, 3, height, width) * 2 - 1)
        assert mu.shape == logvar.shape == (2, 6)
    image = torch.rand(1, 3, 50, 70)
    assert torch.equal(net.encode(image), net(image)[0])
    with pytest.raises(ValueError, match=r"\[B, 3, H, W\]"):
        net(torch.zeros(3, 50, 70))


def test_encoder_sizes():
    assert EncoderConfig().widths == [64, 128, 256, 512, 512, 512]
    assert EncoderConfig().input_size == 256
    assert EncoderConfig(layers=5).input_size == 128
    with torch.device("meta"):
        names = set(StyleEncoder(EncoderConfig()).state_dict())
    layers = {f"layer{n}.0.weight" for n in range(1, 7)}
    assert names == layers | {f"fc_{part}.{kind}" for part in ("mu", "var") for kind in ("weight", "bias")}

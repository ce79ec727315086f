"""Generators that add noise inside, take the style in every block, and encoders that see colours."""

import pytest
import torch

from gan_models.gaugan import label_codes, one_hot, synthesize
from gan_models.gaugan.checkpoint import load, load_encoder, load_generator, save
from gan_models.gaugan.fast.modulation import LabelMaps, ModulationCache
from gan_models.gaugan.networks.noise import Noise
from gaugan_toys import blob_map, config, encoder, generator


@pytest.fixture(params=["noise", "style_blocks", "both"])
def net(request):
    both = request.param == "both"
    made = generator(config(noise=both or request.param == "noise", style_blocks=both or request.param != "noise"))
    for name, parameter in made.named_parameters():
        if ".noise_" in name:
            parameter.normal_(0, 0.5)
    return made


def test_noise_is_the_same_for_a_seed_and_drawn_for_every_picture_of_a_share():
    planes = [Noise(seed, 4).plane(torch.zeros(4, 2, 3, 5)) for seed in (7, 7, 8)]
    assert planes[0].shape == (4, 1, 3, 5) and torch.equal(planes[0], planes[1])
    assert not torch.equal(planes[0], planes[2]) and not torch.equal(planes[0][0], planes[0][1])
    assert torch.equal(Noise(7, 4, slice(2, 4)).plane(torch.zeros(2, 2, 3, 5)), planes[0][2:])
    source = Noise(7)
    assert not torch.equal(source.plane(torch.zeros(1, 1, 4, 4)), source.plane(torch.zeros(1, 1, 4, 4)))


def test_the_fast_path_gives_the_picture_of_the_plain_layers(net):
    ids, z = blob_map(net.config, 64, 96), torch.randn(1, net.config.z_dim)
    plain = net(one_hot(net.config, label_codes(net.config, ids)), z, Noise(3))
    assert (synthesize(net, ids, z, seed=3) - plain).abs().max() < 1e-4
    cache = ModulationCache()
    for _ in range(2):
        assert (synthesize(net, ids, z, seed=3, cache=cache) - plain).abs().max() < 1e-4


@pytest.mark.parametrize("size", [(32, 32), (32, 96), (96, 32)])
def test_start_grids_of_one_pixel(net, size):
    ids, z = blob_map(net.config, *size), torch.randn(1, net.config.z_dim)
    plain = net(one_hot(net.config, label_codes(net.config, ids)), z, Noise(0))
    assert (synthesize(net, ids, z) - plain).abs().max() < 1e-4


def test_the_seed_changes_pictures_of_nets_with_noise_alone(net):
    ids, z = blob_map(net.config, 64, 64, batch=2), torch.randn(1, net.config.z_dim)
    first, second = (synthesize(net, ids, z, seed=seed) for seed in (1, 2))
    assert torch.equal(first, second) != net.config.noise
    alone = synthesize(net, ids[1:], z, seed=1)
    assert (alone - first[1:]).abs().max() < 1e-5


def test_round_trip_and_detection(net, tmp_path):
    save(tmp_path / "net.safetensors", net, encoder(colors=True, layers=3))
    found = load(tmp_path / "net.safetensors")
    assert found.generator.config == net.config and found.encoder.config == encoder(colors=True, layers=3).config
    overrides = {"crop_size": net.config.crop_size}
    assert load_generator(net.state_dict(), **overrides).config == net.config
    with pytest.raises(ValueError, match="noise is given as"):
        load_generator(net.state_dict(), noise=not net.config.noise, **overrides)


def test_gradients_of_the_fast_path_reach_noise_and_style(net):
    net.train().requires_grad_(True)
    codes = label_codes(net.config, blob_map(net.config, 64, 64, batch=2))
    z = torch.randn(2, net.config.z_dim)
    wanted = [name for name, _ in net.named_parameters() if ".noise_" in name or ".style." in name]
    gradients = []
    for labels in (one_hot(net.config, codes), LabelMaps(net.config, codes)):
        net.zero_grad()
        image = net(labels, z, Noise(0, 2))
        (image * torch.linspace(-1, 1, image.numel()).view_as(image)).sum().backward()
        gradients.append([net.get_parameter(name).grad for name in wanted])
    assert wanted
    for plain, fast in zip(*gradients, strict=True):
        assert plain.abs().sum() > 0
        torch.testing.assert_close(fast, plain, rtol=1e-2, atol=1e-2 * plain.abs().max().item())


def test_a_style_in_every_block_needs_a_style():
    with pytest.raises(ValueError, match="style_blocks needs a style"):
        config(style_blocks=True, z_dim=0)


def test_an_encoder_that_sees_colours_tells_what_instance_norm_hides():
    pictures = torch.full((2, 3, 32, 32), 0.3)
    pictures[1] = 0.7
    apart = []
    for colors in (False, True):
        net = encoder(colors=colors, layers=3)
        mu = net.encode(pictures)
        apart.append((mu[0] - mu[1]).abs().max().item())
        assert load_encoder(net.state_dict()).config == net.config
    assert apart[1] > 10 * apart[0]


def test_an_encoder_without_convolutions_reads_the_colours_alone():
    net = encoder(layers=0, colors=True)
    picture = torch.rand(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    picture = picture * torch.tensor([1.0, 0.7, 0.4]).view(3, 1, 1) - 0.4
    mirrored_in_cells = picture.unflatten(3, (4, 32)).flip(4).flatten(3)
    torch.testing.assert_close(net.encode(mirrored_in_cells), net.encode(picture))
    brighter, more_contrast = picture * 0.5 + 0.5, picture * 2 - picture.mean()
    for other in (brighter, more_contrast, picture.flip(1)):
        assert (net.encode(other) - net.encode(picture)).abs().max() > 0.01
    with pytest.raises(ValueError, match="without convolutions needs colors"):
        encoder(layers=0)


def test_encoders_of_no_square_grid_are_refused():
    state = encoder(layers=3).state_dict()
    state["fc_mu.weight"] = state["fc_mu.weight"][:, :-3]
    with pytest.raises(ValueError, match="which no square grid of 16 channels gives"):
        load_encoder(state)

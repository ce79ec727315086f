"""Checkpoints as training code of all kinds writes them: wrapped, renamed, with other endings."""

import argparse
import datetime
from collections import OrderedDict

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from gan_models import convert
from gan_models.gaugan import encoder_beside, load, load_encoder, load_generator, open_synthesizer
from gaugan_toys import config, encoder, generator, with_spectral_norm


@pytest.fixture(scope="module")
def net():
    return generator(config(crop_size=256))


@pytest.fixture(scope="module")
def other():
    return generator(config(crop_size=256), seed=1)


def below(prefix, network):
    return {f"{prefix}{name}": value for name, value in network.state_dict().items()}


def same(a, b):
    first, second = a.state_dict(), b.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


WRAPPERS = {
    "netG": lambda net: {"netG": net.state_dict()},
    "model": lambda net: {"model": net.state_dict()},
    "g_ema": lambda net: {"g_ema": net.state_dict()},
    "state_dict": lambda net: {"state_dict": net.state_dict(), "epoch": 7, "name": "spade", "best": None},
    "nested": lambda net: {"checkpoint": {"models": {"generator": net.state_dict()}}},
    "a list": lambda net: {"networks": [net.state_dict(), {"fc.weight": torch.zeros(2)}]},
    "dotted": lambda net: {"state_dict": below("netG.", net)},
    "flat and dotted": lambda net: below("pix2pix_model.netG.module.", net),
    "parallel": lambda net: {"netG": below("module.", net)},
    "compiled": lambda net: below("_orig_mod.", net),
    "with an optimizer": lambda net: {"netG": net.state_dict(), "optimizer": {
        "state": {0: {"step": torch.tensor(3.0), "exp_avg": torch.zeros(4)}}, "param_groups": [{"lr": 1e-4}]}},
    "with a discriminator": lambda net: {"netD": {"discriminator_0.model0.0.weight": torch.zeros(4, 3, 4, 4)},
                                         "netG": net.state_dict()},
}  # fmt: skip


@pytest.mark.parametrize("legacy", [False, True])
@pytest.mark.parametrize("ending", [".pth", ".pt", ".pth.tar"])
@pytest.mark.parametrize("wrap", WRAPPERS.values(), ids=WRAPPERS)
def test_wrapped_generators_are_found(tmp_path, net, wrap, ending, legacy):
    torch.save(wrap(net), tmp_path / f"g{ending}", _use_new_zipfile_serialization=not legacy)
    assert same(load(tmp_path / f"g{ending}").generator, net)


@pytest.mark.parametrize("prefix", ["netG.", "module.", "model.generator."])
def test_prefixes_in_safetensors_are_found(tmp_path, net, prefix):
    save_file(below(prefix, net), tmp_path / "g.safetensors")
    assert same(load(tmp_path / "g.safetensors").generator, net)


@pytest.mark.parametrize("average", ["g_ema", "ema", "netG_ema", "ema_generator", "generator.ema"])
def test_the_moving_average_is_preferred(tmp_path, net, other, average):
    torch.save({"g": other.state_dict(), average: net.state_dict()}, tmp_path / "after.pth")
    torch.save({average: net.state_dict(), "g": other.state_dict()}, tmp_path / "before.pth")
    for name in ("after.pth", "before.pth"):
        assert same(load(tmp_path / name).generator, net)


def test_words_that_contain_ema_are_no_average(tmp_path, net, other):
    torch.save({"netG": net.state_dict(), "schema": other.state_dict()}, tmp_path / "g.pth")
    assert same(load(tmp_path / "g.pth").generator, net)


def test_a_generator_and_its_encoder_in_one_wrapped_file(tmp_path):
    net, style = generator(config()), encoder()
    states = {"netG": with_spectral_norm(net), "netE": with_spectral_norm(style)}
    torch.save(states, tmp_path / "both.pth")
    wrapped = load(tmp_path / "both.pth", upsampling="normal")
    assert same(wrapped.generator, load_generator(states["netG"], upsampling="normal"))
    assert same(wrapped.encoder, load_encoder(states["netE"]))


def test_a_wrapped_encoder_of_its_own(tmp_path):
    net, style = generator(config()), encoder()
    torch.save({"netG": net.state_dict()}, tmp_path / "latest_net_G.pth.tar")
    torch.save({"netE": below("module.", style)}, tmp_path / "latest_net_E.pth.tar")
    assert encoder_beside(tmp_path / "latest_net_G.pth.tar") == tmp_path / "latest_net_E.pth.tar"
    model = open_synthesizer(tmp_path / "latest_net_G.pth.tar", taxonomy_name="landscape", label_offset=-12)
    assert same(model.encoder, style)


@pytest.mark.parametrize("ending", [".pth", ".pt", ".pth.tar", ".safetensors"])
def test_an_encoder_with_another_ending_is_found(tmp_path, ending):
    (tmp_path / f"latest_net_E{ending}").write_bytes(b"")
    for own in (".pth", ".pt", ".pth.tar", ".safetensors"):
        assert encoder_beside(tmp_path / f"latest_net_G{own}") == tmp_path / f"latest_net_E{ending}"


def test_names_of_parametrizations(tmp_path):
    net, style = generator(config(crop_size=256)), encoder()
    for network in (net, style):
        for name, module in list(network.named_modules()):
            if isinstance(module, nn.Conv2d) and ("mlp" not in name and name != "conv_img"):
                spectral_norm(module.train()).eval()
    state = {"netG": net.state_dict(), "netE": style.state_dict()}
    assert "head_0.conv_0.parametrizations.weight.0._u" in state["netG"]
    torch.save(state, tmp_path / "g.pth")
    found = load(tmp_path / "g.pth")
    for mine, theirs in ((found.generator, net), (found.encoder, style)):
        for name, module in theirs.named_modules():
            if isinstance(module, nn.Conv2d):
                assert torch.allclose(mine.get_submodule(name).weight, module.weight, atol=1e-6), name


def test_settings_and_numbers_beside_the_tensors_are_passed_over(tmp_path, net):
    beside = {"opt": argparse.Namespace(lr=1e-4, name="spade"), "loss": np.float64(0.5), "rate": np.float32(2)}
    torch.save(beside | {"netG": OrderedDict(net.state_dict())}, tmp_path / "g.pth")
    torch.save(beside | {"netG": net.state_dict()}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    for name in ("g.pth", "old.pth"):
        assert same(load(tmp_path / name).generator, net)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"epoch": 3, "settings": {"lr": 0.1}}, r"is not a state dict.*its keys are epoch, settings"),
        ({"weights": {"stem.weight": torch.zeros(1), "stem.bias": torch.zeros(1)}, "epoch": 1},
         r"its tensors begin with weights\.stem\.weight, weights\.stem\.bias"),
        ({"netD": {"model0.weight": torch.zeros(1)}}, r"its tensors begin with netD\.model0\.weight"),
        ([torch.zeros(1)], "is not a state dict: it should map names to tensors, but it is a list"),
        (torch.zeros(3), "but it is a Tensor"),
        ({"when": datetime.timedelta(1), "netG": {}}, r"holds more than tensors \(datetime\.timedelta\)"),
        ({"fc.weight": np.zeros((2, 2), np.float32)}, r"holds more than tensors \(numpy arrays\)"),
        (torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1)), "it is a whole object of the class Sequential; save what its"),
        ({"netG": torch.nn.Conv2d(3, 3, 1)}, r"its keys are netG \(a whole object of the class Conv2d\)"),
    ],
)  # fmt: skip
def test_otherwise_the_error_names_the_keys(tmp_path, content, message):
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(ValueError, match=rf"x\.pth.*{message}"):
        load(tmp_path / "x.pth")


def test_content_that_contains_itself_ends(tmp_path):
    content = {"a": torch.zeros(1)}
    content["again"] = content
    torch.save(content, tmp_path / "x.pth")
    with pytest.raises(ValueError, match="its tensors begin with a"):
        load(tmp_path / "x.pth")


def test_convert_reads_them_too(tmp_path, net):
    torch.save({"g_ema": net.state_dict()}, tmp_path / "g.pt")
    convert.main([str(tmp_path / "g.pt"), str(tmp_path / "out.safetensors")])
    assert same(load(tmp_path / "out.safetensors").generator, net)

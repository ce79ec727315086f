"""Folders of the released format, which throw-away modules of the same layout stand in for."""

import dataclasses
import os
import shutil

import numpy as np
import pytest
import torch
from torch import nn

from gan_models import convert
from gan_models.seeds import seeded
from gan_models.singan import harmonize, load, load_released, super_resolve
from gan_models.singan.released import FILES
from singan_released_toys import Block, Net, contents, write
from singan_toys import TOY, trained


@pytest.fixture(scope="module")
def model():
    return trained(dataclasses.replace(TOY, normalization="batch", channels=4, widen_every=3, max_channels=8))


@pytest.fixture
def folder(tmp_path, model):
    return write(tmp_path / "balloons", contents(model))


def change(folder, name, content):
    torch.save(content, folder / name)


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("border", [True, False])
def test_it_samples_as_the_model_that_was_written(tmp_path, model, legacy, border):
    copy = load_released(write(tmp_path / "a", contents(model, border), legacy))
    assert copy.sizes == model.sizes and copy.finished
    assert copy.amplitudes == pytest.approx(model.amplitudes)
    assert torch.equal(copy.training_images, model.training_images)
    # Only the amplitudes are rounded, to float32.
    assert torch.allclose(copy.reconstruct(), model.reconstruct(), atol=1e-6)
    for options in ({}, {"height": 70, "width": 50}, {"start_scale": 2}):
        first, second = (m.sample(2, generator=seeded(4), **options) for m in (copy, model))
        assert torch.allclose(first, second, atol=1e-5)
    assert (copy.config.width(0), copy.config.width(5), copy.config.normalization) == (4, 8, "batch")


def test_the_classes_that_the_file_names_are_not_used(folder, monkeypatch):
    used = []
    for kind in (Net, Block, nn.Conv2d):
        monkeypatch.setattr(kind, "__setstate__", lambda self, state: used.append(self), raising=False)
    load_released(folder)
    assert not used
    torch.load(folder / "Gs.pth", weights_only=False)
    assert used


def test_names_and_nesting_do_not_matter(folder, model):
    nets = [nn.DataParallel(nn.ModuleDict({"z": nn.Sequential(*net.layers, nn.Tanh())})) for net in model.generators]
    change(folder, "Gs.pth", nets)
    assert torch.allclose(load_released(folder).reconstruct(), model.reconstruct(), atol=1e-6)


def test_what_comes_after(folder, model):
    copy = load_released(folder)
    mask = torch.ones(1, 1, 44, 56)
    assert harmonize(copy, model.training_picture(), mask, start_scale=1, generator=seeded(0)).shape == (1, 3, 44, 56)
    assert super_resolve(copy, 2, generator=seeded(0)).shape == (1, 3, 88, 112)


def test_convert(folder, model, tmp_path, capsys):
    out = tmp_path / "out.safetensors"
    convert.main([str(folder), str(out), "--license", "CC0"])
    assert "out.safetensors: a SinGAN of 6 scales, 56x44 pixels" in capsys.readouterr().out
    assert torch.allclose(load(out).reconstruct(), model.reconstruct(), atol=1e-6)
    with pytest.raises(SystemExit, match="2"):
        convert.main([str(folder), str(out), "--taxonomy", "toys"])
    assert "--taxonomy applies to GauGAN models only, but balloons is the folder of a SinGAN" in capsys.readouterr().err
    (folder / "Zs.pth").unlink()
    with pytest.raises(SystemExit, match="1"):
        convert.main([str(folder), str(out)])
    assert "Zs.pth missing in" in capsys.readouterr().err


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("name", FILES)
def test_code_in_any_of_the_files_does_not_run(folder, model, tmp_path, name, legacy):
    trace = tmp_path / "it_ran"
    hostile = [*contents(model)[name][:-1], Hostile(trace)]
    torch.save(hostile, folder / name, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=rf"^could not read {name}: it asks to run posix\.mkdir"):
        load_released(folder)
    assert not trace.exists()


@pytest.mark.parametrize("name", FILES)
def test_missing_and_damaged_files_are_named(folder, name):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(ValueError, match=rf"^{name} is damaged"):
        load_released(folder)
    (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=f"^{name} missing in .*{folder.name}; "):
        load_released(folder)
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError, match=r"^Gs\.pth, Zs\.pth, NoiseAmp\.pth, reals\.pth missing"):
        load_released(folder)


def with_nan(layers):
    bad = nn.Conv2d(3, len(layers[0].weight), 3)
    nn.init.constant_(bad.bias, float("nan"))
    return [bad, *layers[1:]]


@pytest.mark.parametrize(
    "change_layers, message",
    [
        (lambda layers: layers[3:], "4 convolutions and 3 batch norms; it must have 5"),
        (lambda layers: [layer for layer in layers if not isinstance(layer, nn.BatchNorm2d)], "and 0 batch norms"),
        (lambda layers: [nn.Conv2d(3, 4, 5), *layers[1:]], r"weight of a layer is a tensor \[4, 3, 5, 5\]"),
        (lambda layers: [nn.Conv2d(3, 4, 3, padding=1), *layers[1:]], r"padding = \[1, 1\]; only 0 is supported"),
        (lambda layers: [nn.Conv2d(3, 4, 3, stride=2), *layers[1:]], r"Conv2d has stride"),
        (lambda layers: [*layers[:2], nn.LeakyReLU(0.1), *layers[3:]], "LeakyReLU has negative_slope = 0.1"),
        (lambda layers: [nn.Conv2d(3, 4, 3, bias=False), *layers[1:]], "supported are convolutions with a bias"),
        (with_nan, "it must be a finite tensor"),
        (lambda layers: [layers[0], nn.BatchNorm2d(4, track_running_stats=False), *layers[2:]], "track_running_stats"),
    ],
)
def test_networks_of_another_architecture(folder, model, change_layers, message):
    change(folder, "Gs.pth", [nn.Sequential(*change_layers(list(net.layers))) for net in model.generators])
    with pytest.raises(ValueError, match=f"^network [0-9] of Gs.pth.*({message})"):
        load_released(folder)


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("kind", [np.float64, np.float32, np.float16])
def test_amplitudes_may_be_numpy_scalars(folder, model, legacy, kind):
    amplitudes = [np.int64(1), *(kind(value) for value in model.amplitudes[1:])]
    torch.save(amplitudes, folder / "NoiseAmp.pth", _use_new_zipfile_serialization=not legacy)
    assert load_released(folder).amplitudes == [float(value) for value in amplitudes]


def test_models_of_grey_pictures_say_so(folder, model):
    grey = []
    for net in model.generators:
        layers = list(net.layers)
        first, last = layers[0], layers[12]
        layers[0] = nn.Conv2d(1, first.out_channels, 3)
        layers[12] = nn.Conv2d(last.in_channels, 1, 3)
        grey.append(nn.Sequential(*layers))
    change(folder, "Gs.pth", grey)
    change(folder, "reals.pth", [real[:, :1].clone() for real in contents(model)["reals.pth"]])
    with pytest.raises(ValueError, match=r"trained on grey pictures \(nc_im = 1\).*train it again.*nc_im = 3"):
        load_released(folder)


@pytest.mark.parametrize(
    "name, make, message",
    [
        ("Gs.pth", lambda files: files[:-1], "contains 5 networks, 6 amplitudes and 6 pictures"),
        ("Gs.pth", lambda files: [net.state_dict() for net in files], "network 0 of Gs.pth is not a valid"),
        ("Gs.pth", lambda files: {}, "Gs.pth must contain a list"),
        ("Gs.pth", lambda files: [], "Gs.pth must contain a list"),
        ("Gs.pth", lambda files: [nn.Tanh()] * 6, "has 0 convolutions"),
        ("reals.pth", lambda files: files[::-1], "must grow from scale to scale"),
        ("reals.pth", lambda files: [file[:, :1] for file in files], r"is a tensor \[1, 1, "),
        ("reals.pth", lambda files: [file * float("nan") for file in files], "NaN or infinite"),
        ("reals.pth", lambda files: [1, 2], "picture 0 of reals.pth is 1; it must be a tensor"),
        ("NoiseAmp.pth", lambda files: ["a", *files[1:]], "amplitude 0 of NoiseAmp.pth is 'a'; it must be a finite"),
        ("NoiseAmp.pth", lambda files: [float("inf"), *files[1:]], "amplitude 0 of NoiseAmp.pth is inf"),
        ("NoiseAmp.pth", lambda files: [nn.Tanh(), *files[1:]], "amplitude 0 of NoiseAmp.pth is a Tanh"),
        ("Zs.pth", lambda files: [files[0][..., 2:]], "the first noise of Zs.pth is a tensor"),
        ("Zs.pth", lambda files: [files[0] * float("nan")], "it must be a finite tensor"),
    ],
)
def test_files_that_are_incompatible(folder, model, name, make, message):
    change(folder, name, make(contents(model)[name]))
    with pytest.raises(ValueError, match=message):
        load_released(folder)

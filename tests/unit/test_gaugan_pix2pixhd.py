import dataclasses

import pytest
import torch

from gan_models.gaugan import (
    LabelMaps,
    Pix2PixHD,
    Pix2PixHDConfig,
    describe,
    label_codes,
    load,
    one_hot,
    open_synthesizer,
    read_state_dict,
    save,
)
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.config import TrainingConfig
from gan_models.gaugan.training.initialization import effective_state
from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.gaugan.training.presets import preset
from gan_models.gaugan.training.state import load_state
from gan_models.gaugan.training.trainer import Trainer
from gaugan_toys import LANDSCAPE, blob_map, training_config, training_folder


def toy(z_dim=6, **changes):
    torch.manual_seed(0)
    config = Pix2PixHDConfig(**LANDSCAPE | {"ngf": 2, "z_dim": z_dim, "crop_size": 32} | changes)
    return Pix2PixHD(config).eval().requires_grad_(False)


def baseline_training(**changes):
    config = training_config(**changes)
    return dataclasses.replace(config, generator=toy().config)


def test_the_net_has_the_papers_layers():
    net = Pix2PixHD(Pix2PixHDConfig(184, z_dim=0))
    assert net.encode_0.weight.shape == (64, 184, 7, 7)
    assert [net.get_submodule(f"encode_{level}").out_channels for level in (1, 2, 3, 4)] == [128, 256, 512, 1024]
    assert [net.get_submodule(f"decode_{level}").out_channels for level in range(4)] == [512, 256, 128, 64]
    assert len(net.blocks) == 9 and net.conv_img.kernel_size == (7, 7)
    # The paper's table of sizes: 183 M parameters for COCO-Stuff.
    assert sum(parameter.numel() for parameter in net.parameters()) / 1e6 == pytest.approx(183, abs=1)


def test_pictures_of_styles():
    net = toy()
    codes = label_codes(net.config, blob_map(net.config, 32, 64))
    labels = one_hot(net.config, codes)
    images = net(labels, torch.tensor([[0.0] * 6, [2.0] * 6]))
    assert images.shape == (2, 3, 32, 64) and images.abs().max() <= 1
    assert (images[0] - images[1]).abs().max() > 0.01
    assert torch.equal(net(LabelMaps(net.config, codes), torch.zeros(1, 6)), net(labels, torch.zeros(1, 6)))


def test_wrong_sizes_and_styles_are_refused():
    net = toy()
    with pytest.raises(ValueError, match="multiples of 32; the nearest is 32x64"):
        net(torch.zeros(1, 19, 60, 32), torch.zeros(1, 6))
    with pytest.raises(ValueError, match="needs a style vector"):
        net(torch.zeros(1, 19, 32, 32))
    with pytest.raises(ValueError, match="takes no style vector"):
        toy(z_dim=0)(torch.zeros(1, 19, 32, 32), torch.zeros(1, 6))
    with pytest.raises(ValueError, match=r"z must be \[B, 6\]; it is \[1, 5\]"):
        net(torch.zeros(1, 19, 32, 32), torch.zeros(1, 5))


@pytest.mark.parametrize("z_dim", [0, 6])
def test_a_file_gives_the_same_net_back(tmp_path, z_dim):
    net = toy(z_dim, crop_size=64, aspect_ratio=2.0)
    save(tmp_path / "net.safetensors", net, metadata={"taxonomy": "landscape"})
    found = load(tmp_path / "net.safetensors")
    assert found.generator.config == net.config and found.metadata["architecture"] == "pix2pixhd"
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in found.generator.state_dict().items())
    assert describe(read_state_dict(tmp_path / "net.safetensors")[0]) == "a pix2pixHD++ generator"
    with pytest.raises(ValueError, match=r"net\.safetensors: a pix2pixHD\+\+ generator has no setting 'upsampling'"):
        load(tmp_path / "net.safetensors", upsampling="more")


def test_spectral_norm_is_on_all_convolutions_but_the_last():
    trainer = Trainer(baseline_training())
    plain = [name for name, _ in trainer.generator.named_parameters() if name.endswith("weight")]
    assert plain == ["conv_img.weight"]
    trainer.generator.eval()
    folded = Pix2PixHD(trainer.generator.config).eval()
    folded.load_state_dict(effective_state(trainer.generator))
    labels, z = torch.eye(19)[blob_map(folded.config, 32, 32)].movedim(3, 1), torch.randn(1, 6)
    torch.testing.assert_close(folded(labels, z), trainer.generator(labels, z))


def test_training_and_use(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    config = baseline_training(steps=3)
    assert TrainingConfig.from_json(config.to_json()) == config
    data = FolderPairs(training_folder(tmp_path / "data"), "landscape")
    path = run.train(data, config, tmp_path / "run")
    assert load_state(tmp_path / "run" / loop.STATE).config == config
    with pytest.raises(ValueError, match="is a run with generator Pix2PixHDConfig"):
        run.train(data, training_config(), tmp_path / "run")
    model = open_synthesizer(path)
    ids, z = blob_map(config.generator, 64, 96), model.encode(torch.zeros(1, 3, 32, 32))
    image = model.paint(ids, z)
    assert image.shape == (1, 3, 64, 96) and torch.equal(image, model.paint(ids, z))
    assert model.half().paint(ids, z).dtype == torch.float16


def test_the_preset_of_the_baseline():
    config = preset("small", "landscape", "pix2pixhd", "paper", batch=2)
    assert config.generator == Pix2PixHDConfig(18, unknown=True, ngf=16, z_dim=32) and config.batch == 2
    with pytest.raises(ValueError, match="has no setting 'nhidden'"):
        preset("small", "landscape", "pix2pixhd", nhidden=3)

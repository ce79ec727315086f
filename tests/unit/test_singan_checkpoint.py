import dataclasses

import pytest
import torch
from safetensors.torch import load as from_bytes
from safetensors.torch import save_file

from gan_models.singan import SinGANConfig, load, save
from gan_models.singan.checkpoint import encode
from gan_models.singan.networks import Critic
from gan_models.singan.resume import seeded
from singan_toys import TOY, same_weights, trained


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.mark.parametrize("changes", [{}, {"normalization": "batch"}, {"channels": 4, "widen_every": 1}])
def test_round_trip_is_exact(tmp_path, changes):
    model = trained(dataclasses.replace(TOY, **changes))
    save(model, tmp_path / "model.safetensors")
    copy = load(tmp_path / "model.safetensors")
    assert same_weights(model, copy)
    assert (copy.config, copy.sizes, copy.facts) == (model.config, model.sizes, model.facts)
    assert torch.equal(copy.sample(2, generator=seeded(9)), model.sample(2, generator=seeded(9)))
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]


def test_settings_have_the_names_that_earlier_files_have():
    written = TOY.as_dict()
    assert written["averaging"] == TOY.ema_decay and "ema_decay" not in written
    assert SinGANConfig.from_dict(written | {"of_a_later_version": 1}) == TOY
    assert SinGANConfig.from_dict({"averaging": 0.5}) == SinGANConfig(ema_decay=0.5)


def test_missing_file():
    with pytest.raises(FileNotFoundError, match=r"no file nowhere\.safetensors"):
        load("nowhere.safetensors")


def test_damaged_file(tmp_path, model):
    path = tmp_path / "model.safetensors"
    for data in (b"", b"not safetensors at all", encode(model)[:-100]):
        path.write_bytes(data)
        with pytest.raises(ValueError, match=r"model\.safetensors is damaged or is not a safetensors file"):
            load(path)


def test_foreign_file(tmp_path):
    save_file({"conv.weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(ValueError, match=r"other\.safetensors: this is not a SinGAN; its first tensors are conv"):
        load(tmp_path / "other.safetensors")


def test_a_file_with_incompatible_tensors(tmp_path, model):
    tensors = from_bytes(encode(model)) | {"noise_amplitudes": torch.ones(9)}
    save_file(tensors, tmp_path / "odd.safetensors")
    with pytest.raises(ValueError, match=r"odd\.safetensors.*its tensors are incompatible"):
        load(tmp_path / "odd.safetensors")


def test_newer_format(tmp_path, model):
    data = encode(model).replace(b'"format_version":"1"', b'"format_version":"7"')
    (tmp_path / "new.safetensors").write_bytes(data)
    with pytest.raises(ValueError, match="format 7 is newer than format 1"):
        load(tmp_path / "new.safetensors")


def test_an_unfinished_run_is_not_a_model(tmp_path, model):
    partial = trained()
    partial.generators = partial.generators[:1]
    partial.amplitudes = partial.amplitudes[:1]
    (tmp_path / "part.safetensors").write_bytes(encode(partial, Critic(8)))
    with pytest.raises(ValueError, match="unfinished training run with 1 of"):
        load(tmp_path / "part.safetensors")


def test_a_full_disk_keeps_the_old_file(tmp_path, model, request):
    path = tmp_path / "model.safetensors"
    save(model, path)
    before = path.read_bytes()
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match=r"could not write model\.safetensors \(No space left"):
        save(trained(seed=2), path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["model.safetensors"]

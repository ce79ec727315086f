"""Tiny nets in an empty models/gaugan, label maps and styles for them."""

import shutil
import sys

import pytest
import torch

import gaugan_toys
import headless
from gan_models import gaugan
from gaugan_toys import LANDSCAPE


@pytest.fixture
def call(node_classes, comfy_folders):
    """``call(id, **inputs)``: the first result of one call of a node."""
    return lambda node_id, **inputs: headless.call_node(node_classes[f"GauGAN{node_id}"], **inputs).result[0]


@pytest.fixture
def folder(comfy_folders):
    path = comfy_folders / "models" / "gaugan"
    path.mkdir(parents=True)
    return path


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A net with encoder in one file, a released-style pair of files, and a net without style."""
    path = tmp_path_factory.mktemp("gaugan")
    nets = gaugan_toys.generator(gaugan_toys.config(**LANDSCAPE)), gaugan_toys.encoder()
    generator, encoder = (gaugan_toys.with_spectral_norm(net) for net in nets)
    torch.save(generator, path / "latest_net_G.pth")
    torch.save(encoder, path / "latest_net_E.pth")
    loaded = gaugan.load_generator(generator, **nets[0].config.as_dict()), gaugan.load_encoder(encoder)
    gaugan.save(path / "painter.safetensors", *loaded, {"taxonomy": "landscape"})
    plain = gaugan_toys.generator(gaugan_toys.config(**LANDSCAPE, z_dim=0))
    gaugan.save(path / "plain.safetensors", plain, None, {"taxonomy": "landscape"})
    return path


@pytest.fixture
def files(folder, saved):
    return shutil.copytree(saved, folder, dirs_exist_ok=True)


@pytest.fixture
def model(call, files):
    return call("Load", name="painter.safetensors")


@pytest.fixture
def plain(call, files):
    return call("Load", name="plain.safetensors")


@pytest.fixture
def label_map(pack):
    """``label_map(height, width, batch)``: blobs of landscape classes."""

    def make(height=64, width=96, batch=1, seed=0, taxonomy="landscape", **options):
        ids = gaugan_toys.blob_map(gaugan_toys.config(classes=18), height, width, batch, seed).to(torch.uint8)
        return pack.gan_models.labels.LabelMap(ids, taxonomy, **options)

    return make


@pytest.fixture
def style(pack):
    return lambda z: pack.gan_models.gaugan.Style(torch.as_tensor(z, dtype=torch.float32))


@pytest.fixture
def predicted(pack, monkeypatch):
    """The layers whose scales and shifts were computed, one entry each time."""
    modulation = sys.modules[pack.gan_models.gaugan.ModulationCache.__module__]
    computed, predict = [], modulation.predict_folded

    def listen(layer, *rest):
        computed.append(layer)
        return predict(layer, *rest)

    monkeypatch.setattr(modulation, "predict_folded", listen)
    return computed

"""Label Map from Photo: photographs in, label maps and unsure pixels out, with checkpoints of transformers."""

import dataclasses
import shutil
import socket
import sys
import types

import pytest
import torch
from hub import Hub
from huggingface_hub import constants

import headless
from segmentation_toys import NAMES, NETS, UNIVERSAL, change_config, write_checkpoint

NODE = "GauGANLabelMapFromPhoto"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return {kind: write_checkpoint(folder, kind) for kind in NETS}


@pytest.fixture
def folder(comfy_folders):
    return comfy_folders / "models" / "segmentation"


@pytest.fixture
def placed(written, folder):
    """``placed(kind, name)``: puts a checkpoint into models/segmentation and returns its folder."""
    return lambda kind="segformer", name=None: shutil.copytree(written[kind], folder / (name or kind))


@pytest.fixture
def uniform(folder):
    """``uniform(name)``: puts a net into models/segmentation that finds this class everywhere."""

    def make(name, names=NAMES):
        write_checkpoint(folder, "segformer", names, dominant=names.index(name))

    return make


def photo(height=40, width=60, batch=1, channels=3):
    return torch.rand(batch, height, width, channels, generator=torch.Generator().manual_seed(2))


# What the editor sees.


def test_the_list_has_folders_and_downloads_with_their_terms(nodes, placed, folder):
    placed("segformer", "city")
    placed("upernet", "someone/coast")
    placed("upernet", "upernet-ade20k-convnext-tiny")
    (folder / "empty").mkdir()
    model = next(entry for entry in nodes[NODE].define_schema().inputs if entry.id == "model")
    assert [name for name in model.options if name in ("city", "someone/coast", "empty")] == ["city", "someone/coast"]
    listed = ["oneformer-ade20k-swin-tiny", "upernet-ade20k-convnext-tiny", "mask2former-coco-swin-tiny",
              "mask2former-cityscapes-swin-tiny"]  # fmt: skip
    assert model.options[-4:] == listed
    assert model.tooltip.count("Unverified") == 4 and "MIT" in model.tooltip and "models/segmentation" in model.tooltip


def test_widgets_stay_where_saved_workflows_have_them(nodes):
    """Append, never insert."""
    inputs = nodes[NODE].GET_SCHEMA().inputs
    widgets = [entry.id for entry in inputs if headless.widgets.is_widget(entry)]
    assert widgets == ["model", "taxonomy", "threshold"]
    info = headless.object_info(nodes[NODE])
    assert info["category"] == "GAN Atelier/label maps" and info["output"] == ["LABEL_MAP", "MASK"]


# What it gives.


@pytest.mark.parametrize("kind", NETS)
def test_every_kind_of_net(call, placed, said, kind):
    placed(kind)
    label_map, unsure = call(NODE, image=photo(batch=2), model=kind)
    assert label_map.taxonomy == "ade20k" and label_map.ids.shape == (2, 40, 60)
    assert unsure.shape == (2, 40, 60) and set(unsure.unique().tolist()) <= {0.0, 1.0}
    assert (label_map.instances is not None) == (kind in UNIVERSAL)
    assert "'ade20k' has no class for banana split" in said[-1] and said[-1].startswith("ade20k: ")


def test_the_classes_are_said_with_their_shares(call, uniform, said):
    uniform("road, route")
    label_map, unsure = call(NODE, image=photo(), model="segformer")
    assert label_map.classes.names[label_map.ids.unique().item()] == "road"
    assert unsure.max() == 0 and said[-1] == "ade20k: road 100 %; 0 % unsure; 'ade20k' has no class for banana split"


def test_the_threshold_changes_only_the_mask(call, placed):
    placed()
    found = [call(NODE, image=photo(), model="segformer", threshold=threshold) for threshold in (0.0, 0.3, 1.0)]
    shares = [unsure.mean().item() for _, unsure in found]
    assert shares == sorted(shares) and shares[0] == 0 and shares[2] == 1 and 0 < shares[1] < 1
    assert all(torch.equal(label_map.ids, found[0][0].ids) for label_map, _ in found)


@pytest.mark.parametrize(("taxonomy", "expected"), [
    ("landscape", "grass"), ("numbered", "class 0"), ("ade20k", "field"),
])  # fmt: skip
def test_classes_are_translated(call, uniform, said, taxonomy, expected):
    uniform("field", ["field", "chair", "sky"])
    label_map, _ = call(NODE, image=photo(), model="segformer", taxonomy=taxonomy)
    assert label_map.taxonomy == taxonomy
    assert label_map.classes.names[label_map.ids.unique().item()] == expected
    assert ("'landscape' has no class for chair" in said[-1]) == (taxonomy == "landscape")


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (333, 64)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_photographs_of_any_size(call, placed, size, channels):
    placed()
    image = photo(*size, channels=channels)
    kept = image.clone()
    label_map, unsure = call(NODE, image=image, model="segformer")
    assert label_map.size == size and unsure.shape == (1, *size) and torch.equal(image, kept)


def test_label_maps_with_objects_go_into_the_other_nodes(call, placed):
    placed("mask2former")
    label_map, _ = call(NODE, image=photo(64, 64), model="mask2former")
    (remapped,) = call("GauGANLabelMapRemap", label_map=label_map, taxonomy="landscape")
    assert torch.equal(remapped.instances, label_map.instances)
    (image,) = call("GauGANLabelMapToColors", label_map=label_map)
    (back, _) = call("GauGANLabelMapFromColors", image=image, taxonomy="ade20k", palette="ade20k")
    assert torch.equal(back.ids, label_map.ids)


def test_a_changed_folder_runs_again_and_an_unchanged_one_does_not(nodes, placed):
    path = placed()
    before = nodes[NODE].fingerprint_inputs(model="segformer")
    assert nodes[NODE].fingerprint_inputs(model="segformer") == before
    change_config(path, id2label={str(i): "sky" for i in range(8)})
    assert nodes[NODE].fingerprint_inputs(model="segformer") != before
    listed = "oneformer-ade20k-swin-tiny"
    assert nodes[NODE].fingerprint_inputs(model=listed) == [listed, []]


# Downloads.


@pytest.fixture
def only_loopback(monkeypatch):
    connect = socket.socket.connect

    def guarded(self, address):
        assert address[0] in ("127.0.0.1", "::1"), f"a connection to {address}"
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.mark.parametrize("kind", ["oneformer", "segformer"])
@pytest.mark.usefixtures("only_loopback")
def test_a_listed_model_is_downloaded_once(call, pack, written, folder, said, monkeypatch, tmp_path, kind):
    files = {path.name: path.read_bytes() for path in written[kind].iterdir()}
    weights, node_file = pack.gan_models.weights, sys.modules[f"{pack.__name__}.nodes.segmentation"]
    entry = node_file.ENTRIES["oneformer-ade20k-swin-tiny"]
    source = weights.HostedFolder("someone/models", sorted(files), "refs/pr/6")
    monkeypatch.setitem(node_file.ENTRIES, "toy", dataclasses.replace(entry, name="toy", source=source))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    with Hub(b"", files, "refs/pr/6") as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        label_map, _ = call(NODE, image=photo(), model="toy")
        assert {name: (folder / "toy" / name).read_bytes() for name in files} == files
        asked = len(hub.requests)
        again, _ = call(NODE, image=photo(), model="toy")
        assert len(hub.requests) == asked
    assert label_map.taxonomy == "ade20k" and torch.equal(again.ids, label_map.ids)
    assert any(line.startswith("downloading toy") for line in said)


# What it refuses.


def test_a_photograph_with_nothing_that_the_taxonomy_knows(call, uniform):
    uniform("banana split")
    with pytest.raises(ValueError, match="image shows nothing that segformer knows and 'ade20k' has a class for"):
        call(NODE, image=photo(), model="segformer")
    uniform("person")
    with pytest.raises(ValueError, match="'landscape' has a class for, so the whole label map would be unknown"):
        call(NODE, image=photo(), model="segformer", taxonomy="landscape")


def test_pixels_that_are_not_numbers(call, placed):
    placed()
    broken = photo()
    broken[0, 3, 4, 0] = float("nan")
    with pytest.raises(ValueError, match="image contains pixels that are NaN or infinite"):
        call(NODE, image=broken, model="segformer")


def test_a_folder_that_is_gone(call, folder):
    with pytest.raises(FileNotFoundError, match=r"there is no folder 'gone' with a config\.json in .*; press R"):
        call(NODE, image=photo(), model="gone")


@pytest.mark.parametrize(("change", "text"), [
    ({"architectures": ["SegformerForImageClassification"]}, "segformer cannot be used: it holds a SegformerForIma"),
    ({"id2label": None}, r"has no id2label, which names the classes; write the names .*, or set taxonomy to numbered"),
    ({"id2label": {str(i): f"LABEL_{i}" for i in range(8)}}, "only has placeholders, such as LABEL_0; write the names"),
    ({"id2label": {str(i): f"thing {i}" for i in range(8)}}, "is a class of the taxonomies; choose another taxonomy"),
    ({"id2label": {"0": "sky", "1": "tree"}}, "names 2 classes, but its weights have 8"),
    ({"architectures": ["FutureForSemanticSegmentation"]}, r"does not know its kind, .*; install or update it"),
])  # fmt: skip
def test_folders_that_cannot_be_used(call, placed, change, text):
    change_config(placed(), **change)
    with pytest.raises(ValueError, match=text):
        call(NODE, image=photo(), model="segformer")


def test_without_transformers(call, placed, monkeypatch):
    placed()
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(ValueError, match="needs the package transformers, which is not installed; install or up"):
        call(NODE, image=photo(), model="segformer")
    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(__version__="4.9.0"))
    with pytest.raises(ValueError, match=r"transformers 4\.9\.0 does not know its kind, Segformer.*; install or "):
        call(NODE, image=photo(), model="segformer")


def test_the_bundled_net_is_the_default_and_needs_no_download(nodes, call, said, monkeypatch):
    monkeypatch.setattr(socket, "create_connection", lambda *arguments, **options: pytest.fail("a download"))
    model = next(entry for entry in nodes[NODE].define_schema().inputs if entry.id == "model")
    assert model.options[0] == "segmentation-landscape"
    picture = call("GANAtelierExampleImage", picture="noon.jpg")[0]
    label_map, unsure = call(NODE, image=picture, model="segmentation-landscape")
    assert label_map.taxonomy == "landscape" and label_map.ids.shape == picture.shape[:3] == unsure.shape
    assert said[-1].startswith("landscape: ") and "unsure" in said[-1]
    translated, _ = call(NODE, image=picture, model="segmentation-landscape", taxonomy="ade20k")
    found = {entry.name for entry in translated.classes.present(translated.ids)}
    assert translated.taxonomy == "ade20k" and "sky" in found

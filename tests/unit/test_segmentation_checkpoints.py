"""Checkpoints of ``transformers``: found, checked, and run as ``transformers`` would."""

import json
import shutil
import sys
import types

import pytest
import torch
import torch.nn.functional as F
import transformers
from safetensors.torch import load_file, save_file

from gan_models import segmentation
from gan_models.progress import Progress
from gan_models.segmentation import (
    MissingNamesError,
    MissingTransformersError,
    NothingMatchesError,
    OtherCheckpointError,
    preparation,
)
from segmentation_toys import NAMES, NETS, UNIVERSAL, change_config, write_checkpoint

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    return {kind: write_checkpoint(folder, kind) for kind in NETS}


@pytest.fixture
def copied(written, tmp_path):
    """``copied(kind)``: a copy of a checkpoint, to be changed."""
    return lambda kind: shutil.copytree(written[kind], tmp_path / kind)


def opened(folder, taxonomy=None):
    return segmentation.open_transformers_segmenter(folder, CPU, taxonomy)


def photographs(height=64, width=64, batch=1):
    return torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", NETS)
def test_every_kind_of_net(written, kind):
    segmenter, seen = opened(written[kind]), []
    photos = photographs(50, 90, 2)
    kept = photos.clone()
    found = segmenter.segment(photos, seen.append)
    assert segmenter.taxonomy.name == "ade20k" and segmenter.unmatched == ("banana split",)
    assert found.ids.shape == found.confidence.shape == (2, 50, 90) and found.ids.dtype == torch.uint8
    assert {1, 2, 3, 5, 10, 13, 7, 0} >= set(found.ids.unique().tolist()) and len(found.ids.unique()) > 1
    assert 0 <= found.confidence.min() and found.confidence.max() <= 1.0001
    assert (found.instances is not None) == (kind in UNIVERSAL)
    assert found.label_map(segmenter.taxonomy).taxonomy == "ade20k"
    assert torch.equal(photos, kept)
    assert seen == [Progress(0, 2, "photograph 1 of 2"), Progress(1, 2, "photograph 2 of 2")]


@pytest.mark.parametrize("kind", NETS)
def test_the_classes_are_those_that_transformers_finds(written, kind):
    photos = photographs()
    prepared = preparation.read_preparation(written[kind])(photos)
    architecture = json.loads((written[kind] / "config.json").read_text())["architectures"][0]
    net = getattr(transformers, architecture).from_pretrained(written[kind]).eval()
    more = {}
    if kind == "oneformer":
        tokenizer = transformers.CLIPTokenizer.from_pretrained(written[kind])
        words = tokenizer("the task is panoptic", return_tensors="pt", padding="max_length", max_length=16,
                          truncation=True)  # fmt: skip
        more["task_inputs"] = words["input_ids"] * words["attention_mask"]
    with torch.no_grad():
        output = net(pixel_values=prepared, **more)
    if kind in UNIVERSAL:
        masks, classes = output.masks_queries_logits.sigmoid(), output.class_queries_logits.softmax(-1)[..., :-1]
        logits = torch.einsum("bqc,bqhw->bchw", classes, masks)
    else:
        logits = output.logits
    highest, there = F.interpolate(logits, (64, 64), mode="bilinear", align_corners=False).max(1)
    here = opened(written[kind]).segment(photos).ids
    ids = torch.tensor([1, 2, 3, 5, 10, 13, 7, 0])
    covered = highest > 0.001 if kind in UNIVERSAL else torch.ones_like(here, dtype=torch.bool)
    assert covered.float().mean() > 0.5
    assert (ids[there] == here)[covered].float().mean() > 0.999


@pytest.mark.parametrize("kind", ["mask2former", "oneformer"])
def test_objects_have_numbers(tmp_path, kind):
    found = opened(write_checkpoint(tmp_path, kind, dominant=5, num_queries=1)).segment(photographs(batch=2))
    objects = found.instances == 14001
    assert 0.1 < objects.float().mean() < 0.9
    assert found.ids[objects].unique().tolist() == [13] and found.confidence[objects].min() > 0.49
    assert torch.equal(found.instances[~objects], found.ids[~objects].int())


def test_a_large_photograph_needs_little_memory(written, monkeypatch):
    monkeypatch.setattr(segmentation.scores, "MOST_VALUES", 100_000)
    photos = photographs(700, 500)
    whole = opened(written["segformer"]).segment(photos).ids
    monkeypatch.undo()
    assert torch.equal(opened(written["segformer"]).segment(photos).ids, whole)


def test_a_progress_report_can_stop_the_work(written):
    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opened(written["segformer"]).segment(photographs(), stop)


def test_a_checkpoint_in_half_precision_and_in_several_files(copied):
    folder = copied("segformer")
    net = transformers.SegformerForSemanticSegmentation.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    net.half().save_pretrained(folder, max_shard_size="20KB")
    assert len(list(folder.glob("*.safetensors"))) > 1
    assert opened(folder).segment(photographs()).confidence.dtype == torch.float32


def test_code_in_a_folder_is_never_run(copied):
    folder = copied("segformer")
    (folder / "evil.py").write_text("raise SystemExit('this code was run')", encoding="utf-8")
    change_config(folder, auto_map={"AutoConfig": "evil.Config", "AutoModelForSemanticSegmentation": "evil.Net"})
    opened(folder)
    change_config(folder, architectures=["EvilForSemanticSegmentation"])
    with pytest.raises(MissingTransformersError, match="does not know its kind, EvilForSemantic"):
        opened(folder)


def test_no_network_is_asked_for_a_backbone(copied, tmp_path, monkeypatch):
    monkeypatch.setattr("socket.getaddrinfo", lambda *arguments: pytest.fail("a look-up"))
    folder = copied("upernet")
    change_config(folder, use_pretrained_backbone=True)
    opened(folder)
    change_config(folder, backbone="microsoft/resnet-50", backbone_config=None)
    with pytest.raises(OtherCheckpointError, match=r"its config\.json names the backbone microsoft/resnet-50 instead"):
        opened(folder)
    path = write_checkpoint(tmp_path, "maskformer")
    decoder = json.loads((path / "config.json").read_text())["decoder_config"]
    change_config(path, decoder_config=decoder | {"backbone": "resnet50", "backbone_config": None,
                                                  "backbone_kwargs": {"num_channels": 3}})  # fmt: skip
    assert opened(path).segment(photographs()).instances is not None


# What is refused.


def test_another_kind_of_model(tmp_path):
    config = transformers.SegformerConfig(depths=[1] * 4, hidden_sizes=[8] * 4, num_attention_heads=[1] * 4)
    transformers.SegformerForImageClassification(config).save_pretrained(tmp_path / "classifier")
    with pytest.raises(OtherCheckpointError, match="classifier cannot be used: it holds a Segformer"
                       "ForImageClassification, which is not a segmentation model"):  # fmt: skip
        opened(tmp_path / "classifier")
    change_config(tmp_path / "classifier", architectures=["DetrForObjectDetection"], model_type="detr")
    with pytest.raises(OtherCheckpointError, match="it holds a DetrForObjectDetection, which is not"):
        opened(tmp_path / "classifier")


@pytest.mark.parametrize(("kind", "there"), [("segformer", 8), ("mask2former", 8), ("upernet", 8)])
def test_another_number_of_classes(copied, kind, there):
    folder = copied(kind)
    change_config(folder, id2label=dict(enumerate(NAMES[:5])), label2id=None)
    with pytest.raises(OtherCheckpointError, match=rf"id2label in its config\.json names 5 classes, .* have {there}$"):
        opened(folder)


def test_weights_of_another_size_or_without_some_tensors(copied):
    folder = copied("segformer")
    change_config(folder, decoder_hidden_size=24)
    with pytest.raises(OtherCheckpointError, match=r"config\.json: decode_head\.\S+ is \[.*\] instead"):
        opened(folder)
    change_config(folder, decoder_hidden_size=16)
    weights = load_file(folder / "model.safetensors")
    del weights["decode_head.classifier.weight"]
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(OtherCheckpointError, match=r"1 tensors are missing, such as decode_head\.cl"):
        opened(folder)


@pytest.mark.parametrize(("kind", "unused"), [("upernet", "auxiliary_head"), ("mask2former", "swin.layernorm")])
def test_what_is_not_used_may_be_missing(copied, kind, unused):
    """Swin's last layer norm is in no checkpoint that an older transformers wrote."""
    folder = copied(kind)
    before = opened(folder).segment(photographs())
    every = load_file(folder / "model.safetensors")
    weights = {key: value for key, value in every.items() if unused not in key}
    assert len(weights) < len(every)
    save_file(weights, folder / "model.safetensors", {"format": "pt"})
    after = opened(folder).segment(photographs())
    assert torch.equal(before.ids, after.ids) and torch.allclose(before.confidence, after.confidence, atol=1e-4)


@pytest.mark.parametrize(("names", "text"), [
    (None, r"its config\.json has no id2label"),
    ({"1": "sky", "2": "tree"}, "must have the keys 0 to 1, without gaps"),
    ({str(i): f"LABEL_{i}" for i in range(8)}, r"id2label in its config\.json only has placeholders, such as LABEL_0"),
    (["sky"], r"its config\.json has no id2label"),
])  # fmt: skip
def test_classes_without_names(copied, names, text):
    folder = copied("segformer")
    change_config(folder, id2label=names)
    with pytest.raises(MissingNamesError, match=text):
        opened(folder)


def test_placeholders_can_be_numbered(copied):
    folder = copied("segformer")
    change_config(folder, id2label={str(i): f"LABEL_{i}" for i in range(8)})
    segmenter = opened(folder, "numbered")
    assert segmenter.taxonomy.name == "numbered" and segmenter.segment(photographs()).ids.max() < 8


def test_folders_that_lack_a_file(copied, tmp_path):
    folder = copied("oneformer")
    (folder / "vocab.json").unlink()
    with pytest.raises(OtherCheckpointError, match="the files of its tokenizer are missing"):
        opened(folder)
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(OtherCheckpointError, match="it has no preprocessor_config"):
        opened(folder)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(OtherCheckpointError, match=r"no safetensors file, only pytorch_model\.bin; d"):
        opened(folder)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(OtherCheckpointError, match="names no architecture of transformers"):
        opened(folder)
    (folder / "config.json").unlink()
    with pytest.raises(OtherCheckpointError, match=r"it has no config\.json, so it is not a checkpoint"):
        opened(folder)


def test_a_damaged_file(copied):
    folder = copied("segformer")
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(OtherCheckpointError, match="segformer cannot be used: transformers cannot load it: "):
        opened(folder)


def test_without_transformers_and_with_an_old_one(written, monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(MissingTransformersError, match="it needs the package transformers, which is not"):
        opened(written["segformer"])
    monkeypatch.setitem(sys.modules, "transformers", types.SimpleNamespace(__version__="4.0.1"))
    with pytest.raises(MissingTransformersError, match=r"transformers 4\.0\.1 does not know its kind, OneF"):
        opened(written["oneformer"])


def test_a_net_that_needs_another_package(written, monkeypatch):
    def needy(*arguments, **options):
        raise ImportError("\nTimmBackbone requires the timm library but it was not found.\nYou can install it.")

    monkeypatch.setattr(transformers.SegformerForSemanticSegmentation, "from_pretrained", needy)
    with pytest.raises(OtherCheckpointError, match=r"needs another package: TimmBackbone requires the timm .* found$"):
        opened(written["segformer"])


def test_a_taxonomy_that_has_none_of_the_classes(copied):
    folder = copied("segformer")
    change_config(folder, id2label={str(i): f"thing number {i}" for i in range(8)})
    with pytest.raises(NothingMatchesError, match="segformer cannot be used: none of its 8 class names"):
        opened(folder)

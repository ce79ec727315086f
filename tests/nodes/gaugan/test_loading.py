"""What the editor sees of the GauGAN nodes, and what the loader takes and refuses."""

import pickle
import sys
import threading

import pytest
import torch

import gaugan_toys
import headless
from gan_models import gaugan
from gaugan_toys import photo

NODES = ["GauGANLoad", "GauGANEncodeStyle", "GauGANRandomStyle", "GauGANMixStyles", "GauGANGenerate"]


# The nodes as the editor sees them.


def test_menu_order(pack):
    order = list(headless.pack_nodes(pack))
    first = order.index("GauGANLoad")
    assert order[first : first + len(NODES)] == NODES
    assert order.index("GauGANLabelMapRemap") < first < order.index("SinGANTrain")


def test_widgets_stay_where_saved_workflows_have_them(node_classes):
    """Append, never insert."""
    assert {
        node_id: [entry.id for entry in node_classes[node_id].GET_SCHEMA().inputs if headless.widgets.is_widget(entry)]
        for node_id in NODES
    } == {
        "GauGANLoad": ["name", "encoder", "taxonomy", "label_offset", "upsampling", "override_label_offset"],
        "GauGANEncodeStyle": [],
        "GauGANRandomStyle": ["seed", "count", "spread"],
        "GauGANMixStyles": ["weight", "frames"],
        "GauGANGenerate": ["seed", "size", "color_match"],
    }


@pytest.mark.parametrize("node_id", NODES)
def test_object_info(node_classes, files, node_id):
    info = headless.object_info(node_classes[node_id])
    assert info["category"] == "GAN Atelier/GauGAN"
    assert info["output"] == [{"GauGANLoad": "GAUGAN_MODEL", "GauGANGenerate": "IMAGE"}.get(node_id, "GAUGAN_STYLE")]


def test_the_loader_lists_files_and_downloads_with_their_terms(node_classes, files):
    (files / "spade-coco.pth").write_bytes(b"belongs to the list")
    (files / ".spade-coco.pth.abc.part").write_bytes(b"")
    (files / "readme.txt").write_bytes(b"")
    name, encoder, *_ = node_classes["GauGANLoad"].define_schema().inputs
    own = ["latest_net_E.pth", "latest_net_G.pth", "painter.safetensors", "plain.safetensors"]
    assert [option for option in name.options if "." in option] == own
    assert name.options[-2:] == ["spade-coco", "spade-cityscapes"]
    assert encoder.options == ["auto", "none", *own]
    assert "research use only" in name.tooltip and "Unverified" in name.tooltip and "downloaded" in name.tooltip


@pytest.mark.parametrize("ending", [".pt", ".pth.tar"])
def test_files_with_other_endings_are_listed_and_loaded(call, node_classes, files, ending):
    for part in ("G", "E"):
        (files / f"latest_net_{part}.pth").rename(files / f"latest_net_{part}{ending}")
    (files / "pictures.tar").write_bytes(b"")
    name, encoder, *_ = node_classes["GauGANLoad"].define_schema().inputs
    assert f"latest_net_G{ending}" in name.options and f"latest_net_E{ending}" in encoder.options
    assert "pictures.tar" not in name.options
    assert call("Load", name=f"latest_net_G{ending}", taxonomy="landscape").model.encoder is not None


def test_a_wrapped_file_with_both_nets_loads_as_one(call, files):
    states = {f"net{part}": torch.load(files / f"latest_net_{part}.pth") for part in ("G", "E")}
    torch.save({"epoch": 3} | states, files / "checkpoint.pth.tar")
    names = "checkpoint.pth.tar", "latest_net_G.pth"
    wrapped, pair = (call("Load", name=name, taxonomy="landscape") for name in names)
    styles = [call("EncodeStyle", model=model, image=photo()) for model in (wrapped, pair)]
    assert torch.equal(styles[0].z, styles[1].z)


# Loading.


def test_a_pair_of_released_files_loads_as_one(call, files, label_map):
    names = "latest_net_G.pth", "painter.safetensors"
    pair, single = (call("Load", name=name, taxonomy="landscape") for name in names)
    assert pair.model.taxonomy == "landscape"
    image = photo()
    styles = [call("EncodeStyle", model=model, image=image) for model in (pair, single)]
    assert torch.allclose(styles[0].z, styles[1].z, atol=1e-4)
    # The start grid has 16 cells: 128 pixels doubled 5 times, or 256 doubled 6 times, as the released nets would be.
    assert pair.model.generator.config.upsampling == "more"
    pair = call("Load", name="latest_net_G.pth", taxonomy="landscape", upsampling="normal")
    images = [call("Generate", model=model, label_map=label_map(), seed=3) for model in (pair, single)]
    assert torch.allclose(images[0], images[1], atol=1e-3)


def test_encoder_widget(call, files):
    assert call("Load", name="painter.safetensors", encoder="none").model.encoder is None
    (files / "latest_net_E.pth").rename(files / "other.pth")
    assert call("Load", name="latest_net_G.pth", taxonomy="landscape").model.encoder is None
    assert call("Load", name="latest_net_G.pth", taxonomy="landscape", encoder="other.pth").model.encoder is not None
    with pytest.raises(ValueError, match=r"plain\.safetensors: .*not a GauGAN style encoder; it seems to be a"):
        call("Load", name="latest_net_G.pth", taxonomy="landscape", encoder="plain.safetensors")


def test_an_encoder_of_another_net_is_refused(call, files):
    torch.save(gaugan_toys.encoder(z_dim=9).state_dict(), files / "latest_net_E.pth")
    with pytest.raises(ValueError, match=r"styles of 9 numbers, but the generator takes 6"):
        call("Load", name="latest_net_G.pth", taxonomy="landscape")


def test_the_loader_says_what_it_loaded(call, files, said):
    call("Load", name="painter.safetensors")
    assert said[-1].startswith("classes of 'landscape', style of 6 numbers, with encoder, trained at 128×128, 0.")


def test_a_changed_file_is_loaded_again(node_classes, files):
    def fingerprint():
        return node_classes["GauGANLoad"].fingerprint_inputs(name="latest_net_G.pth")

    before = fingerprint()
    assert fingerprint() == before
    torch.save(gaugan_toys.encoder(seed=1, ndf=8).state_dict(), files / "latest_net_E.pth")
    assert fingerprint() != before
    assert node_classes["GauGANLoad"].fingerprint_inputs(name="spade-coco") == ["spade-coco", []]


def test_files_that_are_no_gaugan(call, files):
    whole = (files / "painter.safetensors").read_bytes()
    (files / "cut.safetensors").write_bytes(whole[: len(whole) // 2])
    (files / "cut.pth").write_bytes((files / "latest_net_G.pth").read_bytes()[:5000])
    torch.save({"discriminator_0.model0.0.weight": torch.zeros(3)}, files / "latest_net_D.pth")
    (files / "code.pth").write_bytes(pickle.dumps(threading.Thread))
    for name, message in {
        "cut.safetensors": r"cut\.safetensors is damaged",
        "cut.pth": r"cut\.pth .*damaged",
        "latest_net_D.pth": r"latest_net_D\.pth: .*seems to be a GauGAN discriminator",
        "latest_net_E.pth": r"seems to be a GauGAN style encoder",
        "code.pth": r"code\.pth holds more than tensors.*not opened",
    }.items():
        with pytest.raises(ValueError, match=message):
            call("Load", name=name)
    for name in ("../painter.safetensors", "missing.pth"):
        with pytest.raises(FileNotFoundError, match="there is no model"):
            call("Load", name=name)


def test_taxonomies_of_files_that_do_not_tell(call, files):
    gaugan.save(files / "five.safetensors", gaugan_toys.generator(gaugan_toys.config(classes=5)))
    gaugan.save(files / "many.safetensors", gaugan_toys.generator(gaugan_toys.config(classes=40)))
    with pytest.raises(ValueError, match=r"five.safetensors does not say what its 5 labels mean; choose the taxonomy"):
        call("Load", name="five.safetensors")
    with pytest.raises(ValueError, match=r"'ade20k' has 151 classes, but this GauGAN knows 5 labels"):
        call("Load", name="five.safetensors", taxonomy="ade20k")
    assert call("Load", name="many.safetensors", taxonomy="cityscapes").model.taxonomy == "cityscapes"


def test_label_offset_shifts_ids_and_loses_none_silently(call, files, label_map, pack):
    shifted = call("Load", name="painter.safetensors", label_offset=-1)
    straight = call("Load", name="painter.safetensors")
    before = label_map()
    ids = before.ids.int()
    moved = torch.where(ids == 0, 18, ids - 1).to(torch.uint8)
    after = pack.gan_models.labels.LabelMap(moved, "landscape")
    a = call("Generate", model=shifted, label_map=before, seed=0)
    assert torch.equal(a, call("Generate", model=straight, label_map=after, seed=0))
    assert not torch.equal(a, call("Generate", model=straight, label_map=before, seed=0))


@pytest.mark.parametrize("name", ["spade-coco", "spade-cityscapes"])
def test_downloadable_models_come_with_their_settings(call, node_classes, pack, folder, monkeypatch, name):
    config = {"spade-coco": (182, True, "normal"), "spade-cityscapes": (35, False, "more")}[name]
    settings = dict(zip(("classes", "unknown", "upsampling"), config, strict=True))
    net = gaugan_toys.generator(gaugan_toys.config(**settings, instance_edges=True, z_dim=0))
    asked = []

    def resolve(entry, where, on_progress):
        asked.append((entry.name, where))
        torch.save(net.state_dict(), where / entry.file_name)
        return where / entry.file_name

    monkeypatch.setattr(sys.modules[node_classes["GauGANLoad"].execute.__func__.__module__], "resolve", resolve)
    model = call("Load", name=name).model
    assert asked == [(name, folder)]
    assert model.generator.config.upsampling == settings["upsampling"]
    assert model.taxonomy == {"spade-coco": "coco_stuff", "spade-cityscapes": "cityscapes"}[name]
    if name == "spade-cityscapes":
        assert (model.generator.config.crop_size, model.generator.config.aspect_ratio) == (512, 2)


def test_the_schema_downloads_nothing(call, node_classes, monkeypatch):
    module = sys.modules[node_classes["GauGANLoad"].execute.__func__.__module__]
    monkeypatch.setattr(module, "resolve", lambda *_: pytest.fail("asked for a file"))
    node_classes["GauGANLoad"].define_schema()
    node_classes["GauGANLoad"].fingerprint_inputs(name="spade-coco")

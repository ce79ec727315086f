"""Taxonomies of the user's own in models/gaugan/taxonomies, in every node that has a taxonomy."""

import json
import logging
import os

import pytest
import torch
from comfy_api.latest import io

import gaugan_toys
import headless
from gan_models import gaugan

NODES = {
    "GauGANLabelMapFromColors",
    "GauGANLabelMapFromMasks",
    "GauGANLabelMapFromPhoto",
    "GauGANLabelMapPaint",
    "GauGANLabelMapToMask",
    "GauGANLabelMapRemap",
    "GauGANLoad",
    "GauGANTrain",
}


@pytest.fixture
def folder(comfy_folders):
    path = comfy_folders / "models" / "gaugan" / "taxonomies"
    path.mkdir(parents=True)
    (path / "park.csv").write_text("id,name,color\n0,path,#c8b478\n1,lawn,#50a028\n2,sky,#78b4f0\n")
    return path


@pytest.fixture
def park_model(call, folder):
    """A net with the park's classes whose file says nothing of them, through the loader."""
    net = gaugan_toys.generator(gaugan_toys.config(classes=3, unknown=True, z_dim=0))
    gaugan.save(folder.parent / "park.safetensors", net)
    return lambda **options: call("GauGANLoad", name="park.safetensors", **options)[0]


def options_of(pack, node_id):
    (entry,) = (one for one in headless.pack_nodes(pack)[node_id].define_schema().inputs if one.id == "taxonomy")
    return [getattr(option, "key", option) for option in entry.options]


def test_every_taxonomy_input_lists_own_files_and_numbered_classes(pack, folder):
    found = {
        node_id
        for node_id, node_class in headless.pack_nodes(pack).items()
        if any(entry.id == "taxonomy" for entry in node_class.define_schema().inputs)
    }
    assert found == NODES
    for node_id in NODES:
        assert options_of(pack, node_id)[-2:] == ["park", "numbered"], node_id
    (folder / "zoo.json").write_text(json.dumps([{"name": "cage"}]))
    assert options_of(pack, "GauGANLoad")[-3:] == ["park", "zoo", "numbered"]


def fingerprint(pack, node_id, taxonomy):
    """The fingerprint of a node with this taxonomy and nothing else that is known."""
    node_class = headless.pack_nodes(pack)[node_id]
    entry = next(one for one in node_class.GET_SCHEMA().inputs if one.id == "taxonomy")
    value = {"taxonomy": taxonomy} if isinstance(entry, io.DynamicCombo.Input) else taxonomy
    sizes = {"width": 64, "height": 64} if node_id == "GauGANLabelMapPaint" else {}
    return node_class.fingerprint_inputs(taxonomy=value, **sizes)


@pytest.mark.parametrize("node_id", sorted(NODES))
def test_a_changed_file_runs_again_what_uses_it(pack, folder, node_id):
    names = ("park", "auto", None, "landscape", "numbered")
    before = {name: fingerprint(pack, node_id, name) for name in names}
    (folder / "park.csv").write_text("id,name,color\n0,lawn,#50a028\n1,path,#c8b478\n2,sky,#78b4f0\n")
    os.utime(folder / "park.csv", (0, 0))
    assert {name for name in names if fingerprint(pack, node_id, name) != before[name]} == {"park", "auto", None}
    before = {name: fingerprint(pack, node_id, name) for name in names}
    (folder / "zoo.csv").write_text("id,name,color\n0,cage,#c8b478\n")
    assert {name for name in names if fingerprint(pack, node_id, name) != before[name]} == {"auto", None}


def test_colours_are_read_again_by_a_changed_file(run, folder):
    graph = {
        "1": {"class_type": "GauGANLabelMapFromMasks", "inputs": {
            "taxonomy": "park", "taxonomy.base_class": "lawn", "mask_1": ["2", 1]} | {
            f"taxonomy.class_{number}": "none" if number > 1 else "sky" for number in range(1, 7)}},
        "2": {"class_type": "GANAtelierExampleImage", "inputs": {"picture": "balloons_pasted.png"}},
        "3": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["1", 0], "legend": False}},
        "4": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }  # fmt: skip
    assert run(graph).executed == ["2", "1", "3", "4"] and run(graph).executed == []
    (folder / "park.csv").write_text("id,name,color\n0,path,#c8b478\n1,lawn,#50a000\n2,sky,#78b4f0\n")
    os.utime(folder / "park.csv", (0, 0))
    again = run(graph)
    assert again.executed == ["1", "3", "4"]
    assert again.value("3")[0, 0, 0].mul(255).round().tolist() == [0x50, 0xA0, 0x00]


def test_the_painter_gets_the_classes_too(pack, folder):
    info = headless.object_info(headless.pack_nodes(pack)["GauGANLabelMapPaint"])
    tables = info["input"]["required"]["painting"][1]["taxonomies"]
    assert tables["park"]["names"] == ["path", "lawn", "sky", "unknown"] and tables["park"]["base"] == 2


def test_a_file_with_mistakes_is_left_out_and_named_in_the_log(pack, folder, caplog):
    (folder / "bad.csv").write_text("0,sky,blue\n")
    with caplog.at_level(logging.WARNING, "GAN Atelier"):
        assert options_of(pack, "GauGANLabelMapRemap")[-2:] == ["park", "numbered"]
    assert "taxonomy bad.csv cannot be used: the colour 'blue'" in caplog.text


@pytest.mark.parametrize("name, classes", [("park", ["sky", "lawn"]), ("numbered", ["class 2", "class 1"])])
def test_from_masks_to_a_picture(call, park_model, name, classes):
    mask = torch.zeros(1, 32, 64)
    mask[:, 16:] = 1
    chosen = {f"class_{number}": "none" for number in range(1, 7)} | {"class_1": classes[1]}
    (label_map,) = call("GauGANLabelMapFromMasks", taxonomy={"taxonomy": name, "base_class": classes[0]} | chosen,
                        mask_1=mask)  # fmt: skip
    assert label_map.ids[0, :, 0].unique_consecutive().tolist() == [2, 1]
    (image,) = call("GauGANGenerate", model=park_model(taxonomy=name), label_map=label_map, seed=0)
    assert image.shape == (1, 32, 64, 3)
    (colors,) = call("GauGANLabelMapToColors", label_map=label_map)
    read_again, _ = call("GauGANLabelMapFromColors", image=colors, taxonomy=name)
    assert torch.equal(read_again.ids, label_map.ids)
    (painted, _) = call("GauGANLabelMapPaint", taxonomy=name, width=64, height=64, label_map=label_map)
    assert painted.taxonomy == name and painted.ids.unique().tolist() == [1, 2]
    (selected,) = call("GauGANLabelMapToMask", label_map=label_map, taxonomy={"taxonomy": name, "class": classes[1]})
    assert torch.equal(selected, mask)


def test_auto_asks_what_the_labels_of_an_unknown_net_mean(park_model):
    with pytest.raises(ValueError, match=r"does not say what its 4 labels mean.*park 4\), or 'numbered'"):
        park_model()


def test_a_saved_model_remembers_its_own_taxonomy(call, park_model):
    (name,) = call("GauGANSave", model=park_model(taxonomy="park"), name="again")
    assert call("GauGANLoad", name=name)[0].model.taxonomy == "park"


def test_offset_zero_can_override_the_file(call, folder):
    net = gaugan_toys.generator(gaugan_toys.config(**gaugan_toys.LANDSCAPE))
    about = {"taxonomy": "landscape", "label_offset": "-1"}
    gaugan.save(folder.parent / "shifted.safetensors", net, None, about)
    assert call("GauGANLoad", name="shifted.safetensors")[0].model.label_offset == -1
    assert call("GauGANLoad", name="shifted.safetensors", label_offset=2)[0].model.label_offset == 2
    for offset in (0, 2):
        options = {"label_offset": offset, "override_label_offset": True}
        assert call("GauGANLoad", name="shifted.safetensors", **options)[0].model.label_offset == offset

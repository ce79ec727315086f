"""The nodes whose class widgets depend on the taxonomy: their values are set, saved and read in the real editor."""

import pytest

import headless

from .test_workflows import without_titles

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


@pytest.fixture
def graph():
    classes = {"taxonomy": "coco_stuff", "taxonomy.base_class": "sky-other", "taxonomy.class_1": "sea"}
    classes |= {f"taxonomy.class_{i}": "none" for i in range(2, 7)}
    return {
        "1": {"class_type": "GANAtelierExampleImage", "inputs": {"picture": "balloons_pasted.png"}},
        "2": {"class_type": "GauGANLabelMapFromMasks",
              "inputs": {**classes, "unite_batches": False, "mask_1": ["1", 1]}},
        "3": {"class_type": "GauGANLabelMapToMask",
              "inputs": {"label_map": ["2", 0], "taxonomy": "coco_stuff", "taxonomy.class": "sea"}},
        "4": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["2", 0], "legend": True}},
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
        "6": {"class_type": "MaskToImage", "inputs": {"mask": ["3", 0]}},
        "7": {"class_type": "PreviewImage", "inputs": {"images": ["6", 0]}},
    }  # fmt: skip


def test_class_widgets_survive_saving(node_classes, editor, graph):
    editor.errors.clear()
    editor.load(graph, "label maps")
    assert without_titles(editor.prompt()) == graph
    saved = editor.workflow()
    editor.load(saved, "label maps again")
    assert without_titles(editor.prompt()) == graph
    assert without_titles(headless.parse_workflow(saved, node_classes).prompt) == graph
    editor.run()
    assert editor.errors == []


def test_another_taxonomy_brings_its_own_classes(editor, graph):
    editor.errors.clear()
    editor.load(graph, "label maps")
    editor.set_widget(2, "taxonomy", "landscape")
    inputs = editor.prompt()["2"]["inputs"]
    assert inputs["taxonomy.base_class"] == "sky" and inputs["taxonomy.class_1"] == "none"
    assert inputs["mask_1"] == ["1", 1]
    assert editor.errors == []

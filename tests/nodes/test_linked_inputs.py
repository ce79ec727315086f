"""Inputs that come through a link instead of a widget: fingerprints and checks then get None for them."""

import itertools
import json

import pytest
from comfy_api.latest import io

import headless
from gan_models.singan import save
from segmentation_toys import write_checkpoint
from singan_toys import trained


def overriding():
    """The nodes with a fingerprint or checks of their own, by id, and the method."""
    for node_id, node_class in headless.pack_nodes(headless.load_pack()).items():
        for method in ("fingerprint_inputs", "validate_inputs"):
            if method in vars(node_class):
                yield node_id, method


def widgets(inputs):
    """The inputs that have a widget, and their first values; for one that brings others along, those of all of them."""
    for entry in inputs:
        options = getattr(entry, "options", None)
        if isinstance(entry, io.DynamicCombo.Input):
            yield entry.id, {entry.id: options[0].key, **dict(widgets(options[0].inputs))}
        elif options and all(isinstance(option, str) for option in options):
            yield entry.id, entry.default if getattr(entry, "default", None) is not None else options[0]
        elif getattr(entry, "default", None) is not None:
            yield entry.id, entry.default


def unknown(value):
    """What a fingerprint gets for a widget that is linked."""
    return dict.fromkeys(value) if isinstance(value, dict) else None


@pytest.fixture
def files(comfy_folders):
    """A model for every loader."""
    models = comfy_folders / "models"
    save(trained(), models / "singan" / "mine.safetensors")
    write_checkpoint(models / "segmentation", "segformer")
    return models


@pytest.mark.parametrize("node_id, method", list(overriding()))
def test_every_widget_of_every_node_can_be_linked(node_classes, files, node_id, method):
    node_class = node_classes[node_id]
    values = dict(widgets(node_class.GET_SCHEMA().inputs))
    assert values
    linked = [set(names) for size in (1, 2, len(values)) for names in itertools.combinations(values, size)]
    takes_lists = node_class.GET_SCHEMA().is_input_list
    for names in linked:
        inputs = {name: unknown(value) if name in names else value for name, value in values.items()}
        if takes_lists:  # as ComfyUI passes them
            inputs = {name: (None,) if value is None else [value] for name, value in inputs.items()}
        first, again = (getattr(node_class, method)(**inputs) for _ in range(2))
        assert first == again, names  # so that the node is cached; NaN differs from itself
        json.dumps(first, allow_nan=False)


def test_there_is_something_to_link():
    assert {node_id for node_id, _ in overriding()} >= {
        "SinGANLoad", "GauGANLoad", "GauGANTrain", "GauGANLabelMapPaint", "GauGANLabelMapFromPhoto"
    }  # fmt: skip


@pytest.mark.parametrize("node_id, name", [("SinGANLoad", "name"), ("GauGANLoad", "name"),
                                           ("GauGANLabelMapFromPhoto", "model")])  # fmt: skip
def test_a_loader_whose_name_is_linked_notices_changed_files(node_classes, files, node_id, name):
    fingerprint = node_classes[node_id].fingerprint_inputs
    (files / "gaugan").mkdir(exist_ok=True)
    (files / "gaugan" / "a.safetensors").write_bytes(b"1")
    before = fingerprint(**{name: None})
    for file in ("gaugan/a.safetensors", "singan/mine.safetensors", "segmentation/segformer/config.json"):
        with (files / file).open("ab") as opened:
            opened.write(b" ")
    assert fingerprint(**{name: None}) != before


class AnyText(io.ComfyNode):
    """A text that fits every socket, as packs of utilities have it."""

    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="AnyText", inputs=[io.String.Input("value")], outputs=[io.AnyType.Output()])

    @classmethod
    def execute(cls, value):
        return io.NodeOutput(value)


def test_a_linked_name_loads_once(node_classes, files):
    run = headless.Executor({**node_classes, "AnyText": AnyText}).run
    prompt = {
        "name": {"class_type": "AnyText", "inputs": {"value": "mine.safetensors"}},
        "load": {"class_type": "SinGANLoad", "inputs": {"name": ["name", 0]}},
        "show": {"class_type": "SinGANScales", "inputs": {"model": ["load", 0], "seed": 0}},
        "preview": {"class_type": "PreviewImage", "inputs": {"images": ["show", 0]}},
    }
    first, second = run(prompt), run(prompt)
    assert first.value("load") is second.value("load")

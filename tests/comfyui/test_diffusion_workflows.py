"""The workflows that go on with Stable Diffusion fit the real server's nodes, up to the models that are not here."""

import json
import re

import numpy as np
import pytest
from example_workflows import DIFFUSION, only

import headless
from gan_models.labels import taxonomy

from .saved_prompt import described, is_widget, prompt_of

pytestmark = pytest.mark.comfyui


@pytest.fixture(params=DIFFUSION, ids=lambda path: path.stem)
def workflow(request):
    return json.loads(request.param.read_text(encoding="utf-8"))


def test_every_node_input_and_link_is_known(comfyui, workflow):
    prompt = prompt_of(workflow, comfyui)
    files = {model["name"] for node in workflow["nodes"] for model in node["properties"].get("models", [])}
    for node_id, node in prompt.items():
        info = comfyui.object_info(node["class_type"])
        assert info, f"the server has no node {node['class_type']}"
        inputs = described(info)
        assert set(info["input"].get("required", {})) <= set(node["inputs"]) <= set(inputs), node_id
        for name, value in node["inputs"].items():
            kind, options = inputs[name]
            if isinstance(value, list):
                there = comfyui.object_info(prompt[value[0]]["class_type"])
                assert there["output"][value[1]] == kind, (node_id, name)
            elif kind in ("INT", "FLOAT"):
                assert options["min"] <= value <= options["max"], (node_id, name)
            elif is_widget(kind) and kind not in ("STRING", "BOOLEAN"):
                choices = kind if isinstance(kind, list) else options["options"]
                assert value in choices or value in files, (node_id, name)


def test_the_server_misses_only_the_models(comfyui, workflow):
    loaders = {str(node["id"]) for node in workflow["nodes"] if node["properties"].get("models")}
    errors = comfyui.post("/prompt", {"prompt": prompt_of(workflow, comfyui)})["node_errors"]
    assert set(errors) == loaders
    assert {error["type"] for node in errors.values() for error in node["errors"]} == {"value_not_in_list"}


def test_the_editor_is_told_where_the_models_are(comfyui, workflow):
    folders = comfyui.get_json("/models")
    wanted = [node for node in workflow["nodes"] if re.match("(Checkpoint|ControlNet)Loader", node["type"])]
    assert wanted
    for node in wanted:
        (model,) = node["properties"]["models"]
        assert node["widgets_values"] == [model["name"]] and model["directory"] in folders
        assert model["url"].startswith("https://huggingface.co/") and model["url"].endswith("/" + model["name"])


def test_our_half_gives_the_same_colors_on_the_server(comfyui, node_classes):
    workflow = json.loads(next(path for path in DIFFUSION if "controlnet" in path.stem).read_text("utf-8"))
    half = only(workflow, {"GauGANLabelMapPaint", "PreviewImage"})
    pictures = comfyui.pictures(comfyui.run(prompt_of(half, comfyui)))
    (picture,) = pictures.pop("2")
    colors = {entry.color for entry in taxonomy("ade20k").classes}
    assert {tuple(color) for color in np.unique(picture[..., :3].reshape(-1, 3), axis=0).tolist()} <= colors
    result = headless.Executor(node_classes).run(headless.parse_workflow(half, node_classes).prompt)
    assert np.array_equal(result.value("1", 1)[0].mul(255).round().byte().numpy(), picture[..., :3])

"""The example for ComfyUI-Distributed, with stand-ins for the nodes of that pack."""

import json

import numpy as np
import pytest
from example_workflows import DISTRIBUTED

import headless

STAND_INS = headless.PACK_ROOT / "tests" / "comfyui" / "distributed_nodes"


@pytest.fixture
def saved():
    return json.loads(DISTRIBUTED.read_text(encoding="utf-8"))


@pytest.fixture
def classes(node_classes):
    return {**node_classes, **headless.import_package("distributed_nodes", STAND_INS).NODES}


def test_the_workflow_runs_as_on_a_server_without_workers(classes, comfy_folders, saved):
    prompt = headless.parse_workflow(saved, classes).prompt
    kinds = {node["class_type"]: node for node in prompt.values()}
    assert kinds["DistributedSeed"]["inputs"] == {"seed": 5}
    assert kinds["DistributedCollector"]["inputs"].keys() == {"images", "load_balance"}
    sampled = headless.Executor(classes).run(prompt)
    (collector,) = (key for key, node in prompt.items() if node["class_type"] == "DistributedCollector")
    images = sampled.value(collector)
    alone = {key: dict(node, inputs=dict(node["inputs"])) for key, node in prompt.items()}
    (sample,) = (key for key, node in prompt.items() if node["class_type"] == "SinGANSample")
    alone[sample]["inputs"]["seed"] = 5
    assert np.array_equal(images, headless.Executor(classes).run(alone).value(sample)) and len(images) == 2


def test_what_feeds_the_collector_and_what_it_feeds(classes, saved):
    prompt = headless.parse_workflow(saved, classes).prompt
    links = {(prompt[value[0]]["class_type"], value[1], node["class_type"], name) for node in prompt.values()
             for name, value in node["inputs"].items() if isinstance(value, list)}  # fmt: skip
    assert links == {
        ("SinGANLoad", 0, "SinGANSample", "model"), ("DistributedSeed", 0, "SinGANSample", "seed"),
        ("SinGANSample", 0, "DistributedCollector", "images"), ("DistributedCollector", 0, "SaveImage", "images"),
    }  # fmt: skip

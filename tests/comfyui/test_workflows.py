"""Every example workflow gives the same pictures on a real server as in headless."""

import json
import re
import subprocess
from collections import defaultdict

import numpy as np
import pytest
from example_workflows import RUNNABLE
from PIL import Image

import headless

from .server import PACK, comfyui_python

pytestmark = pytest.mark.comfyui

# Both sides shorten training in the same way.
QUICK = {"SinGANTrain": {"preset": "draft", "max_size": 64, "iterations": 2}}

# Both sides run the same code on the same machine with the same PyTorch, so they agree to the bit unless threads
# split sums differently; then 8-bit pixels may round to the neighbouring level.
TOLERANCE = 1


@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.stem)
def test_workflow_gives_the_same_pictures_as_without_comfyui(comfyui, node_classes, tmp_path, path):
    prompt = headless.read_workflow(path, node_classes).prompt
    for node in prompt.values():
        node["inputs"] |= QUICK.get(node["class_type"], {})

    expected = run_without_comfyui(comfyui, prompt, tmp_path)
    actual = run_on_server(comfyui, prompt)

    assert expected, f"{path.name} saves no pictures"
    assert actual.keys() == expected.keys()
    for prefix, pictures in expected.items():
        assert len(actual[prefix]) == len(pictures)
        for ours, theirs in zip(pictures, actual[prefix], strict=True):
            assert ours.shape == theirs.shape
            assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= TOLERANCE


def run_on_server(comfyui, prompt):
    """Returns the pictures that the prompt saves: file name prefix -> a list of uint8 [H, W, C], in order."""
    pictures = defaultdict(list)
    for output in comfyui.run(prompt).values():
        for reference in output.get("images", []):
            if reference["type"] == "output":
                pictures[prefix_of(reference["filename"])].append(comfyui.picture(reference))
    return dict(pictures)


def run_without_comfyui(comfyui, prompt, folder):
    """Does the same with ``run_workflow.py`` in ComfyUI's own Python, so that both use the same PyTorch."""
    workflow = folder / "prompt.json"
    workflow.write_text(json.dumps(prompt))
    command = [comfyui_python(comfyui.root), PACK / "run_workflow.py", workflow, "--cpu"]
    command += ["--output", folder / "output", "--models", folder / "models"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    pictures = defaultdict(list)
    for file in sorted((folder / "output").rglob("*_.*")):
        if "temp" not in file.relative_to(folder / "output").parts:
            pictures[prefix_of(file.name)].append(np.asarray(Image.open(file)))
    return dict(pictures)


def prefix_of(filename):
    """Removes ComfyUI's counter, which differs on a server that has run before."""
    return re.sub(r"_\d+_\.\w+$", "", filename)

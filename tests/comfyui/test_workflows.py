"""Every example workflow gives the same pictures on a real server as in headless."""

import json
import re
import subprocess
import tempfile
from collections import defaultdict

import numpy as np
import pytest
from example_workflows import RUNNABLE
from PIL import Image

import headless

from .server import PACK, comfyui_python

pytestmark = pytest.mark.comfyui

# Both sides shorten trainings and animations in the same way.
QUICK = {
    "SinGANTrain": {"preset": "draft", "max_size": 64, "iterations": 2},
    "SinGANAnimate": {"frames": 4},
    "GauGANMixStyles": {"frames": 3},
}

# Both sides run the same code on the same machine with the same PyTorch, so they agree to the bit unless threads
# split sums differently; then 8-bit pixels may round to the neighbouring level.
TOLERANCE = 1


@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.stem)
def test_workflow_gives_the_same_pictures_as_without_comfyui(comfyui, node_classes, command, tmp_path, path):
    prompt = headless.read_workflow(path, node_classes).prompt
    for node in prompt.values():
        node["inputs"] |= QUICK.get(node["class_type"], {})

    expected = run_without_comfyui(command, prompt, tmp_path)
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


# Runs ``run_workflow.py`` with each line of arguments, and answers with the exit status and what it has printed.
COMMANDS = """
import contextlib, importlib.util, io, json, sys
spec = importlib.util.spec_from_file_location("run_workflow", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
for line in sys.stdin:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        status = script.main(json.loads(line))
    print(json.dumps([status, printed.getvalue()]), flush=True)
"""


@pytest.fixture(scope="module")
def command(comfyui):
    """``command(*arguments)``: runs ``run_workflow.py``, and returns its exit status and what it has printed.

    ComfyUI's own Python runs it, so that both sides use the same PyTorch. One process runs all workflows.
    """
    started = [comfyui_python(comfyui.root), "-c", COMMANDS, PACK / "run_workflow.py"]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):

        def command(*arguments):
            process.stdin.write(json.dumps([str(argument) for argument in arguments]) + "\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            errors.seek(0)
            return json.loads(answer) if answer else (process.wait(), errors.read())

        yield command


def run_without_comfyui(command, prompt, folder):
    """Does the same with ``run_workflow.py``."""
    workflow = folder / "prompt.json"
    workflow.write_text(json.dumps(prompt))
    status, printed = command(workflow, "--cpu", "--output", folder / "output", "--models", folder / "models")
    assert status == 0, printed
    pictures = defaultdict(list)
    for file in sorted((folder / "output").rglob("*_.*")):
        if "temp" not in file.relative_to(folder / "output").parts:
            pictures[prefix_of(file.name)].append(np.asarray(Image.open(file)))
    return dict(pictures)


def prefix_of(filename):
    """Removes ComfyUI's counter, which differs on a server that has run before."""
    return re.sub(r"_\d+_\.\w+$", "", filename)

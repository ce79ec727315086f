"""Importing the pack does no work: nothing is computed, downloaded or read but the manifest."""

import json
import subprocess
import sys

from conftest import ROOT

WATCHED = """
import json, os, sys
root = sys.argv[1]
sys.path.append(root)
import torch, numpy, PIL.Image, safetensors.torch, einops
import headless
headless.install()
from torch.utils._python_dispatch import TorchDispatchMode

files, sockets, computed = [], [], []

def audit(event, arguments):
    if event == "open" and isinstance(arguments[0], str):
        path = os.path.realpath(arguments[0])
        if path.startswith(root) and not path.endswith((".py", ".pyc")) and ".venv" not in path:
            files.append(os.path.relpath(path, root))
    if event.startswith("socket."):
        sockets.append(event)

class Watch(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
        computed.append(str(function))
        return function(*arguments, **(keywords or {}))

sys.addaudithook(audit)
with Watch():
    headless.load_pack()
print(json.dumps([sorted(set(files)), sockets, computed]))
"""


def test_importing_reads_only_the_manifest_and_computes_nothing():
    done = subprocess.run([sys.executable, "-c", WATCHED, str(ROOT)], capture_output=True, text=True, check=True)
    files, sockets, computed = json.loads(done.stdout.splitlines()[-1])
    assert files == ["weights_manifest.json"]
    assert sockets == []
    assert computed == []

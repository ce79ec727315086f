"""Makes ``headless`` and ``gan_models`` importable by path and loads the pack as ComfyUI does.

The repository root stays off ``sys.path``: its ``nodes`` would be importable as a top-level package, which
it isn't. The pack's nodes use the pack's own copy of the models, ``pack.gan_models``, so a test of nodes
takes model classes from there.
"""

import errno
import importlib.util
import os
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parent.parent


def import_by_path(name):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / name / "__init__.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


headless = import_by_path("headless")
import_by_path("gan_models")
if not headless.comfyui_is_present():
    headless.install()

# The tests' networks are tiny. Threads gain nothing there, and where other programs keep the cores busy they
# spin while they wait for each other: with two, the suite took five times as long and ten times the CPU time.
# The variable is for the processes that tests start, the real ComfyUI among them.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    if config.getoption("dist") != "loadfile":
        return None
    from scheduling import LongestFirst  # imports xdist, without which the tests run too

    return LongestFirst(config, log)


@pytest.fixture(scope="session")
def pack():
    """The pack's root module."""
    return headless.load_pack()


@pytest.fixture(scope="session")
def node_classes(pack):
    """The pack's nodes and the core nodes, by id."""
    return headless.all_nodes(pack)


@pytest.fixture
def comfy_folders(pack, tmp_path, monkeypatch):
    """Input, output, temp and model folders below ``tmp_path``, which is returned, for one test.

    The pack is loaded before: the model folders that it registers then outlive the test.
    """
    import folder_paths

    monkeypatch.setattr(folder_paths, "base_path", str(tmp_path))
    monkeypatch.setattr(folder_paths, "models_dir", str(tmp_path / "models"))
    for kind in ("input", "output", "temp", "user"):
        (tmp_path / kind).mkdir()
        monkeypatch.setattr(folder_paths, f"{kind}_directory", str(tmp_path / kind))
    moved = {
        kind: ([str(tmp_path / "models" / kind)], set(extensions))
        for kind, (_, extensions) in folder_paths.folder_names_and_paths.items()
    }
    monkeypatch.setattr(folder_paths, "folder_names_and_paths", moved)
    return tmp_path


@pytest.fixture
def run(node_classes):
    """``run(prompt)``: runs an API-format prompt of the pack's and core nodes; one cache for the test."""
    return headless.Executor(node_classes).run


@pytest.fixture
def full_disk(monkeypatch):
    """Nothing more can be written to the end."""

    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

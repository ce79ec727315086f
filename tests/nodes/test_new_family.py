"""CONTRIBUTING's "How to add a model family", followed in a copy of the pack: what is touched, and that it runs."""

import json
import shutil

import pytest
import torch
from conftest import ROOT
from safetensors.torch import save_file

import headless

NETWORK = '''
"""Toy: paints a picture of one colour from a noise vector."""

from torch import Tensor, nn


class ToyGenerator(nn.Module):
    """Paints pictures of one colour.

    Args of forward:
        noise: ``[B, channels]``.
    Returns:
        ``[B, 3, 16, 24]`` in [-1, 1].
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.color = nn.Linear(channels, 3)

    def forward(self, noise: Tensor) -> Tensor:
        color: Tensor = self.color(noise).tanh()
        return color[:, :, None, None].expand(-1, -1, 16, 24)
'''
CHECKPOINT = '''
"""Reads saved toys."""

from pathlib import Path

from ..files import read_safetensors
from .network import ToyGenerator


def load(path: str | Path) -> ToyGenerator:
    """The generator in a safetensors file. Its configuration follows from the shapes.

    Raises:
        ValueError: the file does not hold a toy.
    """
    tensors, _ = read_safetensors(path)
    if tensors.keys() != {"color.weight", "color.bias"}:
        raise ValueError(f"{Path(path).name} is not a valid toy")
    generator = ToyGenerator(channels=tensors["color.weight"].shape[1])
    generator.load_state_dict(tensors)
    return generator
'''
NODE = '''
"""The node of the toy family."""

import torch
from comfy_api.latest import io

from ..gan_models.seeds import seeded
from ..gan_models.toy import load
from ..gan_models.weights import entries, resolve

ENTRIES = {entry.name: entry for entry in entries("toy")}


class ToyGenerate(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="ToyGenerate",
            display_name="Toy Generate",
            category="GAN Atelier/Toy",
            inputs=[io.Combo.Input("name", options=list(ENTRIES)), io.Int.Input("seed", default=0)],
            outputs=[io.Image.Output(display_name="image")],
        )

    @classmethod
    def execute(cls, name, seed) -> io.NodeOutput:
        generator = load(resolve(ENTRIES[name], "models/toy"))
        with torch.inference_mode():
            pictures = generator(torch.randn(2, generator.color.in_features, generator=seeded(seed)))
        return io.NodeOutput((pictures / 2 + 0.5).movedim(1, -1).contiguous())
'''
ROW = {
    "name": "toy-colors", "title": "Toy", "architecture": "toy", "taxonomy": None,
    "source": {"bundled": "weights/toy-colors.safetensors"}, "sha256": None, "bytes": None, "license": "MIT",
    "homepage": "https://example.org", "label_offset": 0, "config": {}, "verified": True, "notes": "",
}  # fmt: skip
PACK = ("__init__.py", "nodes", "gan_models", "weights_manifest.json")


def contents(folder):
    """Every file of the copy, by its path."""
    return {
        path.relative_to(folder).as_posix(): path.read_text("utf-8")
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".safetensors"
    }


def add_toy_family(folder):
    """What CONTRIBUTING says, step by step."""
    family = folder / "gan_models" / "toy"
    family.mkdir()
    (family / "__init__.py").write_text('"""Toy."""\n\nfrom .checkpoint import load\n\n__all__ = ["load"]\n', "utf-8")
    (family / "network.py").write_text(NETWORK.lstrip(), "utf-8")
    (family / "checkpoint.py").write_text(CHECKPOINT.lstrip(), "utf-8")

    manifest = folder / "weights_manifest.json"
    models = json.loads(manifest.read_text("utf-8"))
    models["models"].append(ROW)
    manifest.write_text(json.dumps(models), "utf-8")
    (folder / "weights").mkdir()
    tensors = {"color.weight": torch.eye(3), "color.bias": torch.zeros(3)}
    save_file(tensors, folder / "weights" / "toy-colors.safetensors")

    (folder / "nodes" / "toy.py").write_text(NODE.lstrip(), "utf-8")
    nodes = folder / "nodes" / "__init__.py"
    text = nodes.read_text("utf-8").replace("\nNODES = [", "from .toy import ToyGenerate\n\nNODES = [", 1)
    nodes.write_text(text.rstrip().removesuffix("]") + "    ToyGenerate,\n]\n", "utf-8")


@pytest.fixture
def copy(tmp_path):
    """The pack's own files, in a folder as ComfyUI's custom_nodes has it."""
    folder = tmp_path / "custom_nodes" / "gan-atelier"
    folder.mkdir(parents=True)
    for name in PACK:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    return folder


def test_a_family_takes_a_folder_a_node_file_a_manifest_row_and_two_lines(copy):
    before = contents(copy)
    add_toy_family(copy)
    after = contents(copy)

    assert sorted(after.keys() - before.keys()) == [
        "gan_models/toy/__init__.py",
        "gan_models/toy/checkpoint.py",
        "gan_models/toy/network.py",
        "nodes/toy.py",
    ]
    assert [path for path in sorted(before) if after[path] != before[path]] == [
        "nodes/__init__.py",
        "weights_manifest.json",
    ]
    lines, more = (text["nodes/__init__.py"].splitlines() for text in (before, after))
    assert [line for line in more if line not in lines] == ["from .toy import ToyGenerate", "    ToyGenerate,"]
    assert len(more) == len(lines) + 2


def test_the_new_family_fits_the_manifests_schema(copy):
    jsonschema = pytest.importorskip("jsonschema")
    add_toy_family(copy)
    schema = json.loads((copy / "gan_models" / "weights_manifest.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads((copy / "weights_manifest.json").read_text("utf-8")), schema)


def test_the_node_of_the_new_family_runs(copy, comfy_folders, pack):
    add_toy_family(copy)
    nodes = headless.all_nodes(headless.load_pack(copy, "gan_atelier_with_toy"))
    assert nodes.keys() - headless.all_nodes(pack).keys() == {"ToyGenerate"}

    prompt = {
        "1": {"class_type": "ToyGenerate", "inputs": {"name": "toy-colors", "seed": 3}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "toy"}},
    }
    run = headless.Executor(nodes).run(prompt)
    noise = torch.randn(2, 3, generator=torch.Generator().manual_seed(3))
    expected = (noise.tanh() / 2 + 0.5)[:, None, None].expand(-1, 16, 24, -1)
    torch.testing.assert_close(run.value("1"), expected)
    assert len(list((comfy_folders / "output").glob("toy_*.png"))) == 2

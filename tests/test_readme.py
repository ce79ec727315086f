"""What the front page promises is there."""

import re
import runpy
from pathlib import Path

import pytest
from PIL import Image

import headless
from gan_models import singan
from singan_toys import TOY

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!https?:)([^)]+)\)", README))))
def test_what_it_links_to_exists(target):
    assert (ROOT / target).exists()


def test_every_node_is_listed(pack):
    names = [node_class.GET_SCHEMA().display_name for node_class in headless.pack_nodes(pack).values()]
    assert [name for name in names if f"**{name}**" not in README] == []


def test_every_workflow_is_listed_and_exists():
    listed = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
    assert listed == {path.stem for path in (ROOT / "workflows").glob("*.json")}


def test_the_python_example_runs(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    (tmp_path / "example.py").write_text(code)
    (tmp_path / "pictures").symlink_to(ROOT / "pictures")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(singan.PRESETS, "draft", TOY)
    runpy.run_path("example.py")
    height, width = singan.load("pebbles.safetensors").size
    with Image.open("pebbles.png") as picture:
        assert picture.size == (3 * width, height)

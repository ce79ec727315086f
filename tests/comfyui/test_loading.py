"""A real ComfyUI loads the pack and describes its nodes as the stand-in does."""

import json
import re
import urllib.parse

import pytest

import headless

from .server import PACK

pytestmark = pytest.mark.comfyui


def test_pack_is_imported(comfyui, record_property):
    lines = [line for line in comfyui.log.splitlines() if "custom_nodes/gan-atelier" in line]
    times = [match for line in lines if (match := re.search(r"([\d.]+) seconds: ", line))]
    assert len(times) == 1, comfyui.log
    assert not [line for line in lines if "IMPORT FAILED" in line or "Cannot import" in line], comfyui.log
    record_property("import_seconds", times[0][1])
    print(f"imported in {times[0][1]} s")


def test_every_node_is_there(comfyui, pack):
    assert [node_id for node_id in headless.pack_nodes(pack) if not comfyui.object_info(node_id)] == []


def test_nodes_are_described_as_by_the_stand_in(comfyui, pack, monkeypatch):
    import folder_paths

    # The loaders list model files, so both sides must look in the same folders.
    for kind, (_, extensions) in folder_paths.folder_names_and_paths.items():
        folders = [str(comfyui.base / "models" / kind)]
        monkeypatch.setitem(folder_paths.folder_names_and_paths, kind, (folders, extensions))
    for node_id, node_class in headless.pack_nodes(pack).items():
        expected = headless.object_info(node_class) | {"python_module": "custom_nodes.gan-atelier"}
        actual = comfyui.object_info(node_id)
        # An older ComfyUI knows fewer of the keys that describe a whole node.
        assert {key: actual[key] for key in expected if key in actual} == {
            key: expected[key] for key in expected if key in actual
        }
        assert set(actual) <= set(expected)
        assert {"input", "input_order", "output", "output_name", "display_name", "category"} <= set(actual)


def test_templates_are_offered_with_thumbnails(comfyui):
    names = sorted(path.stem for path in (PACK / "workflows").glob("*.json"))
    if not names:
        pytest.skip("the pack has no workflows yet")
    assert sorted(comfyui.get_json("/workflow_templates").get("gan-atelier", [])) == names
    for name in names:
        address = f"/api/workflow_templates/gan-atelier/{urllib.parse.quote(name)}"
        assert json.loads(comfyui.get(f"{address}.json"))["nodes"]
        assert comfyui.get(f"{address}.jpg")[:2] == b"\xff\xd8", f"{name}.jpg is no JPEG"


def test_scripts_and_help_pages_are_served(comfyui):
    files = [path.relative_to(PACK / "web").as_posix() for path in (PACK / "web").rglob("*") if path.is_file()]
    if not files:
        pytest.skip("the pack has nothing for the browser yet")
    scripts = {f"/extensions/gan-atelier/{name}" for name in files if name.endswith(".js")}
    assert scripts <= set(comfyui.get_json("/extensions"))
    for name in files:
        assert comfyui.get(f"/extensions/gan-atelier/{urllib.parse.quote(name)}")

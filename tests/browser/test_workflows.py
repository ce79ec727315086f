"""Every example workflow opens in the real editor, in either renderer, and means what the stand-in reads in it."""

import json

import pytest

import headless

from ..comfyui.server import PACK

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


@pytest.mark.parametrize("path", sorted((PACK / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_workflow_opens(node_classes, editor, path):
    editor.errors.clear()
    editor.load(json.loads(path.read_text(encoding="utf-8")), path.stem)
    assert editor.errors == []
    assert without_titles(editor.prompt()) == without_titles(headless.read_workflow(path, node_classes).prompt)


def without_titles(prompt):
    return {
        node_id: {key: node[key] for key in ("class_type", "inputs")} for node_id, node in prompt.items()
    }

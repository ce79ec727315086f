"""Every example workflow opens in the real editor, in either renderer, and means what the stand-in reads in it."""

import json

import pytest
from example_workflows import ALL, DIFFUSION

import headless

from ..comfyui.conftest import comfyui  # noqa: F401  (a fixture)
from ..comfyui.saved_prompt import prompt_of

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


# Nodes as they are drawn, which can be taller than they were saved.
OVERLAPS = """() => {
    const boxes = app.graph.nodes.map(node => {
        const drawn = document.querySelector(`[data-node-id="${node.id}"]`)?.getBoundingClientRect();
        const top = node.pos[1] - LiteGraph.NODE_TITLE_HEIGHT;
        const bottom = drawn
            ? top + drawn.height / app.canvas.ds.scale
            : node.pos[1] + Math.max(node.size[1], node.computeSize()[1]);
        return {title: node.title, left: node.pos[0], right: node.pos[0] + node.size[0], top, bottom};
    });
    const overlap = (a, b) =>
        a.left < b.right && b.left < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
    return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => overlap(a, b)).map(b => [a.title, b.title]));
}"""


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_workflow_opens(node_classes, comfyui, editor, path):  # noqa: F811
    workflow = json.loads(path.read_text(encoding="utf-8"))
    editor.errors.clear()
    editor.load(workflow, path.stem)
    assert editor.errors == []
    assert editor.page.evaluate(OVERLAPS) == []
    read = prompt_of(workflow, comfyui) if path in DIFFUSION else headless.read_workflow(path, node_classes).prompt
    assert without_titles(editor.prompt()) == without_titles(read)


def without_titles(prompt):
    return {
        node_id: {key: node[key] for key in ("class_type", "inputs")} for node_id, node in prompt.items()
    }

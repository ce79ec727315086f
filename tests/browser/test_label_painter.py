"""The label painter in the real editor, in both renderers: its drawing is kept wherever the graph goes."""

import json
import urllib.parse

import numpy as np
import pytest

import headless

from .painter_graph import CLASSES, ROCK, SEA, hands, painter_node, reached, stored, value
from .test_workflows import without_titles

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


def test_paint_fill_undo_and_run(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70), (110, 20)])
    painter.use("fill", "sea")
    painter.click(3.5, 3.5)
    painter.use("rectangle", "house")
    painter.drag([(40, 40), (60, 60)])
    painter.press("Control+z")
    ids = painter.ids()
    assert {ROCK, SEA} <= set(np.unique(ids)) and CLASSES.find("house").id not in ids
    assert value(editor) == stored(painter)
    editor.run()
    assert np.array_equal(reached(comfyui), ids)


def test_paint_survives_saving_and_a_fresh_page(node_classes, editor, brush):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70)])
    ids, reference = painter.ids(), stored(painter)
    painter.get("painter.settled()")
    saved = editor.workflow()
    assert reference in json.dumps(saved)
    read = headless.parse_workflow(saved, node_classes).prompt
    assert without_titles(read) == without_titles(editor.prompt())
    editor.open()
    editor.load(saved, "painter again")
    editor.fit()
    painter = hands(editor)
    assert stored(painter) == value(editor) == reference
    assert np.array_equal(painter.ids(), ids)
    assert editor.workflow()["nodes"] == saved["nodes"]


def test_a_shared_workflow_carries_its_drawing(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70)])
    painter.get("painter.settled()")
    ids, file, saved = painter.ids(), painter.value.removesuffix(" [input]"), editor.workflow()
    assert stored(painter).startswith("data:image/png;base64,") and stored(painter) in json.dumps(saved)
    (comfyui.base / "input" / file).unlink()  # as on a machine of somebody else
    editor.open()
    editor.load(saved, "shared")
    editor.fit()
    painter = hands(editor)
    assert np.array_equal(painter.ids(), ids)
    editor.run()
    assert np.array_equal(reached(comfyui), ids)
    assert not (comfyui.base / "input" / file).exists()


def test_two_nodes_and_a_copy(editor, graph, brush):
    graph["4"] = painter_node("", taxonomy="ade20k")
    editor.load(graph, "two painters")
    editor.fit()
    first, second = brush(1), brush(4)
    first.use("brush", "rock", 13)
    first.drag([(20, 20), (100, 70)])
    assert value(editor, 1) != "example:valley" and value(editor, 4) == ""
    second.use("brush", "wall", 13)
    second.click(50, 50)
    assert value(editor, 4) == stored(second) != ""
    copied = editor.page.evaluate("""() => {
        app.canvas.deselectAll();
        app.canvas.select(app.graph.getNodeById(1));
        app.canvas.copyToClipboard();
        app.canvas.pasteFromClipboard();
        return Math.max(...app.graph.nodes.map(node => Number(node.id)));
    }""")
    editor.fit()
    copy = brush(copied)
    assert stored(copy) == stored(first) and np.array_equal(copy.ids(), first.ids())
    before = first.ids()
    copy.use("fill", "sea")
    copy.click(3, 3)
    assert np.array_equal(first.ids(), before) and stored(copy) != stored(first)


def test_the_graphs_undo_brings_back_what_was_painted(editor, brush):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 20)])
    first, reference = painter.ids(), stored(painter)
    editor.settle()  # the graph is told of each stroke a moment later
    painter.drag([(20, 70), (100, 70)])
    assert stored(painter) != reference
    editor.settle()
    editor.page.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.undo()")
    painter = hands(editor)
    assert stored(painter) == reference and np.array_equal(painter.ids(), first)
    editor.page.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.undo()")
    assert stored(hands(editor)) == "example:valley"
    editor.page.evaluate("() => app.extensionManager.workflow.activeWorkflow.changeTracker.redo()")
    painter = hands(editor)
    assert stored(painter) == reference and np.array_equal(painter.ids(), first)


def test_a_drawing_that_is_gone(editor, graph, brush):
    graph["1"] = painter_node("gan_atelier/gone.png [input]")
    editor.load(graph, "gone")
    editor.fit()
    painter = brush()
    assert "is gone" in painter.root.locator(".message").inner_text()
    assert len(np.unique(painter.ids())) == 1
    with pytest.raises(RuntimeError, match=r"there is no file 'gan_atelier/gone\.png'"):
        editor.run()
    editor.close_dialogs()


def test_another_tab_and_back(editor, brush):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70)])
    ids, reference = painter.ids(), stored(painter)
    paths = editor.page.evaluate("""async () => {
        const tabs = app.extensionManager.workflow;
        const first = tabs.activeWorkflow.path;
        await app.extensionManager.command.execute("Comfy.NewBlankWorkflow");
        return [first, tabs.activeWorkflow.path];
    }""")
    assert paths[0] != paths[1]
    editor.page.wait_for_timeout(500)
    tab = editor.page.locator(".workflow-tabs .workflow-label", has_text="painter").first
    tab.click()
    editor.page.wait_for_function("app.graph.getNodeById(1)")
    editor.fit()
    painter = hands(editor)
    assert stored(painter) == reference and np.array_equal(painter.ids(), ids)


def test_the_other_renderer_and_back(editor, brush):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70)])
    ids = painter.ids()
    code = "on => app.extensionManager.setting.set('Comfy.VueNodes.Enabled', on)"
    here = editor.settings["Comfy.VueNodes.Enabled"]
    for nodes2 in (not here, here):
        editor.page.evaluate(code, nodes2)
        editor.fit()
        painter = hands(editor)
        assert np.array_equal(painter.ids(), ids)
        painter.use("rectangle", "house")
        painter.drag([(40.5, 20.5 + 40 * nodes2), (60.5, 30.5 + 40 * nodes2)])
        assert not np.array_equal(painter.ids(), ids)
        ids = painter.ids()


def test_uploads_lie_in_a_folder_of_their_own(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70)])
    painter.get("painter.settled()")
    name = painter.value.removesuffix(" [input]")
    folder = comfyui.base / "input" / "gan_atelier"
    assert (comfyui.base / "input" / name).is_file()
    files = sorted(folder.iterdir())
    painter.press("Control+z")
    painter.drag([(20, 20), (100, 70)])
    painter.get("painter.settled()")
    assert painter.value == f"{name} [input]" and sorted(folder.iterdir()) == files
    query = {"filename": name.split("/")[1], "subfolder": "gan_atelier", "type": "input"}
    assert comfyui.get(f"/view?{urllib.parse.urlencode(query)}")[:4] == b"\x89PNG"

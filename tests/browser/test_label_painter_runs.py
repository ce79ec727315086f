"""The label painter in the real editor, in both renderers: when it runs, and what a run shows on it."""

import numpy as np
import pytest
from PIL import Image

from .painter_graph import CLASSES, painter_node, reached

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]


def test_a_run_right_after_a_stroke_has_the_stroke(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(30, 20), (100, 75)])
    editor.run()
    assert np.array_equal(reached(comfyui), painter.ids())


def test_size_and_taxonomy_follow_the_widgets(editor, brush, comfyui):
    painter = brush()
    editor.set_widget(1, "width", 256)
    editor.set_widget(1, "height", 64)
    assert painter.ids().shape == (64, 256)
    editor.run()
    assert np.array_equal(reached(comfyui), painter.ids())
    editor.set_widget(1, "taxonomy", "coco_stuff")
    editor.set_widget(1, "taxonomy", "landscape")
    assert painter.value == "example:valley"


def test_only_a_change_of_the_painting_runs_it_again(editor, brush, comfyui):
    def cached():
        (entry,) = comfyui.get_json("/history", max_items="1").values()
        (message,) = [content for kind, content in entry["status"]["messages"] if kind == "execution_cached"]
        return "1" in message["nodes"]

    painter = brush()
    painter.use("brush", "rock", 17)
    painter.click(50.5, 33.5)
    editor.run()
    editor.run()
    assert cached()
    painter.click(70.5, 40.5)
    editor.run()
    assert not cached()
    painter.press("Control+z")
    editor.run()
    assert np.array_equal(reached(comfyui), painter.ids())


def test_run_on_change_runs_after_each_stroke(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 11)
    editor.run()
    editor.run_on_change()
    try:
        for place in ((20, 20), (90, 60)):
            done = editor.page.evaluate_handle(
                "() => ({ seen: new Promise(done => app.api.addEventListener('execution_success', done, "
                "{ once: true })) })"
            )
            painter.click(*place)
            done.evaluate("waiting => Promise.race([waiting.seen, new Promise((_, fail) => setTimeout(() => "
                          "fail(new Error('nothing ran')), 20000))])")  # fmt: skip
            editor.page.wait_for_timeout(300)
            assert np.array_equal(reached(comfyui), painter.ids())
    finally:
        editor.run_on_change(False)


def test_what_is_connected_is_shown_after_a_run(editor, graph, brush, comfyui):
    graph["5"] = {"class_type": "GANAtelierExampleImage", "inputs": {"picture": "mountains.jpg"}}
    graph["6"] = painter_node("example:coast", taxonomy="coco_stuff", width=64, height=64)
    graph["1"] = painter_node("", image=["5", 0], label_map=["6", 0])
    editor.load(graph, "start and trace")
    editor.fit()
    painter = brush()
    assert len(np.unique(painter.ids())) == 1
    editor.run()
    editor.page.wait_for_function("painter => painter.view.trace && painter.start", arg=painter.painter)
    ids = painter.ids()
    assert len(np.unique(ids)) > 4 and np.array_equal(reached(comfyui), ids)
    assert painter.value == "" and painter.root.locator("input.opacity").is_visible()
    painter.use("brush", "house", 9)
    painter.click(20, 20)
    editor.run()
    assert np.array_equal(reached(comfyui), painter.ids())
    assert painter.ids()[20, 20] == CLASSES.find("house").id
    editor.page.evaluate("() => { const node = app.graph.getNodeById(1); node.disconnectInput(0); }")
    assert painter.get("painter.view.trace") is None


def test_a_loaded_picture_can_be_traced_at_once(editor, graph, brush, comfyui):
    Image.new("RGB", (64, 48), "red").save(comfyui.base / "input" / "red.png")
    graph["5"] = {"class_type": "LoadImage", "inputs": {"image": "red.png"}}
    graph["1"] = painter_node("example:lake", image=["5", 0])
    editor.load(graph, "trace")
    editor.fit()
    painter = brush()
    painter.page.mouse.move(*painter.at(20, 20))
    editor.page.wait_for_function("painter => painter.view.trace?.naturalWidth === 64", arg=painter.painter)

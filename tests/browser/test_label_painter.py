"""The label painter in the real editor, in both renderers: Python gets exactly what is painted there."""

import json
import urllib.parse

import numpy as np
import pytest
from PIL import Image

import headless
from gan_models import labels

from .painter_page import Brush
from .test_workflows import without_titles

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

CLASSES = labels.taxonomy("landscape")
EXAMPLES = ("lake", "valley", "coast", "river", "meadow", "winter", "canyon", "dunes", "fjord", "forest", "island",
            "harvest")  # fmt: skip
ROCK, SEA = (CLASSES.find(name).id for name in ("rock", "sea"))


def painter_node(painting="example:valley", **inputs):
    inputs = {"taxonomy": "landscape", "width": 128, "height": 96, "painting": painting} | inputs
    return {"class_type": "GauGANLabelMapPaint", "inputs": inputs}


@pytest.fixture
def graph():
    return {
        "1": painter_node(),
        "2": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["1", 0], "legend": False}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }


@pytest.fixture
def brush(editor, graph):
    """``brush(node=1)``: a ``Brush`` on the painter of a node, once the graph is loaded and drawn."""
    editor.errors.clear()
    editor.load(graph, "painter")
    editor.fit()
    yield lambda node=1: hands(editor, node)
    assert editor.errors == []


def hands(editor, node=1):
    code = "id => app.graph.getNodeById(id).widgets.find(widget => widget.name === 'painting').painter"
    brush = Brush(editor.page, editor.page.evaluate_handle(code, node))
    ready = "painter => !painter.state.is('loading') && painter.view.canvas.clientWidth > 0"
    editor.page.wait_for_function(ready, arg=brush.painter, timeout=10_000)
    editor.settle()
    return brush


def value(editor, node=1):
    return editor.prompt()[str(node)]["inputs"]["painting"]


def stored(brush):
    """The value of a painter as the workflow has it: with the drawing in it."""
    return brush.get("painter.portable")


def reached(server, node="3"):
    """The ids that Python got in the latest run, read from the picture that shows them."""
    (entry,) = server.get_json("/history", max_items="1").values()
    (picture,) = entry["outputs"][node]["images"]
    colors = server.picture(picture)[..., :3].astype(int)
    palette = labels.palette("landscape").tensor().numpy().astype(int)
    apart = np.abs(colors[:, :, None] - palette).sum(-1)
    assert apart.min(-1).max() == 0
    return apart.argmin(-1)


def node_box(editor, node=1):
    return editor.page.evaluate("id => { const n = app.graph.getNodeById(id); return [...n.pos, ...n.size]; }", node)


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


def test_a_run_right_after_a_stroke_has_the_stroke(editor, brush, comfyui):
    painter = brush()
    painter.use("brush", "rock", 13)
    painter.drag([(30, 20), (100, 75)])
    editor.run()
    assert np.array_equal(reached(comfyui), painter.ids())


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


def test_keys_and_strokes_leave_the_graph_alone(editor, brush):
    painter = brush()
    editor.note("a change of the graph", 900, 0, 200, 100)
    before = (node_box(editor), editor.page.evaluate("app.graph.nodes.length"))
    view = editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]")
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70), (20, 70)])
    painter.page.mouse.wheel(0, 100)
    for keys in ("Control+z", "Control+z", "Control+z", "Delete", "Backspace", "Control+a", "Control+c", "Control+v",
                 "Control+b", "h", "r", "q", ".", " "):  # fmt: skip
        painter.press(keys)
    editor.settle()
    assert (node_box(editor), editor.page.evaluate("app.graph.nodes.length")) == before
    assert editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]") == view
    assert painter.value == "example:valley"
    assert painter.get("painter.size") < 13


@pytest.mark.parametrize("pointer", ["touch", "pen"])
def test_fingers_and_pens_paint_and_leave_the_graph_alone(editor, brush, pointer):
    painter, house = brush(), CLASSES.find("house").id
    session = editor.page.context.new_cdp_session(editor.page)
    before = (node_box(editor), editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]"))
    painter.use("brush", "house", 20)
    places = [(30, 50), (60, 50), (90, 50)]
    for what, place in zip(("Start", "Move", "Move", "End"), (*places, places[-1]), strict=True):
        x, y = painter.at(*place)
        if pointer == "touch":
            points = [] if what == "End" else [{"x": x, "y": y}]
            session.send("Input.dispatchTouchEvent", {"type": f"touch{what}", "touchPoints": points})
        else:
            kind = {"Start": "mousePressed", "Move": "mouseMoved", "End": "mouseReleased"}[what]
            pressed = {"button": "left", "buttons": int(what != "End"), "clickCount": 1, "force": 0.5}
            session.send("Input.dispatchMouseEvent", {"type": kind, "x": x, "y": y, "pointerType": "pen", **pressed})
    session.detach()
    height, width = (np.ptp(np.flatnonzero((painter.ids() == house).any(axis))) + 1 for axis in (1, 0))
    assert (height, width) == ((20, 80) if pointer == "touch" else (10, 70))
    assert (node_box(editor), editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]")) == before


def test_the_wheel_is_the_graphs_until_the_painter_is_clicked(editor, brush):
    painter = brush()
    editor.page.evaluate("() => document.activeElement.blur()")
    before, size = editor.page.evaluate("app.canvas.ds.scale"), painter.get("painter.size")
    painter.page.mouse.move(*painter.at(60, 60))
    painter.page.mouse.wheel(0, 100)
    editor.page.wait_for_function("scale => app.canvas.ds.scale < scale", arg=before)
    assert painter.get("painter.size") == size


@pytest.mark.parametrize("zoom", [0.5, 2])
def test_paint_lands_under_the_pointer_at_any_zoom(editor, brush, zoom):
    painter = brush()
    editor.page.evaluate("""zoom => {
        const node = app.graph.getNodeById(1), { ds } = app.canvas;
        ds.scale = zoom;
        ds.offset[0] = 120 / zoom - node.pos[0];
        ds.offset[1] = 100 / zoom - node.pos[1] - 90;
        app.canvas.setDirty(true, true);
    }""", zoom)
    editor.settle()
    painter.use("rectangle", "house")
    painter.drag([(10.5, 10.5), (60.5, 30.5)])
    expected = np.zeros((96, 128), bool)
    expected[10:31, 10:61] = True
    assert np.array_equal(painter.ids() == CLASSES.find("house").id, expected)


def test_the_painter_keeps_within_the_node(editor, brush):
    painter = brush()
    for width, height in ((320, 600), (1000, 900)):
        editor.place(1, 0, 0, width, height)
        editor.fit()
        box = painter.root.bounding_box()
        scale = editor.page.evaluate("app.canvas.ds.scale")
        assert box["width"] <= width * scale and box["width"] >= 0.8 * width * scale
        inside = painter.get("""[...painter.element.querySelectorAll('button, input, canvas, .palette')]
            .filter(part => part.checkVisibility()).every(part => {
                const box = part.getBoundingClientRect(), outer = painter.element.getBoundingClientRect();
                return box.left >= outer.left - 1 && box.right <= outer.right + 1;
            })""")
        assert inside
        assert painter.get("painter.view.canvas.clientHeight") > 100


@pytest.mark.parametrize("size, columns", [((320, 620), 3), ((640, 690), 4)])
def test_the_menu_of_layouts_shows_all_and_scrolls_where_it_must(editor, brush, size, columns):
    painter = brush()
    editor.place(1, 0, 0, *size)
    editor.fit()
    painter.root.get_by_label("Start from a layout").click()
    menu, items = painter.root.get_by_role("menu"), painter.root.get_by_role("menuitem")
    painter.page.wait_for_function("painter => [...painter.element.querySelectorAll('.layouts img')].every(image => "
                                   "image.complete && image.naturalWidth)", arg=painter.painter)  # fmt: skip
    assert [item.inner_text() for item in items.all()] == list(EXAMPLES)
    tops = [item.bounding_box()["y"] for item in items.all()]
    assert tops.count(tops[0]) == columns
    before = (node_box(editor), editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]"))
    box = menu.bounding_box()
    painter.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    painter.page.mouse.wheel(0, 3000)
    painter.page.wait_for_function("menu => menu.scrollTop + menu.clientHeight >= menu.scrollHeight - 1",
                                   arg=menu.element_handle())  # fmt: skip
    last = items.last.bounding_box()
    assert last["y"] >= box["y"] - 1 and last["y"] + last["height"] <= box["y"] + box["height"] + 1
    assert (node_box(editor), editor.page.evaluate("[app.canvas.ds.scale, ...app.canvas.ds.offset]")) == before
    items.last.click()
    editor.page.wait_for_function("([painter, value]) => painter.value === value",
                                  arg=[painter.painter, f"example:{EXAMPLES[-1]}"])  # fmt: skip
    assert menu.is_hidden()


def test_many_classes_make_no_higher_node(editor, brush):
    brush()
    before = node_box(editor)
    editor.set_widget(1, "taxonomy", "coco_stuff")
    editor.settle()
    assert brush().root.locator(".chip").count() == 183
    assert node_box(editor) == before


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

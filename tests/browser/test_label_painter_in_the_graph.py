"""The label painter in the real editor, in both renderers: it shares pointer, keys and space with the graph."""

import numpy as np
import pytest

from .painter_graph import CLASSES, node_box

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

EXAMPLES = ("lake", "valley", "coast", "river", "meadow", "winter", "canyon", "dunes", "fjord", "forest", "island",
            "harvest")  # fmt: skip


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

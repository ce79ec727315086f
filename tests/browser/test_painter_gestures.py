"""The four methods of every tool of the label painter, and the gestures that call them."""

import numpy as np
import pytest

from gan_models import labels

from .painter_page import opened_page, reloaded

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
SKY, ROCK, SEA, TREE = (CLASSES.find(name).id for name in ("sky", "rock", "sea", "tree"))
DATA = {"taxonomies": labels.tables(), "examples": ["valley"]}
TOOLS = ["brush", "eraser", "line", "rectangle", "lasso", "fill", "picker", "hand"]
PAINT_TOOLS = TOOLS[:6]
# Calls of a tool's methods without any pointer: each is the method's name and its motion.
CALL = """(painter, [id, calls]) => {
    const tool = painter.gestures.tools.get(id);
    for (const [method, motion] of calls) tool[method](motion);
}"""


@pytest.fixture(scope="module")
def page():
    with opened_page(DATA) as page:
        yield page


@pytest.fixture
def brush(page):
    """A painter, 128 x 96, of sky with a sea below row 48; rock is chosen, and the brush is 9 pixels wide."""
    with reloaded(page):
        brush = page.painter()
        brush.use("rectangle", "sea")
        brush.drag([(0.5, 48.5), (127.5, 95.5)])
        brush.use("brush", "rock", 9)
        brush.values()  # waits for the upload of the sea
        brush.painter.evaluate("painter => { painter.values.length = 0; }")
        yield brush


def motion(*points, shift=False, dx=0, dy=0, size=9):
    return {"points": [{"x": x, "y": y, "size": size} for x, y in points], "shift": shift, "dx": dx, "dy": dy}


def call(brush, tool, *calls):
    brush.painter.evaluate(CALL, [tool, [[method, *what] for method, *what in calls]])


def steps(brush):
    """How many steps could be undone."""
    return brush.get("(painter.finish(), painter.drawing.history.past.length)")


def test_the_registry_describes_every_tool(page):
    described = page.page.evaluate("""async () => {
        const { TOOLS, toolForKey, createTools } = await import("/painter/tools/index.js");
        const made = createTools({});
        return [...TOOLS].map(([id, tool]) => ({
            id, own: tool.id, key: tool.key, found: toolForKey(tool.key), title: tool.title, icon: tool.icon,
            flags: [tool.paintsClass, tool.showsBrush].every(flag => typeof flag === "boolean"),
            methods: ["begin", "move", "end", "cancel", "outline"].every(name => made.get(id)[name]?.call),
        }));
    }""")
    assert [tool["id"] for tool in described] == TOOLS
    for tool in described:
        assert tool["own"] == tool["found"] == tool["id"]
        assert f"({tool['key'].upper()}" in tool["title"]
        assert tool["icon"].startswith("M") and tool["flags"] and tool["methods"]
    assert page.page.evaluate("import('/painter/tools/index.js').then(tools => tools.toolForKey('z'))") is None


@pytest.mark.parametrize("tool", PAINT_TOOLS)
def test_a_gesture_of_a_paint_tool_is_one_step(brush, tool):
    before, undoable = brush.ids(), steps(brush)
    call(brush, tool, ("begin", motion((60.5, 60.5))), ("move", motion((90.5, 60.5), (90.5, 80.5))), ("end",))
    assert steps(brush) == undoable + 1 and not np.array_equal(brush.ids(), before)
    assert (ROCK in brush.ids()) == (tool != "eraser")
    brush.press("Control+z")
    assert np.array_equal(brush.ids(), before)


@pytest.mark.parametrize("tool", TOOLS)
def test_a_canceled_gesture_leaves_no_trace(brush, tool):
    before, undoable, value = brush.ids(), steps(brush), brush.value
    call(brush, tool, ("begin", motion((60.5, 20.5))), ("move", motion((90.5, 60.5), (90.5, 80.5))), ("cancel",))
    assert np.array_equal(brush.ids(), before)
    assert steps(brush) == undoable and brush.value == value and brush.values() == []


@pytest.mark.parametrize("tool", PAINT_TOOLS)
def test_escape_cancels_every_paint_tool(brush, tool):
    before, mouse = brush.ids(), brush.page.mouse
    brush.use(tool)
    mouse.move(*brush.at(60.5, 60.5))
    mouse.down()
    mouse.move(*brush.at(90.5, 80.5), steps=3)
    brush.press("Escape")
    mouse.move(*brush.at(20.5, 60.5), steps=3)
    mouse.up()
    assert np.array_equal(brush.ids(), before) and brush.values() == []
    assert brush.get("painter.isPainting()") is False


@pytest.mark.parametrize("tool", ["brush", "eraser", "fill"])
def test_what_these_paint_is_seen_before_the_end(brush, tool):
    before = brush.ids()
    call(brush, tool, ("begin", motion((60.5, 60.5))))
    assert not np.array_equal(brush.ids(), before)


@pytest.mark.parametrize("tool", ["line", "rectangle", "lasso"])
def test_these_paint_at_the_end_only_and_show_an_outline_before(brush, tool):
    before = brush.ids()
    call(brush, tool, ("begin", motion((60.5, 60.5))), ("move", motion((90.5, 60.5), (90.5, 80.5))))
    assert np.array_equal(brush.ids(), before)
    drawn = brush.painter.evaluate("""(painter, id) => {
        const calls = [];
        const path = new Proxy({}, { get: (_, name) => (...values) => calls.push([name, ...values]) });
        painter.gestures.tools.get(id).outline(path);
        return calls;
    }""", tool)
    assert drawn == {
        "line": [["moveTo", 60.5, 60.5], ["lineTo", 90.5, 80.5]],
        "rectangle": [["rect", 60.5, 60.5, 30, 20]],
        "lasso": [["lineTo", 60.5, 60.5], ["lineTo", 90.5, 60.5], ["lineTo", 90.5, 80.5], ["closePath"]],
    }[tool]
    call(brush, tool, ("end",))
    assert not np.array_equal(brush.ids(), before)


@pytest.mark.parametrize("size", [3, 9])
def test_the_brush_is_as_wide_as_each_point_says(brush, size):
    call(brush, "brush", ("begin", motion((60.5, 20.5), size=size)), ("end",))
    assert np.ptp(np.flatnonzero((brush.ids() == ROCK).any(0))) + 1 == size


def test_the_eraser_paints_the_base_class_whatever_is_chosen(brush):
    call(brush, "eraser", ("begin", motion((60.5, 70.5))), ("end",))
    assert brush.ids()[70, 60] == SKY and ROCK not in brush.ids()
    brush.painter.evaluate("painter => painter.setTaxonomy('cityscapes')")
    call(brush, "eraser", ("begin", motion((20.5, 70.5))), ("end",))
    assert brush.ids()[70, 20] == labels.tables()["cityscapes"]["base"]


def test_a_fill_of_an_area_that_has_the_class_is_no_step(brush):
    undoable = steps(brush)
    brush.use("fill", "sea")
    brush.click(60.5, 70.5)
    assert steps(brush) == undoable and brush.values() == []


def test_a_line_with_shift_is_level_upright_or_diagonal(brush):
    for end in ((100.5, 26), (62, 5.5), (80, 38)):
        call(brush, "line", ("begin", motion((60.5, 20.5))), ("move", motion(end, shift=True)))
        x, y = brush.get("Object.values(painter.gestures.tools.get('line').stop)")
        dx, dy = x - 60.5, y - 20.5
        assert min(abs(dx), abs(dy), abs(abs(dx) - abs(dy))) < 1e-9
        assert np.hypot(dx, dy) == pytest.approx(np.hypot(end[0] - 60.5, end[1] - 20.5))
        call(brush, "line", ("cancel",))


def test_shift_and_a_drag_make_a_square(brush):
    brush.use("rectangle")
    brush.page.keyboard.down("Shift")
    brush.drag([(60.5, 20.5), (50.5, 40.5)])
    brush.page.keyboard.up("Shift")
    expected = np.zeros((96, 128), bool)
    expected[20:41, 40:61] = True
    assert np.array_equal(brush.ids() == ROCK, expected)


def test_the_picker_follows_the_pointer_and_hands_over_to_the_brush(brush):
    brush.press("p")
    assert brush.get("painter.tool") == "picker"
    mouse = brush.page.mouse
    mouse.move(*brush.at(60.5, 70.5))
    mouse.down()
    assert brush.get("painter.classId") == SEA
    mouse.move(*brush.at(60.5, 20.5), steps=3)
    assert brush.get("painter.classId") == SKY
    mouse.up()
    assert brush.get("painter.tool") == "brush" and brush.values() == []


def test_picking_with_alt_keeps_the_tool(brush):
    brush.use("lasso")
    brush.page.keyboard.down("Alt")
    brush.click(60.5, 70.5)
    brush.page.keyboard.up("Alt")
    assert brush.get("[painter.tool, painter.classId]") == ["lasso", SEA]


@pytest.mark.parametrize("tool", TOOLS)
def test_choosing_a_class_keeps_a_tool_that_paints_it_and_takes_the_brush_instead_of_others(brush, tool):
    brush.painter.evaluate("(painter, tool) => painter.setTool(tool)", tool)
    brush.painter.evaluate("(painter, id) => painter.setClass(id)", TREE)
    assert brush.get("painter.tool") == (tool if tool in ("brush", "line", "rectangle", "lasso", "fill") else "brush")


@pytest.mark.parametrize("button", ["left", "middle"])
def test_the_hand_and_the_middle_button_move_a_zoomed_picture(brush, button):
    brush.painter.evaluate("painter => painter.zoomBy(4)")
    before, place = brush.ids(), brush.at(64, 48)
    if button == "left":
        brush.press("h")
    mouse = brush.page.mouse
    mouse.move(*place)
    mouse.down(button=button)
    mouse.move(place[0] + 50, place[1] - 30, steps=3)
    mouse.up(button=button)
    assert brush.at(64, 48) == pytest.approx((place[0] + 50, place[1] - 30), abs=1)
    assert np.array_equal(brush.ids(), before) and brush.values() == []

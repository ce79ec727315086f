"""The controls of the label painter on a plain page: buttons, keys, touch and pen, and the reach of its events."""

import numpy as np
import pytest

from gan_models import labels

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
ROCK = CLASSES.find("rock").id

SCREEN = {"scale": 2, "touch": True}
"""A high-density touch screen."""


def test_clear_is_empty_and_can_be_undone(page):
    brush = page.painter("example:lake")
    before = brush.ids()
    brush.root.get_by_label("Clear").click()
    assert brush.value == "" and (brush.ids() == CLASSES.find("sky").id).all()
    brush.root.get_by_label("Undo").click()
    assert brush.value == "example:lake" and np.array_equal(brush.ids(), before)


def test_a_layout_is_chosen_from_the_list(page):
    brush = page.painter()
    brush.root.get_by_label("Start from a layout").click()
    brush.root.get_by_role("menuitem", name="valley").click()
    assert brush.root.get_by_role("menu").is_hidden()
    page.page.wait_for_timeout(200)
    assert brush.value == "example:valley" and len(np.unique(brush.ids())) > 6
    assert brush.values() == ["example:valley"]


def test_two_painters_do_not_disturb_each_other(page):
    first, second = page.painter("example:lake"), page.painter("example:valley", "ade20k", 64, 64)
    before = second.ids()
    first.use("brush", "rock", 20)
    first.click(50, 50)
    assert np.array_equal(second.ids(), before) and second.value == "example:valley"
    second.use("brush", "wall", 20)
    second.click(20, 20)
    first.press("Control+z")
    assert first.value != "example:lake"  # the keys go to the painter that was clicked last
    assert second.value == "example:valley" and np.array_equal(second.ids(), before)


def test_search_finds_a_class_by_its_name(page):
    brush = page.painter(taxonomy="coco_stuff")
    search = brush.root.get_by_label("Search classes")
    search.fill("sand")
    assert {chip.inner_text() for chip in brush.root.locator(".chip:visible").all()} >= {"sand", "sandwich"}
    search.press("Enter")
    assert "sand" in brush.root.locator(".current").inner_text()
    assert brush.root.locator(".chip:visible").count() == 183


def test_nothing_reaches_the_page_around_it(page):
    brush = page.painter()
    brush.use("brush", "rock", 20)
    brush.drag([(30, 30), (60, 60)])
    for keys in ("Control+z", "Control+y", "b", "Delete", "Control+c", "Control+v", "Control+a", "[", " ", "Escape"):
        brush.press(keys)
    search = brush.root.get_by_label("Search classes")
    search.fill("ro")
    search.press("Backspace")
    assert page.page.evaluate("leaked") == []
    for name in ("Fill everything", "Eraser", "Size of the brush"):
        brush.root.get_by_label(name).or_(brush.root.get_by_title(name)).first.click()
        assert page.page.evaluate("document.activeElement.tagName") in ("TEXTAREA", "INPUT")
        brush.press("Control+z")
    assert brush.value == ""
    assert page.page.evaluate("leaked") == []
    brush.press("Control+Enter")
    assert "keydown Enter" in page.page.evaluate("leaked")


def test_keys_choose_tools_and_sizes(page):
    brush = page.painter()
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    for key, tool in zip("eirlghpb", ("eraser", "line", "rectangle", "lasso", "fill", "hand", "picker", "brush"),
                         strict=True):  # fmt: skip
        brush.press(key)
        assert brush.get("painter.tool") == tool
        assert brush.root.locator("button.tool[aria-pressed=true]").count() == 1
    brush.press("]")
    assert brush.get("painter.size") == 25
    for _ in range(40):
        brush.press("[")
    assert brush.get("painter.size") == 1


def test_a_finger_paints_and_two_zoom(page):
    brush = page.painter()
    brush.use("rectangle", "rock")
    session = page.page.context.new_cdp_session(page.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(brush.at(*p) for p in places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (20.5, 20.5))
    touch("touchMove", (60.5, 50.5))
    touch("touchEnd")
    expected = np.zeros((96, 128), bool)
    expected[20:51, 20:61] = True
    assert np.array_equal(brush.ids() == ROCK, expected)
    touch("touchStart", (50, 48))
    touch("touchStart", (50, 48), (78, 48))
    for step in range(1, 6):
        touch("touchMove", (50 - step, 48), (78 + step, 48))
    touch("touchEnd")
    assert brush.get("painter.view.zoom") > 1.5
    assert np.array_equal(brush.ids() == ROCK, expected)


def test_a_pens_pressure_is_the_size(page):
    brush = page.painter()
    brush.use("brush", "rock", 40)
    x, y = brush.at(60, 48)
    press = """(painter, [x, y, pressure]) => {
        const { canvas } = painter.view;
        canvas.setPointerCapture = () => {};
        for (const type of ["pointerdown", "pointerup"]) canvas.dispatchEvent(new PointerEvent(type, {
            clientX: x, clientY: y, pressure, pointerType: "pen", pointerId: 7, bubbles: true }));
    }"""
    brush.painter.evaluate(press, [x, y, 0.25])
    assert np.ptp(np.flatnonzero((brush.ids() == ROCK).any(0))) + 1 == 10
    brush.root.locator("button.form:visible").nth(2).click()
    brush.painter.evaluate(press, [x, y, 0.25])
    assert np.ptp(np.flatnonzero((brush.ids() == ROCK).any(0))) + 1 == 40

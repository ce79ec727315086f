"""The state of the painter's document: what each event makes of it, and which transitions there are."""

import itertools

import numpy as np
import pytest
import torch

from gan_models import labels

from .painter_page import DATA

pytestmark = pytest.mark.browser

STATES = ["unloaded", "loading", "clean", "dirty", "unsaved"]
ALLOWED = {
    ("unloaded", "loading"), ("unloaded", "dirty"),
    ("loading", "loading"), ("loading", "clean"), ("loading", "unloaded"), ("loading", "dirty"),
    ("clean", "loading"), ("clean", "dirty"),
    ("dirty", "loading"), ("dirty", "dirty"), ("dirty", "clean"), ("dirty", "unsaved"),
    ("unsaved", "loading"), ("unsaved", "dirty"), ("unsaved", "clean"),
}  # fmt: skip

# Requests for layouts wait until the test releases them, the latest one first.
HOLD = """() => {
    const held = [], fetched = window.fetch;
    window.fetch = async (...request) => {
        await new Promise(go => held.push(go));
        return fetched(...request);
    };
    window.release = () => {
        window.fetch = fetched;
        held.reverse().forEach(go => go());
    };
}"""
# The states in the order in which they are entered.
RECORD = """painter => {
    painter.entered = [];
    const enter = painter.state.enter.bind(painter.state);
    painter.state.enter = name => { enter(name); painter.entered.push(name); };
}"""


@pytest.fixture
def recorded(page):
    """``recorded(value)``: a painter that has shown a value, and that notes the states that it enters."""

    def make(value=""):
        brush = page.painter(value)
        brush.painter.evaluate(RECORD)
        return brush

    return make


def state(brush):
    return brush.get("painter.state.name")


def entered(brush):
    """The states since the last call, once all work is done."""
    return brush.get("painter.settled().catch(() => {}).then(() => painter.entered.splice(0))")


def test_a_drawing_enters_no_state_but_those_allowed(page):
    code = """async ([from, to]) => {
        const { DocumentState } = await import("/painter/state.js");
        const state = new DocumentState();
        state.name = from;
        try { state.enter(to); } catch (error) { return error.message; }
        return state.name;
    }"""
    for pair in itertools.product(STATES, STATES):
        refused = f"A {pair[0]} drawing cannot become {pair[1]}."
        assert page.page.evaluate(code, pair) == (pair[1] if pair in ALLOWED else refused)


def test_a_painter_starts_unloaded(page):
    code = """async data => {
        const { Painter } = await import("/painter/painter.js");
        const painter = new Painter({ ...data, layouts: new URL("/layouts/", location), onChange() {} });
        return painter.state.name;
    }"""
    assert page.page.evaluate(code, DATA) == "unloaded"


@pytest.mark.parametrize("value", ["", "example:lake"])
def test_a_value_is_loaded_and_clean(recorded, value):
    brush = recorded("example:valley")
    assert state(brush) == "clean"
    brush.painter.evaluate("(painter, value) => painter.setValue(value)", value)
    assert entered(brush) == ["loading", "clean"]
    brush.painter.evaluate("(painter, value) => painter.setValue(value)", value)
    assert entered(brush) == []  # it is shown already


def test_a_stroke_is_dirty_until_the_server_has_it(recorded):
    brush = recorded()
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    assert entered(brush) == ["dirty", "clean"]
    brush.press("Control+z")
    assert entered(brush) == ["dirty", "clean"]


def test_a_stroke_that_changes_nothing_leaves_it_clean(recorded):
    brush = recorded()
    brush.use("eraser", size=20)
    brush.click(50, 50)
    assert entered(brush) == [] and state(brush) == "clean"


def test_a_failed_upload_is_unsaved_until_it_is_tried_again(page, recorded):
    brush = recorded()
    page.page.evaluate("() => { serverAnswers = false; }")
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    page.page.wait_for_function("painter => painter.state.is('unsaved')", arg=brush.painter)
    assert entered(brush) == ["dirty", "unsaved"]
    brush.click(80, 50)
    page.page.wait_for_function("painter => painter.entered.length === 2", arg=brush.painter)
    assert entered(brush) == ["dirty", "unsaved"]
    page.page.evaluate("() => { serverAnswers = true; }")
    assert entered(brush) == ["clean"]
    assert brush.root.locator(".message").is_hidden()


def test_an_earlier_upload_that_fails_says_nothing_of_a_later_one(page, recorded):
    """The first upload waits for an answer and gets none; the second one arrives meanwhile."""
    brush = recorded()
    code = """painter => {
        const upload = painter.storage._upload;
        let first = true;
        painter.storage._upload = function (...values) {
            if (!first) return upload.apply(this, values);
            first = false;
            return new Promise(done => { painter.answer = () => done(false); });
        };
    }"""
    brush.painter.evaluate(code)
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    brush.get("painter.value")
    assert state(brush) == "dirty"
    brush.click(80, 50)
    assert entered(brush) == ["dirty", "dirty", "clean"]
    brush.get("painter.answer()")
    assert entered(brush) == [] and state(brush) == "clean"
    assert brush.root.locator(".message").is_hidden()


def test_a_drawing_that_is_gone_is_unloaded_and_loaded_when_it_is_back(page, recorded):
    brush = recorded("gone.png [input]")
    assert state(brush) == "unloaded"
    ids = (np.arange(96 * 128) % 19).astype(np.uint8).reshape(96, 128)
    page.put("gone.png [input]", labels.to_png(torch.as_tensor(ids), "landscape"))
    brush.get("painter.setValue('gone.png [input]')")
    assert entered(brush) == ["loading", "clean"]
    assert np.array_equal(brush.ids(), ids)


def test_nothing_is_painted_while_a_value_is_loading(page, recorded):
    brush = recorded()
    page.page.evaluate(HOLD)
    brush.painter.evaluate("painter => { painter.setValue('example:lake'); }")
    brush.use("brush", "rock", 20)
    before = brush.ids()
    brush.click(50, 50)
    assert state(brush) == "loading" and np.array_equal(brush.ids(), before)
    page.page.evaluate("release()")
    page.page.wait_for_function("painter => painter.state.is('clean')", arg=brush.painter)
    assert brush.value == "example:lake" and not np.array_equal(brush.ids(), before)


@pytest.mark.parametrize("change, value", [("painter.fill(7)", None), ("painter.clear()", "")])
def test_a_change_supersedes_a_value_that_is_loading(page, recorded, change, value):
    brush = recorded("example:valley")
    page.page.evaluate(HOLD)
    brush.painter.evaluate(f"painter => {{ painter.setValue('example:lake'); {change}; release(); }}")
    assert entered(brush) == ["loading", "dirty", "clean"]
    page.page.wait_for_timeout(200)
    assert len(np.unique(brush.ids())) == 1
    assert brush.value == value if value is not None else brush.value.startswith("gan_atelier/")


def test_a_later_value_supersedes_an_earlier_one(page, recorded):
    brush = recorded()
    page.page.evaluate(HOLD)
    brush.painter.evaluate("painter => { painter.setValue('example:lake'); painter.setValue('example:valley'); }")
    page.page.evaluate("release()")
    page.page.wait_for_function("painter => painter.state.is('clean')", arg=brush.painter)
    page.page.wait_for_timeout(200)
    assert brush.value == "example:valley" and entered(brush) == ["loading", "loading", "clean"]
    assert np.array_equal(brush.ids(), page.painter("example:valley").ids())


def test_a_layout_that_cannot_be_loaded_leaves_the_drawing_alone(page, recorded):
    brush = recorded("example:valley")
    before = brush.ids()
    brush.get("painter.useExample('moon')")
    assert "example:moon is gone" in brush.root.locator(".message").inner_text()
    assert entered(brush) == [] and brush.value == "example:valley" and np.array_equal(brush.ids(), before)


def test_a_layout_is_dropped_if_something_is_painted_meanwhile(page, recorded):
    brush = recorded("example:valley")
    page.page.evaluate(HOLD)
    brush.painter.evaluate("painter => { painter.useExample('lake'); painter.fill(7); release(); }")
    page.page.wait_for_timeout(200)
    assert (brush.ids() == 7).all() and entered(brush) == ["dirty", "clean"]

"""The runs that changes of the painting start, in the example workflow with the model that ships with the pack."""

import json
import time

import numpy as np
import pytest

from ..comfyui.server import PACK
from .painter_graph import hands

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

LOAD, PAINT, PHOTO, STYLE, GENERATE, SAVE = "123456"
QUIET_MS = 1500


class Runs:
    """The prompts that the server was asked to run."""

    def __init__(self, editor, server):
        self.editor = editor
        self.server = server

    def prompts(self):
        """The ids of all prompts so far, done or not."""
        queue = self.server.get_json("/queue")
        waiting = [entry[1] for entry in (*queue["queue_running"], *queue["queue_pending"])]
        return {*waiting, *self.server.get_json("/history")}

    def settle(self):
        """Waits until nothing has been queued for a while; returns ``prompts``."""
        while True:
            before = self.prompts()
            # Not time.sleep: Playwright passes the requests of the page on only while it waits itself.
            self.editor.page.wait_for_timeout(QUIET_MS)
            queue = self.server.get_json("/queue")
            if not queue["queue_running"] and not queue["queue_pending"] and self.prompts() == before:
                return before

    def new(self, before, limit=30):
        """The history entry of the only new prompt, once it is done and no other one came."""
        end = time.monotonic() + limit
        while self.prompts() == before:
            assert time.monotonic() < end, "nothing was queued"
            self.editor.page.wait_for_timeout(100)
        (new,) = self.settle() - before
        entry = self.server.get_json(f"/history/{new}")[new]
        assert entry["status"]["status_str"] == "success"
        return entry

    def picture(self, entry):
        return self.server.picture(entry["outputs"][SAVE]["images"][0]).astype(int)


@pytest.fixture
def runs(editor, comfyui):
    return Runs(editor, comfyui)


@pytest.fixture
def painter(editor, runs):
    """A ``Brush`` on the painter of the workflow, which has run once."""
    editor.errors.clear()
    workflow = json.loads((PACK / "workflows" / "gaugan_paint.json").read_text(encoding="utf-8"))
    editor.load(workflow, "landscape")
    for side in ("width", "height"):
        editor.set_widget(PAINT, side, 128)
    editor.fit()
    editor.run()
    yield hands(editor, PAINT)
    editor.run_on_change(False)
    runs.settle()
    assert editor.errors == []


def cached(entry):
    """The nodes that were not executed."""
    (message,) = [content for kind, content in entry["status"]["messages"] if kind == "execution_cached"]
    return set(message["nodes"])


def test_every_stroke_gives_one_new_picture(editor, painter, runs):
    editor.run_on_change()
    painter.use("brush", "rock", 21)
    shown, pictures = set(), []
    for row in (20, 60):
        before = runs.prompts()
        mouse = painter.page.mouse
        mouse.move(*painter.at(20, row))
        mouse.down()
        mouse.move(*painter.at(100, row), steps=5)
        assert runs.settle() == before
        mouse.up()
        entry = runs.new(before)
        assert cached(entry) == {LOAD, PHOTO, STYLE}
        pictures.append(runs.picture(entry))
        shown.add(editor.page.evaluate("id => app.nodeOutputs[id].images[0].filename", SAVE))
    assert len(shown) == 2 and (pictures[0] != pictures[1]).mean() > 0.1
    before = runs.prompts()
    painter.press("Control+z")
    assert np.array_equal(runs.picture(runs.new(before)), pictures[0])


def test_nothing_but_paint_runs_it(editor, painter, runs):
    painter.click(64, 40)
    editor.run()
    editor.run_on_change()
    before = runs.prompts()
    value = painter.value
    for tool in ("rectangle", "lasso", "picker", "hand", "brush"):
        painter.use(tool, "sea", 30)
    painter.page.mouse.move(*painter.at(64, 64))
    for keys in ("+", "+", "]", "[", "e", "b", "Escape"):
        painter.press(keys)
    painter.page.keyboard.down(" ")
    painter.drag([(64, 64), (40, 50)])
    painter.page.keyboard.up(" ")
    painter.page.keyboard.down("Alt")
    painter.page.mouse.wheel(0, -200)
    painter.click(64, 64)
    painter.page.keyboard.up("Alt")
    painter.press("0")
    painter.root.get_by_label("Search classes").fill("ro")
    assert runs.settle() == before and painter.value == value


def test_another_style_keeps_the_painting_and_the_model(editor, painter, runs):
    before = runs.prompts()
    painter.use("brush", "rock", 21)
    painter.drag([(20, 30), (100, 60)])
    editor.run()
    first = runs.new(before)
    assert cached(first) == {LOAD, PHOTO, STYLE}
    before = runs.prompts()
    editor.set_widget(PHOTO, "picture", "sunset.jpg")
    editor.run()
    second = runs.new(before)
    assert cached(second) == {LOAD, PAINT}
    assert (runs.picture(first) != runs.picture(second)).mean() > 0.1

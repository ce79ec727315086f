"""What a change of the painting makes the server do, in the example workflow with the model that ships."""

import json
import time

import numpy as np
import pytest

from ..comfyui.server import PACK
from .test_label_painter import hands

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

LOAD, PAINT, PHOTO, STYLE, GENERATE, SAVE = "123456"
QUIET = 1.5


@pytest.fixture
def painter(editor, comfyui):
    """Hands on the painter of the workflow, which has run once."""
    editor.errors.clear()
    workflow = json.loads((PACK / "workflows" / "gaugan_paint.json").read_text(encoding="utf-8"))
    editor.load(workflow, "landscape")
    for side in ("width", "height"):
        editor.set_widget(PAINT, side, 128)
    editor.fit()
    editor.run()
    yield hands(editor, PAINT)
    editor.run_on_change(False)
    wait_until_idle(comfyui)
    assert editor.errors == []


def prompts(server):
    """The ids of all prompts so far, done or not."""
    queue = server.get_json("/queue")
    waiting = [entry[1] for entry in (*queue["queue_running"], *queue["queue_pending"])]
    return {*waiting, *server.get_json("/history")}


def wait_until_idle(server, limit=60):
    """Waits until nothing has been queued for a while."""
    quiet_since, end = time.monotonic(), time.monotonic() + limit
    while time.monotonic() - quiet_since < QUIET:
        assert time.monotonic() < end
        time.sleep(0.1)
        queue = server.get_json("/queue")
        if queue["queue_running"] or queue["queue_pending"]:
            quiet_since = time.monotonic()


def after(server, before, limit=20):
    """The history's entry of the only prompt that is new, once it is done and no other came."""
    end = time.monotonic() + limit
    while prompts(server) == before:
        assert time.monotonic() < end, "nothing was queued"
        time.sleep(0.1)
    wait_until_idle(server)
    (new,) = prompts(server) - before
    entry = server.get_json(f"/history/{new}")[new]
    assert entry["status"]["status_str"] == "success"
    return entry


def cached(entry):
    """The nodes that were not executed."""
    (message,) = [content for kind, content in entry["status"]["messages"] if kind == "execution_cached"]
    return set(message["nodes"])


def picture(server, entry):
    return server.picture(entry["outputs"][SAVE]["images"][0]).astype(int)


def test_every_stroke_gives_one_new_picture(editor, painter, comfyui):
    editor.run_on_change()
    painter.use("brush", "rock", 21)
    shown, pictures = set(), []
    for row in (20, 60):
        before = prompts(comfyui)
        mouse = painter.page.mouse
        mouse.move(*painter.at(20, row))
        mouse.down()
        mouse.move(*painter.at(100, row), steps=5)
        time.sleep(QUIET)
        assert prompts(comfyui) == before
        mouse.up()
        entry = after(comfyui, before)
        assert cached(entry) == {LOAD, PHOTO, STYLE}
        pictures.append(picture(comfyui, entry))
        shown.add(editor.page.evaluate("id => app.nodeOutputs[id].images[0].filename", SAVE))
    assert len(shown) == 2 and (pictures[0] != pictures[1]).mean() > 0.1
    before = prompts(comfyui)
    painter.press("Control+z")
    assert np.array_equal(picture(comfyui, after(comfyui, before)), pictures[0])


def test_nothing_but_paint_runs_it(editor, painter, comfyui):
    painter.click(64, 40)
    editor.run()
    editor.run_on_change()
    before = prompts(comfyui)
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
    wait_until_idle(comfyui)
    assert prompts(comfyui) == before and painter.value == value


def test_another_style_keeps_the_painting_and_the_model(editor, painter, comfyui):
    before = prompts(comfyui)
    painter.use("brush", "rock", 21)
    painter.drag([(20, 30), (100, 60)])
    editor.run()
    first = after(comfyui, before)
    assert cached(first) == {LOAD, PHOTO, STYLE}
    before = prompts(comfyui)
    editor.set_widget(PHOTO, "picture", "sunset.jpg")
    editor.run()
    second = after(comfyui, before)
    assert cached(second) == {LOAD, PAINT}
    assert (picture(comfyui, first) != picture(comfyui, second)).mean() > 0.1

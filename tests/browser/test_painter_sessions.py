"""A painting in the real editor after a restart of the server, and on a high-density screen."""

import numpy as np
import pytest

from gan_models import labels

from ..comfyui.server import ComfyUI, find_comfyui
from .editor import Editor, find_chromium
from .test_label_painter import hands, painter_node, reached

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

HOUSE = labels.taxonomy("landscape").find("house").id
GRAPH = {
    "1": painter_node(),
    "2": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["1", 0], "legend": False}},
    "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
}


@pytest.fixture(scope="module")
def server(node_classes, tmp_path_factory):
    """A separate server, which the test stops and starts again."""
    root = find_comfyui()
    if root is None:
        pytest.skip("no ComfyUI found: set COMFYUI_PATH to its folder to run this test")
    if find_chromium() is None:
        pytest.skip("no Chromium found: install chromium to run this test")
    with ComfyUI(root, tmp_path_factory.mktemp("restarted")) as server:
        yield server


@pytest.mark.parametrize("nodes2", [False, True], ids=["LiteGraph", "Nodes 2.0"])
def test_paint_survives_a_restart_of_the_server(server, nodes2):
    with Editor(server.url, nodes2, settings={"Comfy.Workflow.Persist": True}) as editor:
        editor.load(GRAPH, "painter")
        editor.fit()
        painter = hands(editor)
        painter.use("brush", "rock", 13)
        painter.drag([(20, 20), (100, 70), (30, 80)])
        ids, stored = painter.ids(), painter.get("painter.portable")
        editor.run()
        assert np.array_equal(reached(server), ids)
        saved = editor.workflow()
        kept = "name => [localStorage, sessionStorage].some(kept => Object.values(kept).some(t => t.includes(name)))"
        editor.page.wait_for_function(kept, arg=stored)
        server.stop()
        server.start()
        editor.reload()
        for _ in range(2):
            editor.fit()
            painter = hands(editor)
            assert painter.get("painter.portable") == stored and np.array_equal(painter.ids(), ids)
            editor.run()
            assert np.array_equal(reached(server), ids)
            editor.load(saved, "saved")
        assert editor.errors == []


@pytest.mark.parametrize("nodes2", [False, True], ids=["LiteGraph", "Nodes 2.0"])
def test_paint_on_a_high_density_screen(server, nodes2):
    with Editor(server.url, nodes2, scale=2) as editor:
        editor.load(GRAPH, "painter")
        editor.fit()
        painter = hands(editor)
        painter.use("rectangle", "house")
        painter.drag([(10.5, 10.5), (60.5, 30.5)])
        expected = np.zeros((96, 128), bool)
        expected[10:31, 10:61] = True
        assert np.array_equal(painter.ids() == HOUSE, expected)
        shown, wide = painter.get("[painter.view.paint.width, painter.view.paint.clientWidth]")
        assert shown >= 2 * wide
        assert editor.errors == []

"""A painting in the real editor on a high-density screen, and after a restart of the server."""

import numpy as np
import pytest

from gan_models import labels

from .editor import Editor, find_chromium
from .painter_graph import hands, painter_node, reached

pytestmark = [pytest.mark.comfyui, pytest.mark.browser]

HOUSE = labels.taxonomy("landscape").find("house").id
GRAPH = {
    "1": painter_node(),
    "2": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["1", 0], "legend": False}},
    "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
}


@pytest.fixture(scope="module", params=["LiteGraph", "Nodes 2.0"])
def dense(request, node_classes):
    """An editor on a high-density screen that keeps the workflow for the next time."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: install chromium to run this test")
    server = request.getfixturevalue("comfyui")
    nodes2 = request.param == "Nodes 2.0"
    with Editor(server.url, nodes2, scale=2, settings={"Comfy.Workflow.Persist": True}) as editor:
        yield editor
        assert editor.errors == []


@pytest.fixture
def painter(dense):
    dense.load(GRAPH, "painter")
    dense.fit()
    return hands(dense)


def test_paint_on_a_high_density_screen(painter):
    painter.use("rectangle", "house")
    painter.drag([(10.5, 10.5), (60.5, 30.5)])
    expected = np.zeros((96, 128), bool)
    expected[10:31, 10:61] = True
    assert np.array_equal(painter.ids() == HOUSE, expected)
    shown, wide = painter.get("[painter.view.paint.width, painter.view.paint.clientWidth]")
    assert shown >= 2 * wide


def test_paint_survives_a_restart_of_the_server(comfyui, dense, painter):
    painter.use("brush", "rock", 13)
    painter.drag([(20, 20), (100, 70), (30, 80)])
    ids, stored = painter.ids(), painter.get("painter.portable")
    dense.run()
    assert np.array_equal(reached(comfyui), ids)
    saved = dense.workflow()
    kept = "name => [localStorage, sessionStorage].some(kept => Object.values(kept).some(t => t.includes(name)))"
    dense.page.wait_for_function(kept, arg=stored)
    comfyui.stop()
    comfyui.start()
    dense.reload()
    for _ in range(2):
        dense.fit()
        painter = hands(dense)
        assert painter.get("painter.portable") == stored and np.array_equal(painter.ids(), ids)
        dense.run()
        assert np.array_equal(reached(comfyui), ids)
        dense.load(saved, "saved")

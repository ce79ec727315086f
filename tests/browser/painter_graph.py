"""A graph with a label painter, and what the tests ask of it."""

import numpy as np

from gan_models import labels

from .painter_page import Brush

CLASSES = labels.taxonomy("landscape")
ROCK, SEA = (CLASSES.find(name).id for name in ("rock", "sea"))


def painter_node(painting="example:valley", **inputs):
    inputs = {"taxonomy": "landscape", "width": 128, "height": 96, "painting": painting} | inputs
    return {"class_type": "GauGANLabelMapPaint", "inputs": inputs}


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

import pytest

from ..comfyui.conftest import comfyui  # noqa: F401  (a fixture)
from .editor import Editor, find_chromium


# Not for the whole session: while Playwright runs, nothing else in this process can run a coroutine. Loading the pack
# does, so that is done before.
@pytest.fixture(scope="module", params=["LiteGraph", "Nodes 2.0"])
def editor(request, node_classes):
    """The editor page of the real server, in either renderer."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: install chromium to run this test")
    server = request.getfixturevalue("comfyui")
    with Editor(server.url, nodes2=request.param == "Nodes 2.0") as editor:
        yield editor

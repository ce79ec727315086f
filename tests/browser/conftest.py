import pytest

from ..comfyui.conftest import comfyui  # noqa: F401  (a fixture)
from .editor import Editor, find_chromium
from .painter_page import DATA, opened_page, reloaded


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


@pytest.fixture(scope="module")
def any_page():
    """The plain page that the tests of a module share."""
    with opened_page(DATA) as page:
        yield page


@pytest.fixture
def page(any_page):
    """The plain page anew for one test, without uploads."""
    with reloaded(any_page) as page:
        yield page

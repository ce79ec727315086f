import pytest

from ..comfyui.conftest import comfyui  # noqa: F401  (a fixture)
from .editor import Editor, find_chromium
from .painter_graph import hands, painter_node
from .painter_page import DATA, opened_page, reloaded

OPENED = pytest.StashKey[dict[str, Editor]]()
"""The open editor by its renderer, if there is one."""


def pytest_configure(config):
    config.stash[OPENED] = {}


def pytest_collection_modifyitems(items):
    """Tests of the editor follow one another, first all in one renderer, so that each is opened once."""
    tests = [item for item in items if uses_editor(item)]
    if tests:
        first = items.index(tests[0])
        others = [item for item in items if not uses_editor(item)]
        items[:] = others[:first] + sorted(tests, key=lambda item: item.callspec.params["editor"]) + others[first:]


# While Playwright runs, nothing else in this process can run a coroutine, nor can Playwright be started again.
@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item, nextitem):
    if nextitem is None or not uses_editor(nextitem):
        close_editor(item.config)


def uses_editor(item):
    return "editor" in getattr(item, "fixturenames", ())


def close_editor(config):
    for renderer in list(config.stash[OPENED]):
        config.stash[OPENED].pop(renderer).__exit__()


# Loading the pack runs a coroutine, so that is done before.
@pytest.fixture(params=["LiteGraph", "Nodes 2.0"])
def editor(request, pytestconfig, node_classes):
    """The editor page of the real server, in either renderer. Tests share it."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: install chromium to run this test")
    server, renderer, opened = request.getfixturevalue("comfyui"), request.param, pytestconfig.stash[OPENED]
    if renderer not in opened:
        close_editor(pytestconfig)
        opened[renderer] = Editor(server.url, nodes2=renderer == "Nodes 2.0").__enter__()
    return opened[renderer]


@pytest.fixture(scope="module")
def any_page(request):
    """The plain page that the tests of a module share. The module's ``SCREEN``, if it has one, says what is special."""
    with opened_page(DATA, **getattr(request.module, "SCREEN", {})) as page:
        yield page


@pytest.fixture
def page(any_page):
    """The plain page anew for one test, without uploads."""
    with reloaded(any_page) as page:
        yield page


@pytest.fixture
def graph():
    return {
        "1": painter_node(),
        "2": {"class_type": "GauGANLabelMapToColors", "inputs": {"label_map": ["1", 0], "legend": False}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
    }


@pytest.fixture
def brush(editor, graph):
    """``brush(node=1)``: a ``Brush`` on the painter of a node, once the graph is loaded and drawn."""
    editor.errors.clear()
    editor.load(graph, "painter")
    editor.fit()
    yield lambda node=1: hands(editor, node)
    assert editor.errors == []

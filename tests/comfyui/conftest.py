import pytest

from .server import ComfyUI, find_comfyui

SERVER = pytest.StashKey[ComfyUI]()


@pytest.fixture(scope="session")
def comfyui(pytestconfig, tmp_path_factory):
    """A real ComfyUI server with this pack: one for the session, shared by all modules that import this fixture."""
    root = find_comfyui()
    if root is None:
        pytest.skip("no ComfyUI found: set COMFYUI_PATH to its folder to run this test")
    if SERVER not in pytestconfig.stash:
        server = ComfyUI(root, tmp_path_factory.mktemp("comfyui"))
        pytestconfig.add_cleanup(server.stop)
        server.start()
        pytestconfig.stash[SERVER] = server
    return pytestconfig.stash[SERVER]

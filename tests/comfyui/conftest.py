import pytest

from .server import ComfyUI, find_comfyui


@pytest.fixture(scope="session")
def comfyui(tmp_path_factory):
    """A real ComfyUI server with this pack in it, for the whole session."""
    root = find_comfyui()
    if root is None:
        pytest.skip("no ComfyUI found: set COMFYUI_PATH to its folder to run this test")
    with ComfyUI(root, tmp_path_factory.mktemp("comfyui")) as server:
        yield server

"""Makes the example workflow for ComfyUI-Distributed and its thumbnail: ``python -m tools.distributed_workflow``.

The editor saves it with stand-ins for the two nodes of that pack.
"""

import tempfile
from pathlib import Path

import headless
from tests.browser.editor import Editor
from tests.comfyui.server import PACK, ComfyUI, find_comfyui

from .workflow_example import Example, node
from .workflows import make

NAME = "singan_on_several_machines"
STAND_INS = PACK / "tests" / "comfyui" / "distributed_nodes"
EXAMPLE = Example(
    nodes={
        "1": node("SinGANLoad", name="singan-balloons"),
        "2": node("DistributedSeed", seed=5),
        "3": node("SinGANSample", model=["1", 0], seed=["2", 0], batch_size=2, width_factor=1.0, height_factor=1.0,
                  start_scale=0),
        "4": node("DistributedCollector", images=["3", 0], load_balance=False),
        "5": node("SaveImage", images=["4", 0], filename_prefix="singan_on_several_machines"),
    },
    places={"1": (40, 300, 320, 80), "2": (40, 460, 320, 110), "3": (420, 300, 320, 320), "4": (800, 300, 300, 100),
            "5": (1160, 40, 480, 580)},
    titles={"2": "Another seed on every machine", "4": "The pictures of all machines"},
    note="### New pictures from several machines\n\nNeeds **ComfyUI-Distributed**. Each machine samples with a seed of "
    "its own, and the collector brings all pictures to this one. Everything before the collector runs on every "
    "machine, so each needs this pack in the same version, and the model.",
    note_place=(40, 40, 1060, 180),
    thumbnail_node="5",
)  # fmt: skip


def main() -> None:
    root = find_comfyui()
    assert root is not None, "no ComfyUI found: set COMFYUI_PATH"
    headless.install()
    stand_ins = headless.import_package("distributed_nodes", STAND_INS)
    with tempfile.TemporaryDirectory() as folder:
        headless.configure_folders(folder)
        executor = headless.Executor({**headless.all_nodes(headless.load_pack()), **stand_ins.NODES})
        packs = {"gan-atelier": PACK, "distributed-nodes": STAND_INS}
        with ComfyUI(root, Path(folder), packs=packs) as server, Editor(server.url) as editor:
            make(NAME, EXAMPLE, editor, executor)


if __name__ == "__main__":
    main()

"""Makes the example workflows and their thumbnails in ComfyUI's real editor.

    python -m tools.workflows [name ...]

Each workflow is written down here as an API-format graph with places and a note, laid out and saved by the editor,
and run by ``run_workflow.py``'s executor for its thumbnail.
"""

import argparse
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

import headless
from tests.browser.editor import Editor
from tests.comfyui.server import PACK, ComfyUI, find_comfyui

WORKFLOWS = PACK / "workflows"
THUMBNAIL = (480, 300)

Place = tuple[float, float, float, float]


@dataclass
class Example:
    """A workflow: its nodes in the API format, where they lie (x, y, width, height), and a note beside them."""

    nodes: dict[str, dict[str, Any]]
    places: dict[str, Place]
    note: str
    note_place: Place
    titles: dict[str, str] = field(default_factory=dict)
    thumbnail_node: str = ""


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


EXAMPLES = {
    "singan_sample_bundled": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSample", model=["1", 0], seed=5, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_samples"),
            "4": node("SinGANSample", model=["1", 0], seed=11, batch_size=1, width_factor=2.5, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan_panorama"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 120, 320, 220), "3": (780, 40, 460, 420),
                "4": (400, 520, 320, 220), "5": (780, 520, 620, 360)},
        titles={"2": "Four new arrangements", "4": "A panorama"},
        note="### New arrangements of one picture\n\nThe model that ships with the pack learned **one** rendered "
        "picture of balloons. Every seed gives another arrangement; the factors give other shapes and sizes.",
        note_place=(40, 40, 320, 180),
        thumbnail_node="5",
    ),
    "singan_train_and_sample": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="balloons.jpg"),
            "2": node("SinGANTrain", image=["1", 0], preset="draft", seed=0, purpose="any task", max_size=0,
                      iterations=0),
            "3": node("PreviewImage", images=["2", 1]),
            "4": node("SinGANSample", model=["2", 0], seed=3, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan"),
            "6": node("SinGANSave", model=["2", 0], name="my_singan", overwrite=True),
        },
        places={"1": (40, 240, 300, 80), "2": (400, 40, 380, 420), "3": (840, 40, 380, 340),
                "4": (400, 600, 380, 220), "5": (840, 440, 460, 420), "6": (400, 880, 380, 110)},
        titles={"3": "Reconstruction: what it could learn", "5": "New arrangements"},
        note="### Train on one picture, then sample\n\nReplace **Example Image** by **Load Image** for a picture of "
        "yours. `draft` takes about a minute; set the preset to `standard` for a good model.\n\nStop at any time: the "
        "next run goes on where you stopped. **Save SinGAN** keeps the model for **Load SinGAN**.",
        note_place=(40, 380, 300, 300),
        thumbnail_node="5",
    ),
    "singan_harmonize": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("GANAtelierExampleImage", picture="balloons_pasted.png"),
            "3": node("SinGANHarmonize", model=["1", 0], image=["2", 0], mask=["2", 1], start_scale=7, seed=0),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_harmonized"),
        },
        places={"1": (40, 260, 300, 80), "2": (40, 400, 300, 100), "3": (400, 260, 340, 180),
                "4": (400, 520, 340, 320), "5": (800, 160, 620, 540)},
        titles={"2": "The picture with something pasted in", "4": "Before", "5": "After"},
        note="### Blend a pasted object\n\nThe flat paper balloon takes on the picture's colours and texture. A lower "
        "`start_scale` changes it more. Paste your own object into **the picture that the model learned**, and paint "
        "a mask over it.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="5",
    ),
    "singan_super_resolution": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSuperResolve", model=["1", 0], factor=4.0, seed=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_enlarged"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 240, 340, 150), "3": (800, 40, 760, 640)},
        titles={"2": "Four times larger"},
        note="### Enlarge with the picture's own texture\n\nWithout an image the training picture is enlarged. For a "
        "picture of yours, train with the purpose `super-resolution`.",
        note_place=(40, 40, 340, 170),
        thumbnail_node="3",
    ),
}  # fmt: skip


def make(name: str, example: Example, editor: Editor, executor: headless.Executor) -> None:
    """Write ``workflows/<name>.json`` and its thumbnail."""
    WORKFLOWS.mkdir(exist_ok=True)
    titled = {
        node_id: content | {"_meta": {"title": example.titles[node_id]}} if node_id in example.titles else content
        for node_id, content in example.nodes.items()
    }
    editor.load(titled, name)
    for node_id, place in example.places.items():
        editor.place(node_id, *place)
    editor.note(example.note, *example.note_place)
    editor.save(WORKFLOWS / f"{name}.json")
    thumbnail(example, executor).save(WORKFLOWS / f"{name}.jpg", quality=88)


def thumbnail(example: Example, executor: headless.Executor) -> Image.Image:
    """The result of the workflow's chief node: its first picture, cropped to fit."""
    run = executor.run(example.nodes)
    source, slot = example.nodes[example.thumbnail_node]["inputs"]["images"]
    pixels = (run.value(source, slot)[0] * 255).round().byte().numpy()
    return ImageOps.fit(Image.fromarray(pixels), THUMBNAIL, Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(EXAMPLES), help="which ones; all by default")
    names = parser.parse_args().names
    root = find_comfyui()
    if root is None:
        parser.error("no ComfyUI found: set COMFYUI_PATH")
    headless.install()
    with tempfile.TemporaryDirectory() as folder:
        headless.configure_folders(folder)
        executor = headless.Executor(headless.all_nodes(headless.load_pack()))
        with ComfyUI(root, Path(folder)) as server, Editor(server.url) as editor:
            for name in names:
                make(name, EXAMPLES[name], editor, executor)


if __name__ == "__main__":
    main()

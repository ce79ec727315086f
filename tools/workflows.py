"""Makes the example workflows and their thumbnails in ComfyUI's real editor.

    python -m tools.workflows [--thumbnails] [name ...]

Each workflow is an API-format graph with node positions and a note. The editor lays it out and saves it, and the
executor of ``run_workflow.py`` runs it for its thumbnail.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

import headless
from tests.browser.editor import Editor
from tests.comfyui.server import PACK, ComfyUI, find_comfyui

from .diffusion_workflows import DIFFUSION
from .gaugan_workflows import GAUGAN
from .photo_workflows import PHOTOGRAPHS
from .repaint_workflows import REPAINT
from .singan_workflows import SINGAN
from .workflow_example import Example

WORKFLOWS = PACK / "workflows"
THUMBNAIL = (480, 300)
NAME_MODEL = "([id, model]) => { app.graph.getNodeById(id).properties.models = [model]; }"

EXAMPLES = SINGAN | GAUGAN | PHOTOGRAPHS | REPAINT | DIFFUSION


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
    for node_id, model in example.models.items():
        editor.page.evaluate(NAME_MODEL, [node_id, model])
    editor.note(example.note, *example.note_place)
    editor.save(WORKFLOWS / f"{name}.json")
    save_thumbnail(name, example, executor)


def save_thumbnail(name: str, example: Example, executor: headless.Executor) -> None:
    thumbnail(example, executor).save(WORKFLOWS / f"{name}.jpg", quality=88)


def thumbnail(example: Example, executor: headless.Executor) -> Image.Image:
    """The result of the workflow's main node: the middle one of its pictures, cropped to fit."""
    run = executor.run(needed(example.nodes, example.thumbnail_node))
    source, slot = example.nodes[example.thumbnail_node]["inputs"]["images"]
    images = run.value(source, slot)
    pixels = (images[len(images) // 2] * 255).round().byte().numpy()
    return ImageOps.fit(Image.fromarray(pixels), THUMBNAIL, Image.Resampling.LANCZOS)


def needed(nodes: dict[str, dict[str, Any]], node_id: str) -> dict[str, dict[str, Any]]:
    """A node and all nodes that lead to it. The others may need models that are not here."""
    links = [value[0] for value in nodes[node_id]["inputs"].values() if isinstance(value, list)]
    return {key: value for link in links for key, value in needed(nodes, link).items()} | {node_id: nodes[node_id]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(EXAMPLES), help="names of the workflows (default: all)")
    parser.add_argument("--thumbnails", action="store_true", help="make only the thumbnails, which needs no ComfyUI")
    options = parser.parse_args()
    names, root = options.names, find_comfyui()
    if root is None and not options.thumbnails:
        parser.error("no ComfyUI found: set COMFYUI_PATH")
    headless.install()
    with tempfile.TemporaryDirectory() as folder:
        headless.configure_folders(folder)
        executor = headless.Executor(headless.all_nodes(headless.load_pack()))
        if options.thumbnails:
            for name in names:
                save_thumbnail(name, EXAMPLES[name], executor)
            return
        with ComfyUI(root, Path(folder)) as server, Editor(server.url) as editor:
            for name in names:
                make(name, EXAMPLES[name], editor, executor)


if __name__ == "__main__":
    main()

"""Opens a graph in ComfyUI's real editor to save it as a workflow file, run it and take a screenshot.

    python -m tools.editor graph.json --save workflows/name.json --run --screenshot name.png

GRAPH is a saved workflow or an API-format graph. Without --url, the tool starts a ComfyUI (from COMFYUI_PATH or
~/comfy/ComfyUI) with this pack and with the files of --input in its input folder.
"""

import argparse
import contextlib
import json
import shutil
import tempfile
from pathlib import Path

from tests.browser.editor import Editor
from tests.comfyui.server import ComfyUI, find_comfyui


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, prog="python -m tools.editor"
    )
    parser.add_argument("graph", type=Path, help="a saved workflow or an API-format graph")
    parser.add_argument("--url", help="address of a ComfyUI that is already running")
    parser.add_argument("--input", type=Path, nargs="*", default=[], help="files to put into the input folder")
    parser.add_argument("--save", type=Path, help="save the graph in the editor's format to this file before the run")
    parser.add_argument("--run", action="store_true", help="queue the graph and wait for it")
    parser.add_argument("--screenshot", type=Path, help="save a screenshot of the graph to this .png or .jpg file")
    parser.add_argument("--page", action="store_true", help="include the whole page with its menus in the screenshot")
    parser.add_argument("--nodes2", action="store_true", help='draw with "Nodes 2.0"')
    parser.add_argument("--arrange", action="store_true", help="lay out the nodes again")
    parser.add_argument("--size", type=int, nargs=2, default=(1600, 1000), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--scale", type=float, default=1, help="device pixels per CSS pixel")
    arguments = parser.parse_args()

    with contextlib.ExitStack() as stack:
        url = arguments.url
        if url is None:
            root = find_comfyui()
            if root is None:
                parser.error("no ComfyUI found: give --url or set COMFYUI_PATH")
            base = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (base / "input").mkdir()
            for file in arguments.input:
                shutil.copy(file, base / "input")
            url = stack.enter_context(ComfyUI(root, base)).url
        editor = stack.enter_context(
            Editor(url, nodes2=arguments.nodes2, size=tuple(arguments.size), scale=arguments.scale)
        )
        editor.load(json.loads(arguments.graph.read_text(encoding="utf-8")), arguments.graph.stem)
        if arguments.arrange:
            editor.arrange()
        if arguments.save:
            editor.save(arguments.save)
        if arguments.run:
            editor.run()
        if arguments.screenshot:
            editor.screenshot(arguments.screenshot, graph_only=not arguments.page)
        for error in editor.errors:
            print(f"error in the page: {error}")


if __name__ == "__main__":
    main()

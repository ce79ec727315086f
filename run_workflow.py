#!/usr/bin/env python3
"""Runs a workflow file without ComfyUI."""

from __future__ import annotations

import argparse
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parent
# Python puts the script's folder first on the path, but this folder has a package called "nodes".
sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != ROOT]

DESCRIPTION = """\
Run a ComfyUI workflow of GAN Atelier nodes without ComfyUI.

FILE comes from the editor ("Save" or "Export (API)"). Save Image nodes write to the output folder, with
the same names as in ComfyUI (prefix_00001_.png, with prompt and workflow inside); Preview Image nodes
write to its subfolder temp."""

EXAMPLES = """\
examples:
  run_workflow.py workflows/singan_sample_bundled.json
  run_workflow.py my.json --set "Sample SinGAN.seed=7" --set LoadImage.image=cat.png --input pictures
"""


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line; returns the exit status: 0, 1 after an error, 2 after wrong usage, 130 after Ctrl+C."""
    options = parse_arguments(arguments)
    try:
        headless = load_headless()
        return run(options, headless)
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        print(f"error: {error.name} is not installed; run: pip install -r requirements.txt", file=sys.stderr)
        return 1


def parse_arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=DESCRIPTION, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", metavar="FILE", help="the workflow, saved or in API format")
    parser.add_argument("--output", metavar="DIR", default="output", help="folder for the pictures (default: ./output)")
    parser.add_argument("--input", metavar="DIR", default="input", help="folder of Load Image (default: ./input)")
    parser.add_argument(
        "--models", metavar="DIR", default=ROOT / "models", help="folder of the models (default: models/ of the pack)"
    )
    parser.add_argument(
        "--set",
        metavar="NODE.INPUT=VALUE",
        action="append",
        default=[],
        dest="settings",
        help="set a widget; NODE is a node's id, or its title or type if only one node has it",
    )
    parser.add_argument("--seed", metavar="N", type=int, help="set the seed of every node that has one")
    parser.add_argument("--cpu", action="store_true", help="compute on the CPU, even if there is a GPU")
    parser.add_argument("--traceback", action="store_true", help="print the traceback of an error")
    return parser.parse_args(arguments)


def load_headless() -> ModuleType:
    """Returns the package ``headless`` beside this file, imported by path."""
    if "headless" in sys.modules:
        return sys.modules["headless"]
    folder = ROOT / "headless"
    spec = importlib.util.spec_from_file_location("headless", folder / "__init__.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["headless"] = module
    spec.loader.exec_module(module)
    return module


def run(options: argparse.Namespace, headless: ModuleType) -> int:
    """Runs the workflow that the options name; returns the exit status."""
    console = headless.Console(sys.stdout)
    try:
        headless.install()
        headless.configure_folders(
            ROOT, models=options.models, input=options.input, output=options.output, temp=Path(options.output, "temp")
        )
        headless.set_torch_device("cpu" if options.cpu else None)
        nodes = headless.all_nodes(headless.load_pack())
        workflow = headless.read_workflow(options.file, nodes)
        for setting in options.settings:
            headless.apply_setting(workflow.prompt, setting, nodes)
        if options.seed is not None:
            headless.apply_seed(workflow.prompt, options.seed, nodes)
        # A changed prompt no longer matches the saved workflow, so the pictures carry the prompt alone. The editor
        # can open a picture by its prompt too.
        changed = bool(options.settings) or options.seed is not None
        extra = {"workflow": workflow.saved} if workflow.saved and not changed else None
        result = headless.Executor(nodes).run(workflow.prompt, extra, on_event=console)
    except KeyboardInterrupt:
        console.interrupt()
        raise
    except (headless.WorkflowError, headless.NodeError) as error:
        console.interrupt()
        if options.traceback:
            traceback.print_exc()
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    report(result, headless)
    return 0


def report(result: Any, headless: ModuleType) -> None:
    """Prints the texts that nodes show, and the paths of the pictures."""
    for shown in result.ui.values():
        for text in shown.get("text", ()):
            print(text)
    for path in headless.shown_files(result):
        print(path)


if __name__ == "__main__":
    sys.exit(main())

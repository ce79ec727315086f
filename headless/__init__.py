"""A stand-in for ComfyUI, without server and editor, that runs the pack's nodes in tests, in CI and for rendering.

``install()`` makes ``comfy_api.latest``, ``comfy.*`` and ``folder_paths`` importable, with the names that
the pack uses and with ComfyUI's behaviour. ``load_pack()`` then loads the pack by path as
ComfyUI does, ``read_workflow()`` reads a workflow file and an ``Executor`` runs it::

    import headless

    headless.install()
    headless.configure_folders(output="renders")
    nodes = headless.all_nodes(headless.load_pack())
    workflow = headless.read_workflow("workflow.json", nodes)
    run = headless.Executor(nodes).run(workflow.prompt)
"""

from .console import Console
from .errors import NodeError, WorkflowError
from .executor import Event, Executor, Run, call_node, shown_files
from .graph import Prompt, Workflow, label, parse_workflow, read_workflow
from .install import comfyui_is_present, install
from .object_info import object_info
from .pack import PACK_ROOT, all_nodes, import_package, load_pack, pack_nodes
from .runtime.folders import configure as configure_folders
from .runtime.memory import InterruptProcessingException, set_torch_device
from .settings import apply_seed, apply_setting

__all__ = [
    "PACK_ROOT",
    "Console",
    "Event",
    "Executor",
    "InterruptProcessingException",
    "NodeError",
    "Prompt",
    "Run",
    "Workflow",
    "WorkflowError",
    "all_nodes",
    "apply_seed",
    "apply_setting",
    "call_node",
    "comfyui_is_present",
    "configure_folders",
    "import_package",
    "install",
    "label",
    "load_pack",
    "object_info",
    "pack_nodes",
    "parse_workflow",
    "read_workflow",
    "set_torch_device",
    "shown_files",
]

"""Loads packages by path: the node pack as ComfyUI does, and its top-level folders for the tests."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from .api import ComfyExtension
from .api.node import ComfyNode
from .core_nodes import CORE_NODES

PACK_ROOT = Path(__file__).resolve().parents[1]


def import_package(name: str, folder: Path) -> ModuleType:
    """Imports the package in ``folder`` as ``name``, once, without changing ``sys.path``.

    The folder may have any name, even one that Python cannot import.
    """
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def load_pack(root: Path = PACK_ROOT, name: str = "gan_atelier") -> ModuleType:
    """Returns the pack's root module. The stand-ins must be installed."""
    return import_package(name, root)


def pack_nodes(pack: ModuleType) -> dict[str, type[ComfyNode]]:
    """Returns the pack's node classes by id, in menu order, through its V3 entry point.

    Raises ``TypeError`` if ComfyUI would refuse the entry point, and ``ValueError`` if two nodes have the same id.
    """
    nodes: dict[str, type[ComfyNode]] = {}
    for node_class in asyncio.run(_node_list(pack)):
        node_id = node_class.GET_SCHEMA().node_id
        if node_id in nodes:
            raise ValueError(f"Two nodes have the id {node_id!r}.")
        node_class.RELATIVE_PYTHON_MODULE = f"custom_nodes.{Path(pack.__path__[0]).name}"
        nodes[node_id] = node_class
    return nodes


def all_nodes(pack: ModuleType) -> dict[str, type[ComfyNode]]:
    """Returns the pack's nodes and the stand-in's core nodes by id."""
    return CORE_NODES | pack_nodes(pack)


async def _node_list(pack: ModuleType) -> list[type[ComfyNode]]:
    extension = pack.comfy_entrypoint()
    if inspect.isawaitable(extension):
        extension = await extension
    if not isinstance(extension, ComfyExtension):
        raise TypeError(f"comfy_entrypoint must return a ComfyExtension, not {type(extension).__name__}.")
    await extension.on_load()
    classes = await extension.get_node_list()
    if not isinstance(classes, list):
        raise TypeError(f"get_node_list must return a list, not {type(classes).__name__}.")
    return classes

"""Registers the stand-ins in ``sys.modules`` under the names that nodes import."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

from . import api
from .runtime import folders, memory, patcher, server, utils


def comfyui_is_present() -> bool:
    """Returns whether a real ComfyUI, not this stand-in, is importable or already imported."""
    loaded = sys.modules.get("folder_paths")
    if loaded is not None:
        return loaded is not folders
    return importlib.util.find_spec("folder_paths") is not None


def install() -> None:
    """Makes ``comfy_api.latest``, ``comfy.*``, ``folder_paths`` and ``server`` importable.

    A second call does nothing. Raises ``RuntimeError`` inside a real ComfyUI, whose modules must not be replaced.
    """
    if comfyui_is_present():
        raise RuntimeError("A real ComfyUI is importable here, and headless must not replace its modules.")
    if sys.modules.get("folder_paths") is folders:
        return
    comfy = _package("comfy", model_management=memory, model_patcher=patcher, utils=utils)
    comfy_api = _package("comfy_api", latest=api)
    sys.modules.update(
        {
            "comfy": comfy,
            "comfy.model_management": memory,
            "comfy.model_patcher": patcher,
            "comfy.utils": utils,
            "comfy_api": comfy_api,
            "comfy_api.latest": api,
            "comfy_api.latest.io": api.io,
            "comfy_api.latest.ui": api.ui,
            "folder_paths": folders,
            "server": server,
        }
    )


def _package(name: str, **members: ModuleType) -> ModuleType:
    package = ModuleType(name, doc="Stand-in from the folder headless.")
    package.__path__ = []
    package.__dict__.update(members)
    return package

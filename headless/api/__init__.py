"""Stand-in for ``comfy_api.latest``: node schemas, node classes and the content that nodes show.

It offers the names that this pack uses, with the behaviour of the oldest supported ComfyUI: a keyword that
ComfyUI 0.17 does not know raises ``TypeError`` here too.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from . import io, ui
from .node import ComfyNode

IO = io
UI = ui

__all__ = ["IO", "UI", "ComfyExtension", "io", "ui"]


class ComfyExtension(ABC):
    """The result of a pack's ``comfy_entrypoint``."""

    async def on_load(self) -> None:  # noqa: B027 (may be left as it is)
        """Called once, before the nodes are listed."""

    @abstractmethod
    async def get_node_list(self) -> list[type[ComfyNode]]:
        """Returns the node classes of the pack."""

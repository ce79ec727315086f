"""Stand-in for ``server``: the line of text that a node shows while it runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

TextHook = Callable[[str, str], None]


class PromptServer:
    """Nodes send text to ``PromptServer.instance``, which forwards it to ``on_text(text, node_id)``."""

    instance: ClassVar[PromptServer]

    def __init__(self) -> None:
        self.on_text: TextHook | None = None

    def send_progress_text(self, text: bytes | str, node_id: str, sid: str | None = None) -> None:
        if self.on_text is not None:
            self.on_text(text.decode() if isinstance(text, bytes) else text, node_id)


PromptServer.instance = PromptServer()

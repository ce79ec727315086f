"""The errors of workflows. Each message is a sentence for the person who runs the workflow."""

from __future__ import annotations


class WorkflowError(ValueError):
    """The workflow cannot run: unknown node, missing input, value out of range, cycle, bad file."""


class NodeError(RuntimeError):
    """A node raised while it ran; the original exception is ``__cause__``."""

    def __init__(self, node_id: str, label: str, cause: Exception) -> None:
        text = str(cause) or type(cause).__name__
        super().__init__(f"{label}: {text}")
        self.node_id = node_id
        self.label = label

"""Node classes and their results."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

from .schema import HiddenHolder, Schema


class UIOutput(ABC):
    """Content that a node shows in the interface."""

    @abstractmethod
    def as_dict(self) -> dict[str, Any]:
        """Returns the message of the server to the browser."""


class NodeOutput:
    """The result of ``execute``: one value per output socket, and optionally content to show."""

    def __init__(
        self,
        *args: Any,
        ui: UIOutput | dict[str, Any] | None = None,
        expand: dict[str, Any] | None = None,
        block_execution: str | None = None,
    ) -> None:
        if expand is not None or block_execution is not None:
            raise NotImplementedError("The headless executor neither expands nor blocks nodes.")
        self.args = args
        self.ui = ui

    @property
    def result(self) -> tuple[Any, ...] | None:
        return self.args or None

    def __getitem__(self, index: int) -> Any:
        return self.args[index]


class _LockedClass(type):
    """Metaclass of the copy that ``execute`` receives as ``cls``: a node that stores state on it fails."""

    def __setattr__(cls, name: str, value: Any) -> None:
        raise AttributeError(f"Cannot modify class attribute {name!r} on locked class {cls.__name__!r}")


class ComfyNode:
    """Base of all nodes. All methods are classmethods, because a node has no state of its own."""

    RELATIVE_PYTHON_MODULE: str | None = None
    hidden: HiddenHolder = HiddenHolder()

    @classmethod
    def define_schema(cls) -> Schema:
        raise NotImplementedError

    @classmethod
    def execute(cls, *args: Any, **kwargs: Any) -> NodeOutput:
        raise NotImplementedError

    @classmethod
    def validate_inputs(cls, *args: Any, **kwargs: Any) -> bool | str:
        """Optional. Returns True, or a sentence that says what is wrong."""
        raise NotImplementedError

    @classmethod
    def fingerprint_inputs(cls, *args: Any, **kwargs: Any) -> Any:
        """Optional. The node's outputs are reused as long as this returns the same value for the same inputs."""
        raise NotImplementedError

    @classmethod
    def VALIDATE_CLASS(cls) -> None:
        for name in ("define_schema", "execute"):
            if not overrides(cls, name):
                raise Exception(f"No {name} function was defined for node class {cls.__name__}.")

    @classmethod
    def FINALIZE_SCHEMA(cls) -> Schema:
        schema = cls.define_schema()
        schema.finalize()
        return schema

    @classmethod
    def GET_SCHEMA(cls) -> Schema:
        """Returns a new schema, finalized and checked."""
        cls.VALIDATE_CLASS()
        schema = cls.FINALIZE_SCHEMA()
        schema.validate()
        return schema

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, dict[str, Any]]:
        inputs: dict[str, dict[str, Any]] = cls.GET_NODE_INFO_V1()["input"]
        return inputs

    @classmethod
    def GET_NODE_INFO_V1(cls) -> dict[str, Any]:
        """Returns the node's entry in /object_info, before it becomes JSON."""
        return cls.GET_SCHEMA().info(cls.RELATIVE_PYTHON_MODULE)


def overrides(node_class: type[ComfyNode], name: str) -> bool:
    """Returns whether the class, or a base of it other than ComfyNode, defines this method."""
    return getattr(node_class, name).__func__ is not getattr(ComfyNode, name).__func__


def locked_copy(node_class: type[ComfyNode], hidden: HiddenHolder) -> type[ComfyNode]:
    """Returns the class that one call receives as ``cls``: with its hidden values, and read-only."""
    return _LockedClass(node_class.__name__, (node_class,), {"hidden": hidden})  # type: ignore[return-value]

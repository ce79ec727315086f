"""The result of a node's ``define_schema``, and the JSON that the server makes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from .inputs import Input, Output


class Hidden(str, Enum):
    """Values that the server, not the user, passes to a node: ``cls.hidden.<name>`` in execute."""

    unique_id = "UNIQUE_ID"
    prompt = "PROMPT"
    extra_pnginfo = "EXTRA_PNGINFO"
    dynprompt = "DYNPROMPT"
    auth_token_comfy_org = "AUTH_TOKEN_COMFY_ORG"
    api_key_comfy_org = "API_KEY_COMFY_ORG"


class HiddenHolder:
    """``cls.hidden`` during a run. Values that the schema does not request are None."""

    def __init__(self, values: dict[Hidden, Any] | None = None) -> None:
        for name, value in (values or {}).items():
            setattr(self, name.name, value)

    def __getattr__(self, name: str) -> None:
        return None


@dataclass
class Schema:
    """A node's id, texts, sockets and flags. An unknown keyword raises ``TypeError``, as in ComfyUI."""

    node_id: str
    display_name: str | None = None
    category: str = "sd"
    inputs: list[Input] = field(default_factory=list)
    outputs: list[Output] = field(default_factory=list)
    hidden: list[Hidden] = field(default_factory=list)
    description: str = ""
    search_aliases: list[str] = field(default_factory=list)
    is_input_list: bool = False
    is_output_node: bool = False
    is_deprecated: bool = False
    is_experimental: bool = False
    is_dev_only: bool = False
    is_api_node: bool = False
    price_badge: None = None
    not_idempotent: bool = False
    enable_expand: bool = False
    accept_all_inputs: bool = False
    essentials_category: str | None = None

    def finalize(self) -> None:
        """Adds the hidden inputs of an output node and names the outputs that have no id."""
        if self.is_output_node:
            for name in (Hidden.prompt, Hidden.extra_pnginfo):
                if name not in self.hidden:
                    self.hidden.append(name)
        for position, output in enumerate(self.outputs):
            if output.id is None:
                output.id = f"_{position}_{output.io_type}_"

    def validate(self) -> None:
        """Raises ``ValueError`` if two inputs or two outputs have the same id."""
        for kind, sockets in (("Input", self.inputs), ("Output", self.outputs)):
            counts = Counter(socket.id for socket in sockets)
            twice = [name for name, count in counts.items() if count > 1]
            if twice:
                raise ValueError(f"{self.node_id}: {kind} ids must be unique, but {twice} are not.")

    def info(self, python_module: str | None) -> dict[str, Any]:
        """Returns the node's entry in /object_info."""
        inputs = inputs_info(self.inputs)
        if self.hidden:
            inputs["hidden"] = {hidden.name: (hidden.value,) for hidden in self.hidden}
        return {
            "input": inputs,
            "input_order": {kind: list(entries) for kind, entries in inputs.items()},
            "is_input_list": self.is_input_list,
            "output": [output.io_type for output in self.outputs],
            "output_is_list": [output.is_output_list for output in self.outputs],
            "output_name": [output.display_name or output.io_type for output in self.outputs],
            "output_tooltips": [output.tooltip or None for output in self.outputs],
            "output_matchtypes": None,
            "name": self.node_id,
            "display_name": self.display_name,
            "description": self.description,
            "python_module": python_module,
            "category": self.category,
            "output_node": self.is_output_node,
            "deprecated": self.is_deprecated,
            "experimental": self.is_experimental,
            "dev_only": self.is_dev_only,
            "api_node": self.is_api_node,
            "price_badge": None,
            "search_aliases": self.search_aliases or None,
            "essentials_category": self.essentials_category,
            # Newer than 0.17, so the schemas of this pack must not set it, but current servers send it.
            "has_intermediate_output": False,
        }


def inputs_info(inputs: list[Input]) -> dict[str, dict[str, Any]]:
    """Returns ``{"required": {id: (type, options)}, "optional": {...}}``; "optional" only if there are such inputs."""
    info: dict[str, dict[str, Any]] = {"required": {}}
    for entry in inputs:
        options = entry.as_dict()
        del options["optional"]
        kind = "optional" if entry.optional else "required"
        info.setdefault(kind, {})[entry.id] = (entry.get_io_type(), options)
    return info

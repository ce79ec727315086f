"""Reads workflow files, both saved workflows and the API format, into prompts.

A prompt is the API format: ``{node id: {"class_type": ..., "inputs": {...}, "_meta": {"title": ...}}}``
where an input is a plain value or ``[node id, output slot]``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .api.node import ComfyNode
from .errors import WorkflowError
from .saved_graph import Constant, Link, SavedGraph, SavedNode
from .widgets import name_values

Prompt = dict[str, dict[str, Any]]
NodeClasses = Mapping[str, type[ComfyNode]]


@dataclass
class Workflow:
    """A prompt and the saved workflow that it comes from (None for an API file)."""

    prompt: Prompt
    saved: dict[str, Any] | None = None


def read_workflow(path: str | Path, classes: NodeClasses) -> Workflow:
    """Returns the workflow in a JSON file of either format.

    Raises WorkflowError if the file does not exist, is not a workflow, or needs unknown nodes.
    """
    path = Path(path)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkflowError(f"There is no file {str(path)!r}.") from None
    except OSError as error:
        raise WorkflowError(f"The file {str(path)!r} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise WorkflowError(f"The file {str(path)!r} is not JSON: {error}.") from error
    return parse_workflow(data, classes)


def parse_workflow(data: Any, classes: NodeClasses) -> Workflow:
    """Does what read_workflow does, from parsed JSON."""
    if isinstance(data, dict) and isinstance(data.get("nodes"), list):
        return Workflow(prompt_of(SavedGraph(data), classes), data)
    if isinstance(data, dict) and isinstance(data.get("prompt"), dict):
        data = data["prompt"]  # the body of a POST to /prompt
    if isinstance(data, dict) and data and all(_is_api_node(node) for node in data.values()):
        prompt = {str(node_id): {"inputs": {}, **node} for node_id, node in data.items()}
        for node_id, node in prompt.items():
            _class_of(node["class_type"], label(prompt, node_id), classes)
        return Workflow(prompt)
    raise WorkflowError(
        "This JSON is not a workflow: it has neither the 'nodes' of a saved one nor the 'class_type's of an API file."
    )


def prompt_of(graph: SavedGraph, classes: NodeClasses) -> Prompt:
    """Returns the prompt that the editor would send to the server for a saved workflow."""
    prompt: Prompt = {}
    for node in graph.running_nodes():
        node_class = _class_of(node.type, f"{node.title or node.type} (#{node.id})", classes)
        schema = node_class.GET_SCHEMA()
        values = _widget_values(node, node_class)
        for slot, entry in enumerate(node.inputs):
            source = graph.source(node.id, slot)
            if isinstance(source, Link):
                values[entry["name"]] = [source.node_id, source.slot]
            elif isinstance(source, Constant):
                values[entry["name"]] = source.value
        title = node.title or schema.display_name or node.type
        prompt[node.id] = {"class_type": node.type, "inputs": values, "_meta": {"title": title}}
    return prompt


def label(prompt: Prompt, node_id: str) -> str:
    """Returns the name of a node in messages: its title and id."""
    node = prompt[node_id]
    title = node.get("_meta", {}).get("title") or node["class_type"]
    return f"{title} (#{node_id})"


def is_link(value: Any) -> bool:
    """Returns whether an input of a prompt comes from another node."""
    return isinstance(value, list)


def _is_api_node(node: Any) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str)


def _class_of(class_type: str, name: str, classes: NodeClasses) -> type[ComfyNode]:
    try:
        return classes[class_type]
    except KeyError:
        raise WorkflowError(
            f"{name}: there is no node {class_type!r} here, only the nodes of this pack and a few of ComfyUI's own; "
            "run this workflow in ComfyUI."
        ) from None


def _widget_values(node: SavedNode, node_class: type[ComfyNode]) -> dict[str, Any]:
    saved = node.widgets_values
    values = dict(saved) if isinstance(saved, dict) else name_values(node_class.GET_SCHEMA().inputs, saved)
    values |= {name: value for name, value in node.overrides.items() if name in values}
    # A list would look like a link.
    return {name: {"__value__": v} if isinstance(v, list) else v for name, v in values.items()}

"""Changes a prompt's widget values from the command line: ``NODE.INPUT=VALUE``."""

from __future__ import annotations

from typing import Any

from .api.dynamic import Slot, expand_inputs
from .api.inputs import Combo
from .errors import WorkflowError
from .graph import NodeClasses, Prompt, label
from .widgets import has_control, is_widget

_WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def apply_setting(prompt: Prompt, setting: str, classes: NodeClasses) -> None:
    """Sets one widget from ``NODE.INPUT=VALUE``, and cuts a link to it.

    NODE is a node's id, else its title, else its type. Raises WorkflowError if it does not name exactly one node,
    if the node has no such widget, or if the value does not have the widget's type.
    """
    target, equals, text = setting.partition("=")
    if not equals or "." not in target:
        raise WorkflowError(f"--set {setting!r} does not have the form NODE.INPUT=VALUE.")
    # Titles and inputs ("masks.mask0") may contain dots: the first cut that leaves the name of a node is used.
    parts = target.split(".")
    for cut in range(1, len(parts)):
        node_name, input_name = ".".join(parts[:cut]), ".".join(parts[cut:])
        matches = _find(prompt, node_name)
        if len(matches) > 1:
            listed = ", ".join(label(prompt, node_id) for node_id in matches)
            raise WorkflowError(f"--set {setting!r}: {node_name!r} matches several nodes ({listed}); use an id.")
        if matches:
            _set(prompt, matches[0], input_name, text, classes)
            return
    listed = ", ".join(label(prompt, node_id) for node_id in prompt)
    raise WorkflowError(f"--set {setting!r}: no node has this id, title or type. The nodes are {listed}.")


def apply_seed(prompt: Prompt, seed: int, classes: NodeClasses) -> None:
    """Sets every seed of every node. Raises WorkflowError if no node has one."""
    found = False
    for node in prompt.values():
        for slot in _slots(node, classes):
            if slot.input.io_type == "INT" and has_control(slot.input):
                node["inputs"][slot.name] = seed
                found = True
    if not found:
        raise WorkflowError("--seed: no node of this workflow has a seed.")


def _find(prompt: Prompt, name: str) -> list[str]:
    if name in prompt:
        return [name]
    titled = [node_id for node_id, node in prompt.items() if node.get("_meta", {}).get("title") == name]
    return titled or [node_id for node_id, node in prompt.items() if node["class_type"] == name]


def _slots(node: dict[str, Any], classes: NodeClasses) -> list[Slot]:
    inputs = classes[node["class_type"]].GET_SCHEMA().inputs
    return [slot for slot in expand_inputs(inputs, node["inputs"]) if is_widget(slot.input)]


def _set(prompt: Prompt, node_id: str, name: str, text: str, classes: NodeClasses) -> None:
    slots = {slot.name: slot for slot in _slots(prompt[node_id], classes)}
    if name not in slots:
        listed = ", ".join(slots) or "nothing"
        raise WorkflowError(f"--set: {label(prompt, node_id)} has no widget {name!r}; it has {listed}.")
    try:
        prompt[node_id]["inputs"][name] = _parse(text, slots[name])
    except ValueError:
        kind = slots[name].input.get_io_type()
        raise WorkflowError(f"--set: '{name}' of {label(prompt, node_id)} takes {kind}, not {text!r}.") from None


def _parse(text: str, slot: Slot) -> Any:
    entry = slot.input
    if isinstance(entry, Combo.Input):
        return next((option for option in entry.options or [] if str(option) == text), text)
    if entry.io_type == "INT":
        return int(text, 0)
    if entry.io_type == "FLOAT":
        return float(text)
    if entry.io_type == "BOOLEAN":
        if text.lower() not in _WORDS:
            raise ValueError(text)
        return _WORDS[text.lower()]
    return text

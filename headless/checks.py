"""Checks a prompt before it runs, as the server does."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .api.dynamic import DynamicCombo, Slot, expand_inputs, nest
from .api.inputs import Combo, Input
from .api.node import ComfyNode, locked_copy, overrides
from .api.schema import HiddenHolder
from .errors import WorkflowError
from .graph import NodeClasses, Prompt, is_link, label
from .saved_graph import types_fit

_MAX_LISTED = 20


def execution_order(prompt: Prompt, classes: NodeClasses) -> list[str]:
    """Returns the ids of the nodes that output nodes need, each after the nodes that feed it.

    Raises WorkflowError if a class is unknown, there is no output node, a link leads nowhere, or the links form a
    cycle.
    """
    for node_id, node in prompt.items():
        if node["class_type"] not in classes:
            raise WorkflowError(f"{label(prompt, node_id)}: there is no node {node['class_type']!r} here.")
    ends = [i for i, node in prompt.items() if classes[node["class_type"]].GET_SCHEMA().is_output_node]
    if not ends:
        raise WorkflowError("Nothing in this workflow saves or shows a result.")
    order: list[str] = []
    path: list[str] = []

    def visit(node_id: str) -> None:
        if node_id in order:
            return
        if node_id in path:
            circle = [*path[path.index(node_id) :], node_id]
            raise WorkflowError(f"These nodes form a cycle: {' -> '.join(label(prompt, i) for i in circle)}.")
        path.append(node_id)
        for name, value in prompt[node_id]["inputs"].items():
            if is_link(value):
                visit(_origin(prompt, node_id, name, value))
        order.append(path.pop())

    for end in ends:
        visit(end)
    return order


def check_inputs(prompt: Prompt, node_id: str, classes: NodeClasses) -> dict[str, Any]:
    """Returns the node's inputs, with plain values converted to their types and links unchanged.

    Raises WorkflowError if an input is missing, a value has the wrong type, is out of range or is not in its list,
    a link connects sockets of different types, or the node's own validate_inputs objects.
    """
    node = prompt[node_id]
    node_class = classes[node["class_type"]]
    inputs = node_class.GET_SCHEMA().inputs
    values = {name: _unwrap(value) for name, value in node["inputs"].items()}
    slots = expand_inputs(inputs, values)
    name_of_node = label(prompt, node_id)
    own_checks = _own_checks(node_class)
    checked: dict[str, Any] = {}
    for slot in slots:
        if slot.name not in values:
            if slot.required:
                raise WorkflowError(f"{name_of_node}: the required input '{slot.name}' is missing.")
            continue
        value = values[slot.name]
        if is_link(value):
            _check_link(prompt, node_id, slot, value, classes)
        else:
            value = _converted(value, slot, name_of_node)
            if own_checks is not None and slot.name not in own_checks:
                _check_value(value, slot, name_of_node)
        checked[slot.name] = value
    if overrides(node_class, "validate_inputs"):
        _ask_node(node_class, checked, slots, inputs, name_of_node)
    return checked


def constants(checked: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the inputs as validate_inputs and fingerprint_inputs receive them: linked inputs are None."""
    return {name: None if is_link(value) else value for name, value in checked.items()}


def _unwrap(value: Any) -> Any:
    return tuple(value["__value__"]) if isinstance(value, dict) and "__value__" in value else value


def _origin(prompt: Prompt, node_id: str, name: str, link: list[Any]) -> str:
    """Returns the id of the node that a link comes from."""
    if len(link) != 2 or str(link[0]) not in prompt:
        raise WorkflowError(f"{label(prompt, node_id)}: the link to '{name}' leads nowhere: {link!r}.")
    return str(link[0])


def _check_link(prompt: Prompt, node_id: str, slot: Slot, link: list[Any], classes: NodeClasses) -> None:
    origin = _origin(prompt, node_id, slot.name, link)
    outputs = classes[prompt[origin]["class_type"]].GET_SCHEMA().outputs
    if not 0 <= link[1] < len(outputs):
        raise WorkflowError(
            f"{label(prompt, node_id)}: '{slot.name}' is linked to output {link[1]} of {label(prompt, origin)}, "
            f"which has {len(outputs)} outputs."
        )
    offered, wanted = outputs[link[1]].io_type, slot.input.get_io_type()
    if not types_fit(offered, wanted):
        raise WorkflowError(
            f"{label(prompt, node_id)}: '{slot.name}' takes {wanted}, but {label(prompt, origin)} gives {offered}."
        )


def _converted(value: Any, slot: Slot, name_of_node: str) -> Any:
    convert = {"INT": int, "FLOAT": float, "STRING": str, "BOOLEAN": bool}.get(slot.input.get_io_type())
    if convert is None:
        return value
    try:
        return convert(value)
    except (TypeError, ValueError, OverflowError):
        kind = slot.input.get_io_type()
        raise WorkflowError(f"{name_of_node}: '{slot.name}' takes {kind}, not {value!r}.") from None


def _check_value(value: Any, slot: Slot, name_of_node: str) -> None:
    entry = slot.input
    low, high = getattr(entry, "min", None), getattr(entry, "max", None)
    if low is not None and value < low:
        raise WorkflowError(f"{name_of_node}: '{slot.name}' is {value}, but the minimum is {low}.")
    if high is not None and value > high:
        raise WorkflowError(f"{name_of_node}: '{slot.name}' is {value}, but the maximum is {high}.")
    choices = _choices(entry)
    if choices is not None and value not in choices:
        listed = ", ".join(repr(choice) for choice in choices[:_MAX_LISTED])
        more = f" and {len(choices) - _MAX_LISTED} more" if len(choices) > _MAX_LISTED else ""
        raise WorkflowError(
            f"{name_of_node}: '{slot.name}' is {value!r}; it must be one of: {listed or 'nothing'}{more}."
        )


def _choices(entry: Input) -> list[Any] | None:
    if isinstance(entry, DynamicCombo.Input):
        return [option.key for option in entry.options]
    return list(entry.options or []) if isinstance(entry, Combo.Input) else None


def _own_checks(node_class: type[ComfyNode]) -> set[str] | None:
    """Returns the inputs that the node's validate_inputs checks itself; None if it checks all of them."""
    if not overrides(node_class, "validate_inputs"):
        return set()
    specification = inspect.getfullargspec(node_class.validate_inputs)
    return None if specification.varkw else set(specification.args)


def _ask_node(
    node_class: type[ComfyNode], checked: dict[str, Any], slots: list[Slot], inputs: list[Input], name: str
) -> None:
    wanted = _own_checks(node_class)
    values = {key: value for key, value in constants(checked).items() if wanted is None or key in wanted}
    validate = locked_copy(node_class, HiddenHolder()).validate_inputs
    try:
        verdict = validate(**nest(values, slots, []))
    except Exception as error:
        raise WorkflowError(f"{name}: {error}") from error
    if verdict is not True:
        raise WorkflowError(f"{name}: {verdict or 'its inputs are not valid'}.")

"""Assigns the values in a saved node's ``widgets_values`` to its inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .api.dynamic import DynamicCombo
from .api.inputs import Combo, ControlAfterGenerate, Input, Int, UploadType, WidgetInput

_CONTROLS = {control.value for control in ControlAfterGenerate}


def is_widget(entry: Input) -> bool:
    """Returns whether the editor shows a widget for the input."""
    return isinstance(entry, DynamicCombo.Input) or (isinstance(entry, WidgetInput) and not entry.force_input)


def has_control(entry: Input) -> bool:
    """Returns whether a "control after generate" widget follows the input's own, as it does for every seed."""
    control = getattr(entry, "control_after_generate", None)
    if control is None and isinstance(entry, Int.Input):
        return entry.id in ("seed", "noise_seed")
    return bool(control)


def name_values(inputs: Sequence[Input], saved: Sequence[Any]) -> dict[str, Any]:
    """``{input name: value}`` of all widgets, in the editor's order: required inputs first.

    A widget without a value in the file gets its default: it was added to the node later.
    """
    reader = _Reader(saved)
    required = [entry for entry in inputs if not entry.optional]
    optional = [entry for entry in inputs if entry.optional]
    values = _read(required, reader, prefix="")
    if any(getattr(entry, "upload", None) is UploadType.image for entry in inputs):
        reader.skip_if({"image"})  # the upload button is a widget too
    return values | _read(optional, reader, prefix="")


class _Reader:
    def __init__(self, saved: Sequence[Any]) -> None:
        self._saved = saved
        self._next = 0

    def take(self, default: Any) -> Any:
        if self._next >= len(self._saved):
            return default
        self._next += 1
        return self._saved[self._next - 1]

    def skip_if(self, values: set[str]) -> None:
        if self._next < len(self._saved):
            upcoming = self._saved[self._next]
            if isinstance(upcoming, str) and upcoming in values:
                self._next += 1


def _read(inputs: Sequence[Input], reader: _Reader, prefix: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for entry in inputs:
        if not is_widget(entry):
            continue
        name = prefix + entry.id
        values[name] = reader.take(default_value(entry))
        if has_control(entry):
            reader.skip_if(_CONTROLS)
        if isinstance(entry, DynamicCombo.Input):
            values |= _read(entry.inputs_of(values[name]), reader, f"{name}.")
    return values


def default_value(entry: Input) -> Any:
    """Returns the value of the widget on a new node."""
    if isinstance(entry, DynamicCombo.Input):
        return entry.options[0].key
    default = getattr(entry, "default", None)
    if default is not None:
        return default
    if isinstance(entry, Combo.Input):
        return entry.options[0] if entry.options else None
    return {"INT": 0, "FLOAT": 0.0, "BOOLEAN": False, "STRING": ""}.get(entry.io_type)

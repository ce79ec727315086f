"""Inputs that grow or change with the node: Autogrow (any number of sockets) and DynamicCombo."""

from __future__ import annotations

import copy
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from .inputs import ComfyType, Input, WidgetInput, without_none
from .schema import inputs_info

MAX_NAMES = 100


class _AutogrowTemplate:
    """The input that an Autogrow repeats, and the names of the copies."""

    names: list[str]
    min: int

    def __init__(self, input: Input) -> None:
        assert not isinstance(input, DynamicInput)
        self.input = copy.copy(input)
        if isinstance(self.input, WidgetInput):
            self.input.force_input = True

    def as_dict(self) -> dict[str, Any]:
        return {"input": inputs_info([self.input])}


class DynamicInput(Input):
    """Base of the inputs that expand to several; their values reach ``execute`` as one dict."""


class Autogrow(ComfyType):
    """Any number of sockets of one kind; ``execute`` receives ``{name: value}`` of the connected ones."""

    io_type = "COMFY_AUTOGROW_V3"
    Type = dict

    class TemplatePrefix(_AutogrowTemplate):
        """Sockets ``prefix0``, ``prefix1``, ... up to ``max``; the first ``min`` are required."""

        def __init__(self, input: Input, prefix: str, min: int = 1, max: int = 10) -> None:
            super().__init__(input)
            assert min >= 0 and 1 <= max <= MAX_NAMES
            self.prefix = prefix
            self.min = min
            self.max = max
            self.names = [f"{prefix}{i}" for i in range(max)]

        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | {"prefix": self.prefix, "min": self.min, "max": self.max}

    class TemplateNames(_AutogrowTemplate):
        """Sockets with these names; the first ``min`` are required."""

        def __init__(self, input: Input, names: list[str], min: int = 1) -> None:
            super().__init__(input)
            assert min >= 0
            self.names = names[:MAX_NAMES]
            self.min = min

        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | {"names": self.names, "min": self.min}

    class Input(DynamicInput):
        def __init__(
            self,
            id: str,
            template: _AutogrowTemplate,
            display_name: str | None = None,
            *,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
        ) -> None:
            super().__init__(id, display_name, optional=optional, tooltip=tooltip, lazy=lazy, extra_dict=extra_dict)
            self.template = template

        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | {"template": self.template.as_dict()}


class DynamicCombo(ComfyType):
    """A drop-down list whose choices have inputs of their own; ``execute`` receives ``{id: choice, input: value}``."""

    io_type = "COMFY_DYNAMICCOMBO_V3"
    Type = dict

    class Option:
        def __init__(self, key: str, inputs: list[Input]) -> None:
            self.key = key
            self.inputs = inputs

        def as_dict(self) -> dict[str, Any]:
            return {"key": self.key, "inputs": inputs_info(self.inputs)}

    class Input(DynamicInput):
        def __init__(
            self,
            id: str,
            options: list[DynamicCombo.Option],
            display_name: str | None = None,
            *,
            optional: bool = False,
            tooltip: str | None = None,
            lazy: bool | None = None,
            extra_dict: dict[str, Any] | None = None,
        ) -> None:
            super().__init__(id, display_name, optional=optional, tooltip=tooltip, lazy=lazy, extra_dict=extra_dict)
            self.options = options

        def inputs_of(self, key: Any) -> list[Input]:
            """Returns the inputs of the choice ``key``; none if there is no such choice."""
            return next((option.inputs for option in self.options if option.key == key), [])

        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | without_none({"options": [o.as_dict() for o in self.options]})


@dataclass(frozen=True)
class Slot:
    """One input under its name in a prompt: ``masks.mask0`` for a socket of the Autogrow input ``masks``."""

    name: str
    input: Input
    required: bool
    path: tuple[str, ...]
    """The path of the value in the arguments of ``execute``: ``("masks", "mask0")``."""


def expand_inputs(inputs: list[Input], values: Mapping[str, Any], prefix: tuple[str, ...] = ()) -> list[Slot]:
    """Returns all inputs of a node whose prompt entry has these values, with dynamic inputs expanded."""
    slots = []
    for entry in inputs:
        path = (*prefix, entry.id)
        name = ".".join(path)
        if isinstance(entry, Autogrow.Input):
            template = entry.template
            for position, extra in enumerate(template.names):
                required = position < template.min and not template.input.optional
                slots.append(Slot(f"{name}.{extra}", template.input, required, (*path, extra)))
        elif isinstance(entry, DynamicCombo.Input):
            slots.append(Slot(name, entry, not entry.optional, (*path, entry.id)))
            slots.extend(expand_inputs(entry.inputs_of(values.get(name)), values, path))
        else:
            slots.append(Slot(name, entry, not entry.optional, path))
    return slots


def nest(values: Mapping[str, Any], slots: Collection[Slot], inputs: list[Input]) -> dict[str, Any]:
    """Returns the keyword arguments of ``execute``: ``{"masks.mask0": x}`` becomes ``{"masks": {"mask0": x}}``."""
    paths = {slot.name: slot.path for slot in slots}
    arguments: dict[str, Any] = {entry.id: {} for entry in inputs if isinstance(entry, Autogrow.Input)}
    for name, value in values.items():
        *parents, last = paths.get(name, (name,))
        target = arguments
        for parent in parents:
            target = target.setdefault(parent, {})
        target[last] = value
    return arguments

"""Socket and widget types: ``Image.Input(...)``, ``Int.Input(...)``, ``Custom("NAME").Output()`` and so on.

All arguments except the id (and the options of a Combo) are keywords, and a keyword that ComfyUI does not know
raises ``TypeError``.
"""

from __future__ import annotations

from enum import Enum
from typing import Any

import torch


class FolderType(str, Enum):
    input = "input"
    output = "output"
    temp = "temp"


class UploadType(str, Enum):
    image = "image_upload"
    audio = "audio_upload"
    video = "video_upload"
    model = "file_upload"


class NumberDisplay(str, Enum):
    number = "number"
    slider = "slider"
    gradient_slider = "gradientslider"


class ControlAfterGenerate(str, Enum):
    fixed = "fixed"
    increment = "increment"
    decrement = "decrement"
    randomize = "randomize"


def without_none(values: dict[str, Any]) -> dict[str, Any]:
    """Returns the dict without the keys whose value is None, which the server does not send."""
    return {key: value for key, value in values.items() if value is not None}


class Input:
    """An input socket. The socket type of the class sets ``io_type``."""

    io_type: str = "*"

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        *,
        optional: bool = False,
        tooltip: str | None = None,
        lazy: bool | None = None,
        extra_dict: dict[str, Any] | None = None,
        raw_link: bool | None = None,
        advanced: bool | None = None,
    ) -> None:
        self.id = id
        self.display_name = display_name
        self.optional = optional
        self.tooltip = tooltip
        self.lazy = lazy
        self.extra_dict = extra_dict or {}
        self.rawLink = raw_link
        self.advanced = advanced

    def as_dict(self) -> dict[str, Any]:
        """Returns the options of this input under their names in /object_info, plus ``optional``."""
        own = {
            "display_name": self.display_name,
            "optional": self.optional,
            "tooltip": self.tooltip,
            "lazy": self.lazy,
            "rawLink": self.rawLink,
            "advanced": self.advanced,
        }
        return without_none(own | self.extra_dict)

    def get_io_type(self) -> str:
        return self.io_type


class WidgetInput(Input):
    """An input that shows a widget unless ``force_input`` is set."""

    def __init__(
        self,
        id: str,
        display_name: str | None = None,
        *,
        default: Any = None,
        socketless: bool | None = None,
        widget_type: str | None = None,
        force_input: bool | None = None,
        **common: Any,
    ) -> None:
        super().__init__(id, display_name, **common)
        self.default = default
        self.socketless = socketless
        self.widget_type = widget_type
        self.force_input = force_input

    def as_dict(self) -> dict[str, Any]:
        own = {
            "default": self.default,
            "socketless": self.socketless,
            "widgetType": self.widget_type,
            "forceInput": self.force_input,
        }
        return super().as_dict() | without_none(own)

    def get_io_type(self) -> str:
        return self.widget_type or self.io_type


class Output:
    """An output socket; without a name it shows its type."""

    io_type: str = "*"

    def __init__(
        self,
        id: str | None = None,
        display_name: str | None = None,
        tooltip: str | None = None,
        is_output_list: bool = False,
    ) -> None:
        self.id = id
        self.display_name = display_name or id
        self.tooltip = tooltip
        self.is_output_list = is_output_list

    def get_io_type(self) -> str:
        return self.io_type


class ComfyType:
    """Base of the socket types. A subclass names its ``io_type``; its Input and Output take it from there."""

    io_type: str = "*"
    Type: Any = Any
    Input: Any = Input

    def __init_subclass__(cls) -> None:
        for part in ("Input", "Output"):
            base = getattr(cls, part, None)
            if base is not None:
                # Each type gets a subclass of its own, so that types with a common base class keep their own io_type.
                setattr(cls, part, type(part, (base,), {"io_type": cls.io_type, "__module__": __name__}))


class ComfyTypeIO(ComfyType):
    """A type that has outputs as well as inputs."""

    Output: Any = Output


def Custom(io_type: str) -> type[ComfyTypeIO]:
    """A socket type of a pack; only sockets of the same name connect."""
    return type("CustomComfyType", (ComfyTypeIO,), {"io_type": io_type})


class AnyType(ComfyTypeIO):
    io_type = "*"


class Image(ComfyTypeIO):
    """Float tensor ``[B, H, W, 3]``, 0..1."""

    io_type = "IMAGE"
    Type = torch.Tensor


class Mask(ComfyTypeIO):
    """Float tensor ``[B, H, W]``, 0..1."""

    io_type = "MASK"
    Type = torch.Tensor


class Boolean(ComfyTypeIO):
    io_type = "BOOLEAN"
    Type = bool

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            *,
            label_on: str | None = None,
            label_off: str | None = None,
            **widget: Any,
        ) -> None:
            super().__init__(id, display_name, **widget)
            self.label_on = label_on
            self.label_off = label_off

        def as_dict(self) -> dict[str, Any]:
            return super().as_dict() | without_none({"label_on": self.label_on, "label_off": self.label_off})


class Int(ComfyTypeIO):
    io_type = "INT"
    Type = int

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            *,
            min: int | None = None,
            max: int | None = None,
            step: int | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            display_mode: NumberDisplay | None = None,
            **widget: Any,
        ) -> None:
            super().__init__(id, display_name, **widget)
            self.min = min
            self.max = max
            self.step = step
            self.control_after_generate = control_after_generate
            self.display_mode = display_mode

        def as_dict(self) -> dict[str, Any]:
            own = {
                "min": self.min,
                "max": self.max,
                "step": self.step,
                "control_after_generate": self.control_after_generate,
                "display": self.display_mode.value if self.display_mode else None,
            }
            return super().as_dict() | without_none(own)


class Float(ComfyTypeIO):
    io_type = "FLOAT"
    Type = float

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            *,
            min: float | None = None,
            max: float | None = None,
            step: float | None = None,
            round: float | None = None,
            display_mode: NumberDisplay | None = None,
            gradient_stops: list[dict[str, Any]] | None = None,
            **widget: Any,
        ) -> None:
            super().__init__(id, display_name, **widget)
            self.min = min
            self.max = max
            self.step = step
            self.round = round
            self.display_mode = display_mode
            self.gradient_stops = gradient_stops

        def as_dict(self) -> dict[str, Any]:
            own = {
                "min": self.min,
                "max": self.max,
                "step": self.step,
                "round": self.round,
                "display": self.display_mode,
                "gradient_stops": self.gradient_stops,
            }
            return super().as_dict() | without_none(own)


class String(ComfyTypeIO):
    io_type = "STRING"
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            *,
            multiline: bool = False,
            placeholder: str | None = None,
            dynamic_prompts: bool | None = None,
            **widget: Any,
        ) -> None:
            super().__init__(id, display_name, **widget)
            self.multiline = multiline
            self.placeholder = placeholder
            self.dynamic_prompts = dynamic_prompts

        def as_dict(self) -> dict[str, Any]:
            own = {
                "multiline": self.multiline,
                "placeholder": self.placeholder,
                "dynamicPrompts": self.dynamic_prompts,
            }
            return super().as_dict() | without_none(own)


class Combo(ComfyTypeIO):
    """A drop-down list. ``options`` may be a list of strings or numbers, or an Enum class."""

    io_type = "COMBO"
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            options: list[str] | list[int] | type[Enum] | None = None,
            display_name: str | None = None,
            *,
            default: str | int | Enum | None = None,
            control_after_generate: bool | ControlAfterGenerate | None = None,
            upload: UploadType | None = None,
            image_folder: FolderType | None = None,
            socketless: bool | None = None,
            **common: Any,
        ) -> None:
            if "force_input" in common:
                raise TypeError("Combo.Input got an unexpected keyword argument 'force_input'")
            if isinstance(options, type) and issubclass(options, Enum):
                options = [member.value for member in options]
            if isinstance(default, Enum):
                default = default.value
            super().__init__(id, display_name, default=default, socketless=socketless, **common)
            self.options = options
            self.control_after_generate = control_after_generate
            self.upload = upload
            self.image_folder = image_folder

        def as_dict(self) -> dict[str, Any]:
            own: dict[str, Any] = {
                "multiselect": False,
                "options": self.options,
                "control_after_generate": self.control_after_generate,
                "image_folder": self.image_folder.value if self.image_folder else None,
            }
            if self.upload is not None:
                own[self.upload.value] = True
            return super().as_dict() | without_none(own)


class Color(ComfyTypeIO):
    """A colour picker; the value is ``#rrggbb``."""

    io_type = "COLOR"
    Type = str

    class Input(WidgetInput):
        def __init__(
            self,
            id: str,
            display_name: str | None = None,
            *,
            optional: bool = False,
            tooltip: str | None = None,
            socketless: bool = True,
            advanced: bool | None = None,
            default: str = "#ffffff",
        ) -> None:
            super().__init__(
                id,
                display_name,
                default=default,
                socketless=socketless,
                optional=optional,
                tooltip=tooltip,
                advanced=advanced,
            )

"""What an example workflow is made of."""

from dataclasses import dataclass, field
from typing import Any

Place = tuple[float, float, float, float]


@dataclass
class Example:
    """A workflow.

    Attributes:
        nodes: its nodes in the API format.
        places: where they are: x, y, width, height.
        note: a note beside them, in Markdown.
        note_place: where it is.
        titles: titles of nodes, if they differ from their display names.
        thumbnail_node: the node whose pictures are shown.
        models: files that ComfyUI's own loaders want, for each of them: name, url and directory. The editor offers to
            download them.
    """

    nodes: dict[str, dict[str, Any]]
    places: dict[str, Place]
    note: str
    note_place: Place
    titles: dict[str, str] = field(default_factory=dict)
    thumbnail_node: str = ""
    models: dict[str, dict[str, str]] = field(default_factory=dict)


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


LANDSCAPE_MODEL = node(
    "GauGANLoad", name="gaugan-landscape", encoder="auto", taxonomy="auto", label_offset=0, upsampling="auto"
)

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


def label_map_of(photograph: str) -> dict[str, Any]:
    """The node that finds the label map of a photograph. The model is in the pack."""
    return node("GauGANLabelMapFromPhoto", image=[photograph, 0], model="segmentation-landscape", taxonomy="auto",
                threshold=0.5)  # fmt: skip


def in_style_of(photograph: str, *, its_label_map: str, model: str, label_map: str) -> dict[str, Any]:
    """The node that paints a label map in the style of a photograph, whose colours the picture gets."""
    return node("GauGANGenerate", model=[model, 0], label_map=[label_map, 0], seed=0, size="resize",
                color_match="per class, soft", style_image=[photograph, 0],
                style_label_map=[its_label_map, 0])  # fmt: skip


LANDSCAPE_MODEL = node(
    "GauGANLoad", name="gaugan-landscape", encoder="auto", taxonomy="auto", label_offset=0, upsampling="auto"
)

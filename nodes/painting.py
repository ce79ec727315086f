"""The label painter: the user paints a label map on the node."""

import base64
import io as bytes_io
from pathlib import Path

import torch
from comfy_api.latest import io
from PIL import Image

from ..gan_models import labels
from . import host
from .label_maps import CATEGORY
from .sockets import LabelMap
from .taxonomies import TAXONOMY_TOOLTIP, taxonomy_names, taxonomy_state

WIDGET = "GAN_ATELIER_LABEL_PAINTER"
LAYOUTS = host.PACK / "web" / "layouts"
EXAMPLE = "example:"
EXAMPLES = ("lake", "valley", "coast", "river", "meadow", "winter", "canyon", "dunes", "fjord", "forest", "island",
            "harvest")  # fmt: skip
READ = "/gan_atelier/read_label_picture"
TRACE_SIDE = 1024
EMBEDDED = "data:image/png;base64,"
MOST_EMBEDDED = 1 << 20
"""The most letters of a drawing in a value; the painter embeds much smaller ones."""


class GauGANLabelMapPaint(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="GauGANLabelMapPaint",
            display_name="Paint Label Map",
            category=CATEGORY,
            description="Paint a label map on the node, with a class such as sky, mountain or water as the colour. The "
            "tools are a brush, lines, rectangles, a lasso and a fill. Every pixel has exactly one class.",
            search_aliases=["gaugan canvas", "draw segmentation map", "semantic painter", "label brush", "doodle"],
            inputs=[
                io.Combo.Input(
                    "taxonomy",
                    options=taxonomy_names(),
                    tooltip=f"The classes to paint with. {TAXONOMY_TOOLTIP} If you change the taxonomy, the classes of "
                    "the drawing are translated by name.",
                ),
                io.Int.Input("width", default=512, min=64, max=4096, step=8, tooltip="The width in pixels."),
                io.Int.Input("height", default=512, min=64, max=4096, step=8, tooltip="The height in pixels."),
                io.String.Input(
                    "painting",
                    default=EXAMPLE + EXAMPLES[0],
                    socketless=True,
                    tooltip="The drawing itself, the name of a file in the input folder, or a layout that ships with "
                    "the pack, such as example:lake. If it is empty, the result is the connected label map, or sky "
                    "everywhere.",
                    extra_dict={"widgetType": WIDGET, "taxonomies": labels.tables(), "examples": list(EXAMPLES)},
                ),
                io.Image.Input(
                    "image",
                    optional=True,
                    tooltip="A picture to trace. It shows through the paint and doesn't change the result. A picture "
                    "from Load Image appears at once, any other picture once the node has run.",
                ),
                LabelMap.Input(
                    "label_map",
                    optional=True,
                    tooltip="A label map to start from. It is the result until you paint something. Run the node once "
                    "to see it on the canvas.",
                ),
            ],
            outputs=[
                LabelMap.Output(display_name="label_map", tooltip="The painted label map: the class of every pixel."),
                io.Image.Output(display_name="image", tooltip="The label map in the colours of the taxonomy."),
            ],
            hidden=[io.Hidden.unique_id],
        )

    @classmethod
    def fingerprint_inputs(cls, taxonomy, width, height, painting=None, image=None, label_map=None):
        try:
            drawing = host.digest(drawing_file(painting)) if painting else ""
        except (ValueError, OSError):
            drawing = "gone"  # execute raises the error
        return [drawing, taxonomy_state(taxonomy)]

    @classmethod
    def execute(cls, taxonomy, width, height, painting="", image=None, label_map=None) -> io.NodeOutput:
        classes = labels.taxonomy(taxonomy)
        shown, said = {}, ""
        if label_map is not None:
            start, lost = labels.remap(label_map.ids[:1], label_map.classes, classes)
            start = labels.resize(start, height, width)
            resized = host.resized_text({"label_map": label_map.ids}, start, "the drawing")
            said = "; ".join(filter(None, [translated(lost, taxonomy), resized]))
            shown["start"] = [host.temporary_file(labels.to_png(start[0], taxonomy), ".png")]
        if image is not None:
            shown["trace"] = [host.temporary_file(to_trace(image), ".jpg")]
        if painting:
            reading = labels.read(labels.LabelPicture.open(drawing_file(painting)), classes)
            ids = labels.resize(reading.ids, height, width)
            said = "; ".join(filter(None, [translated(reading.lost, taxonomy), reading.warning]))
        elif label_map is not None:
            ids = start
        else:
            base = classes.find(labels.base_class(taxonomy)).id
            ids = torch.full((1, height, width), base, dtype=torch.uint8)
        if said:
            host.tell(cls.hidden.unique_id, said)
        colors = host.from_bytes(labels.encode(ids, labels.palette(taxonomy)))
        return io.NodeOutput(labels.LabelMap(ids, taxonomy), colors, ui=shown or None)


def read_for_painter(data: bytes, taxonomy: str) -> tuple[bytes, str]:
    """A picture file that the user loads into the painter, as ``labels.to_drawing`` reads it.

    Raises:
        ValueError: the file is not a label map, or there is no such taxonomy.
    """
    return labels.to_drawing(data, labels.taxonomy(taxonomy))


host.answer_posts(READ, read_for_painter, argument="taxonomy", content_type="image/png")


def translated(lost: list[labels.LabelClass], taxonomy: str) -> str:
    """What to say of classes that became unknown, or an empty text."""
    return f"translated to '{taxonomy}'; {labels.lost_text(lost, taxonomy)}" if lost else ""


def drawing_file(painting: str) -> Path:
    """The file that the value of the painter names, or one with the drawing that the value contains.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the drawing in the value is damaged, or the name leads out of its folder.
    """
    if painting.startswith(EMBEDDED):
        return host.temporary_path(embedded(painting), ".png")
    if not painting.startswith(EXAMPLE):
        return host.input_file(painting)
    name = painting.removeprefix(EXAMPLE)
    if name not in EXAMPLES:
        raise FileNotFoundError(f"there is no example layout {name!r}; the layouts are {', '.join(EXAMPLES)}")
    return LAYOUTS / f"{name}.png"


def embedded(painting: str) -> bytes:
    """The PNG file in a value of the painter. Raises ValueError if it is damaged."""
    text = painting.removeprefix(EMBEDDED)
    try:
        data = base64.b64decode(text, validate=True) if len(text) <= MOST_EMBEDDED else b""
    except ValueError:
        data = b""
    if not (data.startswith(b"\x89PNG") and data.endswith(b"IEND\xae\x42\x60\x82")):
        raise ValueError("the drawing in the workflow is damaged; paint it anew, or choose a layout")
    return data


def to_trace(image: torch.Tensor) -> bytes:
    """The first picture of a batch as a JPEG whose sides are at most ``TRACE_SIDE`` pixels."""
    picture = host.to_pil(host.to_model(image))
    picture.thumbnail((TRACE_SIDE, TRACE_SIDE), Image.Resampling.LANCZOS)
    buffer = bytes_io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()

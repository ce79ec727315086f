"""The example workflows that paint a photograph anew."""

from typing import Any

from .workflow_example import LANDSCAPE_MODEL, Example, Place, in_style_of, label_map_of, node

STYLES = ("sunset", "winter", "autumn", "noon")
"""Photographs that lend their style. Style i has the nodes 1i (photograph), 4i (its label map), 2i (picture) and 3i
(where it is saved)."""
ROW = 480
"""Pixels from one style to the next in the graph."""


def restyled() -> dict[str, dict[str, Any]]:
    """The nodes of all styles."""
    nodes = {}
    for number, name in enumerate(STYLES):
        nodes |= {
            f"1{number}": node("GANAtelierExampleImage", picture=f"{name}.jpg"),
            f"4{number}": label_map_of(f"1{number}"),
            f"2{number}": in_style_of(f"1{number}", its_label_map=f"4{number}", model="4", label_map="2"),
            f"3{number}": node("SaveImage", images=[f"2{number}", 0], filename_prefix=f"gaugan_{name}"),
        }  # fmt: skip
    return nodes


def in_rows(first: str, x: float, y: float, width: float, height: float) -> dict[str, Place]:
    """Places for the nodes of all styles whose ids begin with ``first``."""
    return {f"{first}{number}": (x, y + ROW * number, width, height) for number in range(len(STYLES))}


def titled(first: str, title: str) -> dict[str, str]:
    return {f"{first}{number}": title.format(name) for number, name in enumerate(STYLES)}


REPAINT = {
    "gaugan_repaint_photo": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="noon.jpg"),
            "2": label_map_of("1"),
            "3": node("GauGANLabelMapPaint", taxonomy="landscape", width=512, height=384, painting="", image=["1", 0],
                      label_map=["2", 0]),
            "4": LANDSCAPE_MODEL,
            "6": in_style_of("1", its_label_map="2", model="4", label_map="3"),
            "7": node("PreviewImage", images=["1", 0]),
            "8": node("SaveImage", images=["6", 0], filename_prefix="gaugan_repainted"),
        },
        places={"1": (40, 260, 320, 100), "2": (40, 430, 320, 240), "3": (420, 40, 680, 760),
                "4": (40, 740, 320, 280), "6": (780, 870, 320, 220),
                "7": (1160, 40, 480, 420), "8": (1160, 530, 480, 460)},
        titles={"1": "The photograph", "3": "Paint here", "7": "Before", "8": "After"},
        note="### Paint a photograph anew\n\nRun once: the label map of the photograph appears on the canvas, over the "
        "photograph. Paint mountains on the horizon and run again. The picture keeps the light and the colours of "
        "the photograph.\n\nReplace **Example Image** by **Load Image** for a photograph of yours.",
        note_place=(40, 40, 320, 170),
        thumbnail_node="8",
    ),
    "gaugan_photo_restyle": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="storm.jpg"),
            "2": label_map_of("1"),
            "3": node("GauGANLabelMapToColors", label_map=["2", 0], legend=True),
            "4": LANDSCAPE_MODEL,
            "5": node("PreviewImage", images=["1", 0]),
            "6": node("PreviewImage", images=["3", 0]),
            **restyled(),
        },
        places={"1": (40, 260, 320, 100), "2": (40, 430, 320, 240), "3": (40, 740, 320, 80), "4": (40, 890, 320, 280),
                "5": (420, 40, 420, 380), "6": (420, 490, 420, 380),
                **in_rows("1", 900, 40, 320, 100), **in_rows("4", 900, 200, 320, 240),
                **in_rows("2", 1280, 40, 320, 220), **in_rows("3", 1660, 40, 440, 400)},
        titles={"1": "Its layout", "5": "The photograph", "6": "Its label map"}
        | titled("1", "Style: {}") | titled("3", "In the style {}"),
        note="### One layout, four styles\n\nThe layout comes from one photograph; lighting, weather, season and "
        "colours come from four others.\n\nReplace each **Example Image** by **Load Image** for photographs of "
        "yours.",
        note_place=(40, 40, 320, 160),
        thumbnail_node="30",
    ),
}  # fmt: skip

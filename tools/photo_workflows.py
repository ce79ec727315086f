"""The example workflows that begin with a photograph."""

from typing import Any

from .workflow_example import LANDSCAPE_MODEL, Example, label_map_of, node

LAYOUTS = ("valley", "harvest", "forest")


def painting(layout: str) -> dict[str, Any]:
    """A node with one of the painter's example layouts, on which one can paint."""
    return node("GauGANLabelMapPaint", taxonomy="landscape", width=256, height=256, painting=f"example:{layout}")


def generated(model: str, label_map: str, style: str) -> dict[str, Any]:
    """A node that paints the label map of one node in the style of another."""
    return node("GauGANGenerate", model=[model, 0], label_map=[label_map, 0], style=[style, 0], seed=0, size="resize",
                color_match="off")  # fmt: skip


PHOTOGRAPHS = {
    "gaugan_of_one_photo": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="autumn.jpg"),
            "2": label_map_of("1"),
            "3": node("GauGANLabelMapToColors", label_map=["2", 0]),
            "4": node("PreviewImage", images=["3", 0]),
            "5": LANDSCAPE_MODEL,
            "6": node("GauGANTrain", data="connected pictures", folder="", taxonomy="landscape", name="one_photo",
                      preset="fine-tune", minutes=10.0, seed=0, size=0, batch=0, steps=0, learning_rate=0.0, flips=True,
                      generator="spade", perceptual=False, images=["1", 0], label_maps=["2", 0], model=["5", 0]),
            "7": node("GauGANEncodeStyle", model=["6", 0], image=["1", 0]),
            "8": painting(LAYOUTS[0]),
            "9": painting(LAYOUTS[1]),
            "10": painting(LAYOUTS[2]),
            "11": generated("6", "8", "7"),
            "12": generated("6", "9", "7"),
            "13": generated("6", "10", "7"),
            "14": node("SaveImage", images=["11", 0], filename_prefix="gaugan_of_one_photo"),
            "15": node("SaveImage", images=["12", 0], filename_prefix="gaugan_of_one_photo"),
            "16": node("SaveImage", images=["13", 0], filename_prefix="gaugan_of_one_photo"),
        },
        places={"1": (40, 300, 320, 100), "2": (40, 460, 320, 180), "3": (40, 700, 320, 80), "4": (40, 840, 320, 300),
                "5": (420, 40, 340, 240), "6": (420, 340, 340, 620), "7": (420, 1420, 340, 80),
                "8": (820, 40, 520, 660), "9": (820, 760, 520, 660), "10": (820, 1480, 520, 660),
                "11": (1400, 40, 320, 200), "12": (1400, 760, 320, 200), "13": (1400, 1480, 320, 200),
                "14": (1780, 40, 480, 520), "15": (1780, 760, 480, 520), "16": (1780, 1480, 480, 520)},
        titles={"1": "Your photograph", "4": "Its label map", "6": "Adapts the model to the photograph",
                "8": "Paint here", "9": "Paint here", "10": "Paint here"},
        note="### A GauGAN of one photograph\n\nThe bundled model learns the textures and colours of **one "
        "photograph**; then it paints your layouts with them. On a CPU, this takes about ten minutes.\n\nReplace "
        "**Example Image** by **Load Image** for a photograph of yours, and give the run another `name`. More "
        "photographs are better: connect a batch or a list.",
        note_place=(40, 40, 320, 230),
        thumbnail_node="16",
    ),
}  # fmt: skip
"""Workflows by name."""

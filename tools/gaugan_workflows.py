"""The example workflows of GauGAN, one of which continues with SinGAN."""

from .workflow_example import LANDSCAPE_MODEL, Example, in_style_of, label_map_of, node

GAUGAN = {
    "gaugan_paint": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GauGANLabelMapPaint", taxonomy="landscape", width=256, height=256, painting="example:lake"),
            "3": node("GANAtelierExampleImage", picture="noon.jpg"),
            "4": label_map_of("3"),
            "5": in_style_of("3", its_label_map="4", model="1", label_map="2"),
            "6": node("SaveImage", images=["5", 0], filename_prefix="gaugan_painted"),
        },
        places={"1": (40, 240, 320, 240), "2": (420, 40, 620, 760), "3": (40, 550, 320, 100),
                "4": (40, 710, 320, 240), "5": (1100, 40, 320, 220), "6": (1100, 320, 520, 540)},
        titles={"2": "Paint here", "3": "The style", "6": "What it becomes"},
        note="### Paint a landscape\n\nChoose a class on the right of the canvas and paint; then run. Set the queue to "
        "**Run (On Change)** and every stroke gives a new picture.",
        note_place=(40, 40, 320, 170),
        thumbnail_node="6",
    ),
    "gaugan_label_map_and_style": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GANAtelierExampleImage", picture="lake_labels.png"),
            "3": node("GauGANLabelMapFromColors", image=["2", 0], taxonomy="landscape", palette="auto", tolerance=8),
            "4": node("GANAtelierExampleImage", picture="sunset.jpg"),
            "5": label_map_of("4"),
            "6": in_style_of("4", its_label_map="5", model="1", label_map="3"),
            "7": node("PreviewImage", images=["2", 0]),
            "8": node("PreviewImage", images=["4", 0]),
            "9": node("SaveImage", images=["6", 0], filename_prefix="gaugan"),
        },
        places={"1": (40, 240, 320, 240), "2": (40, 550, 320, 100), "3": (420, 280, 320, 150),
                "4": (40, 860, 320, 100), "5": (420, 860, 320, 240), "6": (800, 260, 320, 220),
                "7": (420, 520, 320, 260), "8": (40, 1030, 320, 260), "9": (1180, 160, 560, 600)},
        titles={"2": "The label map", "4": "The style", "7": "Label map", "8": "Style picture"},
        note="### A label map and a style become a picture\n\nThe colours of the label map stand for classes: sky, "
        "snow, water, sand. The style picture gives the lighting, the weather and the season. Replace either **Example "
        "Image** by **Load Image** for one of yours.",
        note_place=(40, 40, 340, 160),
        thumbnail_node="9",
    ),
    "gaugan_style_animation": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GANAtelierExampleImage", picture="valley_labels.png"),
            "3": node("GauGANLabelMapFromColors", image=["2", 0], taxonomy="landscape", palette="auto", tolerance=8),
            "4": node("GANAtelierExampleImage", picture="noon.jpg"),
            "5": node("GANAtelierExampleImage", picture="sunset.jpg"),
            "6": node("GauGANEncodeStyle", model=["1", 0], image=["4", 0]),
            "7": node("GauGANEncodeStyle", model=["1", 0], image=["5", 0]),
            "8": node("GauGANMixStyles", style_a=["6", 0], style_b=["7", 0], weight=0.5, frames=16),
            "9": node("GauGANGenerate", model=["1", 0], label_map=["3", 0], style=["8", 0], seed=0, size="resize",
                      color_match="off"),
            "10": node("SaveAnimatedWEBP", images=["9", 0], filename_prefix="gaugan_day", fps=8.0, lossless=False,
                       quality=90, method="default"),
        },
        places={"1": (40, 240, 320, 240), "2": (40, 550, 320, 100), "3": (420, 300, 320, 150),
                "4": (40, 710, 320, 100), "5": (40, 870, 320, 100), "6": (420, 570, 320, 80),
                "7": (420, 720, 320, 80), "8": (800, 600, 320, 140), "9": (800, 260, 320, 200),
                "10": (1180, 160, 560, 640)},
        titles={"4": "The first frame's style", "5": "The last frame's style", "10": "From noon to sunset"},
        note="### From one style to another\n\n**GauGAN Mix Styles** makes a style for each frame. The label map "
        "stays, so after the first frame each one costs only a fraction.",
        note_place=(40, 40, 340, 160),
        thumbnail_node="10",
    ),
    "gaugan_from_segmentation_colors": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GANAtelierExampleImage", picture="river_ade20k.png"),
            "3": node("GauGANLabelMapFromColors", image=["2", 0], taxonomy="ade20k", palette="auto", tolerance=8),
            "4": node("GauGANLabelMapRemap", label_map=["3", 0], taxonomy="landscape", replacements=""),
            "5": node("GauGANLabelMapToColors", label_map=["4", 0], legend=True),
            "6": node("GauGANRandomStyle", model=["1", 0], seed=3, count=4, spread=1.0),
            "7": node("GauGANGenerate", model=["1", 0], label_map=["4", 0], style=["6", 0], seed=0, size="resize",
                      color_match="off"),
            "8": node("PreviewImage", images=["2", 0]),
            "9": node("PreviewImage", images=["5", 0]),
            "10": node("SaveImage", images=["7", 0], filename_prefix="gaugan_ade20k"),
        },
        places={"1": (40, 240, 320, 240), "2": (40, 550, 320, 100), "3": (420, 270, 320, 150),
                "4": (420, 510, 320, 160), "5": (420, 740, 320, 80), "6": (420, 60, 320, 140),
                "7": (800, 260, 320, 200), "8": (40, 710, 320, 360), "9": (800, 520, 320, 360),
                "10": (1180, 160, 560, 640)},
        titles={"2": "A segmentation in ADE20K's colours", "9": "The same in the model's classes"},
        note="### From the colours of a segmentation\n\nConnect a segmentation preprocessor (OneFormer, UniFormer) "
        "in place of **Example Image**: the palette is found automatically, and the classes are translated by name.",
        note_place=(40, 40, 340, 160),
        thumbnail_node="10",
    ),
    "gaugan_to_singan": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GANAtelierExampleImage", picture="lake_labels.png"),
            "3": node("GauGANLabelMapFromColors", image=["2", 0], taxonomy="landscape", palette="auto", tolerance=8),
            "4": node("GauGANGenerate", model=["1", 0], label_map=["3", 0], seed=8, size="resize", color_match="off"),
            "5": node("PreviewImage", images=["4", 0]),
            "6": node("SinGANTrain", image=["4", 0], preset="draft", seed=0, purpose="any task", max_size=0,
                      iterations=0),
            "7": node("SinGANSample", model=["6", 0], seed=2, batch_size=1, width_factor=2.0, height_factor=1.0,
                      start_scale=0),
            "8": node("SaveImage", images=["7", 0], filename_prefix="gaugan_to_singan"),
        },
        places={"1": (40, 240, 320, 240), "2": (40, 550, 320, 100), "3": (420, 400, 320, 150),
                "4": (420, 100, 320, 200), "5": (420, 640, 320, 320), "6": (800, 180, 340, 380),
                "7": (800, 620, 340, 220), "8": (1200, 220, 620, 400)},
        titles={"5": "By GauGAN", "8": "Wider, by SinGAN"},
        note="### Both families together\n\nGauGAN paints a picture of the label map; SinGAN learns that one "
        "picture and makes it twice as wide.",
        note_place=(40, 40, 340, 160),
        thumbnail_node="8",
    ),
}  # fmt: skip
"""Workflows by name."""

"""Makes the example workflows and their thumbnails in ComfyUI's real editor.

    python -m tools.workflows [--thumbnails] [name ...]

Each workflow is an API-format graph with node positions and a note. The editor lays it out and saves it, and the
executor of ``run_workflow.py`` runs it for its thumbnail.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image, ImageOps

import headless
from tests.browser.editor import Editor
from tests.comfyui.server import PACK, ComfyUI, find_comfyui

from .diffusion_workflows import DIFFUSION
from .photo_workflows import PHOTOGRAPHS
from .repaint_workflows import REPAINT
from .workflow_example import LANDSCAPE_MODEL, Example, node

WORKFLOWS = PACK / "workflows"
THUMBNAIL = (480, 300)
NAME_MODEL = "([id, model]) => { app.graph.getNodeById(id).properties.models = [model]; }"

EXAMPLES = {
    "singan_sample_bundled": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSample", model=["1", 0], seed=5, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_samples"),
            "4": node("SinGANSample", model=["1", 0], seed=11, batch_size=1, width_factor=2.5, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan_panorama"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 120, 320, 220), "3": (780, 40, 460, 420),
                "4": (400, 520, 320, 220), "5": (780, 520, 620, 360)},
        titles={"2": "Four new arrangements", "4": "A panorama"},
        note="### New arrangements of one picture\n\nThe model that ships with the pack learned **one** rendered "
        "picture of balloons. Every seed gives another arrangement; the factors give other shapes and sizes.",
        note_place=(40, 40, 320, 180),
        thumbnail_node="5",
    ),
    "singan_train_and_sample": Example(
        nodes={
            "1": node("GANAtelierExampleImage", picture="balloons.jpg"),
            "2": node("SinGANTrain", image=["1", 0], preset="draft", seed=0, purpose="any task", max_size=0,
                      iterations=0),
            "3": node("PreviewImage", images=["2", 1]),
            "4": node("SinGANSample", model=["2", 0], seed=3, batch_size=4, width_factor=1.0, height_factor=1.0,
                      start_scale=0),
            "5": node("SaveImage", images=["4", 0], filename_prefix="singan"),
            "6": node("SinGANSave", model=["2", 0], name="my_singan", overwrite=True),
        },
        places={"1": (40, 240, 300, 80), "2": (400, 40, 380, 420), "3": (840, 40, 380, 340),
                "4": (400, 600, 380, 220), "5": (840, 440, 460, 420), "6": (400, 940, 380, 110)},
        titles={"3": "Reconstruction: what it could learn", "5": "New arrangements"},
        note="### Train on one picture, then sample\n\nReplace **Example Image** by **Load Image** for a picture of "
        "yours. `draft` takes about a minute; set the preset to `standard` for a good model.\n\nYou can stop at any "
        "time; the next run resumes where you stopped. **Save SinGAN** keeps the model for **Load SinGAN**.",
        note_place=(40, 380, 300, 300),
        thumbnail_node="5",
    ),
    "singan_harmonize": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-mountains-harmonize"),
            "2": node("GANAtelierExampleImage", picture="mountains_pasted.png"),
            "3": node("SinGANHarmonize", model=["1", 0], image=["2", 0], mask=["2", 1], start_scale=0, seed=0,
                      all_scales=False, fine_tune=0),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_harmonized"),
        },
        places={"1": (40, 310, 300, 80), "2": (40, 450, 300, 100), "3": (400, 300, 340, 230),
                "4": (400, 600, 340, 320), "5": (800, 200, 620, 540)},
        titles={"2": "The picture with something pasted in", "4": "Before", "5": "After"},
        note="### Blend a pasted object\n\nThe paper boat, green and magenta, takes on colours that the picture has. "
        "For a picture of yours, train a SinGAN on it with **Train SinGAN** and the purpose `harmonize` (two minutes), "
        "paste an object into that picture, and paint a mask over it.\n\n`fine_tune` 300 trains the model further on "
        "this very picture; the boat then follows it more closely.",
        note_place=(40, 40, 400, 230),
        thumbnail_node="5",
    ),
    "singan_edit": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("GANAtelierExampleImage", picture="balloons_edited.png"),
            "3": node("SinGANEdit", model=["1", 0], image=["2", 0], mask=["2", 1], start_scale=0, seed=0,
                      all_scales=False),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_edited"),
        },
        places={"1": (40, 260, 300, 80), "2": (40, 400, 300, 100), "3": (400, 260, 340, 200),
                "4": (400, 540, 340, 320), "5": (800, 160, 620, 540)},
        titles={"2": "The picture with a balloon copied", "4": "Before", "5": "After"},
        note="### Make an edit look natural\n\nThe orange balloon was copied together with a piece of another sky. "
        "`start_scale` 0 chooses a scale automatically; switch `all_scales` on to see every choice. Edit **the picture "
        "that the model learned**, and paint a mask over what you changed.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="5",
    ),
    "singan_paint_to_image": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("GANAtelierExampleImage", picture="balloons_painted.png"),
            "3": node("SinGANPaintToImage", model=["1", 0], image=["2", 0], start_scale=0, seed=0,
                      quantize_colors=False, colors=5, retrain=False, all_scales=False),
            "4": node("PreviewImage", images=["2", 0]),
            "5": node("SaveImage", images=["3", 0], filename_prefix="singan_painted"),
        },
        places={"1": (40, 260, 300, 80), "2": (40, 400, 300, 100), "3": (400, 260, 340, 280),
                "4": (400, 620, 340, 320), "5": (800, 160, 620, 540)},
        titles={"2": "A painting in flat colours", "4": "Before", "5": "After"},
        note="### A painting becomes a picture\n\nThe balloons and clouds get the texture of the picture that the "
        "model learned. Paint with that picture's colours: what it has never seen becomes something else. "
        "`start_scale` 0 chooses a scale automatically; lower numbers change more.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="5",
    ),
    "singan_animate": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANAnimate", model=["1", 0], seed=0, frames=60, alpha=0.3, beta=0.95, start_scale=0,
                      loop=True),
            "3": node("SaveAnimatedWEBP", images=["2", 0], filename_prefix="singan_animated", fps=10.0,
                      lossless=False, quality=90, method="default"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 240, 340, 240), "3": (800, 60, 620, 640)},
        titles={"2": "A walk around the picture", "3": "An endless loop"},
        note="### The picture moves\n\nEvery frame is a new picture near the one that the model learned. A lower "
        "`alpha` gives larger changes, a higher `beta` slower ones. The last frame leads to the first.",
        note_place=(40, 40, 340, 180),
        thumbnail_node="3",
    ),
    "singan_scales": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANScales", model=["1", 0], seed=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_scales"),
            "4": node("GANAtelierExampleImage", picture="balloons_pasted.png"),
            "5": node("SinGANHarmonize", model=["1", 0], image=["4", 0], mask=["4", 1], start_scale=0, seed=0,
                      all_scales=True),
            "6": node("SaveImage", images=["5", 0], filename_prefix="singan_start_scales"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 160, 340, 120), "3": (800, 40, 760, 620),
                "4": (40, 720, 300, 100), "5": (400, 720, 340, 200), "6": (800, 720, 760, 620)},
        titles={"3": "What each scale knows", "6": "The result from every start scale"},
        note="### Which start scale?\n\n**Show SinGAN Scales** shows what each scale of the model knows. With "
        "`all_scales`, the nodes that want a start scale give a picture for every one.",
        note_place=(40, 40, 340, 170),
        thumbnail_node="3",
    ),
    "singan_super_resolution": Example(
        nodes={
            "1": node("SinGANLoad", name="singan-balloons"),
            "2": node("SinGANSuperResolve", model=["1", 0], factor=4.0, seed=0),
            "3": node("SaveImage", images=["2", 0], filename_prefix="singan_enlarged"),
        },
        places={"1": (40, 260, 300, 80), "2": (400, 240, 340, 150), "3": (800, 40, 760, 640)},
        titles={"2": "Four times larger"},
        note="### Enlarge with the picture's own texture\n\nWithout an image the training picture is enlarged. For a "
        "picture of yours, train with the purpose `super-resolution`.",
        note_place=(40, 40, 340, 170),
        thumbnail_node="3",
    ),
    "gaugan_paint": Example(
        nodes={
            "1": LANDSCAPE_MODEL,
            "2": node("GauGANLabelMapPaint", taxonomy="landscape", width=256, height=256, painting="example:lake"),
            "3": node("GANAtelierExampleImage", picture="noon.jpg"),
            "4": node("GauGANEncodeStyle", model=["1", 0], image=["3", 0]),
            "5": node("GauGANGenerate", model=["1", 0], label_map=["2", 0], style=["4", 0], seed=0, size="resize",
                      color_match="off"),
            "6": node("SaveImage", images=["5", 0], filename_prefix="gaugan_painted"),
        },
        places={"1": (40, 240, 320, 240), "2": (420, 40, 620, 760), "3": (40, 550, 320, 100),
                "4": (40, 710, 320, 80), "5": (1100, 40, 320, 200), "6": (1100, 300, 520, 540)},
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
            "5": node("GauGANEncodeStyle", model=["1", 0], image=["4", 0]),
            "6": node("GauGANGenerate", model=["1", 0], label_map=["3", 0], style=["5", 0], seed=0, size="resize",
                      color_match="off"),
            "7": node("PreviewImage", images=["2", 0]),
            "8": node("PreviewImage", images=["4", 0]),
            "9": node("SaveImage", images=["6", 0], filename_prefix="gaugan"),
        },
        places={"1": (40, 240, 320, 240), "2": (40, 550, 320, 100), "3": (420, 280, 320, 150),
                "4": (40, 860, 320, 100), "5": (420, 860, 320, 80), "6": (800, 260, 320, 200),
                "7": (420, 520, 320, 260), "8": (420, 1010, 320, 260), "9": (1180, 160, 560, 600)},
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
} | PHOTOGRAPHS | REPAINT | DIFFUSION  # fmt: skip


def make(name: str, example: Example, editor: Editor, executor: headless.Executor) -> None:
    """Write ``workflows/<name>.json`` and its thumbnail."""
    WORKFLOWS.mkdir(exist_ok=True)
    titled = {
        node_id: content | {"_meta": {"title": example.titles[node_id]}} if node_id in example.titles else content
        for node_id, content in example.nodes.items()
    }
    editor.load(titled, name)
    for node_id, place in example.places.items():
        editor.place(node_id, *place)
    for node_id, model in example.models.items():
        editor.page.evaluate(NAME_MODEL, [node_id, model])
    editor.note(example.note, *example.note_place)
    editor.save(WORKFLOWS / f"{name}.json")
    save_thumbnail(name, example, executor)


def save_thumbnail(name: str, example: Example, executor: headless.Executor) -> None:
    thumbnail(example, executor).save(WORKFLOWS / f"{name}.jpg", quality=88)


def thumbnail(example: Example, executor: headless.Executor) -> Image.Image:
    """The result of the workflow's main node: the middle one of its pictures, cropped to fit."""
    run = executor.run(needed(example.nodes, example.thumbnail_node))
    source, slot = example.nodes[example.thumbnail_node]["inputs"]["images"]
    images = run.value(source, slot)
    pixels = (images[len(images) // 2] * 255).round().byte().numpy()
    return ImageOps.fit(Image.fromarray(pixels), THUMBNAIL, Image.Resampling.LANCZOS)


def needed(nodes: dict[str, dict[str, Any]], node_id: str) -> dict[str, dict[str, Any]]:
    """A node and all nodes that lead to it. The others may need models that are not here."""
    links = [value[0] for value in nodes[node_id]["inputs"].values() if isinstance(value, list)]
    return {key: value for link in links for key, value in needed(nodes, link).items()} | {node_id: nodes[node_id]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=list(EXAMPLES), help="names of the workflows (default: all)")
    parser.add_argument("--thumbnails", action="store_true", help="make only the thumbnails, which needs no ComfyUI")
    options = parser.parse_args()
    names, root = options.names, find_comfyui()
    if root is None and not options.thumbnails:
        parser.error("no ComfyUI found: set COMFYUI_PATH")
    headless.install()
    with tempfile.TemporaryDirectory() as folder:
        headless.configure_folders(folder)
        executor = headless.Executor(headless.all_nodes(headless.load_pack()))
        if options.thumbnails:
            for name in names:
                save_thumbnail(name, EXAMPLES[name], executor)
            return
        with ComfyUI(root, Path(folder)) as server, Editor(server.url) as editor:
            for name in names:
                make(name, EXAMPLES[name], editor, executor)


if __name__ == "__main__":
    main()

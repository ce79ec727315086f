"""Makes the pictures of the label painter in ComfyUI's real editor: an annotated screenshot for its help page, and a
short film of somebody painting for the README.

python -m tools.painter_pictures
"""

import io
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont

from benchmarks.gaugan_matched import Matched
from gan_models.gaugan import open_synthesizer
from tests.browser.editor import Editor
from tests.browser.painter_page import Brush, Point
from tests.comfyui.server import PACK, ComfyUI, find_comfyui

from .sheets import read, to_image

HELP = PACK / "web" / "docs" / "pictures" / "label_map_paint.jpg"
FILM = PACK / "docs" / "painting.webp"
NODE = (640, 690)
WIDTH = 460
MADE = 256
RESULT, MARGIN = 360, 8
STYLE = "noon.jpg"
FRAME = 90
LAST_FRAME = 2500
ARROW = ((0, 0), (0, 16), (4, 12), (7, 18), (9, 17), (7, 11), (12, 11))

# The elements that the numbers in the help page's picture point at, and the side on which each number is.
MARKS = (
    (".toolbar .group:nth-child(1)", "left"),
    (".toolbar .group:nth-child(2)", "within"),
    (".toolbar .group:nth-child(3)", "right"),
    (".toolbar .group:nth-child(4)", "right"),
    (".stage", "left"),
    (".current", "right"),
    (".search", "right"),
    (".recent", "right"),
    (".list", "right"),
    (".status", "left"),
)


def main() -> None:
    root = find_comfyui()
    if root is None:
        raise SystemExit("no ComfyUI found: set COMFYUI_PATH")
    with tempfile.TemporaryDirectory() as folder, ComfyUI(root, Path(folder)) as server:
        with Editor(server.url, nodes2=True, scale=1.5) as editor:
            annotated(editor).save(HELP, quality=88)
        with Editor(server.url, nodes2=True) as editor:
            film(editor, FILM)
    print(f"{HELP}: {HELP.stat().st_size // 1024} kB, {FILM}: {FILM.stat().st_size // 1024} kB")


def opened(editor: Editor, painting: str) -> Brush:
    """A graph with only a painter node."""
    inputs = {"taxonomy": "landscape", "width": 512, "height": 512, "painting": painting}
    editor.load({"1": {"class_type": "GauGANLabelMapPaint", "inputs": inputs}}, "painter")
    editor.place(1, 0, 0, *NODE)
    editor.focus()
    editor.fit()
    editor.page.wait_for_timeout(1000)
    code = "() => app.graph.getNodeById(1).widgets.find(widget => widget.name === 'painting').painter"
    return Brush(editor.page, editor.page.evaluate_handle(code))


def annotated(editor: Editor) -> Image.Image:
    """The painter in use, with a number beside each of its parts."""
    brush = opened(editor, "example:lake")
    for name in ("tree", "sand", "mountain", "rock"):
        brush.use("brush", name, 36)
        brush.click(380, 440)
    brush.use("brush", "bush", 30)
    brush.drag([(60, 480), (150, 470), (220, 485)])
    box = editor.fit(margin=46)
    page = picture(editor, box)
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(20)
    scale = page.width / box["width"]
    for number, (selector, side) in enumerate(MARKS, 1):
        part = brush.root.locator(selector).bounding_box()
        right = part["x"] + part["width"]
        x = {"left": part["x"] - 26, "right": right + 26, "within": right}[side]
        y = part["y"] + min(part["height"] / 2, 40)
        place = ((x - box["x"]) * scale, (y - box["y"]) * scale)
        draw.circle(place, 16, fill=(240, 170, 40))
        draw.text(place, str(number), (20, 20, 20), font, anchor="mm")
    return page.resize((round(page.width * 0.67), round(page.height * 0.67)), Image.Resampling.LANCZOS)


class Film:
    """Frames of the node while somebody paints, with the picture that the workflow ``gaugan_paint`` makes beside it.

    The mouse pointer is drawn, because screenshots of the browser have none.
    """

    def __init__(self, editor: Editor, brush: Brush):
        self.editor, self.brush = editor, brush
        self.box = editor.fit(margin=8)
        self.frames: list[Image.Image] = []
        self.model = Matched(open_synthesizer(PACK / "weights" / "gaugan-landscape.safetensors"))
        self.style = self.model.encode(read(STYLE))
        self.result = self.generated()

    def generated(self) -> Image.Image:
        """The picture that the model makes of the current drawing."""
        ids = self.brush.painter.evaluate("painter => Array.from(painter.drawing.ids)")
        side = round(len(ids) ** 0.5)
        drawing = torch.tensor(ids).view(1, side, side)[:, :: side // MADE, :: side // MADE]
        return to_image(self.model.paint(drawing, self.style)).resize((RESULT, RESULT), Image.Resampling.LANCZOS)

    def frame(self, x: float, y: float) -> None:
        self.editor.page.mouse.move(x, y)
        self.editor.page.wait_for_timeout(40)
        image = picture(self.editor, self.box)
        corner = [((x - self.box["x"]) * image.width / self.box["width"] + dx,
                   (y - self.box["y"]) * image.height / self.box["height"] + dy) for dx, dy in ARROW]  # fmt: skip
        ImageDraw.Draw(image).polygon(corner, fill=(255, 255, 255), outline=(0, 0, 0))
        height = round(image.height * WIDTH / image.width)
        frame = Image.new("RGB", (WIDTH + RESULT + MARGIN, height), (24, 24, 24))
        frame.paste(image.resize((WIDTH, height), Image.Resampling.LANCZOS))
        frame.paste(self.result, (WIDTH, (height - RESULT) // 2))
        self.frames.append(frame)

    def press(self, locator) -> None:
        """Clicks a button or a class."""
        box = locator.bounding_box()
        place = box["x"] + min(box["width"] / 2, 24), box["y"] + box["height"] / 2
        self.frame(*place)
        locator.click()
        self.frame(*place)

    def draw(self, points: Sequence[Point], steps: int) -> None:
        """Draws a stroke through points of the drawing, with ``steps`` frames from each to the next."""
        mouse = self.editor.page.mouse
        self.frame(*self.brush.at(*points[0]))
        mouse.down()
        for start, end in itertools.pairwise(points):
            for step in range(1, steps + 1):
                share = step / steps
                self.frame(*self.brush.at(*(a + (b - a) * share for a, b in zip(start, end, strict=True))))
        mouse.up()
        self.result = self.generated()
        self.frame(*self.brush.at(*points[-1]))


def film(editor: Editor, path: Path) -> None:
    brush = opened(editor, "")
    shoot = Film(editor, brush)

    def tool(name: str) -> None:
        shoot.press(brush.root.locator(f"button.tool[title^={name}]"))

    def label(name: str) -> None:
        shoot.press(brush.root.locator(f".chip[title={name}]"))

    tool("Lasso")
    label("mountain")
    shoot.draw([(-20, 250), (70, 190), (130, 215), (250, 80), (330, 160), (380, 150), (540, 250), (540, 330),
                (-20, 330)], 2)  # fmt: skip
    label("snow")
    shoot.draw([(196, 140), (250, 82), (306, 138), (268, 128), (250, 152), (226, 132)], 1)
    label("water")
    shoot.draw([(-20, 300), (530, 300), (530, 530), (-20, 530)], 2)
    label("grass")
    shoot.draw([(-20, 390), (110, 400), (230, 455), (370, 450), (470, 400), (540, 380), (540, 540), (-20, 540)], 2)
    tool("Brush")
    label("tree")
    brush.painter.evaluate("painter => painter.setBrushSize(44)")
    shoot.draw([(10, 290), (60, 300), (120, 290), (170, 302)], 3)
    shoot.draw([(400, 302), (450, 288), (505, 295)], 3)
    label("clouds")
    shoot.draw([(60, 60), (110, 48), (160, 66)], 3)
    shoot.draw([(390, 80), (440, 66), (480, 84)], 3)
    label("flower")
    brush.painter.evaluate("painter => painter.setBrushSize(18)")
    for place in ((80, 470), (120, 450), (150, 480), (420, 470), (460, 450)):
        shoot.draw([place], 1)
    label("house")
    tool("Rectangle")
    shoot.draw([(320, 425), (380, 475)], 3)
    first, *rest = [frame.convert("RGB") for frame in shoot.frames]
    durations = [FRAME] * len(rest) + [LAST_FRAME]
    first.save(path, save_all=True, append_images=rest, duration=durations, loop=0, quality=55, method=6)


def picture(editor: Editor, box: dict[str, float]) -> Image.Image:
    """A part of the page."""
    return Image.open(io.BytesIO(editor.page.screenshot(clip=box))).convert("RGB")


if __name__ == "__main__":
    main()

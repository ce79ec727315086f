"""A plain page with label painters in headless Chromium, and a ``Brush`` that paints on them and in the editor."""

from __future__ import annotations

import base64
import json
import mimetypes
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import JSHandle, Page, Route, sync_playwright

from gan_models import labels

from ..comfyui.server import PACK
from .editor import CHROMIUM_ARGUMENTS, find_chromium

ADDRESS = "http://painter.test"
DATA = {"taxonomies": labels.tables(), "examples": ["lake", "valley"]}
Point = tuple[float, float]

# The page plays the server as well, which keeps uploads and can be switched off.
PAGE = """<!doctype html>
<style>body { margin: 20px; background: #353535; color-scheme: dark } main { display: flex; gap: 20px }
main > div { width: 700px; height: 640px }</style>
<main></main>
<script type="module">
import { Painter } from "/painter/painter.js";
window.files = new Map();
window.sent = [];
window.serverAnswers = true;
window.leaked = [];
for (const type of ["keydown", "keyup", "pointerdown", "paste", "copy"])
    document.body.addEventListener(type, event => window.leaked.push(`${type} ${event.key ?? ""}`));
async function fetchApi(route, options = {}) {
    if (!window.serverAnswers) throw new TypeError("no server");
    const address = new URL(route, location);
    if (address.pathname === "/upload/image") {
        const file = options.body.get("image");
        const name = `${options.body.get("subfolder")}/${file.name} [${options.body.get("type")}]`;
        window.files.set(name, file);
        window.sent.push(name);
        return Response.json({ name: file.name });
    }
    if (address.pathname.startsWith("/gan_atelier/")) return fetch(address, options);
    const { filename, subfolder, type } = Object.fromEntries(address.searchParams);
    const file = window.files.get(`${subfolder ? subfolder + "/" : ""}${filename} [${type}]`);
    return file ? new Response(file) : new Response("", { status: 404 });
}
window.makePainter = async (data, settings) => {
    const painter = new Painter({
        fetchApi, ...data, layouts: new URL("/layouts/", location),
        onChange: () => painter.values.push(painter.value),
    });
    painter.values = [];
    const box = document.createElement("div");
    box.append(painter.element);
    document.querySelector("main").append(box);
    painter.setTaxonomy(settings.taxonomy);
    painter.setSize(settings.width, settings.height);
    await painter.setValue(settings.value);
    await new Promise(done => setTimeout(done, 100));
    return painter;
};
</script>"""


class Brush:
    """Operates a painter as a user does. Places are in pixels of the drawing."""

    def __init__(self, page: Page, painter: JSHandle):
        self.page = page
        self.painter = painter

    def get(self, expression: str) -> Any:
        """The value of a JavaScript expression of ``painter``, such as ``"painter.value"``. Promises are awaited."""
        return self.painter.evaluate(f"async painter => await ({expression})")

    @property
    def value(self) -> str:
        return self.get("painter.value")

    def values(self) -> list[str]:
        """The values that a painter on the plain page has reported."""
        return self.get("painter.settled().then(() => new Promise(done => setTimeout(() => done(painter.values))))")

    def ids(self) -> np.ndarray:
        """The ids of the drawing, uint8 ``[H, W]``."""
        data, width = self.get("[btoa(painter.drawing.ids.reduce((s, id) => s + String.fromCharCode(id), '')), "
                               "painter.drawing.width]")  # fmt: skip
        return np.frombuffer(base64.b64decode(data), np.uint8).reshape(-1, width).copy()

    def at(self, x: float, y: float) -> Point:
        """Converts a place to CSS pixels of the page."""
        (x0, y0), (x1, y1) = self.get("[[0, 0], [1000, 1000]].map(([x, y]) => Object.values("
                                      "painter.view.toDrawing(x, y)))")  # fmt: skip
        return (x - x0) / (x1 - x0) * 1000, (y - y0) / (y1 - y0) * 1000

    def drag(self, points: Sequence[Point], steps: int = 4, **modifiers: Any) -> None:
        """Presses the mouse at the first place, moves it through all others, and releases it at the last."""
        mouse = self.page.mouse
        mouse.move(*self.at(*points[0]))
        mouse.down(**modifiers)
        for point in points[1:]:
            mouse.move(*self.at(*point), steps=steps)
        mouse.up(**modifiers)

    def click(self, x: float, y: float) -> None:
        self.drag([(x, y)])

    def press(self, keys: str) -> None:
        """Types a shortcut; the painter must have the focus."""
        self.page.keyboard.press(keys)

    def use(self, tool: str, klass: str | None = None, size: int | None = None) -> None:
        """Chooses a tool, a class (by a click) and a brush size in pixels of the drawing."""
        if klass is not None:
            self.root.locator(f".chip[title={json.dumps(klass)}]").evaluate("chip => chip.click()")
        if size is not None:
            self.painter.evaluate("(painter, size) => painter.setBrushSize(size)", size)
        self.painter.evaluate("(painter, tool) => painter.setTool(tool)", tool)

    @property
    def root(self):
        """The painter's element, as a locator."""
        marked = "painter => painter.element.id ||= `painter-${Math.random().toString(36).slice(2)}`"
        return self.page.locator(f"#{self.painter.evaluate(marked)}")


class PainterPage:
    """A plain page for painters, as a context manager.

    Args:
        data: the options ``taxonomies`` and ``examples`` of the painters.
        scale: device pixels per CSS pixel.
        touch: whether the screen is a touch screen.
    """

    def __init__(self, data: dict[str, Any], scale: float = 1, touch: bool = False):
        self.data = data
        self.options = {"device_scale_factor": scale, "has_touch": touch}
        self.errors: list[str] = []
        self.page: Page

    def __enter__(self) -> PainterPage:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=find_chromium(), args=CHROMIUM_ARGUMENTS)
        self.page = self._browser.new_page(viewport={"width": 1500, "height": 800}, **self.options)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.route("**/*", self._serve)
        self.reload()
        return self

    def __exit__(self, *exception: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def _serve(self, route: Route) -> None:
        name = route.request.url.removeprefix(f"{ADDRESS}/")
        if not name:
            return route.fulfill(body=PAGE, content_type="text/html")
        if name.startswith("gan_atelier/read_label_picture?"):
            return self._read(route)
        path = PACK / "web" / name
        if not path.is_file():
            return route.fulfill(status=404)
        kind = "text/javascript" if path.suffix == ".js" else mimetypes.guess_type(name)[0]
        return route.fulfill(body=path.read_bytes(), content_type=kind)

    def _read(self, route: Route) -> None:
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(route.request.url).query)
        try:
            target = labels.taxonomy(query["taxonomy"][0])
            found, warning = labels.to_drawing(route.request.post_data_buffer or b"", target)
        except ValueError as error:
            return route.fulfill(status=422, json={"error": str(error)})
        headers = {"X-Warning": urllib.parse.quote(warning)} if warning else {}
        return route.fulfill(body=found, content_type="image/png", headers=headers)

    def reload(self) -> None:
        """Reloads the page, without painters and uploads."""
        self.page.goto(f"{ADDRESS}/")
        self.page.wait_for_function("() => Boolean(window.makePainter)")

    def painter(self, value: str = "", taxonomy: str = "landscape", width: int = 128, height: int = 96) -> Brush:
        """Adds a painter to the page."""
        settings = {"value": value, "taxonomy": taxonomy, "width": width, "height": height}
        handle = self.page.evaluate_handle("([data, settings]) => makePainter(data, settings)", [self.data, settings])
        return Brush(self.page, handle)

    def file(self, reference: str) -> bytes:
        """The content of an uploaded file."""
        code = """async name => {
            const bytes = new Uint8Array(await files.get(name).arrayBuffer());
            return btoa(bytes.reduce((text, byte) => text + String.fromCharCode(byte), ""));
        }"""
        return base64.b64decode(self.page.evaluate(code, reference))

    def put(self, reference: str, data: bytes) -> None:
        """Puts a file on the server."""
        code = "([name, data]) => files.set(name, new Blob([Uint8Array.from(atob(data), c => c.charCodeAt(0))]))"
        self.page.evaluate(code, [reference, base64.b64encode(data).decode()])


@contextmanager
def opened_page(data: dict[str, Any], **options: Any) -> Iterator[PainterPage]:
    """A page for the tests of a module, which are skipped where there is no Chromium."""
    if find_chromium() is None:
        pytest.skip("no Chromium found: install chromium to run this test")
    with PainterPage(data, **options) as page:
        yield page


@contextmanager
def reloaded(page: PainterPage) -> Iterator[PainterPage]:
    """The page anew for one test, in which no error may appear."""
    page.reload()
    page.errors.clear()
    yield page
    assert page.errors == []

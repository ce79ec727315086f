"""ComfyUI's editor page in headless Chromium: load a graph, arrange it, run it, save it, photograph it."""

from __future__ import annotations

import json
import shutil
import urllib.parse
import urllib.request
import uuid
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Nothing that a first visit shows, and nothing over the canvas.
SETTINGS = {
    "Comfy.TutorialCompleted": True,
    "Comfy.Notification.ShowVersionUpdates": False,
    "Comfy.Desktop.CloudNotificationShown": True,
    "Comfy.AppBuilder.VueNodeSwitchDismissed": True,
    "Comfy.VersionCompatibility.DisableWarnings": True,
    "Comfy.Workflow.Persist": False,
    "Comfy.Window.UnloadConfirmation": False,
    "Comfy.Minimap.Visible": False,
    "Comfy.Graph.CanvasInfo": False,
    "Comfy.Appearance.DisableAnimations": True,
}


def find_chromium() -> str | None:
    """The installed Chromium or Chrome; none is ever downloaded."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


class Editor:
    """An open editor page, as a context manager.

    Args:
        url: the address of a running ComfyUI.
        nodes2: draw nodes with "Nodes 2.0" rather than on the LiteGraph canvas.
        size: width and height of the window.
        scale: device pixels for one CSS pixel; 2 makes screenshots for high-density screens.
        settings: more of the editor's settings, by id.
    """

    def __init__(
        self,
        url: str,
        nodes2: bool = False,
        size: tuple[int, int] = (1600, 1000),
        scale: float = 1,
        settings: dict[str, Any] | None = None,
    ):
        self.url = url
        self.settings = SETTINGS | {"Comfy.VueNodes.Enabled": nodes2} | (settings or {})
        self.size = size
        self.scale = scale
        self.errors: list[str] = []  # uncaught errors in the page
        self.page: Page

    def __enter__(self) -> Editor:
        executable = find_chromium()
        if executable is None:
            raise FileNotFoundError("No chromium, chromium-browser or google-chrome on the PATH: install one.")
        body = json.dumps(self.settings).encode()
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/settings", body, method="POST")).close()
        self._playwright = sync_playwright().start()
        # Only the server is there; what the page wants from elsewhere fails at once.
        only_server = f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {urllib.parse.urlsplit(self.url).hostname}"
        self._browser = self._playwright.chromium.launch(
            executable_path=executable, args=[*CHROMIUM_ARGUMENTS, only_server]
        )
        self.page = self._browser.new_page(
            viewport={"width": self.size[0], "height": self.size[1]}, device_scale_factor=self.scale
        )
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self._browser.close()
        self._playwright.stop()

    def open(self) -> None:
        """Opens the page (again), with an empty graph."""
        self.page.goto(self.url, wait_until="domcontentloaded")
        self._wait_for_app()
        self.load({"version": 0.4, "last_node_id": 0, "last_link_id": 0, "nodes": [], "links": []}, "empty")

    def reload(self) -> None:
        """Reloads the page, which then shows the graph as it was if the setting "Comfy.Workflow.Persist" is on."""
        self.page.reload(wait_until="domcontentloaded")
        self._wait_for_app()
        self.settle()

    def _wait_for_app(self) -> None:
        self.page.wait_for_function(READY, timeout=120_000)
        self.page.wait_for_selector("#splash-loader", state="detached", timeout=60_000)

    def load(self, graph: dict[str, Any], name: str = "workflow") -> None:
        """Loads a saved workflow, or an API-format graph, whose nodes are then arranged and whose seeds stay put.

        Args:
            graph: either format. ``_meta: {"title": ...}`` of an API-format node is its title.
            name: what the tab says.
        Raises:
            ValueError: the editor does not know one of the node types.
        """
        is_api = "nodes" not in graph
        types = [n["class_type"] for n in graph.values()] if is_api else [n["type"] for n in graph["nodes"]]
        self.page.evaluate(LOAD, [graph, name, is_api])
        unknown = self.page.evaluate("types => types.filter(t => !LiteGraph.registered_node_types[t])", types)
        subgraphs = {sub["id"] for sub in (graph.get("definitions") or {}).get("subgraphs", [])}
        if unknown := sorted(set(unknown) - subgraphs):
            raise ValueError(f"The editor does not know these nodes: {', '.join(unknown)}.")
        self.settle()
        if is_api:
            self.arrange()
        self.close_dialogs()

    def close_dialogs(self) -> None:
        """Closes what lies over the canvas: dialogs, the template browser, messages."""
        self.page.evaluate("app.extensionManager.toast.removeAll?.()")
        for _ in range(3):
            if not self.page.locator("[role=dialog]:visible").count():
                return
            self.page.keyboard.press("Escape")
            self.page.wait_for_timeout(200)

    def settle(self) -> None:
        """Waits until the pictures in the nodes are loaded and everything is drawn."""
        self.page.wait_for_function(
            """() => [...document.images, ...app.graph.nodes.flatMap(n => n.imgs ?? [])].every(i => i.complete)""",
            timeout=30_000,
        )
        self.page.evaluate(
            "async () => { for (let i = 0; i < 3; i++) await new Promise(requestAnimationFrame); }"
        )
        self.page.wait_for_timeout(150)

    def arrange(self, gap: tuple[int, int] = (60, 50)) -> None:
        """Lays the nodes out in columns, from the first to the last, ``gap`` apart across and down."""
        self.page.evaluate(ARRANGE, list(gap))
        self.settle()

    def place(self, node: int | str, x: float, y: float, width: float = 0, height: float = 0) -> None:
        """Moves a node and, where a width or height is given, resizes it."""
        self.page.evaluate(PLACE, [str(node), x, y, width, height])

    def set_widget(self, node: int | str, name: str, value: Any) -> None:
        """Sets a widget, such as "seed" or "control_after_generate", as typing into it would."""
        self.page.evaluate(SET_WIDGET, [str(node), name, value])

    def title(self, node: int | str, title: str) -> None:
        self.page.evaluate("([id, title]) => { app.graph.getNodeById(id).title = title; }", [str(node), title])

    def note(self, text: str, x: float, y: float, width: float, height: float) -> int:
        """Adds a Markdown note; returns its node id."""
        return self.page.evaluate(NOTE, [text, x, y, width, height])

    def group(self, title: str, nodes: list[int | str], color: str = "#3f789e") -> None:
        """Draws a titled frame around nodes."""
        self.page.evaluate(GROUP, [title, [str(node) for node in nodes], color])

    def workflow(self) -> dict[str, Any]:
        """The graph in the editor's saved format."""
        workflow = json.loads(self.page.evaluate("JSON.stringify(app.graph.serialize())"))
        if not uuid.UUID(workflow["id"]).int:  # so it is until the editor has loaded it from a file
            workflow["id"] = str(uuid.uuid4())
        return workflow

    def prompt(self) -> dict[str, Any]:
        """The graph in the API format, as the editor itself would queue it."""
        return self.page.evaluate("app.graphToPrompt().then(p => p.output)")

    def save(self, path: Path) -> None:
        """Writes the workflow as a file, with the view that shows all of it."""
        self.fit()
        path.write_text(json.dumps(self.workflow(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def run(self, timeout: float = 300) -> None:
        """Presses Run and waits until the prompt is done.

        Seeds that are not "fixed" have changed afterwards: save first.

        Raises:
            RuntimeError: the server refused the graph, a node raised, or somebody pressed stop.
        """
        self.page.set_default_timeout(timeout * 1000)
        try:
            outcome = self.page.evaluate(RUN, timeout * 1000)
        finally:
            self.page.set_default_timeout(30_000)
        if outcome["type"] != "execution_success":
            raise RuntimeError(f"{outcome['type']}: {json.dumps(outcome['detail'])[:2000]}")
        self.settle()

    def run_on_change(self, on: bool = True) -> None:
        """Chooses "Run (On Change)", or "Run" again."""
        self.page.evaluate(QUEUE_MODE, "change" if on else "disabled")

    def fit(self, margin: int = 40) -> dict[str, float]:
        """Shows the whole graph; returns where it lies on the page: x, y, width and height in CSS pixels."""
        box = self.page.evaluate(FIT, margin)
        self.settle()
        return box

    def focus(self, on: bool = True) -> None:
        """Hides everything but the canvas, or shows it again."""
        self.page.evaluate(FOCUS, on)
        self.page.wait_for_timeout(500)

    def screenshot(self, path: Path, graph_only: bool = True, margin: int = 40) -> None:
        """Photographs the fitted graph, or the whole page with its menus. The suffix (.png, .jpg) is the format."""
        self.focus(graph_only)
        if not graph_only:
            self.page.wait_for_timeout(2000)  # "Job queued" goes away
        self.page.mouse.move(0, 0)
        box = self.fit(margin)
        self.close_dialogs()
        quality = {"quality": 90} if path.suffix == ".jpg" else {}
        self.page.screenshot(path=path, clip=box if graph_only else None, **quality)


LOAD = """async ([graph, name, isApi]) => {
    if (isApi) {
        await app.loadApiJson(graph, "api");
        for (const node of app.graph.nodes)
            for (const widget of node.widgets ?? [])
                if (widget.name === "control_after_generate") widget.value = "fixed";
        // Nodes 2.0 shows a changed control_after_generate only once the graph is loaded.
        graph = app.graph.serialize();
    }
    await app.loadGraphData(graph, true, true, name);
    const tabs = app.extensionManager.workflow;
    for (const tab of [...tabs.openWorkflows])
        if (tab.path !== tabs.activeWorkflow.path) await tabs.closeWorkflow(tab);
}"""

# Columns by the longest way from a source; within a column, nodes lie in the order of what feeds them.
ARRANGE = """([gapX, gapY]) => {
    const graph = app.graph, title = LiteGraph.NODE_TITLE_HEIGHT;
    const parents = node => (node.inputs ?? [])
        .map(input => graph.getLink(input.link)).filter(Boolean).map(link => graph.getNodeById(link.origin_id));
    const columns = new Map();
    const column = node => {
        if (!columns.has(node)) columns.set(node, Math.max(-1, ...parents(node).map(column)) + 1);
        return columns.get(node);
    };
    graph.nodes.forEach(column);
    // A source belongs next to the first node that it feeds.
    for (const node of graph.nodes) {
        if (parents(node).length) continue;
        const fed = (node.outputs ?? []).flatMap(output => output.links ?? [])
            .map(id => columns.get(graph.getNodeById(graph.getLink(id).target_id)));
        if (fed.length) columns.set(node, Math.min(...fed) - 1);
    }
    // Room for the pictures that these will show.
    for (const node of graph.nodes)
        if (["PreviewImage", "SaveImage"].includes(node.type) && node.size[1] < 200) node.setSize([300, 320]);
    let x = 0;
    for (let c = 0; c <= Math.max(0, ...columns.values()); c++) {
        const nodes = graph.nodes.filter(node => columns.get(node) === c);
        const middle = node => {
            const above = parents(node);
            return above.reduce((sum, p) => sum + p.pos[1] + p.size[1] / 2, 0) / (above.length || 1);
        };
        const order = new Map(nodes.map(node => [node, middle(node)]));
        nodes.sort((a, b) => order.get(a) - order.get(b));
        let y = 0;
        for (const node of nodes) {
            node.pos = [x, y + title];
            y += node.size[1] + title + gapY;
        }
        x += Math.max(0, ...nodes.map(node => node.size[0])) + gapX;
    }
    graph.setDirtyCanvas(true, true);
}"""

PLACE = """([id, x, y, width, height]) => {
    const node = app.graph.getNodeById(id);
    node.pos = [x, y];
    node.setSize([width || node.size[0], height || node.size[1]]);
    app.graph.setDirtyCanvas(true, true);
}"""

SET_WIDGET = """([id, name, value]) => {
    const widget = app.graph.getNodeById(id).widgets.find(widget => widget.name === name);
    if (!widget) throw new Error(`node ${id} has no widget ${name}`);
    widget.value = value;
    widget.callback?.(value);
}"""

NOTE = """([text, x, y, width, height]) => {
    const node = LiteGraph.createNode("MarkdownNote");
    app.graph.add(node);
    node.pos = [x, y];
    node.setSize([width, height]);
    node.widgets[0].value = text;
    return node.id;
}"""

GROUP = """([title, ids, color]) => {
    const group = new LiteGraph.LGraphGroup(title);
    app.graph.add(group);
    group.color = color;
    group.resizeTo(ids.map(id => app.graph.getNodeById(id)), 20);
}"""

# Without its socket the page would miss the end of a prompt.
READY = """window.app?.graph && app.extensionManager?.workflow?.activeWorkflow
    && app.api.clientId && app.api.socket?.readyState === WebSocket.OPEN"""

RUN = """timeout => new Promise(async resolve => {
    const types = ["execution_success", "execution_error", "execution_interrupted"];
    for (const type of types)
        app.api.addEventListener(type, event => resolve({type, detail: event.detail}), {once: true});
    setTimeout(() => resolve({type: "timeout", detail: `${timeout} ms`}), timeout);
    if (!await app.queuePrompt(0)) resolve({type: "refused", detail: app.lastNodeErrors});
})"""

QUEUE_MODE = """mode => {
    const pinia = document.querySelector("#vue-app").__vue_app__.config.globalProperties.$pinia;
    pinia._s.get("queueSettingsStore").mode = mode;
}"""

FIT = """margin => {
    const title = LiteGraph.NODE_TITLE_HEIGHT;
    const boxes = [
        ...app.graph.nodes.map(n => [n.pos[0], n.pos[1] - title, n.pos[0] + n.size[0], n.pos[1] + n.size[1]]),
        ...app.graph.groups.map(g => [g.pos[0], g.pos[1], g.pos[0] + g.size[0], g.pos[1] + g.size[1]]),
    ];
    const [left, top] = [0, 1].map(i => Math.min(...boxes.map(box => box[i])));
    const [right, bottom] = [2, 3].map(i => Math.max(...boxes.map(box => box[i])));
    const view = app.canvas.canvas.getBoundingClientRect();
    const menus = app.extensionManager.focusMode ? {side: 0, ends: 0} : {side: 60, ends: 50};
    const free = {
        x: menus.side, y: menus.ends, width: view.width - menus.side, height: view.height - 2 * menus.ends};
    const scale = Math.min(
        (free.width - 2 * margin) / (right - left), (free.height - 2 * margin) / (bottom - top), 1.5);
    const width = (right - left) * scale + 2 * margin, height = (bottom - top) * scale + 2 * margin;
    const x = free.x + (free.width - width) / 2, y = free.y + (free.height - height) / 2;
    app.canvas.ds.scale = scale;
    app.canvas.ds.offset[0] = (x + margin) / scale - left;
    app.canvas.ds.offset[1] = (y + margin) / scale - top;
    app.canvas.setDirty(true, true);
    return {x: view.x + x, y: view.y + y, width, height};
}"""

FOCUS = """async on => {
    const manager = app.extensionManager;
    if (manager.focusMode !== on) manager.toggleFocusMode();
    await manager.setting.set("Comfy.Graph.CanvasMenu", !on);
    document.getElementById("focus-style")?.remove();
    if (on) {
        const style = Object.assign(document.createElement("style"), {id: "focus-style"});
        style.textContent = "main > .no-drag { display: none !important; }";
        document.head.append(style);
    }
}"""

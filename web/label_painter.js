/** Puts the label painter on the node GauGANLabelMapPaint. */

import { api } from "../../scripts/api.js";
import { app } from "../../scripts/app.js";
import { Painter, ROOT } from "./painter/painter.js";
import { isExample } from "./painter/storage.js";

const WIDGET = "GAN_ATELIER_LABEL_PAINTER";
const SETTINGS = ["taxonomy", "width", "height"];
const MIN_HEIGHT = 360;
const MIN_WIDTH = 300;
const SIZE = [640, 690];

/** Adds the painter to a node as the widget `name`; `data` is the description of the input from the server. */
function addPainter(node, name, data) {
    const { taxonomies, examples, default: initial } = data[1];
    const painter = new Painter({
        fetchApi: (route, options) => api.fetchApi(route, options),
        taxonomies,
        examples,
        layouts: new URL("./layouts/", import.meta.url),
        onChange: () => {
            widget.callback?.(painter.portable);
            noticeChange();
        },
    });
    const widget = node.addDOMWidget(name, WIDGET, painter.element, {
        getValue: () => painter.portable,
        setValue: (value) => {
            applySettings(node, painter);
            painter.setValue(String(value ?? ""));
        },
        getMinHeight: () => MIN_HEIGHT,
        hideOnZoom: false,
        hideInPanel: true,
        socketless: true,
    });
    widget.painter = painter;
    widget.serializeValue = async () => {
        await painter.settled();
        return painter.portable;
    };
    followSettings(node, painter);
    followRuns(node, painter);
    followNode(node, painter);
    passWheel(painter);
    widget.value = initial;
    return { widget, minWidth: MIN_WIDTH, minHeight: SIZE[1] };
}

/** Connects and disconnects the painter with its node.
 *
 * When the undo of the editor makes a node anew with the same id, Nodes 2.0 keeps the element of the old widget in
 * place. The element of the new widget takes this place.
 */
function followNode(node, painter) {
    const { element } = painter;
    chain(node, "onRemoved", () => {
        element.dataset.removed = "";
        painter.view.disconnect();
    });
    chain(node, "onAdded", () => {
        delete element.dataset.removed;
        element.dataset.node = node.id;
        painter.view.connect();
        requestAnimationFrame(() => requestAnimationFrame(() => {
            const old = document.querySelector(`.${ROOT}[data-node="${node.id}"][data-removed]`);
            if (!element.isConnected) old?.replaceWith(element);
        }));
    });
}

/** Passes the wheel on to the graph until the painter is clicked, as Nodes 2.0 does by itself. */
function passWheel(painter) {
    painter.element.addEventListener("wheel", (event) => {
        if (!painter.hasFocus() && !LiteGraph.vueNodesMode) app.canvas.processMouseWheel(event);
    });
}

/** Tells the editor that the graph has changed, for its own undo and for "Run (On Change)". */
function noticeChange() {
    const tracker = app.extensionManager?.workflow?.activeWorkflow?.changeTracker;
    if (tracker?.captureCanvasState) tracker.captureCanvasState();
    else tracker?.checkState?.();
}

/** Passes the values of the widgets above the painter on to it. */
function applySettings(node, painter) {
    const valueOf = (name) => node.widgets.find((widget) => widget.name === name)?.value;
    const [taxonomy, width, height] = SETTINGS.map(valueOf);
    if (taxonomy) painter.setTaxonomy(taxonomy);
    if (width && height) painter.setSize(width, height);
}

/** Makes the painter follow changes of the widgets above it. */
function followSettings(node, painter) {
    for (const widget of node.widgets.filter(({ name }) => SETTINGS.includes(name))) {
        chain(widget, "callback", () => applySettings(node, painter));
    }
}

/** Makes the painter show the inputs of the node after a run, until they are disconnected.
 *
 * A picture that the connected node shows by itself, as Load Image does, can be traced without a run.
 */
function followRuns(node, painter) {
    const lookAhead = () => {
        if (painter.hasTrace()) return;
        const shown = node.getInputNode(node.findInputSlot("image"))?.imgs?.[0]?.src;
        if (shown) painter.setTrace(shown);
    };
    painter.element.addEventListener("pointermove", lookAhead);
    chain(node, "onExecuted", (output) => {
        if (output?.trace) painter.setTrace(api.apiURL(painter.storage.address(output.trace[0])));
        if (output?.start) painter.setStart(output.start[0]);
    });
    chain(node, "onConnectionsChange", (side, slot, connected) => {
        if (side !== LiteGraph.INPUT) return;
        const input = node.inputs[slot]?.name;
        if (input === "image") painter.setTrace(null);
        if (input === "image" && connected) lookAhead();
        if (input === "label_map" && !connected) painter.setStart(null);
        // A user who connects a label map wants to start from it rather than from a layout.
        if (input === "label_map" && connected && !app.configuringGraph && isExample(painter.value)) painter.clear();
    });
}

/** Makes a method of one object call `also` afterwards, with the same arguments. */
function chain(object, method, also) {
    const own = object[method];
    object[method] = function (...values) {
        const result = own?.apply(this, values);
        also(...values);
        return result;
    };
}

app.registerExtension({
    name: "gan-atelier.label-painter",
    getCustomWidgets: () => ({ [WIDGET]: addPainter }),
    nodeCreated(node) {
        if (node.comfyClass === "GauGANLabelMapPaint") {
            node.setSize([Math.max(node.size[0], SIZE[0]), Math.max(node.size[1], SIZE[1])]);
        }
    },
});

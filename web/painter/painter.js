/** The label painter: an element whose value names the drawing on it. It knows nothing of the graph. */

import { element } from "./elements.js";
import { Gestures } from "./gestures.js";
import { keepFromGraph } from "./isolation.js";
import { listenToKeys } from "./keyboard.js";
import { LayoutMenu } from "./layouts.js";
import { Palette } from "./palette.js";
import { Painting } from "./painting.js";
import { encodePng } from "./png.js";
import { LARGEST, Toolbar } from "./toolbar.js";
import { TOOLS } from "./tools/index.js";
import { View } from "./view.js";

/** The class of every painter's element. */
export const ROOT = "gan-atelier-painter";
const FIRST_CLASS = "mountain";
const STYLE = new URL("./painter.css", import.meta.url);

/** The latest choices on any painter of the page. A node that the editor makes anew resumes with them. */
const last = { tool: "brush", form: "round", size: 40, pressureSizes: true, classes: new Map() };

export class Painter extends Painting {
    /**
     * @param {object} options those of a Painting, and:
     * @param {string[]} options.examples names of the example layouts
     */
    constructor(options) {
        super(options);
        addStyle();
        Object.assign(this, last);
        this.tracing = null;
        this._build(options.examples, options.layouts);
        this.onShow();
    }

    /** @param {string | null} address of the picture to trace; null: none */
    setTrace(address) {
        if (address === this.tracing) return;
        this.tracing = address;
        if (!address) return this._traced(null);
        const image = new Image();
        image.onload = () => {
            if (address === this.tracing) this._traced(image);
        };
        image.src = address;
    }

    hasTrace() {
        return Boolean(this.view.trace);
    }

    setTool(tool) {
        this.gestures.cancel();
        this.tool = last.tool = tool;
        this.update();
    }

    setForm(form) {
        this.form = last.form = form;
        this.update();
    }

    togglePressure() {
        this.pressureSizes = last.pressureSizes = !this.pressureSizes;
        this.update();
    }

    /** Shows the button for pressure, which only a pen has. */
    penSeen() {
        this.toolbar.pressure.hidden = false;
    }

    /** @param {number} size diameter of the brush in pixels of the drawing, limited to 1 to 256 */
    setBrushSize(size) {
        this.size = last.size = Math.min(LARGEST, Math.max(1, size));
        this.update();
        this.view.draw();
    }

    /** Makes the brush larger or smaller, by at least one pixel. */
    scaleSize(factor) {
        const size = Math.round(this.size * factor);
        this.setBrushSize(size === this.size ? size + Math.sign(factor - 1) : size);
    }

    setClass(id) {
        this.classId = id;
        last.classes.set(this.taxonomy.name, id);
        this.palette.choose(id);
        if (!TOOLS.get(this.tool).paintsClass) this.setTool("brush");
    }

    /** Chooses the class at a place of the drawing. */
    pick({ x, y }) {
        const id = this.drawing.at(Math.floor(x), Math.floor(y));
        if (id !== undefined && id !== this.classId) {
            this.classId = id;
            last.classes.set(this.taxonomy.name, id);
            this.palette.choose(id);
        }
    }

    undo() {
        if (!this.gestures.cancel()) super.undo();
    }

    redo() {
        if (!this.gestures.cancel()) super.redo();
    }

    async download() {
        const { width, height, ids } = this.drawing;
        const blob = await encodePng({ width, height, ids: ids.slice() }, this.taxonomy.name, this.taxonomy.colors);
        const address = URL.createObjectURL(blob);
        element("a", { href: address, download: "label_map.png" }).click();
        setTimeout(() => URL.revokeObjectURL(address), 1000);
    }

    /** Shows another drawing, or the same one with other classes. */
    onShow() {
        this._showClasses();
        this.view.show(this.drawing, this.taxonomy.pixels);
        this.hover(null);
        this.update();
    }

    /** Shows the pixels that changed. */
    onEdit() {
        this.view.refresh();
        this.update();
    }

    isPainting() {
        return Boolean(this.gestures.active);
    }

    focus() {
        this.keys.focus({ preventScroll: true });
    }

    hasFocus() {
        return this.element.contains(document.activeElement);
    }

    zoomBy(factor) {
        const box = this.view.canvas.getBoundingClientRect();
        this.view.zoomAt(factor, box.left + box.width / 2, box.top + box.height / 2);
    }

    /** Shows the class at a place of the drawing in the status line, and the size of the drawing; null: no class. */
    hover(point) {
        const id = point && this.drawing.at(Math.floor(point.x), Math.floor(point.y));
        const { width, height } = this.drawing;
        const name = id === undefined || id === null ? "" : `${this.taxonomy.names[id]}  ·  `;
        const text = `${name}${width} × ${height}`;
        if (text !== this.status.textContent) this.status.textContent = text;
    }

    /** Shows a message over the canvas; an empty one hides it. */
    say(message) {
        this.message.textContent = message;
        this.message.hidden = !message;
    }

    update() {
        const { tool, form, size, pressureSizes, drawing } = this;
        const { past, future } = drawing.history;
        this.toolbar.update({
            tool, form, size, pressureSizes, canUndo: past.length > 0, canRedo: future.length > 0,
            traces: this.hasTrace(),
        });
        this.element.dataset.tool = tool;
    }

    _build(examples, layouts) {
        this.keys = element("textarea.keys", { readOnly: true, tabIndex: 0 });
        this.keys.setAttribute("aria-label", "Label painter: keys for tools");
        this.keys.inputMode = "none";
        this.message = element("div.message", { hidden: true });
        this.status = element("div.status");
        this.layouts = new LayoutMenu(examples, layouts, (name) => this.useExample(name));
        this.stage = element("div.stage", {}, this.message, this.layouts.element);
        this.palette = new Palette((id) => this.setClass(id));
        const picture = element("input", {
            type: "file", accept: "image/*", hidden: true,
            onchange: () => {
                if (picture.files[0]) this.open(picture.files[0]);
                picture.value = "";
            },
        });
        this.toolbar = new Toolbar({
            setTool: (tool) => this.setTool(tool), setForm: (form) => this.setForm(form),
            togglePressure: () => this.togglePressure(), setSize: (size) => this.setBrushSize(size),
            setOpacity: (share) => this.view.setOpacity(share), undo: () => this.undo(), redo: () => this.redo(),
            fit: () => this.view.fit(), toggleLayouts: () => this.layouts.toggle(),
            fillAll: () => this.fill(this.classId), clear: () => this.clear(), open: () => picture.click(),
            download: () => this.download(),
        });
        this.element = element(
            `div.${ROOT}`, {}, this.keys, picture, this.toolbar.element,
            element("div.body", {}, this.stage, this.palette.element), this.status);
        this.element.dataset.captureWheel = "true";
        this.view = new View(this.stage, () => this.hover(null));
        this.view.setOpacity(0.6);
        this.gestures = new Gestures(this.view.canvas, this);
        listenToKeys(this.element, this);
        keepFromGraph(this);
    }

    /** Shows the classes of the taxonomy, and chooses the last used one, or else the counterpart of the present one. */
    _showClasses() {
        const { palette, taxonomy } = this;
        const before = palette.taxonomy;
        if (before === taxonomy) return;
        palette.setTaxonomy(taxonomy);
        const same = before ? before.to[taxonomy.name][this.classId] : Math.max(0, taxonomy.names.indexOf(FIRST_CLASS));
        this.setClass(last.classes.get(taxonomy.name) ?? same);
    }

    _traced(image) {
        this.view.setTrace(image);
        this.update();
    }
}

function addStyle() {
    if (document.querySelector(`link[href="${STYLE}"]`)) return;
    document.head.append(element("link", { rel: "stylesheet", href: STYLE }));
}

/** The label painter: an element with a value, the reference of what is painted on it. Knows nothing of the graph. */

import { Drawing } from "./drawing.js";
import { element } from "./elements.js";
import { Gestures } from "./gestures.js";
import { listenToKeys } from "./keyboard.js";
import { Palette } from "./palette.js";
import { encodePng } from "./png.js";
import { Storage, exampleReference } from "./storage.js";
import { readTaxonomies, resized, translated } from "./taxonomy.js";
import { LARGEST, Toolbar } from "./toolbar.js";
import { View } from "./view.js";

/** The class of every painter's element. */
export const ROOT = "gan-atelier-painter";
const SIDE = 512;
const FIRST_CLASS = "mountain";
const STYLE = new URL("./painter.css", import.meta.url);

/** What was chosen last on any painter of the page: a node that is made anew goes on with it. */
const last = { tool: "brush", form: "round", size: 40, pressureSizes: true, classes: new Map() };

export class Painter {
    /**
     * @param {object} options
     * @param {(route: string, options?: object) => Promise<Response>} options.fetchApi asks the server
     * @param {Object<string, object>} options.taxonomies the tables of all taxonomies
     * @param {string[]} options.examples names of the layouts
     * @param {URL} options.layouts the folder that they are in
     * @param {() => void} options.onChange called when the user has changed the value
     */
    constructor({ fetchApi, taxonomies, examples, layouts, onChange }) {
        addStyle();
        Object.assign(this, last);
        this.onChange = onChange;
        this.taxonomies = readTaxonomies(taxonomies);
        this.taxonomy = [...this.taxonomies.values()][0];
        this.storage = new Storage(fetchApi, layouts, this.taxonomies);
        this.value = "";
        /** The value whose picture is on the canvas, or on its way there. */
        this.shown = undefined;
        /** What the value stands for, at its own size and in its own taxonomy; null: the drawing itself. */
        this.source = null;
        /** The label map that is connected, once the server has shown it. */
        this.start = null;
        /** Values by the name that the drawing's content has, where they are no uploads. */
        this.known = new Map();
        this.loads = 0;
        this.busy = false;
        this.drawing = new Drawing({ width: SIDE, height: SIDE, ids: new Uint8Array(SIDE * SIDE) });
        this.source = this._blank();
        this._build(examples);
        this.setTaxonomy(this.taxonomy.name);
    }

    // What the node says.

    /** Shows what a value names; empty: the start. Resolves when that is on the canvas. */
    async setValue(value) {
        if (value === this.shown) return;
        this.value = this.shown = value;
        const load = ++this.loads;
        this.busy = true;
        let source = null;
        try {
            if (value) source = await this.storage.load(value, this.taxonomy);
            if (load === this.loads) this.say("");
        } catch (error) {
            this.shown = undefined;
            if (load === this.loads) this.say(`${error.message} Painting starts anew.`);
        }
        if (load !== this.loads) return;
        this.busy = false;
        this.source = source ?? this._blank();
        this._redraw();
    }

    /** Brings the drawing to the node's size. */
    setSize(width, height) {
        if (width === this.drawing.width && height === this.drawing.height) return;
        this._keepSource();
        this.drawing.reset({ width, height, ids: new Uint8Array(width * height) });
        this._redraw();
    }

    /** Changes the classes; what is painted is translated by name. */
    setTaxonomy(name) {
        const taxonomy = this.taxonomies.get(name);
        if (!taxonomy || taxonomy === this.palette.taxonomy) return;
        this._keepSource();
        const before = this.palette.taxonomy;
        this.taxonomy = taxonomy;
        this.palette.setTaxonomy(taxonomy);
        const same = before ? before.to[name][this.classId] : taxonomy.names.indexOf(FIRST_CLASS);
        this.setClass(last.classes.get(name) ?? same);
        this._redraw();
    }

    /** The label map to start from, as the server shows it; null: none. */
    async setStart(shown) {
        this.start = shown && (await this.storage.loadShown(shown, this.taxonomy).catch(() => null));
        if (this.value === "") {
            this.source = this._blank();
            this._redraw();
        }
    }

    /** @param {string | null} address of the picture to trace */
    setTrace(address) {
        if (!address) return this._traced(null);
        const image = new Image();
        image.onload = () => this._traced(image);
        image.src = address;
    }

    /** Waits until the value can be read by the server. */
    async settled() {
        await this.storage.settled();
    }

    // What the user does.

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

    /** Offers what only a pen can do. */
    penSeen() {
        this.toolbar.pressure.hidden = false;
    }

    setBrushSize(size) {
        this.size = last.size = Math.min(LARGEST, Math.max(1, size));
        this.update();
        this.view.draw();
    }

    /** Makes the brush larger or smaller, by a pixel at least. */
    scaleSize(factor) {
        const size = Math.round(this.size * factor);
        this.setBrushSize(size === this.size ? size + Math.sign(factor - 1) : size);
    }

    setClass(id) {
        this.classId = id;
        last.classes.set(this.taxonomy.name, id);
        this.palette.choose(id);
        if (["eraser", "picker", "hand"].includes(this.tool)) this.setTool("brush");
    }

    /** Takes the class at a place of the drawing. */
    pick({ x, y }) {
        const id = this.drawing.at(Math.floor(x), Math.floor(y));
        if (id !== undefined && id !== this.classId) {
            this.classId = id;
            last.classes.set(this.taxonomy.name, id);
            this.palette.choose(id);
        }
    }

    /** After a pick with the tool, the brush is what is wanted. */
    picked() {
        if (this.tool === "picker") this.setTool("brush");
    }

    undo() {
        if (!this.gestures.cancel() && this.drawing.undo()) this._changed();
    }

    redo() {
        if (!this.gestures.cancel() && this.drawing.redo()) this._changed();
    }

    fillAll() {
        this.drawing.paste(new Uint8Array(this.drawing.ids.length).fill(this.classId));
        this.commit();
    }

    /** Back to the start: the label map that is connected, or the base class everywhere. */
    clear() {
        this._pasteMap(this._blank());
        this.drawing.commit();
        this.known.set(this._content(), "");
        this._changed();
    }

    /** Paints one of the layouts over everything. */
    async useExample(name) {
        const load = ++this.loads;
        const map = await this.storage.load(exampleReference(name), this.taxonomy);
        if (load !== this.loads) return;
        this._pasteMap(map);
        this.drawing.commit();
        this.known.set(this._content(), exampleReference(name));
        this._changed();
    }

    /** Paints a picture file over everything, by its colours. */
    async open(file) {
        try {
            this._pasteMap(await this.storage.read(file, this.taxonomy));
            this.commit();
        } catch (error) {
            this.say(error.message);
        }
    }

    async download() {
        const blob = await encodePng(this.drawing, this.taxonomy.name, this.taxonomy.colors);
        const address = URL.createObjectURL(blob);
        element("a", { href: address, download: "label_map.png" }).click();
        setTimeout(() => URL.revokeObjectURL(address), 1000);
    }

    /** Ends a step of painting; the value changes if any pixel did. */
    commit() {
        const changed = this.drawing.commit();
        this.view.refresh();
        if (changed) this._changed();
    }

    // What is shown.

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

    /** Says what is under the pointer. */
    hover(point) {
        const id = point && this.drawing.at(Math.floor(point.x), Math.floor(point.y));
        const { width, height } = this.drawing;
        const where = id === undefined || id === null ? "" : `${this.taxonomy.names[id]}  ·  `;
        const text = `${where}${width} × ${height}`;
        if (text !== this.status.textContent) this.status.textContent = text;
    }

    /** Shows a message over the canvas; empty: none. */
    say(message) {
        this.message.textContent = message;
        this.message.hidden = !message;
    }

    update() {
        const { tool, form, size, pressureSizes, drawing } = this;
        const { past, future } = drawing.history;
        this.toolbar.update({
            tool, form, size, pressureSizes, canUndo: past.length > 0, canRedo: future.length > 0,
            traces: Boolean(this.view.trace),
        });
        this.element.dataset.tool = tool;
    }

    _build(examples) {
        this.keys = element("textarea.keys", { readOnly: true, tabIndex: 0 });
        this.keys.setAttribute("aria-label", "Label painter: keys for tools");
        this.keys.inputMode = "none";
        this.message = element("div.message", { hidden: true });
        this.status = element("div.status");
        this.stage = element("div.stage", {}, this.message);
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
            fit: () => this.view.fit(), fillAll: () => this.fillAll(), clear: () => this.clear(),
            open: () => picture.click(), download: () => this.download(), useExample: (name) => this.useExample(name),
        }, examples);
        this.element = element(
            `div.${ROOT}`, {}, this.keys, picture, this.toolbar.element,
            element("div.body", {}, this.stage, this.palette.element), this.status);
        this.element.dataset.captureWheel = "true";
        this.view = new View(this.stage, () => this.hover(null));
        this.view.setOpacity(0.6);
        this.gestures = new Gestures(this.view.canvas, this);
        listenToKeys(this.element, this);
        keepFromGraph(this.element, (file) => this.open(file));
    }

    _blank() {
        if (this.start) return this.start;
        const { width, height } = this.drawing;
        return { width, height, ids: new Uint8Array(width * height).fill(this.taxonomy.base), taxonomy: this.taxonomy };
    }

    _keepSource() {
        const { width, height, ids } = this.drawing;
        this.source ??= { width, height, ids: ids.slice(), taxonomy: this.paintedIn };
    }

    /** Shows the source at the drawing's size, in the node's taxonomy, with no history. */
    _redraw() {
        if (!this.source) return;
        const { width, height } = this.drawing;
        if (this.value === "" && !this.start) this.source = this._blank();
        const map = resized(this.source, width, height);
        this.drawing.reset({ width, height, ids: translated(map.ids, this.source.taxonomy, this.taxonomy) });
        this.paintedIn = this.taxonomy;
        this.known.clear();
        this.known.set(this._content(), this.value);
        this._show();
    }

    _pasteMap(source) {
        const map = resized(source, this.drawing.width, this.drawing.height);
        this.drawing.paste(translated(map.ids, source.taxonomy, this.taxonomy));
    }

    _content() {
        return this.storage.name(this.drawing, this.taxonomy);
    }

    /** The drawing is another one: so is the value. */
    _changed() {
        this.source = null;
        this.loads++;
        this.busy = false;
        const name = this._content();
        this.value = this.shown = this.known.get(name) ?? this.storage.save(name, this.drawing, this.taxonomy);
        this.say("");
        this.view.refresh();
        this.update();
        this.onChange();
        this.storage.saved().then((saved) => saved || this.say("Not saved yet: the server doesn't answer."));
    }

    _show() {
        this.view.show(this.drawing, this.taxonomy.pixels);
        this.hover(null);
        this.update();
    }

    _traced(image) {
        this.view.setTrace(image);
        this.update();
    }
}

/** Nothing that happens on the painter reaches the graph: no drag of the node, no menu, no file dropped on it. */
function keepFromGraph(root, onFile) {
    for (const type of ["pointerdown", "pointermove", "pointerup", "mousedown", "dblclick", "contextmenu"]) {
        root.addEventListener(type, (event) => event.stopPropagation());
    }
    root.addEventListener("dragover", (event) => {
        event.preventDefault();
        event.stopPropagation();
    });
    root.addEventListener("drop", (event) => {
        event.preventDefault();
        event.stopPropagation();
        if (event.dataTransfer.files[0]) onFile(event.dataTransfer.files[0]);
    });
}

function addStyle() {
    if (document.querySelector(`link[href="${STYLE}"]`)) return;
    document.head.append(element("link", { rel: "stylesheet", href: STYLE }));
}

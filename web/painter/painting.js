/** What is painted, and the value that stands for it. Knows nothing of how it is shown: a subclass does. */

import { Drawing } from "./drawing.js";
import { Later, atOnce } from "./later.js";
import { Storage, exampleReference } from "./storage.js";
import { readTaxonomies, resized, translated } from "./taxonomy.js";

const SIDE = 512;

/** A subclass has `onShow()` for another drawing, `onEdit()` for changed pixels, `isPainting()` and `say(message)`. */
export class Painting {
    /**
     * @param {object} options
     * @param {(route: string, options?: object) => Promise<Response>} options.fetchApi asks the server
     * @param {Object<string, object>} options.taxonomies the tables of all taxonomies
     * @param {URL} options.layouts the folder of the layouts
     * @param {() => void} options.onChange called when the user has changed the value, some frames after the stroke
     */
    constructor({ fetchApi, taxonomies, layouts, onChange }) {
        this.onChange = onChange;
        this.taxonomies = readTaxonomies(taxonomies);
        this.taxonomy = [...this.taxonomies.values()][0];
        this.storage = new Storage(fetchApi, layouts, this.taxonomies);
        this.later = new Later();
        this._value = "";
        /** The value whose picture is on the canvas, or on its way there. */
        this.shown = undefined;
        /** Values by the name that the drawing's content has, where they are no uploads. */
        this.known = new Map();
        /** The label map that is connected, once the server has shown it. */
        this.start = null;
        this.loads = 0;
        this.starts = 0;
        this.busy = false;
        this.unsaved = false;
        this.drawing = new Drawing({ width: SIDE, height: SIDE, ids: new Uint8Array(SIDE * SIDE) });
        /** What the value stands for, at its own size and in its own taxonomy; null: the drawing itself. */
        this.source = this._blank();
    }

    /** What stands for the drawing as it is now. */
    get value() {
        this.finish();
        return this._value;
    }

    /** Shows what a value names; empty: the start. Resolves when that is on the canvas. */
    async setValue(value) {
        this.finish();
        if (value === this.shown) return;
        this._value = this.shown = value;
        const load = ++this.loads;
        this.busy = true;
        let source = null;
        try {
            if (value) source = await this.storage.load(value, this.taxonomy);
            if (load === this.loads) this.say("");
        } catch (error) {
            if (load === this.loads) {
                this.shown = undefined;
                this.say(`${error.message} Painting starts anew.`);
            }
        }
        if (load !== this.loads) return;
        this.busy = false;
        this.source = source ?? this._blank();
        this._redraw();
    }

    /** Brings the drawing to the node's size. */
    setSize(width, height) {
        this.finish();
        if (width === this.drawing.width && height === this.drawing.height) return;
        this._keepSource();
        this.drawing.reset({ width, height, ids: new Uint8Array(width * height) });
        this._redraw();
    }

    /** Changes the classes; what is painted is translated by name. */
    setTaxonomy(name) {
        const taxonomy = this.taxonomies.get(name);
        if (!taxonomy || taxonomy === this.taxonomy) return;
        this.finish();
        this._keepSource();
        this.taxonomy = taxonomy;
        this._redraw();
    }

    /** The label map to start from, as the server shows it; null: none. */
    async setStart(shown) {
        const load = ++this.starts;
        const start = shown && (await this.storage.loadShown(shown, this.taxonomy).catch(() => null));
        if (load !== this.starts) return;
        this.start = start;
        for (const [name, value] of this.known) if (value === "") this.known.delete(name);
        if (this.value === "" && !this.isPainting()) {
            this.source = this._blank();
            this._redraw();
        }
    }

    /** Waits until the value can be read by the server. */
    async settled() {
        await this.storage.settled(this.value);
        if (this.unsaved) this.say("");
        this.unsaved = false;
    }

    /** Does at once what the last step has left to be done: to be called before anything is painted. */
    finish() {
        this.later.finish();
    }

    undo() {
        this.finish();
        if (this.drawing.undo()) this._edited(this._changed());
    }

    redo() {
        this.finish();
        if (this.drawing.redo()) this._edited(this._changed());
    }

    /** Gives all pixels a class. */
    fill(id) {
        this.finish();
        this.drawing.paste(new Uint8Array(this.drawing.ids.length).fill(id));
        this.commit();
    }

    /** Back to the start: the label map that is connected, or the base class everywhere. */
    clear() {
        this._pasteMap(this._blank());
        this.commit("");
    }

    /** Paints one of the layouts over everything. */
    async useExample(name) {
        const load = ++this.loads;
        let map;
        try {
            map = await this.storage.load(exampleReference(name), this.taxonomy);
        } catch (error) {
            return this.say(error.message);
        }
        if (load !== this.loads) return;
        this._pasteMap(map);
        this.commit(exampleReference(name));
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

    /**
     * Ends a step of painting; the value changes if any pixel did.
     *
     * @param {string} [value] what the drawing is known to be
     */
    commit(value) {
        this._edited(this._committed(value));
    }

    _blank() {
        if (this.start) return this.start;
        const { width, height } = this.drawing;
        return { width, height, ids: new Uint8Array(width * height).fill(this.taxonomy.base), taxonomy: this.taxonomy };
    }

    _keepSource() {
        const { width, height, ids } = this.drawing;
        this.source ??= { width, height, ids: ids.slice(), taxonomy: this.taxonomy };
    }

    /** Shows the source at the drawing's size, in the node's taxonomy, with no history. */
    _redraw() {
        this.finish();
        const { width, height } = this.drawing;
        if (this._value === "" && !this.start) this.source = this._blank();
        const map = resized(this.source, width, height);
        this.drawing.reset({ width, height, ids: translated(map.ids, this.source.taxonomy, this.taxonomy) });
        this.known.clear();
        this.known.set(atOnce(this._content()), this._value);
        this.onShow();
    }

    _pasteMap(source) {
        this.finish();
        const map = resized(source, this.drawing.width, this.drawing.height);
        this.drawing.paste(translated(map.ids, source.taxonomy, this.taxonomy));
    }

    _content() {
        return this.storage.name(this.drawing, this.taxonomy);
    }

    /** Shows the drawing, and leaves the rest to the next frames. */
    _edited(work) {
        this.onEdit();
        this.later.start(work);
    }

    *_committed(value) {
        const changed = yield* this.drawing.commit();
        this.onEdit();
        if (changed || value !== undefined) yield* this._changed(value);
    }

    /** The drawing is another one: so is the value. */
    *_changed(known) {
        const name = yield* this._content();
        if (known !== undefined) this.known.set(name, known);
        const value = this.known.get(name) ?? (yield* this.storage.save(name, this.drawing, this.taxonomy));
        this.source = null;
        this.loads++;
        this.busy = false;
        this._value = this.shown = value;
        this.say("");
        // Not now: whoever asked for the value may be about to use it.
        setTimeout(() => this.onChange());
        this._complain(value);
    }

    /** Says so if the drawing doesn't arrive. */
    async _complain(value) {
        this.unsaved = !(await this.storage.arrived(value));
        if (this.unsaved) this.say("Not saved yet: the server doesn't answer.");
    }
}

/** A drawing and the value that stands for it. How they are shown is the business of a subclass. */

import { Drawing } from "./drawing.js";
import { Later, atOnce } from "./later.js";
import { DocumentState } from "./state.js";
import { Storage, exampleReference } from "./storage.js";
import { readTaxonomies, resized, translated } from "./taxonomy.js";

const SIDE = 512;

/**
 * A subclass has `onShow()`, called for another drawing, `onEdit()`, called for changed pixels, `say(message)`, and
 * `isPainting()`, which says whether a gesture is under way.
 */
export class Painting {
    /**
     * @param {object} options
     * @param {(route: string, options?: object) => Promise<Response>} options.fetchApi sends a request to the server
     * @param {Object<string, object>} options.taxonomies the tables of all taxonomies
     * @param {URL} options.layouts the folder of the example layouts
     * @param {() => void} options.onChange called some frames after the user has changed the value
     */
    constructor({ fetchApi, taxonomies, layouts, onChange }) {
        this.onChange = onChange;
        this.taxonomies = readTaxonomies(taxonomies);
        this.taxonomy = [...this.taxonomies.values()][0];
        this.storage = new Storage(fetchApi, layouts, this.taxonomies);
        this.later = new Later();
        this.state = new DocumentState();
        this._value = "";
        /** A value that names an upload, and the same drawing as a value that contains it, or null. */
        this._embedded = { value: null, text: null };
        /** Values that are not uploads, by the file name that an upload of the same drawing would have. */
        this.known = new Map();
        /** The connected label map, once the server has shown it; otherwise null. */
        this.start = null;
        /** Counts loads and changes of the drawing: the result of a request from an earlier revision is dropped. */
        this.revision = 0;
        /** Count the requests for layouts, and for connected label maps: only the latest one counts. */
        this.layoutRequests = 0;
        this.startRequests = 0;
        this.drawing = new Drawing({ width: SIDE, height: SIDE, ids: new Uint8Array(SIDE * SIDE) });
        /** The map that the value names, at its own size and in its own taxonomy; null: the drawing itself. */
        this.source = this._blank();
    }

    /** The value that stands for the drawing as it is now. */
    get value() {
        this.finish();
        return this._value;
    }

    /** The value to save and to send: it contains the drawing if that was painted here and is small enough. */
    get portable() {
        const { value } = this;
        return (value === this._embedded.value && this._embedded.text) || value;
    }

    /** Shows the drawing that a value names; an empty one names the start. Resolves when it is on the canvas. */
    async setValue(value) {
        this.finish();
        if ((value === this._value || value === this.portable) && !this.state.is("unloaded")) return;
        this._value = value;
        const revision = ++this.revision;
        this.state.enter("loading");
        let source = null, failure = null;
        try {
            if (value) source = await this.storage.load(value, this.taxonomy);
        } catch (error) {
            failure = error;
        }
        this.finish();
        if (revision !== this.revision) return;
        this.state.enter(failure ? "unloaded" : "clean");
        this.say(failure ? `${failure.message} The painting starts over.` : (source?.warning ?? ""));
        this.source = source ?? this._blank();
        this._redraw();
    }

    /** Resizes the drawing; its size in pixels is that of the node. */
    setSize(width, height) {
        this.finish();
        if (width === this.drawing.width && height === this.drawing.height) return;
        this._keepSource();
        this.drawing.reset({ width, height, ids: new Uint8Array(width * height) });
        this._redraw();
    }

    /** Changes the taxonomy; the classes of the drawing are translated by name. */
    setTaxonomy(name) {
        const taxonomy = this.taxonomies.get(name);
        if (!taxonomy || taxonomy === this.taxonomy) return;
        this.finish();
        this._keepSource();
        this.taxonomy = taxonomy;
        this._redraw();
    }

    /** Sets the label map to start from, as the server shows it; null: none. */
    async setStart(shown) {
        const request = ++this.startRequests;
        const start = shown && (await this.storage.loadShown(shown, this.taxonomy).catch(() => null));
        if (request !== this.startRequests) return;
        this.start = start;
        for (const [name, value] of this.known) if (value === "") this.known.delete(name);
        if (this.value === "" && !this.isPainting()) {
            this.source = this._blank();
            this._redraw();
        }
    }

    /** Waits until the server can read the value. Rejects with a StorageError if it doesn't answer. */
    async settled() {
        const { value, revision } = this;
        await this.storage.settled(value);
        if (revision !== this.revision) return;
        if (this.state.is("unsaved")) this.say("");
        if (this.state.is("dirty", "unsaved")) this.state.enter("clean");
    }

    /** Does at once the work that the last step has left. Must be called before anything is painted. */
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

    /** Returns to the start: the connected label map, or the base class everywhere. */
    clear() {
        this._pasteMap(this._blank());
        this.commit("");
    }

    /** Replaces the drawing by one of the example layouts. */
    async useExample(name) {
        this.finish();
        const request = ++this.layoutRequests, { revision } = this;
        let map;
        try {
            map = await this.storage.load(exampleReference(name), this.taxonomy);
        } catch (error) {
            return this.say(error.message);
        }
        this.finish();
        if (request !== this.layoutRequests || revision !== this.revision) return;
        this._pasteMap(map);
        this.commit(exampleReference(name));
    }

    /** Replaces the drawing by a picture file: ids, or the colours of a taxonomy. */
    async open(file) {
        try {
            const map = await this.storage.read(file, this.taxonomy);
            this._pasteMap(map);
            this.commit(undefined, map.warning);
        } catch (error) {
            this.say(error.message);
        }
    }

    /**
     * Ends a step of painting; the value changes if any pixel did.
     *
     * @param {string} [value] the value of the drawing, if it is known
     * @param {string} [message] what the user should know of the drawing
     */
    commit(value, message = "") {
        this._edited(this._committed(value, message));
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

    /** Shows the source at the size and in the taxonomy of the node, with an empty history. */
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

    *_committed(value, message) {
        const changed = yield* this.drawing.commit();
        this.onEdit();
        if (changed || value !== undefined) yield* this._changed(value, message);
    }

    /** Gives the changed drawing a value, and has it uploaded. */
    *_changed(known, message = "") {
        const revision = ++this.revision;
        this.state.enter("dirty");
        const name = yield* this._content();
        if (known !== undefined) this.known.set(name, known);
        const kept = this.known.get(name);
        const value = kept ?? (yield* this.storage.save(name, this.drawing, this.taxonomy));
        if (kept === undefined && value !== this._embedded.value) {
            this._embedded = { value, text: yield* this.storage.embedded(this.drawing, this.taxonomy) };
        }
        this._value = value;
        this.source = null;
        this.say(message);
        // Not now: whoever asked for the value may be about to use it.
        setTimeout(() => this.onChange());
        this._followUpload(this._value, revision);
    }

    async _followUpload(value, revision) {
        const arrived = await this.storage.arrived(value);
        if (revision !== this.revision || !this.state.is("dirty")) return;
        this.state.enter(arrived ? "clean" : "unsaved");
        if (!arrived) this.say("The drawing is not saved yet: the server doesn't answer.");
    }
}

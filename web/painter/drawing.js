/** The label map under the brush: it takes spans of pixels, remembers what they covered, and tracks what changed. */

import { History, packed, unpack } from "./history.js";

/** Undo keeps tiles of these sizes in pixels. They are wide because each row of a tile is copied separately. */
const TILE_WIDTH = 256, TILE_HEIGHT = 16;

/** A rectangle of pixels that changed: columns `left` to `right` and rows `top` to `bottom`, inclusive. */
class Changed {
    constructor() {
        this.left = this.top = Infinity;
        this.right = this.bottom = -Infinity;
    }

    add(left, top, right, bottom) {
        this.left = Math.min(this.left, left);
        this.top = Math.min(this.top, top);
        this.right = Math.max(this.right, right);
        this.bottom = Math.max(this.bottom, bottom);
    }
}

export class Drawing {
    /** @param {{width: number, height: number, ids: Uint8Array}} map taken over, not copied */
    constructor(map) {
        this.history = new History();
        this.reset(map);
    }

    /** Takes another map, and forgets the history. */
    reset({ width, height, ids }) {
        this.width = width;
        this.height = height;
        this.ids = ids;
        this.columns = Math.ceil(width / TILE_WIDTH);
        this.history.clear();
        this.touched = new Map();
        this.changed = new Changed();
        this.changed.add(0, 0, width - 1, height - 1);
    }

    /** The class at a pixel; undefined outside of the map. */
    at(x, y) {
        return x >= 0 && y >= 0 && x < this.width && y < this.height ? this.ids[y * this.width + x] : undefined;
    }

    /** Gives the pixels `from` to `to` (inclusive) of row `y` a class. Pixels outside of the map are left out. */
    fill(y, from, to, id) {
        if (y < 0 || y >= this.height) return;
        from = Math.max(0, from);
        to = Math.min(this.width - 1, to);
        if (from > to) return;
        const row = Math.floor(y / TILE_HEIGHT) * this.columns;
        const last = row + Math.floor(to / TILE_WIDTH);
        for (let tile = row + Math.floor(from / TILE_WIDTH); tile <= last; tile++) this._keep(tile);
        this.ids.fill(id, y * this.width + from, y * this.width + to + 1);
        this.changed.add(from, y, to, y);
    }

    /** Replaces all pixels. */
    paste(ids) {
        for (let tile = 0; tile < this.columns * Math.ceil(this.height / TILE_HEIGHT); tile++) this._keep(tile);
        this.ids.set(ids);
        this.changed.add(0, 0, this.width - 1, this.height - 1);
    }

    /**
     * Ends a step: everything that was filled since the last one is undone together. Nothing may be filled before the
     * work is done.
     *
     * @returns {Generator<void, boolean>} work whose result is whether any pixel has changed
     */
    *commit() {
        const step = new Map();
        for (const [tile, before] of this.touched) {
            if (differs(this._tile(tile), before)) step.set(tile, packed(before));
            yield;
        }
        this.touched.clear();
        if (step.size) this.history.push(step);
        return step.size > 0;
    }

    /** Takes back everything that was filled since the last step. */
    cancel() {
        for (const [tile, before] of this.touched) this._put(tile, before);
        this.touched.clear();
    }

    /** @returns {boolean} whether there was something to undo */
    undo() {
        return this.history.move(true, (step) => this._exchange(step));
    }

    /** @returns {boolean} whether there was something to redo */
    redo() {
        return this.history.move(false, (step) => this._exchange(step));
    }

    /** The rectangle that changed since the last call; it is empty (left > right) if nothing did. */
    takeChanged() {
        const changed = this.changed;
        this.changed = new Changed();
        return changed;
    }

    _exchange(step) {
        const other = new Map();
        for (const [tile, runs] of step) {
            const now = this._tile(tile);
            other.set(tile, packed(now));
            this._put(tile, unpack(runs, new Uint8Array(now.length)));
        }
        return other;
    }

    _keep(tile) {
        if (!this.touched.has(tile)) this.touched.set(tile, this._tile(tile));
    }

    _bounds(tile) {
        const left = (tile % this.columns) * TILE_WIDTH, top = Math.floor(tile / this.columns) * TILE_HEIGHT;
        return [left, top, Math.min(TILE_WIDTH, this.width - left), Math.min(TILE_HEIGHT, this.height - top)];
    }

    _tile(tile) {
        const [left, top, width, height] = this._bounds(tile);
        const copy = new Uint8Array(width * height);
        for (let y = 0; y < height; y++) {
            const at = (top + y) * this.width + left;
            copy.set(this.ids.subarray(at, at + width), y * width);
        }
        return copy;
    }

    _put(tile, content) {
        const [left, top, width, height] = this._bounds(tile);
        for (let y = 0; y < height; y++) {
            this.ids.set(content.subarray(y * width, (y + 1) * width), (top + y) * this.width + left);
        }
        this.changed.add(left, top, left + width - 1, top + height - 1);
    }
}

function differs(a, b) {
    for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return true;
    return false;
}

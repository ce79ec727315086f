/** The history for undo: the earlier content of the tiles that each step touched, run-length coded, within a budget. */

/** In bytes. */
export const BUDGET = 48 * 2 ** 20;

/**
 * Encodes bytes as runs. A run is its length, 7 bits in each byte and the lowest first, followed by the value.
 *
 * @param {Uint8Array} bytes
 * @returns {Uint8Array}
 */
export function packed(bytes) {
    const runs = [];
    for (let i = 0; i < bytes.length; ) {
        const value = bytes[i];
        let end = i + 1;
        while (end < bytes.length && bytes[end] === value) end++;
        let length = end - i;
        for (; length > 127; length >>>= 7) runs.push((length & 127) | 128);
        runs.push(length, value);
        i = end;
    }
    return Uint8Array.from(runs);
}

/** Decodes the runs of `packed` into `bytes`, and returns these. */
export function unpack(runs, bytes) {
    let at = 0;
    for (let i = 0; i < runs.length; ) {
        let length = 0, shift = 0;
        for (; runs[i] & 128; shift += 7) length |= (runs[i++] & 127) << shift;
        length |= runs[i++] << shift;
        bytes.fill(runs[i++], at, at + length);
        at += length;
    }
    return bytes;
}

/** The steps before and after the present one. A step is a Map from the numbers of tiles to their packed content. */
export class History {
    constructor(budget = BUDGET) {
        this.budget = budget;
        this.clear();
    }

    clear() {
        this.past = [];
        this.future = [];
        this.bytes = 0;
    }

    /** Adds a new step. Undone steps are dropped, and so are the oldest ones beyond the budget. */
    push(step) {
        for (const undone of this.future) this.bytes -= size(undone);
        this.future = [];
        this.past.push(step);
        this.bytes += size(step);
        while (this.bytes > this.budget && this.past.length > 1) this.bytes -= size(this.past.shift());
    }

    /**
     * Moves one step back or forth.
     *
     * @param {boolean} back
     * @param {(step: Map<number, Uint8Array>) => Map<number, Uint8Array>} exchange puts the tiles of a step in place,
     *     and returns what they replaced
     * @returns {boolean} whether there was a step
     */
    move(back, exchange) {
        const [source, target] = back ? [this.past, this.future] : [this.future, this.past];
        const step = source.pop();
        if (!step) return false;
        const other = exchange(step);
        target.push(other);
        this.bytes += size(other) - size(step);
        return true;
    }
}

function size(step) {
    let bytes = 0;
    for (const tile of step.values()) bytes += tile.length + 48;
    return bytes;
}

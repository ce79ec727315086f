/** Taxonomies in the browser: the tables from the node's input, and functions on label maps. */

/** The classes of a label map: their names, their colours, and their counterparts in other taxonomies. */
export class Taxonomy {
    /**
     * @param {string} name
     * @param {{names: string[], colors: string[], base: number, to: Object<string, number[]>}} table
     */
    constructor(name, { names, colors, base, to }) {
        this.name = name;
        this.names = names;
        this.css = colors;
        /** [red, green, blue] of every id. */
        this.colors = colors.map((color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)));
        /** The colour of every id as a canvas stores it: RGBA, 8 bits each. */
        this.pixels = new Uint32Array(new Uint8Array(this.colors.flatMap((color) => [...color, 255])).buffer);
        this.base = base;
        this.to = to;
    }
}

/** @returns {Map<string, Taxonomy>} by name */
export function readTaxonomies(tables) {
    return new Map(Object.entries(tables).map(([name, table]) => [name, new Taxonomy(name, table)]));
}

/**
 * Translates the ids of a label map to another taxonomy.
 *
 * @param {Uint8Array} ids of `source`
 * @param {Taxonomy} source
 * @param {Taxonomy} target may be the same
 * @returns {Uint8Array} always a new array
 */
export function translated(ids, source, target) {
    if (source.name === target.name) return ids.slice();
    return ids.map((id) => source.to[target.name][id]);
}

/**
 * Resizes a label map by nearest neighbour as the node does: each pixel is the one under its centre.
 *
 * @returns {{width: number, height: number, ids: Uint8Array}}
 */
export function resized(map, width, height) {
    if (map.width === width && map.height === height) return map;
    const ids = new Uint8Array(width * height);
    const columns = Int32Array.from({ length: width }, (_, x) => Math.floor(((2 * x + 1) * map.width) / (2 * width)));
    for (let y = 0; y < height; y++) {
        const from = Math.floor(((2 * y + 1) * map.height) / (2 * height)) * map.width;
        for (let x = 0; x < width; x++) ids[y * width + x] = map.ids[from + columns[x]];
    }
    return { width, height, ids };
}

/** Whether the palette of a drawing is that of the taxonomy, so that its indices are ids. */
export function isOwnPalette(ids, colors, taxonomy) {
    const used = new Set(ids);
    return [...used].every((id) => taxonomy.colors[id]?.every((value, i) => value === colors[id]?.[i]));
}

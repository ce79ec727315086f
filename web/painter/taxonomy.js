/** Taxonomies in the browser: the tables from the node's input, and functions that read pictures with them. */

/** The largest distance of a colour from that of its class, in any channel of 0 to 255. */
const TOLERANCE = 8;
/** The largest share of pixels beyond it. */
const MOST_UNMATCHED = 0.4;

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

/**
 * Reads a picture in the colours of the taxonomy that matches most of its pixels.
 *
 * @param {Uint8ClampedArray} rgba the picture's pixels
 * @param {Taxonomy[]} taxonomies the first one wins a tie
 * @returns {{ids: Uint8Array, taxonomy: Taxonomy} | null} null if none matches enough pixels
 */
export function fromColors(rgba, taxonomies) {
    const pixels = new Uint32Array(rgba.buffer, rgba.byteOffset, rgba.length / 4);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel & 0xffffff, (counts.get(pixel & 0xffffff) ?? 0) + 1);
    let best = null;
    for (const taxonomy of taxonomies) {
        const nearest = new Map();
        let unmatched = 0;
        for (const [color, count] of counts) {
            const { id, apart } = closest(color, taxonomy.colors);
            nearest.set(color, id);
            if (apart > TOLERANCE) unmatched += count;
        }
        if (!best || unmatched < best.unmatched) best = { taxonomy, nearest, unmatched };
    }
    if (best.unmatched > MOST_UNMATCHED * pixels.length) return null;
    return { ids: Uint8Array.from(pixels, (pixel) => best.nearest.get(pixel & 0xffffff)), taxonomy: best.taxonomy };
}

/** The first class of the nearest colour, and the distance of that colour in the channel where it is largest. */
function closest(color, colors) {
    const rgb = [color & 255, (color >> 8) & 255, (color >> 16) & 255];
    let id = 0, least = Infinity;
    colors.forEach((other, i) => {
        const distance = other.reduce((sum, value, channel) => sum + (value - rgb[channel]) ** 2, 0);
        if (distance < least) [id, least] = [i, distance];
    });
    return { id, apart: Math.max(...colors[id].map((value, channel) => Math.abs(value - rgb[channel]))) };
}

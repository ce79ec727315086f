/** Taxonomies in the browser: the tables that the node's input carries, and what is read with them. */

const TOLERANCE = 8;
const MOST_UNMATCHED = 0.4;

/** The classes of a label map: names, colours, and the way to other taxonomies. */
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
        /** Every id's colour as a canvas stores it. */
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
 * A label map's ids in another taxonomy.
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
 * A label map at another size, by nearest neighbour as the node does it: the pixel under the centre.
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

/** Whether the palette of a drawing is still the taxonomy's, so that its indices are ids. */
export function isOwnPalette(ids, colors, taxonomy) {
    const used = new Set(ids);
    return [...used].every((id) => taxonomy.colors[id]?.every((value, i) => value === colors[id]?.[i]));
}

/**
 * The label map that a picture shows in the colours of that taxonomy which explains most of it.
 *
 * @param {Uint8ClampedArray} rgba the picture's pixels
 * @param {Taxonomy[]} taxonomies the first of equals is taken
 * @returns {{ids: Uint8Array, taxonomy: Taxonomy} | null} null if none explains enough of it
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

/** The first class of the nearest colour, and how far that is in the channel where it is farthest. */
function closest(color, colors) {
    const rgb = [color & 255, (color >> 8) & 255, (color >> 16) & 255];
    let id = 0, least = Infinity;
    colors.forEach((other, i) => {
        const distance = other.reduce((sum, value, channel) => sum + (value - rgb[channel]) ** 2, 0);
        if (distance < least) [id, least] = [i, distance];
    });
    return { id, apart: Math.max(...colors[id].map((value, channel) => Math.abs(value - rgb[channel]))) };
}

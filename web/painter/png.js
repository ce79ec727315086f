/** Drawings as indexed PNG files: the indices are class ids, and a text chunk "Taxonomy" names their taxonomy. */

import { deflated } from "./deflate.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const KEY = "Taxonomy";
const INDEXED = 3;
const UP = 2;
const BLOCK = 1 << 16;

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
    for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
    return n;
});

function crc32(bytes) {
    let crc = 0xffffffff;
    for (const byte of bytes) crc = CRC[(crc ^ byte) & 255] ^ (crc >>> 8);
    return (crc ^ 0xffffffff) >>> 0;
}

function latin1(text) {
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function chunk(type, data) {
    const bytes = new Uint8Array(12 + data.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, data.length);
    bytes.set(latin1(type), 4);
    bytes.set(data, 8);
    view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
    return bytes;
}

/** Sends blocks through a compressing or decompressing stream, one at a time so that the page stays responsive. */
async function through(stream, blocks) {
    const result = new Response(stream.readable).arrayBuffer();
    const writer = stream.writable.getWriter();
    for (const block of blocks) {
        await new Promise((done) => setTimeout(done));
        writer.write(block).catch(() => {});
    }
    writer.close().catch(() => {});
    return new Uint8Array(await result);
}

function* cut(bytes) {
    for (let at = 0; at < bytes.length; at += BLOCK) yield bytes.subarray(at, at + BLOCK);
}

/** The rows as PNG stores them, each after a byte for its filter (none), some rows at a time. */
function* unfilteredRows({ width, height, ids }) {
    const some = Math.ceil(BLOCK / width);
    for (let top = 0; top < height; top += some) {
        const bottom = Math.min(height, top + some);
        const rows = new Uint8Array((width + 1) * (bottom - top));
        for (let y = top; y < bottom; y++) {
            rows.set(ids.subarray(y * width, (y + 1) * width), (y - top) * (width + 1) + 1);
        }
        yield rows;
    }
}

/**
 * @param {{width: number, height: number, ids: Uint8Array}} map ids of the taxonomy, row by row; they must not change
 *     before the promise resolves
 * @param {string} taxonomy its name
 * @param {number[][]} colors [red, green, blue] of every id
 * @returns {Promise<Blob>} a PNG file
 */
export async function encodePng(map, taxonomy, colors) {
    const packed = await through(new CompressionStream("deflate"), unfilteredRows(map));
    return new Blob(chunks(map, taxonomy, colors, packed), { type: "image/png" });
}

/**
 * A PNG file like that of `encodePng`, made without waiting; it is about twice as long.
 *
 * @param {number} most the most bytes of its compressed pixels
 * @returns {Generator<void, Uint8Array | null>} work whose result is the file, or null if it is too long
 */
export function* smallPng(map, taxonomy, colors, most) {
    const packed = yield* deflated(rowsOverRows(map), most);
    if (!packed) return null;
    const parts = chunks(map, taxonomy, colors, packed);
    const file = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
        file.set(part, at);
        at += part.length;
    }
    return file;
}

function chunks({ width, height }, taxonomy, colors, packed) {
    const header = new Uint8Array(13);
    const view = new DataView(header.buffer);
    view.setUint32(0, width);
    view.setUint32(4, height);
    header.set([8, INDEXED, 0, 0, 0], 8);
    return [
        Uint8Array.from(SIGNATURE),
        chunk("IHDR", header),
        chunk("PLTE", Uint8Array.from(colors.flat())),
        chunk("tEXt", latin1(`${KEY}\0${taxonomy}`)),
        chunk("IDAT", packed),
        chunk("IEND", new Uint8Array()),
    ];
}

/** The rows as PNG stores them with the filter Up: each pixel is its difference from the one above. */
function rowsOverRows({ width, height, ids }) {
    const rows = new Uint8Array((width + 1) * height);
    for (let y = 0; y < height; y++) {
        const to = y * (width + 1) + 1, from = y * width;
        rows[to - 1] = UP;
        for (let x = 0; x < width; x++) rows[to + x] = ids[from + x] - (y ? ids[from - width + x] : 0);
    }
    return rows;
}

/**
 * Reads a file that `encodePng` wrote, or Python's `to_png`.
 *
 * @param {Uint8Array} bytes
 * @returns {Promise<{width: number, height: number, ids: Uint8Array, taxonomy: string, colors: number[][]} | null>}
 *     null for any file that is not an indexed PNG of 8 bits with the name of a taxonomy
 */
export async function decodePng(bytes) {
    if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) return null;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const data = [];
    let header, taxonomy, colors = [];
    for (let at = 8; at + 12 <= bytes.length; ) {
        const length = view.getUint32(at);
        const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
        const content = bytes.subarray(at + 8, at + 8 + length);
        if (type === "IHDR") header = content;
        if (type === "PLTE") {
            colors = Array.from({ length: length / 3 }, (_, i) => [...content.subarray(3 * i, 3 * i + 3)]);
        }
        if (type === "IDAT") data.push(content);
        if (type === "tEXt") {
            const [key, value] = String.fromCharCode(...content).split("\0");
            if (key === KEY) taxonomy = value;
        }
        at += 12 + length;
    }
    const [depth, color, , , interlaced] = header?.subarray(8) ?? [];
    if (depth !== 8 || color !== INDEXED || interlaced || !taxonomy) return null;
    const width = view.getUint32(16), height = view.getUint32(20);
    const packed = new Uint8Array(await new Blob(data).arrayBuffer());
    const rows = await through(new DecompressionStream("deflate"), cut(packed));
    return { width, height, ids: unfiltered(rows, width, height), taxonomy, colors };
}

/** Undoes the PNG filters of the rows of a picture with one byte per pixel. */
function unfiltered(rows, width, height) {
    const ids = new Uint8Array(width * height);
    for (let y = 0; y < height; y++) {
        const from = y * (width + 1), to = y * width;
        const filter = rows[from];
        if (filter === 0) {
            ids.set(rows.subarray(from + 1, from + 1 + width), to);
            continue;
        }
        for (let x = 0; x < width; x++) {
            const left = x ? ids[to + x - 1] : 0;
            const up = y ? ids[to + x - width] : 0;
            const corner = x && y ? ids[to + x - width - 1] : 0;
            const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter];
            ids[to + x] = rows[from + 1 + x] + guess;
        }
    }
    return ids;
}

function paeth(left, up, corner) {
    const guess = left + up - corner;
    const [a, b, c] = [left, up, corner].map((value) => Math.abs(guess - value));
    return a <= b && a <= c ? left : b <= c ? up : corner;
}

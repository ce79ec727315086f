/** Names a drawing by its content: MurmurHash3 (x86, 128 bits), by Austin Appleby, in the public domain.
 *
 * Browsers offer SHA-256 only to pages from https or localhost. This hash is fast enough to run after each stroke.
 */

const BLOCK = 1 << 16;

const rotate = (x, bits) => (x << bits) | (x >>> (32 - bits));

function mixed(h) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return h ^ (h >>> 16);
}

const MULTIPLY = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];

/** Mixes the bytes from `from` up to `to` into the state; their number is a multiple of 16. */
function mixIn(state, view, from, to) {
    const [c1, c2, c3, c4] = MULTIPLY;
    let [h1, h2, h3, h4] = state;
    for (let i = from; i < to; i += 16) {
        const k1 = view.getInt32(i, true), k2 = view.getInt32(i + 4, true);
        const k3 = view.getInt32(i + 8, true), k4 = view.getInt32(i + 12, true);
        h1 ^= Math.imul(rotate(Math.imul(k1, c1), 15), c2);
        h1 = (Math.imul(rotate(h1, 19) + h2, 5) + 0x561ccd1b) | 0;
        h2 ^= Math.imul(rotate(Math.imul(k2, c2), 16), c3);
        h2 = (Math.imul(rotate(h2, 17) + h3, 5) + 0x0bcaa747) | 0;
        h3 ^= Math.imul(rotate(Math.imul(k3, c3), 17), c4);
        h3 = (Math.imul(rotate(h3, 15) + h4, 5) + 0x96cd1c35) | 0;
        h4 ^= Math.imul(rotate(Math.imul(k4, c4), 18), c1);
        h4 = (Math.imul(rotate(h4, 13) + h1, 5) + 0x32ac3b17) | 0;
    }
    return [h1, h2, h3, h4];
}

/**
 * The bytes must not change before the work is done.
 *
 * @param {Uint8Array} bytes
 * @param {number} seed 32 bits
 * @returns {Generator<void, string>} work whose result is 32 hexadecimal digits
 */
export function* contentHash(bytes, seed = 0) {
    const [c1, c2, c3, c4] = MULTIPLY;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const whole = bytes.length & ~15;
    let state = [seed, seed, seed, seed];
    for (let from = 0; from < whole; from += BLOCK) {
        state = mixIn(state, view, from, Math.min(whole, from + BLOCK));
        yield;
    }
    let [h1, h2, h3, h4] = state;
    if (whole < bytes.length) {
        const tail = new DataView(new ArrayBuffer(16));
        for (let i = whole; i < bytes.length; i++) tail.setUint8(i - whole, bytes[i]);
        const k = [0, 4, 8, 12].map((at) => tail.getInt32(at, true));
        h1 ^= Math.imul(rotate(Math.imul(k[0], c1), 15), c2);
        h2 ^= Math.imul(rotate(Math.imul(k[1], c2), 16), c3);
        h3 ^= Math.imul(rotate(Math.imul(k[2], c3), 17), c4);
        h4 ^= Math.imul(rotate(Math.imul(k[3], c4), 18), c1);
    }
    const length = bytes.length;
    h1 ^= length, h2 ^= length, h3 ^= length, h4 ^= length;
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0, h3 = (h3 + h1) | 0, h4 = (h4 + h1) | 0;
    h1 = mixed(h1), h2 = mixed(h2), h3 = mixed(h3), h4 = mixed(h4);
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0, h3 = (h3 + h1) | 0, h4 = (h4 + h1) | 0;
    return [h1, h2, h3, h4].map((h) => (h >>> 0).toString(16).padStart(8, "0")).join("");
}

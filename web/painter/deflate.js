/** Compresses runs of equal bytes (RFC 1950 and 1951), without waiting: a value must be ready when the graph is saved. */

const MOST = 258, FEWEST = 3;
const YIELD_EVERY = 1 << 16;
const ADLER = 65521;

/** The code and its extra bits of every length of a run, [symbol - 257, extra bits, first length]. */
const LENGTHS = (() => {
    const table = [];
    let first = FEWEST;
    for (let symbol = 0; symbol < 28; symbol++) {
        const extra = symbol < 8 ? 0 : (symbol >> 2) - 1;
        for (let i = 0; i < 1 << extra; i++) table[first + i] = [symbol, extra, first];
        first += 1 << extra;
    }
    table[MOST] = [28, 0, MOST];
    return table;
})();

class Bits {
    constructor() {
        this.bytes = [0x78, 0x01];
        this.rest = this.count = 0;
    }

    /** Adds a number of bits, the lowest first. */
    add(value, bits) {
        this.rest |= value << this.count;
        this.count += bits;
        while (this.count >= 8) {
            this.bytes.push(this.rest & 255);
            this.rest >>>= 8;
            this.count -= 8;
        }
    }

    /** Adds a symbol in the fixed Huffman code, whose bits come the highest first. */
    symbol(symbol) {
        if (symbol < 144) this.add(reversed(0x30 + symbol, 8), 8);
        else if (symbol < 256) this.add(reversed(0x190 + symbol - 144, 9), 9);
        else if (symbol < 280) this.add(reversed(symbol - 256, 7), 7);
        else this.add(reversed(0xc0 + symbol - 280, 8), 8);
    }

    /** Adds a run that repeats the last byte. */
    run(length) {
        const [symbol, extra, first] = LENGTHS[length];
        this.symbol(257 + symbol);
        this.add(length - first, extra);
        this.add(0, 5);
    }
}

function reversed(code, bits) {
    let result = 0;
    for (let i = 0; i < bits; i++) result |= ((code >> i) & 1) << (bits - 1 - i);
    return result;
}

/**
 * @param {Uint8Array} bytes they must not change before the work is done
 * @param {number} most the most bytes of the result
 * @returns {Generator<void, Uint8Array | null>} work whose result is the compressed data, or null if it is too long
 */
export function* deflated(bytes, most) {
    const bits = new Bits();
    let a = 1, b = 0, next = YIELD_EVERY;
    bits.add(3, 3);
    for (let at = 0; at < bytes.length; ) {
        const byte = bytes[at];
        let end = at + 1;
        while (end < bytes.length && bytes[end] === byte) end++;
        for (let i = at; i < end; i++) {
            a += byte;
            if (a >= ADLER) a -= ADLER;
            b += a;
            if (b >= ADLER) b -= ADLER;
        }
        bits.symbol(byte);
        for (at++; end - at >= FEWEST; ) {
            const length = Math.min(MOST, end - at);
            bits.run(length);
            at += length;
        }
        for (; at < end; at++) bits.symbol(byte);
        if (bits.bytes.length > most) return null;
        if (at >= next) {
            next = at + YIELD_EVERY;
            yield;
        }
    }
    bits.symbol(256);
    bits.add(0, 7);
    return Uint8Array.from([...bits.bytes, b >> 8, b & 255, a >> 8, a & 255]);
}

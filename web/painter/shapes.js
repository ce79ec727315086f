/** Shapes as horizontal spans of whole pixels, with hard edges.
 *
 * Every function calls `span(y, from, to)` for the pixels `from` to `to` (inclusive) of row `y`. Spans may reach beyond
 * the map, and `span` must clip them. Coordinates are in pixels: pixel x reaches from x to x + 1.
 */

/**
 * The first and the last column that each row of a brush covers, counted from its left edge.
 *
 * @param {"round" | "square"} form
 * @param {number} size diameter in pixels, whole, at least 1
 * @returns {number[][]}
 */
function brushRows(form, size) {
    const rows = [];
    for (let i = 0; i < size; i++) {
        const dy = i + 0.5 - size / 2;
        const half = form === "square" ? size / 2 : Math.sqrt(Math.max(0, (size / 2) ** 2 - dy * dy));
        const first = form === "square" ? 0 : Math.ceil(size / 2 - half - 0.5);
        rows.push([first, size - 1 - first]);
    }
    return rows;
}

/**
 * The pixels that a brush covers while it is drawn along a line.
 *
 * @param {"round" | "square"} form
 * @param {number} size diameter in pixels
 * @param {{x: number, y: number}} start centre of the brush
 * @param {{x: number, y: number}} end
 */
export function stroke(form, size, start, end, span) {
    const rows = brushRows(form, size);
    const corner = ({ x, y }) => [Math.round(x - size / 2), Math.round(y - size / 2)];
    const [x0, y0] = corner(start), [x1, y1] = corner(end);
    const steps = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0));
    const top = Math.min(y0, y1), height = Math.abs(y1 - y0) + size;
    // The brush is convex: along a straight line, it covers one span of each row.
    const from = new Int32Array(height).fill(0x7fffffff), to = new Int32Array(height).fill(-0x80000000);
    for (let step = 0; step <= steps; step++) {
        const x = x0 + Math.round((step * (x1 - x0)) / (steps || 1));
        const y = y0 + Math.round((step * (y1 - y0)) / (steps || 1)) - top;
        for (let i = 0; i < size; i++) {
            const first = x + rows[i][0], last = x + rows[i][1];
            if (first < from[y + i]) from[y + i] = first;
            if (last > to[y + i]) to[y + i] = last;
        }
    }
    for (let i = 0; i < height; i++) if (from[i] <= to[i]) span(top + i, from[i], to[i]);
}

/** The rectangle between two corners, including the pixels of both. */
export function rectangle(a, b, span) {
    const [left, right] = [Math.floor(a.x), Math.floor(b.x)].sort((p, q) => p - q);
    const [top, bottom] = [Math.floor(a.y), Math.floor(b.y)].sort((p, q) => p - q);
    for (let y = top; y <= bottom; y++) span(y, left, right);
}

/** The inside of a closed outline (even-odd): the pixels whose centres it encloses. */
export function polygon(points, height, span) {
    const ys = points.map((point) => point.y);
    const top = Math.max(0, Math.ceil(Math.min(...ys) - 0.5));
    const bottom = Math.min(height - 1, Math.floor(Math.max(...ys) - 0.5));
    for (let y = top; y <= bottom; y++) {
        const middle = y + 0.5;
        const crossings = [];
        points.forEach((p, i) => {
            const q = points[(i + 1) % points.length];
            if (p.y <= middle !== q.y <= middle) crossings.push(p.x + ((middle - p.y) / (q.y - p.y)) * (q.x - p.x));
        });
        crossings.sort((p, q) => p - q);
        for (let i = 0; i + 1 < crossings.length; i += 2) {
            const from = Math.ceil(crossings[i] - 0.5), to = Math.ceil(crossings[i + 1] - 0.5) - 1;
            if (from <= to) span(y, from, to);
        }
    }
}

/**
 * The connected area (by four neighbours) of the class at a pixel.
 *
 * The map must not change before the function returns.
 *
 * @param {{width: number, height: number, ids: Uint8Array}} map
 */
export function area({ width, height, ids }, x, y, span) {
    if (x < 0 || y < 0 || x >= width || y >= height) return;
    const wanted = ids[y * width + x];
    const seen = new Uint8Array(width * height);
    const stack = [x, y];
    while (stack.length) {
        const row = stack.pop() * width, column = stack.pop();
        if (seen[row + column]) continue;
        let from = column, to = column;
        while (from > 0 && ids[row + from - 1] === wanted) from--;
        while (to < width - 1 && ids[row + to + 1] === wanted) to++;
        seen.fill(1, row + from, row + to + 1);
        const at = row / width;
        span(at, from, to);
        for (const next of [at - 1, at + 1]) {
            if (next < 0 || next >= height) continue;
            const start = next * width;
            for (let i = from; i <= to; i++) {
                if (ids[start + i] !== wanted || seen[start + i]) continue;
                stack.push(i, next);
                while (i <= to && ids[start + i] === wanted) i++;
            }
        }
    }
}

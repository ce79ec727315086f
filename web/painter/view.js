/** Shows the drawing on three canvases on top of each other: the picture to trace, the paint, and the tool.
 *
 * The paint is sampled from the ids at the resolution of the screen, and only where something changed: a stroke takes
 * as little time on a large drawing as on a small one.
 */

import { element } from "./elements.js";

const MOST_ZOOM = 32;
const BACKING_LIMIT = 2048;

export class View {
    /**
     * @param {HTMLElement} stage the element to fill
     * @param {() => void} onLayout called when the size of the stage has changed
     */
    constructor(stage, onLayout) {
        this.layers = ["trace", "paint", "tool"].map((name) => element(`canvas.${name}`));
        [this.below, this.paint, this.canvas] = this.layers;
        stage.prepend(...this.layers);
        this.trace = null;
        this.overlay = null;
        this.zoom = 1;
        this.center = null;
        this.observer = new ResizeObserver(() => {
            this.draw();
            onLayout();
        });
        this.stage = stage;
        this.connect();
    }

    /** Follows the size of the stage, as it does after the construction. */
    connect() {
        this.observer.observe(this.stage);
    }

    /** Stops following the size of the stage. */
    disconnect() {
        this.observer.disconnect();
    }

    /**
     * Shows a drawing, all of it if its size has changed.
     *
     * @param {import("./drawing.js").Drawing} drawing
     * @param {Uint32Array} pixels the colour of every class as a canvas stores it
     */
    show(drawing, pixels) {
        const resized = this.width !== drawing.width || this.height !== drawing.height;
        Object.assign(this, { drawing, pixels, width: drawing.width, height: drawing.height });
        if (resized) this.fit();
        this.draw();
    }

    /** Shows the changes of the drawing in the next frame. */
    refresh() {
        this._request();
    }

    /** @param {HTMLImageElement | null} image the picture to trace */
    setTrace(image) {
        this.trace = image;
        this.setOpacity(this.opacity);
        this.draw();
    }

    /** @param {number} opacity of the paint over the picture to trace, 0 to 1 */
    setOpacity(opacity) {
        this.opacity = opacity;
        this.paint.style.opacity = this.trace ? opacity : 1;
    }

    /**
     * Draws over the paint in the next frames.
     *
     * @param {((context: CanvasRenderingContext2D, pixel: number) => void) | null} overlay draws in pixels of the
     *     drawing; `pixel` is the size of a pixel of the screen there
     */
    setOverlay(overlay) {
        this.overlay = overlay;
        this._request();
    }

    /** Shows the whole drawing. */
    fit() {
        this.zoom = 1;
        this.center = null;
        this.draw();
    }

    /** Zooms by a factor; the point of the drawing under a place on the page stays there. */
    zoomAt(factor, clientX, clientY) {
        const before = this.toDrawing(clientX, clientY);
        this.zoom = Math.min(MOST_ZOOM, Math.max(1, this.zoom * factor));
        if (this.zoom === 1) return this.fit();
        const after = this.toDrawing(clientX, clientY);
        this._moveCenter(before.x - after.x, before.y - after.y);
    }

    /** Moves the zoomed drawing by a distance in CSS pixels of the page. */
    pan(dx, dy) {
        if (this.zoom === 1) return;
        const { scale } = this._placement();
        const page = this._pageScale();
        this._moveCenter(-dx / page / scale, -dy / page / scale);
    }

    /** Converts a place on the page to pixels of the drawing. */
    toDrawing(clientX, clientY) {
        const box = this.canvas.getBoundingClientRect();
        const page = this._pageScale();
        const { scale, left, top } = this._placement();
        return { x: ((clientX - box.left) / page - left) / scale, y: ((clientY - box.top) / page - top) / scale };
    }

    /** Draws everything in the next frame. */
    draw() {
        this.stale = true;
        this._request();
    }

    _request() {
        this.frame ??= requestAnimationFrame(() => {
            this.frame = null;
            this._draw();
        });
    }

    _moveCenter(dx, dy) {
        const center = this.center ?? { x: this.width / 2, y: this.height / 2 };
        this.center = {
            x: Math.min(this.width, Math.max(0, center.x + dx)),
            y: Math.min(this.height, Math.max(0, center.y + dy)),
        };
        this.draw();
    }

    /** The number of CSS pixels of the page in one of the canvas, which is the zoom of the graph. */
    _pageScale() {
        return this.canvas.getBoundingClientRect().width / this.canvas.clientWidth || 1;
    }

    /** The place of the drawing on the canvas, in CSS pixels of the canvas: its corner, and the size of its pixels. */
    _placement() {
        const { clientWidth, clientHeight } = this.canvas;
        const { width, height } = this;
        const scale = Math.min(clientWidth / width, clientHeight / height) * this.zoom;
        const center = this.center ?? { x: width / 2, y: height / 2 };
        return { scale, left: clientWidth / 2 - center.x * scale, top: clientHeight / 2 - center.y * scale };
    }

    _draw() {
        const { clientWidth, clientHeight } = this.canvas;
        if (!clientWidth || !clientHeight || !this.drawing) return;
        const density = Math.min(
            devicePixelRatio * Math.max(1, this._pageScale()), BACKING_LIMIT / Math.max(clientWidth, clientHeight));
        const size = [Math.round(clientWidth * density), Math.round(clientHeight * density)];
        if (!this.words || this.paint.width !== size[0] || this.paint.height !== size[1]) {
            for (const layer of this.layers) [layer.width, layer.height] = size;
            this.image = this.paint.getContext("2d").createImageData(...size);
            this.words = new Uint32Array(this.image.data.buffer);
            this.stale = true;
        }
        const { scale, left, top } = this._placement();
        const placed = { scale: scale * density, left: left * density, top: top * density };
        const changed = this.drawing.takeChanged();
        if (this.stale) {
            this._drawTrace(placed);
            this.words.fill(0);
            this._sample(placed, { left: 0, top: 0, right: this.width - 1, bottom: this.height - 1 });
            this.paint.getContext("2d").putImageData(this.image, 0, 0);
            this.stale = false;
        } else if (changed.left <= changed.right) {
            const [x, y, width, height] = this._sample(placed, changed);
            this.paint.getContext("2d").putImageData(this.image, 0, 0, x, y, width, height);
        }
        this._drawTool(placed);
    }

    /** Colours the pixels of the screen whose centres lie in an area; returns their x, y, width and height. */
    _sample({ scale, left, top }, area) {
        const { words, pixels, paint } = this;
        const { width, ids } = this.drawing;
        const from = (edge, offset) => Math.max(0, Math.ceil(edge * scale + offset - 0.5));
        const to = (edge, offset, end) => Math.min(end, Math.ceil((edge + 1) * scale + offset - 0.5));
        const x0 = from(area.left, left), x1 = to(area.right, left, paint.width);
        const y0 = from(area.top, top), y1 = to(area.bottom, top, paint.height);
        const columns = new Int32Array(Math.max(0, x1 - x0));
        for (let x = x0; x < x1; x++) columns[x - x0] = Math.min(area.right, Math.floor((x + 0.5 - left) / scale));
        for (let y = y0; y < y1; y++) {
            const row = Math.min(area.bottom, Math.floor((y + 0.5 - top) / scale)) * width;
            for (let x = x0, at = y * paint.width; x < x1; x++) words[at + x] = pixels[ids[row + columns[x - x0]]];
        }
        return [x0, y0, Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
    }

    _drawTrace({ scale, left, top }) {
        const context = this.below.getContext("2d");
        context.clearRect(0, 0, this.below.width, this.below.height);
        if (this.trace) context.drawImage(this.trace, left, top, this.width * scale, this.height * scale);
    }

    _drawTool({ scale, left, top }) {
        const context = this.canvas.getContext("2d");
        context.setTransform(1, 0, 0, 1, 0, 0);
        context.clearRect(0, 0, this.canvas.width, this.canvas.height);
        context.setTransform(scale, 0, 0, scale, left, top);
        this.overlay?.(context, 1 / scale);
    }
}

/** What pointers do on the canvas: they drive the chosen tool, and two fingers move and zoom the picture. */

import { TOOLS, createTools } from "./tools/index.js";

const NO_PRESSURE = 0.5;
const WHEEL_ZOOM = 1.2;
const WHEEL_SIZE = 1.1;

export class Gestures {
    /**
     * @param {HTMLCanvasElement} canvas
     * @param {import("./painter.js").Painter} painter
     */
    constructor(canvas, painter) {
        this.canvas = canvas;
        this.painter = painter;
        this.view = painter.view;
        this.tools = createTools(painter);
        /** Where each pressed pointer was last, in CSS pixels of the page. */
        this.pointers = new Map();
        /** The gesture under way: its tool, and the id of the pointer that drives it. */
        this.active = null;
        this.space = false;
        for (const what of ["down", "move", "up", "cancel", "enter", "leave"]) {
            canvas.addEventListener(`pointer${what}`, (event) => this[`pointer${what}`](event));
        }
        canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    }

    /**
     * Interrupts the gesture under way, and takes back what it painted.
     *
     * @returns {boolean} whether there was one
     */
    cancel() {
        if (!this.active) return false;
        this.active.tool.cancel();
        this.active = null;
        this.view.setOverlay(null);
        return true;
    }

    pointerdown(event) {
        this.painter.focus();
        this.painter.layouts.close();
        if (event.pointerType === "pen") this.painter.penSeen();
        event.preventDefault();
        this.canvas.setPointerCapture(event.pointerId);
        this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (event.pointerType === "touch" && this.pointers.size > 1) {
            this.cancel();
            return;
        }
        if (event.button > 1 || this.painter.state.is("loading")) return;
        this.painter.finish();
        this.active = { tool: this.tools.get(this._toolFor(event)), pointer: event.pointerId };
        this.active.tool.begin(this._motion(event, [event], { x: event.clientX, y: event.clientY }));
        this._showPointer(event);
    }

    pointermove(event) {
        const before = this.pointers.get(event.pointerId);
        if (before) this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (this.pointers.size > 1) return this._pinch(event, before);
        if (event.pointerId === this.active?.pointer) {
            const events = event.getCoalescedEvents?.() ?? [];
            this.active.tool.move(this._motion(event, events.length ? events : [event], before));
        }
        this._showPointer(event);
    }

    pointerup(event) {
        this.pointers.delete(event.pointerId);
        const { active } = this;
        if (!active || event.pointerId !== active.pointer) return;
        this.active = null;
        active.tool.end();
        if (event.pointerType === "touch") this.view.setOverlay(null);
        else this.pointermove(event);
    }

    pointercancel(event) {
        this.pointers.delete(event.pointerId);
        this.cancel();
    }

    /** The graph may have been zoomed meanwhile. */
    pointerenter() {
        this.view.draw();
    }

    pointerleave() {
        if (this.active) return;
        this.painter.hover(null);
        this.view.setOverlay(null);
    }

    /** The wheel changes the brush size, and zooms with Alt or Ctrl. The graph has it until the painter is clicked. */
    wheel(event) {
        if (!this.painter.hasFocus()) return;
        event.preventDefault();
        event.stopPropagation();
        const up = event.deltaY < 0;
        if (event.altKey || event.ctrlKey || event.metaKey) {
            this.view.zoomAt(up ? WHEEL_ZOOM : 1 / WHEEL_ZOOM, event.clientX, event.clientY);
        } else {
            this.painter.scaleSize(up ? WHEEL_SIZE : 1 / WHEEL_SIZE);
        }
        this._showPointer(event);
    }

    /** The tool of a press: the chosen one unless a key or the middle button stands for another. */
    _toolFor(event) {
        if (event.button === 1 || this.space) return "hand";
        if (event.altKey && this.painter.tool !== "hand") return "picker";
        return this.painter.tool;
    }

    /** @returns {import("./tools/tool.js").Motion} */
    _motion(event, events, before) {
        const points = events.map((each) =>
            ({ ...this.view.toDrawing(each.clientX, each.clientY), size: this._size(each) }));
        return { points, shift: event.shiftKey, dx: event.clientX - before.x, dy: event.clientY - before.y };
    }

    _size({ pointerType, pressure }) {
        const { size, pressureSizes } = this.painter;
        if (pointerType !== "pen" || !pressureSizes) return size;
        return Math.max(1, Math.round(size * (pressure || NO_PRESSURE)));
    }

    /** Two fingers: their middle moves the picture, their distance zooms it. */
    _pinch(event, before) {
        if (!before || this.pointers.size !== 2) return;
        const [other] = [...this.pointers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
        const distance = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
        const now = { x: event.clientX, y: event.clientY };
        this.view.pan((now.x - before.x) / 2, (now.y - before.y) / 2);
        this.view.zoomAt(distance(now) / distance(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
    }

    /** Shows the outline at the pointer, and the class under it. */
    _showPointer(event) {
        const point = this.view.toDrawing(event.clientX, event.clientY);
        // In the frame and not now: text that changes between two measurements costs a layout each time.
        this.view.setOverlay((context, pixel) => {
            this._outline(context, pixel, point, event);
            this.painter.hover(point);
        });
    }

    /** The outline of what a click would paint, or of the shape so far: white on black, to be seen on every colour. */
    _outline(context, pixel, point, { pointerType }) {
        const { tool, form, size } = this.painter;
        const path = new Path2D();
        this.active?.tool.outline(path);
        if (pointerType !== "touch" && TOOLS.get(tool).showsBrush) {
            path.moveTo(point.x + size / 2, point.y);
            if (form === "round") path.arc(point.x, point.y, size / 2, 0, 2 * Math.PI);
            else path.rect(point.x - size / 2, point.y - size / 2, size, size);
        }
        for (const [style, width] of [["#000b", 3], ["#fff", 1]]) {
            context.strokeStyle = style;
            context.lineWidth = width * pixel;
            context.stroke(path);
        }
    }
}

/** What pointers do on the canvas: paint with the chosen tool, pick, move and zoom. */

import { area, polygon, rectangle, stroke } from "./shapes.js";

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
        this.pointers = new Map();
        this.active = null;
        this.space = false;
        for (const what of ["down", "move", "up", "cancel", "enter", "leave"]) {
            canvas.addEventListener(`pointer${what}`, (event) => this[`pointer${what}`](event));
        }
        canvas.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
        canvas.addEventListener("contextmenu", (event) => event.preventDefault());
    }

    /** Stops what is being drawn and takes it back. */
    cancel() {
        if (!this.active) return false;
        this.painter.drawing.cancel();
        this.active = null;
        this.view.refresh();
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
        const moves = event.button === 1 || this.space || this.painter.tool === "hand";
        if (event.button > 1 || this.painter.busy) return;
        this.painter.finish();
        const point = this.view.toDrawing(event.clientX, event.clientY);
        const tool = moves ? "hand" : event.altKey ? "picker" : this.painter.tool;
        this.active = { tool, points: [point], pointer: event.pointerId };
        if (tool === "fill") {
            this._fill(point);
        } else if (tool === "picker") {
            this.painter.pick(point);
        } else if (tool === "brush" || tool === "eraser") {
            this._dab(point, point, this._size(event));
            this.view.refresh();
        }
        this.pointermove(event);
    }

    pointermove(event) {
        const before = this.pointers.get(event.pointerId);
        if (before) this.pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
        if (this.pointers.size > 1) return this._pinch(event, before);
        const point = this.view.toDrawing(event.clientX, event.clientY);
        const { active } = this;
        if (active && event.pointerId === active.pointer) {
            if (active.tool === "hand") this.view.pan(event.clientX - before.x, event.clientY - before.y);
            else if (active.tool === "picker") this.painter.pick(point);
            else this._drag(event);
        }
        // In the frame and not now: text that changes between two measurements costs a layout each time.
        this.view.setOverlay((context, pixel) => {
            this._outline(context, pixel, point, event);
            this.painter.hover(point);
        });
    }

    pointerup(event) {
        this.pointers.delete(event.pointerId);
        const { active } = this;
        if (!active || event.pointerId !== active.pointer) return;
        if (active.tool in SHAPES) SHAPES[active.tool](active.points, this);
        if (active.tool === "picker") this.painter.picked();
        else if (active.tool !== "hand") this.painter.commit();
        this.active = null;
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

    /** The wheel changes the brush, with Alt or Ctrl it zooms; it is the graph's until the painter was clicked. */
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
        this.pointermove(event);
    }

    /** A span of the chosen class, or of the base class for the eraser. */
    span = (y, from, to) => {
        const { drawing, taxonomy, classId } = this.painter;
        drawing.fill(y, from, to, this.active.tool === "eraser" ? taxonomy.base : classId);
    };

    _drag(event) {
        const { active } = this;
        const events = event.getCoalescedEvents?.() ?? [];
        for (const each of events.length ? events : [event]) {
            const point = this.view.toDrawing(each.clientX, each.clientY);
            const last = active.points.at(-1);
            if (active.tool === "brush" || active.tool === "eraser") {
                this._dab(last, point, this._size(each));
                active.points = [point];
            } else if (active.tool === "lasso") {
                active.points.push(point);
            } else {
                active.points[1] = event.shiftKey ? straightened(active.points[0], point, active.tool) : point;
            }
        }
        this.view.refresh();
    }

    _size({ pointerType, pressure }) {
        const { size, pressureSizes } = this.painter;
        if (pointerType !== "pen" || !pressureSizes) return size;
        return Math.max(1, Math.round(size * (pressure || NO_PRESSURE)));
    }

    _dab(from, to, size) {
        stroke(this.painter.form, size, from, to, this.span);
    }

    _fill(point) {
        const { drawing, classId } = this.painter;
        const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
        if (drawing.at(x, y) === classId) return;
        const spans = [];
        area(drawing, x, y, (...span) => spans.push(span));
        for (const span of spans) this.span(...span);
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

    /** The outline of what a click would paint, or of the shape so far: light on dark, to be seen on every colour. */
    _outline(context, pixel, point, { pointerType }) {
        const { tool, form, size } = this.painter;
        const path = new Path2D();
        const { points } = this.active ?? {};
        if (this.active?.tool === "lasso" && points.length > 1) {
            points.forEach(({ x, y }) => path.lineTo(x, y));
            path.closePath();
        } else if (this.active?.tool === "rectangle" && points.length > 1) {
            path.rect(points[0].x, points[0].y, points[1].x - points[0].x, points[1].y - points[0].y);
        } else if (this.active?.tool === "line" && points.length > 1) {
            path.moveTo(points[0].x, points[0].y);
            path.lineTo(points[1].x, points[1].y);
        }
        if (pointerType !== "touch" && ["brush", "eraser", "line"].includes(tool)) {
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

/** What the tools that are dragged paint in the end. */
const SHAPES = {
    line: ([start, end = start], { span, painter }) => stroke(painter.form, painter.size, start, end, span),
    rectangle: ([start, end = start], { span }) => rectangle(start, end, span),
    lasso: (points, { span, painter }) => polygon(points, painter.drawing.height, span),
};

/** With Shift: a line at a multiple of 45 degrees, a rectangle that is a square. */
function straightened(start, point, tool) {
    const [dx, dy] = [point.x - start.x, point.y - start.y];
    const longest = Math.max(Math.abs(dx), Math.abs(dy));
    if (tool === "rectangle") {
        return { x: start.x + Math.sign(dx) * longest, y: start.y + Math.sign(dy) * longest };
    }
    const angle = (Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) * Math.PI) / 4;
    const length = Math.hypot(dx, dy);
    return { x: start.x + length * Math.cos(angle), y: start.y + length * Math.sin(angle) };
}

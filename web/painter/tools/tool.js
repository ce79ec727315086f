/** What all tools have in common: four methods for the course of a gesture, and an outline. */

/**
 * A piece of a gesture.
 *
 * @typedef {object} Motion
 * @property {{x: number, y: number, size: number}[]} points where the pointer was since the last call, oldest first, at
 *     least one: x and y in pixels of the drawing, and the diameter of the brush there, a whole number of pixels
 * @property {boolean} shift whether Shift is held
 * @property {number} dx how far the pointer moved since the last call, in CSS pixels of the page, to the right
 * @property {number} dy the same, downwards
 */

/** Does nothing. A subclass has the static fields of `index.js` and overrides the methods that it needs. */
export class Tool {
    /** @param {import("../painter.js").Painter} painter */
    constructor(painter) {
        this.painter = painter;
    }

    /** The pointer was pressed. @param {Motion} motion with one point and no distance */
    begin(motion) {}

    /** The pointer moved while it was pressed. @param {Motion} motion */
    move(motion) {}

    /** The pointer was released. */
    end() {}

    /** The gesture was interrupted: the drawing becomes what it was before `begin`. */
    cancel() {}

    /** Adds the outline of what `end` would paint. @param {Path2D} path in pixels of the drawing */
    outline(path) {}
}

/** A tool that changes the drawing: each gesture is one step of undo. */
export class PaintTool extends Tool {
    /** The class that it paints. */
    get classId() {
        return this.painter.classId;
    }

    end() {
        this.painter.commit();
    }

    cancel() {
        this.painter.drawing.cancel();
        this.painter.view.refresh();
    }

    /** Paints the pixels `from` to `to` of row `y`. */
    span = (y, from, to) => this.painter.drawing.fill(y, from, to, this.classId);
}

/**
 * A tool that paints what lies between the place where the pointer is pressed and the place where it is released.
 *
 * A subclass has `constrained(start, point)`: the place that counts instead of `point` while Shift is held.
 */
export class DragTool extends PaintTool {
    begin({ points }) {
        this.start = this.stop = points.at(-1);
    }

    move({ points, shift }) {
        const point = points.at(-1);
        this.stop = shift ? this.constrained(this.start, point) : point;
    }
}

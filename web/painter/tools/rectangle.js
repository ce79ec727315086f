import { rectangle } from "../shapes.js";
import { DragTool } from "./tool.js";

/** Fills the rectangle between two corners. */
export class Rectangle extends DragTool {
    static id = "rectangle";
    static key = "r";
    static title = "Rectangle (R)";
    static icon = "M4 6h16v12H4Z";
    static paintsClass = true;
    static showsBrush = false;

    end() {
        rectangle(this.start, this.stop, this.span);
        super.end();
    }

    outline(path) {
        path.rect(this.start.x, this.start.y, this.stop.x - this.start.x, this.stop.y - this.start.y);
    }

    /** The corner of a square. */
    constrained(start, { x, y }) {
        const [dx, dy] = [x - start.x, y - start.y];
        const side = Math.max(Math.abs(dx), Math.abs(dy));
        return { x: start.x + Math.sign(dx) * side, y: start.y + Math.sign(dy) * side };
    }
}

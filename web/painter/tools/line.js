import { stroke } from "../shapes.js";
import { DragTool } from "./tool.js";

/** Paints a straight line, as wide as the brush. */
export class Line extends DragTool {
    static id = "line";
    static key = "i";
    static title = "Line (I)";
    static icon = "M5 19 19 5M3.5 17.5h3v3h-3ZM17.5 3.5h3v3h-3Z";
    static paintsClass = true;
    static showsBrush = true;

    end() {
        stroke(this.painter.form, this.painter.size, this.start, this.stop, this.span);
        super.end();
    }

    outline(path) {
        path.moveTo(this.start.x, this.start.y);
        path.lineTo(this.stop.x, this.stop.y);
    }

    /** The end of a line of the same length at a multiple of 45 degrees. */
    constrained(start, { x, y }) {
        const [dx, dy] = [x - start.x, y - start.y];
        const angle = (Math.round(Math.atan2(dy, dx) / (Math.PI / 4)) * Math.PI) / 4;
        const length = Math.hypot(dx, dy);
        return { x: start.x + length * Math.cos(angle), y: start.y + length * Math.sin(angle) };
    }
}

import { area } from "../shapes.js";
import { PaintTool } from "./tool.js";

/** Fills the connected area of one class that is under the pointer. */
export class Fill extends PaintTool {
    static id = "fill";
    static key = "g";
    static title = "Fill an area (G)";
    static icon = "M10 4 19 13 12 20 4.5 12.5 12 5M5 12.5h13.5" +
        "M20.5 15.5c-1 1.5-1.5 2.3-1.5 3a1.5 1.5 0 0 0 3 0c0-.7-.5-1.5-1.5-3Z";
    static paintsClass = true;
    static showsBrush = false;

    begin({ points }) {
        const { drawing, view } = this.painter;
        const x = Math.floor(points[0].x), y = Math.floor(points[0].y);
        if (drawing.at(x, y) === this.classId) return;
        const spans = [];
        area(drawing, x, y, (...span) => spans.push(span));
        for (const span of spans) this.span(...span);
        view.refresh();
    }
}

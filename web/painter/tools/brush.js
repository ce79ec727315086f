import { stroke } from "../shapes.js";
import { PaintTool } from "./tool.js";

/** Paints along the way of the pointer, with a hard edge. */
export class Brush extends PaintTool {
    static id = "brush";
    static key = "b";
    static title = "Brush (B)";
    static icon = "M4 20c2.5.6 5 .2 5.8-1.8.6-1.6-.4-3-1.9-3.2C5.3 14.7 6 18.5 4 20ZM10 14 19.5 3.5 21 5 11.5 15.5";
    static paintsClass = true;
    static showsBrush = true;

    begin({ points }) {
        this.last = points[0];
        this._paint(points);
    }

    move({ points }) {
        this._paint(points);
    }

    _paint(points) {
        for (const point of points) {
            stroke(this.painter.form, point.size, this.last, point, this.span);
            this.last = point;
        }
        this.painter.view.refresh();
    }
}

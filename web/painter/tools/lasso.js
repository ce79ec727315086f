import { polygon } from "../shapes.js";
import { PaintTool } from "./tool.js";

/** Fills the inside of an outline that is drawn by hand. */
export class Lasso extends PaintTool {
    static id = "lasso";
    static key = "l";
    static title = "Lasso: draw an outline to fill its inside (L)";
    static icon = "M7 16C2 13 4 5 12 5s11 6 5 9.5c-4 2.3-9 1-10-1.5-.5-2 3-2.5 3.5 0C11 16 8 20 5 20";
    static paintsClass = true;
    static showsBrush = false;

    begin({ points }) {
        this.points = [...points];
    }

    move({ points }) {
        this.points.push(...points);
    }

    end() {
        polygon(this.points, this.painter.drawing.height, this.span);
        super.end();
    }

    outline(path) {
        for (const { x, y } of this.points) path.lineTo(x, y);
        path.closePath();
    }
}

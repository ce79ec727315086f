import { Tool } from "./tool.js";

/** Moves the picture on the canvas while it is zoomed. */
export class Hand extends Tool {
    static id = "hand";
    static key = "h";
    static title = "Move the picture (H, or hold Space)";
    static icon = "M8 12V6a1.5 1.5 0 0 1 3 0V4.5a1.5 1.5 0 0 1 3 0V6" +
        "a1.5 1.5 0 0 1 3 0v8c0 4-2 6.5-5.5 6.5C8 20.5 6.5 18 4.5 14c-.6-1.5 1-2.3 2-1.2L8 14.5M11 6v5M14 6v5";
    static paintsClass = false;
    static showsBrush = false;

    move({ dx, dy }) {
        this.painter.view.pan(dx, dy);
    }
}

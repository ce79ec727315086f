import { Tool } from "./tool.js";

/** Takes the class that is under the pointer, and hands over to the brush. */
export class Picker extends Tool {
    static id = "picker";
    static key = "p";
    static title = "Pick a class (P, or hold Alt)";
    static icon = "M14 7 17 10M13 6 15 4C17 2 21 6 19 8L17 10M14.5 8.5 6.5 16.5 4 20 7.5 17.5 15.5 9.5";
    static paintsClass = false;
    static showsBrush = false;

    begin({ points }) {
        this.painter.pick(points.at(-1));
    }

    move({ points }) {
        this.painter.pick(points.at(-1));
    }

    end() {
        if (this.painter.tool === Picker.id) this.painter.setTool("brush");
    }
}

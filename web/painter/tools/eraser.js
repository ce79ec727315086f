import { Brush } from "./brush.js";

/** Paints the base class of the taxonomy, which an empty label map is full of. */
export class Eraser extends Brush {
    static id = "eraser";
    static key = "e";
    static title = "Eraser: paints the base class (E)";
    static icon = "M8 20h12M5 15 14.5 5.5 19.5 10.5 10.5 19.5H8ZM9.5 10.5 14.5 15.5";
    static paintsClass = false;

    get classId() {
        return this.painter.taxonomy.base;
    }
}

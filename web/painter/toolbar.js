/** The row of tools above the canvas. */

import { button, element } from "./elements.js";

export const LARGEST = 256;

/** Tools by name: what the button says, with its key. */
export const TOOLS = {
    brush: "Brush (B)",
    eraser: "Eraser: back to the base class (E)",
    line: "Line (I)",
    rectangle: "Rectangle (R)",
    lasso: "Lasso: draw an outline, its inside is filled (L)",
    fill: "Fill an area (G)",
    picker: "Pick a class (P, or hold Alt)",
    hand: "Move the picture (H, or hold Space)",
};

export class Toolbar {
    /**
     * @param {object} actions what the buttons do: setTool(name), setForm(form), togglePressure(), setSize(size),
     *     setOpacity(share), undo(), redo(), fit(), toggleLayouts(), fillAll(), clear(), open(), download()
     */
    constructor(actions) {
        this.tools = Object.fromEntries(
            Object.entries(TOOLS).map(([name, title]) =>
                [name, button("tool", name, title, () => actions.setTool(name))]));
        this.forms = {
            round: button("form", "round", "Round brush", () => actions.setForm("round")),
            square: button("form", "square", "Square brush", () => actions.setForm("square")),
        };
        this.pressure = button("form", "pressure", "A pen's pressure changes the size", actions.togglePressure);
        this.pressure.hidden = true;
        this.size = element("input.size", {
            type: "range", min: 0, max: 100, title: "Size of the brush ([ and ], or the wheel)", tabIndex: -1,
            oninput: () => actions.setSize(Math.round(LARGEST ** (this.size.valueAsNumber / 100))),
        });
        this.pixels = element("output.pixels");
        this.opacity = element("input.opacity", {
            type: "range", min: 0, max: 100, value: 60, title: "How much the paint covers the picture to trace",
            tabIndex: -1, oninput: () => actions.setOpacity(this.opacity.valueAsNumber / 100),
        });
        this.undo = button("action", "undo", "Undo (Ctrl+Z)", actions.undo);
        this.redo = button("action", "redo", "Redo (Ctrl+Shift+Z)", actions.redo);
        this.traceGroup = element("div.group", { hidden: true }, "Paint", this.opacity);
        this.element = element(
            "div.toolbar", { attributes: { role: "toolbar", "aria-label": "Tools" } },
            element("div.group", {}, ...Object.values(this.tools)),
            element("div.group", {}, ...Object.values(this.forms), this.pressure, this.size, this.pixels),
            element("div.group", {}, this.undo, this.redo,
                button("action", "fit", "Show all (0)", actions.fit)),
            element("div.group", {},
                button("action", "layouts", "Start from a layout", actions.toggleLayouts),
                button("action", "fillAll", "Fill everything with the class", actions.fillAll),
                button("action", "clear", "Clear: start again", actions.clear),
                button("action", "open", "Load a PNG in the colours of a taxonomy", actions.open),
                button("action", "download", "Download as PNG", actions.download)),
            this.traceGroup);
    }

    /** Shows what is chosen and what can be done. */
    update({ tool, form, size, pressureSizes, canUndo, canRedo, traces }) {
        for (const [name, made] of Object.entries(this.tools)) made.setAttribute("aria-pressed", String(name === tool));
        for (const [name, made] of Object.entries(this.forms)) made.setAttribute("aria-pressed", String(name === form));
        this.pressure.setAttribute("aria-pressed", String(pressureSizes));
        this.size.value = (100 * Math.log(size)) / Math.log(LARGEST);
        this.pixels.value = `${size} px`;
        this.undo.disabled = !canUndo;
        this.redo.disabled = !canRedo;
        this.traceGroup.hidden = !traces;
    }
}

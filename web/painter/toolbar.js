/** The row of tools above the canvas. */

import { button, element } from "./elements.js";
import { ICONS } from "./icons.js";
import { TOOLS } from "./tools/index.js";

/** The largest diameter of the brush, in pixels of the drawing. */
export const LARGEST = 256;

export class Toolbar {
    /**
     * @param {object} actions what the buttons do: setTool(id), setForm(form), togglePressure(), setSize(size),
     *     setOpacity(share), undo(), redo(), fit(), toggleLayouts(), fillAll(), clear(), open(), download()
     */
    constructor(actions) {
        this.tools = Object.fromEntries(
            [...TOOLS].map(([id, { icon, title }]) => [id, button("tool", icon, title, () => actions.setTool(id))]));
        this.forms = {
            round: button("form", ICONS.round, "Round brush", () => actions.setForm("round")),
            square: button("form", ICONS.square, "Square brush", () => actions.setForm("square")),
        };
        this.pressure = button(
            "form", ICONS.pressure, "The pressure of the pen changes the brush size", actions.togglePressure);
        this.pressure.hidden = true;
        this.size = element("input.size", {
            type: "range", min: 0, max: 100, title: "Size of the brush in pixels ([ and ], or the wheel)", tabIndex: -1,
            oninput: () => actions.setSize(Math.round(LARGEST ** (this.size.valueAsNumber / 100))),
        });
        this.pixels = element("output.pixels");
        this.opacity = element("input.opacity", {
            type: "range", min: 0, max: 100, value: 60, title: "Opacity of the paint over the picture to trace",
            tabIndex: -1, oninput: () => actions.setOpacity(this.opacity.valueAsNumber / 100),
        });
        this.undo = button("action", ICONS.undo, "Undo (Ctrl+Z)", actions.undo);
        this.redo = button("action", ICONS.redo, "Redo (Ctrl+Shift+Z)", actions.redo);
        this.traceGroup = element("div.group", { hidden: true }, "Paint", this.opacity);
        this.element = element(
            "div.toolbar", { attributes: { role: "toolbar", "aria-label": "Tools" } },
            element("div.group", {}, ...Object.values(this.tools)),
            element("div.group", {}, ...Object.values(this.forms), this.pressure, this.size, this.pixels),
            element("div.group", {}, this.undo, this.redo,
                button("action", ICONS.fit, "Show the whole picture (0)", actions.fit)),
            element("div.group", {},
                button("action", ICONS.layouts, "Start from a layout", actions.toggleLayouts),
                button("action", ICONS.fillAll, "Fill everything with the chosen class", actions.fillAll),
                button("action", ICONS.clear, "Clear: start over", actions.clear),
                button("action", ICONS.open, "Load a picture of ids or of colours", actions.open),
                button("action", ICONS.download, "Download the drawing as a PNG", actions.download)),
            this.traceGroup);
    }

    /** Shows the choices, and which actions are possible. */
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

/** The menu of example layouts that ship with the pack. */

import { element } from "./elements.js";

export class LayoutMenu {
    /**
     * @param {string[]} names
     * @param {URL} folder of their pictures
     * @param {(name: string) => void} onChoose called when the user clicks a layout
     */
    constructor(names, folder, onChoose) {
        this.element = element(
            "div.layouts", { hidden: true, attributes: { role: "menu", "aria-label": "Layouts" } },
            ...names.map((name) => {
                const choose = () => {
                    this.close();
                    onChoose(name);
                };
                const picture = element("img", { src: new URL(`${name}.png`, folder), alt: "", draggable: false });
                const made = element("button", { type: "button", tabIndex: -1, onclick: choose }, picture, name);
                made.setAttribute("role", "menuitem");
                return made;
            }));
    }

    toggle() {
        this.element.hidden = !this.element.hidden;
    }

    close() {
        this.element.hidden = true;
    }
}

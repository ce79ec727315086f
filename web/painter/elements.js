/** Making elements, and the toolbar's icons. */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines on a grid of 24 by 24. */
const ICONS = {
    brush: "M4 20c2.5.6 5 .2 5.8-1.8.6-1.6-.4-3-1.9-3.2C5.3 14.7 6 18.5 4 20ZM10 14 19.5 3.5 21 5 11.5 15.5",
    eraser: "M8 20h12M5 15 14.5 5.5 19.5 10.5 10.5 19.5H8ZM9.5 10.5 14.5 15.5",
    line: "M5 19 19 5M3.5 17.5h3v3h-3ZM17.5 3.5h3v3h-3Z",
    rectangle: "M4 6h16v12H4Z",
    lasso: "M7 16C2 13 4 5 12 5s11 6 5 9.5c-4 2.3-9 1-10-1.5-.5-2 3-2.5 3.5 0C11 16 8 20 5 20",
    fill: "M10 4 19 13 12 20 4.5 12.5 12 5M5 12.5h13.5" +
        "M20.5 15.5c-1 1.5-1.5 2.3-1.5 3a1.5 1.5 0 0 0 3 0c0-.7-.5-1.5-1.5-3Z",
    picker: "M14 7 17 10M13 6 15 4C17 2 21 6 19 8L17 10M14.5 8.5 6.5 16.5 4 20 7.5 17.5 15.5 9.5",
    hand: "M8 12V6a1.5 1.5 0 0 1 3 0V4.5a1.5 1.5 0 0 1 3 0V6" +
        "a1.5 1.5 0 0 1 3 0v8c0 4-2 6.5-5.5 6.5C8 20.5 6.5 18 4.5 14c-.6-1.5 1-2.3 2-1.2L8 14.5M11 6v5M14 6v5",
    round: "M12 5a7 7 0 1 0 .01 0Z",
    square: "M6 6h12v12H6Z",
    pressure: "M12 3v4M12 21a3 3 0 0 1-3-3l3-8 3 8a3 3 0 0 1-3 3ZM6 20c-2-1-3-2.5-3-4M18 20c2-1 3-2.5 3-4",
    undo: "M8 5 4 9 8 13M4 9h10a5.5 5.5 0 0 1 0 11H9",
    redo: "M16 5 20 9 16 13M20 9H10a5.5 5.5 0 0 0 0 11h5",
    fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
    fillAll: "M4 4h16v16H4ZM8 8h8v8H8Z",
    clear: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
    open: "M4 19V5h6l2 2h8v3M4 19 7 10h14l-3 9Z",
    download: "M12 4v11M7.5 11 12 15.5 16.5 11M5 20h14",
    layouts: "M4 5h16v14H4ZM4 15 9 10 13 14 16 11.5 20 15M15.5 8.5h.01",
};

/**
 * @param {string} kind tag and classes, as in "button.tool.large"
 * @param {object} properties of the element; `attributes` are set as such
 * @param {...(Node | string)} children
 */
export function element(kind, { attributes = {}, ...properties } = {}, ...children) {
    const [tag, ...classes] = kind.split(".");
    const made = Object.assign(document.createElement(tag), properties);
    made.classList.add(...classes);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
}

/** @param {keyof ICONS} name */
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
}

/** A button that leaves the keyboard where it is. */
export function button(kind, name, title, onClick) {
    const made = element(`button.${kind}`, { type: "button", title, tabIndex: -1, onclick: onClick }, icon(name));
    made.setAttribute("aria-label", title);
    return made;
}

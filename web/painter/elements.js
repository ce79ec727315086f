/** Functions that make elements. */

const SVG = "http://www.w3.org/2000/svg";

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

/** @param {string} outline an SVG path on a grid of 24 by 24 */
export function icon(outline) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", outline);
    svg.append(path);
    return svg;
}

/** A button with an icon. It doesn't take part in the order of the Tab key. */
export function button(kind, outline, title, onClick) {
    const made = element(`button.${kind}`, { type: "button", title, tabIndex: -1, onclick: onClick }, icon(outline));
    made.setAttribute("aria-label", title);
    return made;
}

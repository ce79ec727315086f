/** The painter's keys. They work while the painter has the focus, and they don't reach the graph. */

import { toolForKey } from "./tools/index.js";

const SIZE_STEP = 1.25;
const ZOOM_STEP = 1.5;

/** Whether a shortcut queues or saves the workflow: it belongs to the editor wherever the focus is. */
const isEditors = (event) => (event.ctrlKey || event.metaKey) && ["Enter", "s"].includes(event.key);

/**
 * @param {HTMLElement} root the element of the painter
 * @param {import("./painter.js").Painter} painter
 */
export function listenToKeys(root, painter) {
    root.addEventListener("keydown", (event) => {
        if (isEditors(event)) return;
        event.stopPropagation();
        if (event.target === painter.palette.search) return;
        if (handle(event, painter)) event.preventDefault();
    });
    root.addEventListener("keyup", (event) => {
        event.stopPropagation();
        if (event.key === " ") painter.gestures.space = false;
    });
    root.addEventListener("focusout", () => {
        painter.gestures.space = false;
    });
    for (const type of ["copy", "cut", "paste"]) root.addEventListener(type, (event) => event.stopPropagation());
}

/** @returns {boolean} whether the key is one of the painter's */
function handle(event, painter) {
    const key = event.key.toLowerCase();
    if (event.ctrlKey || event.metaKey) {
        if (key === "z" && !event.shiftKey) painter.undo();
        else if (key === "y" || key === "z") painter.redo();
        else return false;
        return true;
    }
    // A lone Alt would move the focus to the browser's menu.
    if (event.altKey) return key === "alt";
    if (toolForKey(key)) painter.setTool(toolForKey(key));
    else if (key === "[") painter.scaleSize(1 / SIZE_STEP);
    else if (key === "]") painter.scaleSize(SIZE_STEP);
    else if (key === "+" || key === "=") painter.zoomBy(ZOOM_STEP);
    else if (key === "-") painter.zoomBy(1 / ZOOM_STEP);
    else if (key === "0") painter.view.fit();
    else if (key === " ") painter.gestures.space = true;
    else if (key === "escape") painter.gestures.cancel();
    else return false;
    return true;
}

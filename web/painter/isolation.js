/** The border between the painter and the graph around it. */

/**
 * Keeps the events on the painter from the graph: they drag no node, open no menu and drop no file on it.
 *
 * @param {import("./painter.js").Painter} painter
 */
export function keepFromGraph(painter) {
    const root = painter.element;
    for (const type of ["pointerdown", "pointermove", "pointerup", "mousedown", "mouseup", "dblclick", "contextmenu"]) {
        root.addEventListener(type, (event) => event.stopPropagation());
    }
    // If a button had the focus, the graph would take the keys: the editor leaves them to text fields only.
    root.addEventListener("mousedown", (event) => {
        if (event.target.closest("input")) return;
        event.preventDefault();
        painter.focus();
    });
    root.addEventListener("change", () => painter.focus());
    root.addEventListener("dragover", (event) => {
        event.preventDefault();
        event.stopPropagation();
    });
    root.addEventListener("drop", (event) => {
        event.preventDefault();
        event.stopPropagation();
        if (event.dataTransfer.files[0]) painter.open(event.dataTransfer.files[0]);
    });
}

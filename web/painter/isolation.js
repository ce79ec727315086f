/** The border between the painter and the graph around it. */

/**
 * Nothing that happens on the painter reaches the graph: no drag of the node, no menu, no file dropped on it.
 *
 * @param {import("./painter.js").Painter} painter
 */
export function keepFromGraph(painter) {
    const root = painter.element;
    for (const type of ["pointerdown", "pointermove", "pointerup", "mousedown", "mouseup", "dblclick", "contextmenu"]) {
        root.addEventListener(type, (event) => event.stopPropagation());
    }
    // With a button in focus, the keys would be the graph's: the editor spares text fields only.
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

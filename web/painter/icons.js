/** The icons of the toolbar apart from the tools': SVG paths on a grid of 24 by 24. */
export const ICONS = {
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

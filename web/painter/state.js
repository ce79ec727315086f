/** The state of a painter's document: how the canvas, the value and the server's files stand to each other. */

/**
 * The states, each with those that may follow it:
 *
 * - `unloaded`: the canvas shows nothing of the value. None was set yet, or its picture could not be loaded.
 * - `loading`: the picture of the value is on its way, and no gesture may begin. A change by a button supersedes it.
 * - `clean`: the value names what the canvas shows, and the server can read it.
 * - `dirty`: the drawing was changed. Its value is being computed, or its upload is under way.
 * - `unsaved`: the drawing was changed, and its upload failed. It is tried again before the next run.
 */
export const TRANSITIONS = {
    unloaded: ["loading", "dirty"],
    loading: ["loading", "clean", "unloaded", "dirty"],
    clean: ["loading", "dirty"],
    dirty: ["loading", "dirty", "clean", "unsaved"],
    unsaved: ["loading", "dirty", "clean"],
};

export class DocumentState {
    constructor() {
        this.name = "unloaded";
    }

    is(...names) {
        return names.includes(this.name);
    }

    /** Throws an Error unless `name` may follow the present state. */
    enter(name) {
        if (!TRANSITIONS[this.name].includes(name)) throw new Error(`A ${this.name} drawing cannot become ${name}.`);
        this.name = name;
    }
}

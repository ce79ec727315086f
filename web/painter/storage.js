/** The files of drawings: uploads to the server's input folder, named by their content, and the example layouts. */

import { contentHash } from "./hash.js";
import { decodePng, encodePng, smallPng } from "./png.js";
import { isOwnPalette } from "./taxonomy.js";

const FOLDER = "gan_atelier";
const READER = "/gan_atelier/read_label_picture";
const EXAMPLE = "example:";
const REMEMBERED = 64;
const KEEPALIVE_BYTES = 60_000;
const COPIED_AT_ONCE = 1 << 18;
const EMBEDDED = "data:image/png;base64,";
/** Drawings up to this size are part of the workflow. A landscape of 512×512 pixels has 5 to 15 kB. */
const EMBEDDED_BYTES = 32_768;

/** The latest uploads of all painters of the page by file name, with their content. */
const uploads = new Map();

/** A picture could not be loaded or saved; the message is for the user. */
export class StorageError extends Error {}

/** The value of an example. */
export const exampleReference = (name) => EXAMPLE + name;

/** Whether a value names an example. */
export const isExample = (reference) => reference.startsWith(EXAMPLE);

export class Storage {
    /**
     * @param {(route: string, options?: object) => Promise<Response>} fetchApi sends a request to the server
     * @param {URL} layouts the folder of the example layouts
     * @param {Map<string, import("./taxonomy.js").Taxonomy>} taxonomies
     */
    constructor(fetchApi, layouts, taxonomies) {
        this.fetchApi = fetchApi;
        this.layouts = layouts;
        this.taxonomies = taxonomies;
    }

    /**
     * The file name of a drawing: drawings of different content have different names. The drawing must not change
     * before the work is done.
     *
     * @returns {Generator<void, string>} work whose result is the name
     */
    *name({ width, ids }, taxonomy) {
        const kind = [...taxonomy.name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), width);
        return `${yield* contentHash(ids, kind)}.png`;
    }

    /**
     * Starts the upload of a drawing unless it was uploaded before. The drawing must not change before the work is
     * done.
     *
     * @param {string} name the result of `name`
     * @param {{width: number, height: number, ids: Uint8Array}} map
     * @param {import("./taxonomy.js").Taxonomy} taxonomy
     * @returns {Generator<void, string>} work whose result is the value, such as "gan_atelier/0123….png [input]"
     */
    *save(name, map, taxonomy) {
        let upload = uploads.get(name);
        if (!upload) {
            const { width, height } = map;
            const ids = yield* copied(map.ids);
            upload = { name, blob: encodePng({ width, height, ids }, taxonomy.name, taxonomy.colors), done: null };
            upload.done = this._upload(name, upload.blob);
        }
        remember(name, upload);
        return `${FOLDER}/${name} [input]`;
    }

    /**
     * A drawing as a value that needs no file. The drawing must not change before the work is done.
     *
     * @returns {Generator<void, string | null>} work whose result is the value, or null for a drawing that is too large
     */
    *embedded(map, taxonomy) {
        const file = yield* smallPng(map, taxonomy.name, taxonomy.colors, EMBEDDED_BYTES);
        return file && EMBEDDED + btoa(Array.from(file, (byte) => String.fromCharCode(byte)).join(""));
    }

    /** @returns {Promise<boolean>} whether the server has a drawing; true for anything that this page did not upload */
    async arrived(reference) {
        return (await uploads.get(fileName(reference))?.done) ?? true;
    }

    /** Waits for the upload of a drawing, and repeats a failed one. Rejects with a StorageError if it fails again. */
    async settled(reference) {
        if (await this.arrived(reference)) return;
        const upload = uploads.get(fileName(reference));
        upload.done = this._upload(upload.name, upload.blob);
        if (!(await upload.done)) throw new StorageError("The drawing could not be uploaded. Is the server running?");
    }

    /** @returns {Promise<boolean>} whether the upload succeeded */
    async _upload(name, encoded) {
        const blob = await encoded;
        const body = new FormData();
        body.append("image", blob, name);
        body.append("type", "input");
        body.append("subfolder", FOLDER);
        body.append("overwrite", "true");
        // With keepalive, a small drawing arrives even if the page is closed right after the stroke. The browser
        // refuses that while too many uploads are under way.
        for (const keepalive of blob.size < KEEPALIVE_BYTES ? [true, false] : [false]) {
            try {
                return (await this.fetchApi("/upload/image", { method: "POST", body, keepalive })).ok;
            } catch {
                continue;
            }
        }
        return false;
    }

    /**
     * Loads the drawing that a value names.
     *
     * @param {string} reference not empty
     * @param {import("./taxonomy.js").Taxonomy} preferred the first choice for pictures that don't name their taxonomy
     * @returns {Promise<{width, height, ids, taxonomy}>} rejects with a StorageError
     */
    async load(reference, preferred) {
        if (reference.startsWith(EMBEDDED)) return this.read(unembedded(reference), preferred);
        const kept = uploads.get(fileName(reference));
        if (kept) return this.read(await kept.blob, preferred);
        let response;
        try {
            response = isExample(reference)
                ? await fetch(new URL(`${reference.slice(EXAMPLE.length)}.png`, this.layouts))
                : await this.fetchApi(viewAddress(reference));
        } catch {
            throw new StorageError(`${reference} could not be loaded. Is the server running?`);
        }
        if (!response.ok) throw new StorageError(`${reference} is gone.`);
        return this.read(await response.blob(), preferred);
    }

    /** Loads a temporary picture that the server describes. */
    async loadShown({ filename, subfolder, type }, preferred) {
        return this.load(`${subfolder}/${filename} [${type}]`, preferred);
    }

    /** @returns {string} the address of a file that the server describes */
    address({ filename, subfolder, type }) {
        return viewAddress(`${subfolder}/${filename} [${type}]`);
    }

    /**
     * Reads a picture file as a label map. The page reads drawings of the painter, and the server all other pictures,
     * as the nodes do.
     *
     * @param {Blob} blob
     * @param {import("./taxonomy.js").Taxonomy} preferred the taxonomy of ids, and the first choice for colours
     * @returns {Promise<{width, height, ids, taxonomy, warning}>} rejects with a StorageError; the warning is for the
     *     user, and empty if there is none
     */
    async read(blob, preferred) {
        const bytes = await blob.arrayBuffer();
        const own = await this._drawing(bytes);
        if (own) return { ...own, warning: "" };
        const { drawing, warning } = await this._readByServer(bytes, preferred);
        return { ...(await this._drawing(drawing)), warning };
    }

    /** A drawing of the painter; null for any other file. */
    async _drawing(bytes) {
        const own = await decodePng(new Uint8Array(bytes)).catch(() => null);
        const taxonomy = this.taxonomies.get(own?.taxonomy);
        return taxonomy && isOwnPalette(own.ids, own.colors, taxonomy) ? { ...own, taxonomy } : null;
    }

    /** A picture file as a drawing, an ArrayBuffer, and a warning for the user. */
    async _readByServer(bytes, preferred) {
        const route = `${READER}?${new URLSearchParams({ taxonomy: preferred.name })}`;
        let response;
        try {
            response = await this.fetchApi(route, { method: "POST", body: bytes });
        } catch {
            throw new StorageError("The file could not be read. Is the server running?");
        }
        if (response.ok) {
            const warning = decodeURIComponent(response.headers.get("X-Warning") ?? "");
            return { drawing: await response.arrayBuffer(), warning: warning && sentence(warning) };
        }
        const { error } = await response.json().catch(() => ({}));
        throw new StorageError(sentence(error ?? `the server cannot read the file (status ${response.status})`));
    }
}

/** An error of the server as a sentence. */
function sentence(error) {
    return error[0].toUpperCase() + error.slice(1) + (/[.?!]$/.test(error) ? "" : ".");
}

/** The file name in the value of an uploaded drawing; undefined in any other value. */
function fileName(reference) {
    return reference.match(/^gan_atelier\/([^/]*) \[input\]$/)?.[1];
}

/** The file in an embedded value; an empty one if it is damaged. */
function unembedded(reference) {
    try {
        const text = atob(reference.slice(EMBEDDED.length));
        return new Blob([Uint8Array.from(text, (letter) => letter.charCodeAt(0))]);
    } catch {
        return new Blob();
    }
}

function* copied(ids) {
    const copy = new Uint8Array(ids.length);
    for (let at = 0; at < ids.length; at += COPIED_AT_ONCE) {
        copy.set(ids.subarray(at, at + COPIED_AT_ONCE), at);
        yield;
    }
    return copy;
}

function remember(name, upload) {
    uploads.delete(name);
    uploads.set(name, upload);
    for (const oldest of uploads.keys()) {
        if (uploads.size <= REMEMBERED) break;
        uploads.delete(oldest);
    }
}

function viewAddress(reference) {
    const [, path, type = "input"] = reference.match(/^(.*?)(?: \[(\w+)\])?$/);
    const slash = path.lastIndexOf("/");
    const query = { filename: path.slice(slash + 1), subfolder: path.slice(0, Math.max(0, slash)), type };
    return `/view?${new URLSearchParams(query)}`;
}

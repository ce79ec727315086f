/** Where drawings live: files in the server's input folder, named by their content, and the pack's layouts. */

import { contentHash } from "./hash.js";
import { decodePng, encodePng } from "./png.js";
import { fromColors, isOwnPalette } from "./taxonomy.js";

const FOLDER = "gan_atelier";
const EXAMPLE = "example:";
const REMEMBERED = 64;
const KEEPALIVE_BYTES = 60_000;
const COPIED_AT_ONCE = 1 << 18;

/** Uploads by file name, for all painters of the page; the latest are kept, with what is in them. */
const uploads = new Map();

/** A picture that could not be had; the message is for the user. */
export class StorageError extends Error {}

/** The value of an example. */
export const exampleReference = (name) => EXAMPLE + name;

/** Whether a value names an example. */
export const isExample = (reference) => reference.startsWith(EXAMPLE);

export class Storage {
    /**
     * @param {(route: string, options?: object) => Promise<Response>} fetchApi asks the server
     * @param {URL} layouts the folder of the examples
     * @param {Map<string, import("./taxonomy.js").Taxonomy>} taxonomies
     */
    constructor(fetchApi, layouts, taxonomies) {
        this.fetchApi = fetchApi;
        this.layouts = layouts;
        this.taxonomies = taxonomies;
    }

    /**
     * The drawing must not change before it is done; nor while it is saved.
     *
     * @returns {Generator<void, string>} work that gives the file name of a drawing: it says everything that is in it
     */
    *name({ width, ids }, taxonomy) {
        const kind = [...taxonomy.name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), width);
        return `${yield* contentHash(ids, kind)}.png`;
    }

    /**
     * Starts to upload a drawing as it is now unless that happened before.
     *
     * @param {string} name what `name` says of it
     * @param {{width: number, height: number, ids: Uint8Array}} map
     * @param {import("./taxonomy.js").Taxonomy} taxonomy
     * @returns {Generator<void, string>} work that gives the widget's value, such as "gan_atelier/0123….png [input]"
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

    /** @returns {Promise<boolean>} whether the server has a drawing; true for what never was uploaded from this page */
    async arrived(reference) {
        return (await uploads.get(fileName(reference))?.done) ?? true;
    }

    /** Waits for a drawing's upload, and tries again if it failed. Rejects with a StorageError if it fails again. */
    async settled(reference) {
        if (await this.arrived(reference)) return;
        const upload = uploads.get(fileName(reference));
        upload.done = this._upload(upload.name, upload.blob);
        if (!(await upload.done)) throw new StorageError("The drawing could not be uploaded. Is the server running?");
    }

    /** @returns {Promise<boolean>} whether it worked */
    async _upload(name, encoded) {
        const blob = await encoded;
        const body = new FormData();
        body.append("image", blob, name);
        body.append("type", "input");
        body.append("subfolder", FOLDER);
        body.append("overwrite", "true");
        // A small drawing arrives even if the page is closed right after the stroke, unless too many are on their way.
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
     * The drawing that a widget's value names.
     *
     * @param {string} reference not empty
     * @param {import("./taxonomy.js").Taxonomy} preferred for pictures that don't say what they are
     * @returns {Promise<{width, height, ids, taxonomy}>} rejects with a StorageError
     */
    async load(reference, preferred) {
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

    /** What the server says of a temporary picture of its own, as a picture. */
    async loadShown({ filename, subfolder, type }, preferred) {
        return this.load(`${subfolder}/${filename} [${type}]`, preferred);
    }

    /** @returns {string} the address of a file that the server showed */
    address({ filename, subfolder, type }) {
        return viewAddress(`${subfolder}/${filename} [${type}]`);
    }

    /**
     * A picture file as a label map.
     *
     * @param {Blob} blob a drawing of ours, or any picture in a taxonomy's colours
     * @returns {Promise<{width, height, ids, taxonomy}>} rejects with a StorageError
     */
    async read(blob, preferred) {
        const own = await decodePng(new Uint8Array(await blob.arrayBuffer())).catch(() => null);
        const taxonomy = this.taxonomies.get(own?.taxonomy);
        if (taxonomy && isOwnPalette(own.ids, own.colors, taxonomy)) return { ...own, taxonomy };
        let bitmap;
        try {
            bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none", premultiplyAlpha: "none" });
        } catch {
            throw new StorageError("This file is not a picture.");
        }
        const { width, height } = bitmap;
        const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
        context.drawImage(bitmap, 0, 0);
        const { data } = context.getImageData(0, 0, width, height);
        const found = fromColors(data, [...new Set([preferred, ...this.taxonomies.values()])]);
        if (!found) throw new StorageError("This picture is not painted in the colours of any taxonomy.");
        return { width, height, ...found };
    }
}

/** The name in a reference to an uploaded drawing; undefined in any other. */
function fileName(reference) {
    return reference.match(/^gan_atelier\/([^/]*) \[input\]$/)?.[1];
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

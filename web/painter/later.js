/** Work that is done in slices during the frames after a stroke, or at once as soon as its result is needed.
 *
 * Such work is a generator that yields wherever it can pause.
 */

const SLICE_MS = 3;

/** Does all of the work, and returns its result. */
export function atOnce(work) {
    for (;;) {
        const { done, value } = work.next();
        if (done) return value;
    }
}

export class Later {
    constructor() {
        this.work = null;
    }

    /** Starts work. The rest of earlier work is done first. */
    start(work) {
        this.finish();
        this.work = work;
        this._wait();
    }

    /** Does the rest of the work at once. The work itself must not call this. */
    finish() {
        const { work } = this;
        if (!work) return;
        this.work = null;
        clearTimeout(this.timer);
        atOnce(work);
    }

    /** Does the next slice after a pause of the same length, so that the page is busy for at most half of a frame. */
    _wait() {
        this.timer = setTimeout(() => {
            const end = performance.now() + SLICE_MS;
            while (performance.now() < end) {
                if (this.work.next().done) {
                    this.work = null;
                    return;
                }
            }
            this._wait();
        }, SLICE_MS);
    }
}

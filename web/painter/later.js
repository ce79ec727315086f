/** Work that waits for the frames after a stroke, in slices, and that can be done at once if somebody needs its result.
 *
 * Such work is a generator that yields wherever it can pause.
 */

const SLICE_MS = 3;

/** Does all of the work; returns its result. */
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

    /** Starts work; what is left of the work before is done first. */
    start(work) {
        this.finish();
        this.work = work;
        this._wait();
    }

    /** Does at once what is left. Not to be called by the work itself. */
    finish() {
        const { work } = this;
        if (!work) return;
        this.work = null;
        clearTimeout(this.timer);
        atOnce(work);
    }

    /** The next slice, after a pause as long as a slice: the page never is busy for more than half of a frame. */
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

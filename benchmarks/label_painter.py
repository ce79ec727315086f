"""How fast the label painter is, and what its undo keeps, in headless Chromium without a GPU.

python benchmarks/label_painter.py [--side 1024] [--brush 64]

Measured is the page's own work, since the time between frames is the screen's: in a frame, that of events and drawing;
after the end of a stroke, a fill or an undo, the longest that the page is busy at once until everything is saved.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

MEASURE = """async (painter, strokes) => {
    const { canvas } = painter.view, box = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};
    const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {
        clientX: box.left + box.width * x, clientY: box.top + box.height * y, pointerId: 1, bubbles: true }));
    const timed = work => { const start = performance.now(); work(); return performance.now() - start; };
    const wait = milliseconds => new Promise(done => setTimeout(done, milliseconds));
    let drawing = 0;
    const draw = painter.view._draw.bind(painter.view);
    painter.view._draw = () => { drawing = timed(draw); };
    const busiest = async work => {
        const { port1, port2 } = new MessageChannel();
        let last = performance.now(), longest = 0;
        port1.onmessage = () => {
            const now = performance.now();
            longest = Math.max(longest, now - last);
            last = now;
            port2.postMessage(null);
        };
        port2.postMessage(null);
        await wait(50);
        longest = 0;
        work();
        do await wait(50); while (painter.later.work);
        await painter.settled();
        port1.close();
        return longest;
    };
    const result = { frame: [], end: [], fill: [], "fill all": [], undo: [] };
    for (let stroke = 0; stroke < strokes; stroke++) {
        painter.setTool("brush");
        painter.setClass(3 + stroke % 2);
        for (let point = 0; point < 200; point++) {
            await new Promise(requestAnimationFrame);
            const angle = point / 15 + stroke, radius = 0.1 + 0.3 * point / 200;
            const events = timed(() => send(point ? "pointermove" : "pointerdown",
                0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle)));
            result.frame.push(events + drawing);
        }
        result.end.push(await busiest(() => send("pointerup", 0.5, 0.5)));
        painter.setClass(5 + stroke % 2);
        result["fill all"].push(await busiest(() => painter.fill(10 + stroke % 2)));
        result.undo.push(await busiest(() => painter.undo()));
        painter.setTool("fill");
        result.fill.push(await busiest(() => { send("pointerdown", 0.5, 0.01); send("pointerup", 0.5, 0.01); }));
    }
    return [result, painter.drawing.history.bytes / painter.drawing.history.past.length];
}"""


def main() -> None:
    from gan_models import labels
    from tests.browser.painter_page import PainterPage

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=1024, help="side of the map in pixels")
    parser.add_argument("--brush", type=int, default=64, help="diameter of the brush in pixels")
    parser.add_argument("--strokes", type=int, default=8)
    options = parser.parse_args()
    with PainterPage({"taxonomies": labels.tables(), "examples": ["valley"]}) as page:
        brush = page.painter("example:valley", width=options.side, height=options.side)
        brush.use("brush", "rock", options.brush)
        times, step = brush.painter.evaluate(MEASURE, options.strokes)
    print(f"{options.side} x {options.side}, brush of {options.brush} pixels, milliseconds")
    print("| what | median | 99 % | longest |\n|---|---|---|---|")
    for name, values in times.items():
        ordered = sorted(values)
        late = ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        print(f"| {name} | {ordered[len(ordered) // 2]:.1f} | {late:.1f} | {ordered[-1]:.1f} |")
    print(f"undo keeps {step / 1024:.0f} kB a step")


if __name__ == "__main__":
    main()

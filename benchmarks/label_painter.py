"""How fast the label painter is, and what its undo keeps, in headless Chromium without a GPU.

python benchmarks/label_painter.py [--side 1024] [--brush 64]

The page's own work in a frame is measured (events and drawing), since the time between frames is the screen's.
"""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT))

MEASURE = """async (painter, strokes) => {
    const { canvas } = painter.view, box = canvas.getBoundingClientRect();
    canvas.setPointerCapture = () => {};
    const send = (type, x, y) => {
        const start = performance.now();
        canvas.dispatchEvent(new PointerEvent(type, {
            clientX: box.left + box.width * x, clientY: box.top + box.height * y, pointerId: 1, bubbles: true }));
        return performance.now() - start;
    };
    const timed = work => { const start = performance.now(); work(); return performance.now() - start; };
    let drawing = 0;
    const draw = painter.view._draw.bind(painter.view);
    painter.view._draw = () => { drawing = timed(draw); };
    const result = { frame: [], end: [], fill: [], "fill all": [], undo: [] };
    for (let stroke = 0; stroke < strokes; stroke++) {
        painter.setTool("brush");
        painter.setClass(3 + stroke % 2);
        for (let point = 0; point < 200; point++) {
            await new Promise(requestAnimationFrame);
            const angle = point / 15 + stroke, radius = 0.1 + 0.3 * point / 200;
            const events = send(point ? "pointermove" : "pointerdown",
                0.5 + radius * Math.cos(angle), 0.5 + radius * Math.sin(angle));
            result.frame.push(events + drawing);
        }
        result.end.push(send("pointerup", 0.5, 0.5));
        await painter.settled();
        painter.setClass(5 + stroke % 2);
        result["fill all"].push(timed(() => painter.fill(10 + stroke % 2)));
        result.undo.push(timed(() => painter.undo()));
        painter.setTool("fill");
        result.fill.push(send("pointerdown", 0.5, 0.01) + send("pointerup", 0.5, 0.01));
        await painter.settled();
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

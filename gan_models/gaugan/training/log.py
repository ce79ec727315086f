"""The losses of a training run as a table and as a chart."""

import csv
import io
from pathlib import Path
from statistics import mean

from PIL import Image, ImageDraw, ImageFont

from ...files import write_atomically

EVERY = 10
"""Number of steps whose mean losses form a row of the table."""

WIDTH, HEIGHT, MARGIN = 720, 110, 8
LINE, FRAME, TEXT = (66, 135, 245), (200, 200, 200), (40, 40, 40)

Row = dict[str, float]


class TrainingLog:
    """Writes ``log.csv`` and ``log.png``: the step, the seconds so far, and the mean losses since the previous row.

    If some of these steps lack a loss, its mean is over the others.

    Args:
        folder: folder of the run. Existing rows are read.
        step: the step from which the run resumes. Rows of later steps, which were lost, are dropped.
    """

    def __init__(self, folder: str | Path, step: int):
        self.table, self.drawing = Path(folder) / "log.csv", Path(folder) / "log.png"
        self.rows: list[Row] = []
        self._waiting: list[dict[str, float]] = []
        if self.table.is_file():
            with self.table.open(encoding="utf-8", newline="") as file:
                rows = [{name: float(value) for name, value in row.items() if value} for row in csv.DictReader(file)]
            self.rows = [row for row in rows if row["step"] <= step]

    def add(self, step: int, seconds: float, losses: dict[str, float]) -> None:
        """Add the losses of a step, and the total time of all steps so far."""
        self._waiting.append(losses)
        if step % EVERY == 0:
            # Not every step has every loss: a small batch may contain no picture in the style of another.
            names = dict.fromkeys(name for past in self._waiting for name in past)
            means = {name: mean(past[name] for past in self._waiting if name in past) for name in names}
            self.rows.append({"step": step, "seconds": round(seconds, 1)} | means)
            self._waiting.clear()

    def write(self) -> None:
        """Write both files; an error leaves no half-written file.

        Raises:
            OSError: the folder cannot be written or the disk is full.
        """
        names = list(dict.fromkeys(name for row in self.rows for name in row)) or ["step", "seconds"]
        text = io.StringIO()
        writer = csv.DictWriter(text, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in self.rows)
        write_atomically(self.table, text.getvalue().encode())
        file = io.BytesIO()
        self.draw().save(file, "PNG")
        write_atomically(self.drawing, file.getvalue())

    def draw(self) -> Image.Image:
        """A chart with a line for each loss over the steps, scaled from its lowest to its highest value."""
        names = list(dict.fromkeys(name for row in self.rows for name in row if name not in ("step", "seconds")))
        sheet = Image.new("RGB", (WIDTH, max(1, len(names)) * HEIGHT), "white")
        draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
        for panel, name in enumerate(names):
            points = [(row["step"], row[name]) for row in self.rows if name in row]
            low, high = min(value for _, value in points), max(value for _, value in points)
            first, last = points[0][0], points[-1][0]
            top, bottom = panel * HEIGHT + MARGIN + 16, (panel + 1) * HEIGHT - MARGIN
            draw.rectangle((MARGIN, top, WIDTH - MARGIN, bottom), outline=FRAME)
            label = f"{name}: {points[-1][1]:.3g} at step {last:.0f}; {low:.3g} to {high:.3g} from step {first:.0f}"
            draw.text((MARGIN, top - 16), label, TEXT, font)
            across, up = (WIDTH - 2 * MARGIN) / max(last - first, 1), (bottom - top) / max(high - low, 1e-12)
            line = [(MARGIN + (step - first) * across, bottom - (value - low) * up) for step, value in points]
            draw.line(line, LINE, 2)
        return sheet

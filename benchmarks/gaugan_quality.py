"""Quality of GauGANs trained on rendered landscapes, as Markdown tables: labels, look, styles and diversity.

    python benchmarks/gaugan_quality.py MODEL [MODEL ...] --segmentation judge.safetensors --pictures sheets

Everything is measured on rendered layouts that no training has seen, beside true pictures of them:

- mIoU, accuracy: a segmentation net's (see gaugan_judge.py) on the generated pictures against the label maps that they
  were made from, unknown pixels not counted, and the same as a share of what it reaches on the true pictures.
- Frechet: squared Frechet distance of the net's pooled features to true pictures of other layouts. The true pictures'
  own distance to those is the floor. It depends on the number of layouts: compare only like with like.
- style: a picture of one layout in light A gives the style, another layout is painted in it; the share of such
  trials in which A is the nearest of the 12 lights (one of the two nearest), by the mean and standard deviation of
  L, a and b in each class, averaged by area. On the row of true pictures: the second layout rendered in a varied A.
- diversity: mean standard deviation of the pixels (the features) of a layout over random styles, as a share of that
  of true pictures in random lights.

The row "flat colours" is of the label maps painted flat, each class in its mean colour in the true picture: what a
model without any texture would reach.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from functools import partial
from math import isnan
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

import gaugan_judge
from gan_models.gaugan import Synthesizer, open_synthesizer
from gan_models.gaugan.checkpoint import parameters
from gan_models.labels import taxonomy
from gaugan_heldout import SCENES, STYLES, HeldOut, held_out, kept_held_out, render_all, scene
from gaugan_metrics import class_iou, mean_iou, pixel_accuracy
from gaugan_scores import Scores, flat_scores, model_scores, true_scores
from gaugan_sheets import lights_sheet, to_image

SHOWN_LIGHTS = ("noon", "golden hour", "sunset", "fog", "winter", "moonlight")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="files of generators")
    parser.add_argument("--size", type=int, default=256, help="pixels of the pictures' sides (default: %(default)s)")
    parser.add_argument("--layouts", type=int, default=500, help="for labels and look (default: %(default)s)")
    parser.add_argument("--trials", type=int, default=240, help="of style fidelity (default: %(default)s)")
    parser.add_argument("--varied", type=int, default=50, help="layouts for diversity (default: %(default)s)")
    parser.add_argument("--styles", type=int, default=8, help="random styles of each (default: %(default)s)")
    parser.add_argument("--held-out", type=Path, help="file to keep all that is rendered in, for further runs")
    parser.add_argument("--segmentation", type=Path, default=Path("output/judge.safetensors"),
                        help="the judge's file; trained if there is none (default: %(default)s)")  # fmt: skip
    parser.add_argument("--scenes", type=Path, help="folder of gan_models.scenes to train it on, else it is rendered")
    parser.add_argument("--steps", type=int, default=1500, help="of its training (default: %(default)s)")
    parser.add_argument("--pictures", type=Path, help="folder for a sheet of pictures of each model")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="that render (default: one a core)")
    options = parser.parse_args()
    if len({path.stem for path in options.models}) < len(options.models):
        parser.error("the models' files must have different names, which the tables call them by")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    models = {path.stem: open_synthesizer(path).to(device) for path in options.models}
    for name, model in models.items():
        if model.taxonomy != "landscape":
            parser.error(f"{name} has the classes of '{model.taxonomy}', but those of 'landscape' are measured")
    if not options.segmentation.exists():
        train_judge(options.segmentation, options.scenes, options.steps, options.workers)
    judge = gaugan_judge.load(options.segmentation).to(device)
    counts = {name: getattr(options, name) for name in ("size", "layouts", "trials", "varied")}
    counts["lights"] = options.styles
    render = partial(kept_held_out, options.held_out) if options.held_out else held_out
    held = render(**counts, workers=options.workers)
    scores = {"true pictures": true_scores(held, judge), "flat colours": flat_scores(held, judge)}
    scores |= {name: model_scores(held, judge, model) for name, model in models.items()}
    print_tables(scores, models, held)
    for name, model in models.items() if options.pictures else ():
        pixels = lights_sheet(model, options.size, range(SCENES, SCENES + 4), STYLES, SHOWN_LIGHTS)
        options.pictures.mkdir(parents=True, exist_ok=True)
        to_image(pixels).save(options.pictures / f"{name}.png")


def train_judge(path: Path, scenes: Path | None, steps: int, workers: int) -> None:
    """Train a judge on a folder of scenes, or on so many rendered ones that it sees each four times, and save it."""
    if scenes:
        images, labels = gaugan_judge.read_scenes(scenes)
    else:
        count = steps * gaugan_judge.BATCH // 4
        rendered = render_all(partial(scene, size=gaugan_judge.SIZE), range(count), workers)
        labels, images = map(torch.stack, zip(*rendered, strict=True))
    losses: list[float] = []

    def report(step: int, loss: float) -> None:
        losses.append(loss)
        if step % 100 == 99:
            print(f"step {step + 1} of {steps}: loss {sum(losses[-100:]) / 100:.3f}", file=sys.stderr, flush=True)

    judge = gaugan_judge.train(images, labels, steps, on_step=report)
    gaugan_judge.save(path, judge, {"scenes": len(images), "steps": steps, "batch": gaugan_judge.BATCH})


def print_tables(scores: dict[str, Scores], models: dict[str, Synthesizer], held: HeldOut) -> None:
    """Print all scores; the first row is that of true pictures."""
    true = next(iter(scores.values()))
    height, width = held.labels.shape[1:]
    print(f"{len(held.labels)} layouts of {width}×{height}, {len(held.trials)} trials of style, "
          f"{len(held.varied)} layouts in {len(held.varied[0][1])} random styles\n")  # fmt: skip
    print("| pictures | parameters, M (encoder) | mIoU (of true) | accuracy (of true) | Frechet | style, top 1 | top 2 "
          "| diversity of pixels | of features |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for name, score in scores.items():
        cells = [name, size_of(models[name]) if name in models else "", *label_cells(score, true)]
        cells += [f"{score.frechet:.2f}", *style_cells(score, true)]
        print(f"| {' | '.join(cells)} |")
    print(f"\nIoU of each class, %:\n\n| class | {' | '.join(scores)} |\n|---|{'---|' * len(scores)}")
    for entry in taxonomy("landscape").classes[:-1]:
        values = [100 * class_iou(score.counts)[entry.id].item() for score in scores.values()]
        print(f"| {entry.name} | {' | '.join('–' if isnan(value) else f'{value:.0f}' for value in values)} |")
    print(f"\nTrials whose nearest light was another one, of {len(held.trials)} (the wanted → the nearest):\n")
    for name, score in scores.items():
        if score.styles:
            listed = ", ".join(f"{a} → {b} {count}" for (a, b), count in score.styles.mistakes.most_common())
            print(f"- {name}: {listed or 'none'}")


def size_of(model: Synthesizer) -> str:
    """Millions of parameters of the generator, and of the style encoder."""
    encoder = f" ({parameters(model.encoder) / 1e6:.2f})" if model.encoder else ""
    return f"{parameters(model.generator) / 1e6:.2f}{encoder}"


def label_cells(score: Scores, true: Scores) -> list[str]:
    pairs = [(measure(score.counts), measure(true.counts)) for measure in (mean_iou, pixel_accuracy)]
    return [f"{100 * value:.1f} % ({100 * value / most:.0f} %)" for value, most in pairs]


def style_cells(score: Scores, true: Scores) -> Sequence[str]:
    if not score.styles or not score.diversity or not true.diversity:
        return ["–"] * 4
    shares = [f"{100 * share:.1f} %" for share in (score.styles.nearest, score.styles.nearest_two)]
    return [*shares, *(f"{value / most:.2f}" for value, most in zip(score.diversity, true.diversity, strict=True))]


if __name__ == "__main__":
    main()

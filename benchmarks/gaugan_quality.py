"""Measures the quality of GauGANs for landscapes: look, labels, styles and grids. Prints Markdown tables.

    python benchmarks/gaugan_quality.py MODEL [MODEL ...] --photographs FOLDER --features LITE2_FILE

FOLDER comes from ``python -m tools.photographs`` and contains ``train`` and ``heldout``; the photographs in ``heldout``
must not have been used for training. Seven square crops of each held-out photograph, one of which has its whole height,
are resized to one size. A model generates a picture from the label map of each crop, in the style that it reads from
the middle square of the whole photograph.

- KID: kernel distance (x 1000) between the generated pictures and the crops in the pooled features of
  EfficientNet-Lite2, excluding pairs of pictures from one photograph, with its standard error over photographs.
  Frechet: squared Frechet distance of the same features. It depends on the number of pictures, so compare only rows
  with similar numbers.
- accuracy, mIoU: how well a segmentation net on the same features (see gaugan_segmentation.py) recognises the label map
  in the picture generated from it, not counting unknown pixels; also as a share of its result on the photographs.
- nearer: layouts of other photographs are generated in the styles of twelve photographs with different lighting and
  seasons. The figure is how often the picture's mean colours of sky and ground are nearer to the photograph of its own
  style than to another one (random: 50 %). nearest: how often that photograph is the nearest of all (random: 8 %). The
  row of photographs compares their left ends with their right ends.
- diversity: mean standard deviation over the twelve styles. For a layout's pixels, it is relative to the layout with
  sky and ground in the mean colours of the twelve photographs. For a layout's features, it is relative to the
  photographs themselves, which differ in more than style.
- grid: the largest ratio of the average power at periods of 2, 4, 8 or 16 pixels to the power beside them; 1 means no
  grid. It detects waves that are far too weak to be seen, especially at 2 pixels; their amplitudes follow the tables.

The rows are: one half of the held-out photographs against the other; training photographs against the held-out ones;
the crops with each class in its mean colour; the models; with --match-colors, also the models' pictures in the colours
of the photographs that gave the styles (see gaugan_matched.py).
"""

import argparse
import sys
from collections.abc import Sequence
from math import isnan
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

import gaugan_segmentation
from gan_models.efficientnet import EfficientNetLite, read_efficientnet
from gan_models.gaugan import Synthesizer, open_synthesizer
from gan_models.gaugan.checkpoint import parameters
from gan_models.labels import taxonomy
from gaugan_matched import AnyModel, Matched
from gaugan_metrics import class_iou, mean_iou, pixel_accuracy
from gaugan_photographs import Photograph, read_photographs
from gaugan_scores import HeldOut, Scores, spread
from gaugan_sheets import beside_photographs, drawings, in_styles, to_image

REAL, TRAINING, FLAT = "photographs, half against half", "training photographs", "flat colours"
SHOWN, SHOWN_COLUMNS, SHOWN_LAYOUTS, SHOWN_STYLES = 24, 3, 4, 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=Path, metavar="MODEL", help="files of the generators to measure")
    parser.add_argument("--photographs", type=Path, required=True, help="folder that contains train and heldout")
    parser.add_argument("--features", type=Path, required=True, help="file of the weights of EfficientNet-Lite2")
    parser.add_argument("--size", type=int, default=256, help="side of the pictures in pixels (default: %(default)s)")
    parser.add_argument("--segmentation", type=Path, default=Path("output/segmentation.safetensors"),
                        help="segmentation net, which is trained if missing (default: %(default)s)")  # fmt: skip
    parser.add_argument("--match-colors", action="store_true", help="also measure pictures with matched colours")
    parser.add_argument("--pictures", type=Path, help="folder for sheets of pictures from each model")
    options = parser.parse_args()
    if len({path.stem for path in options.models}) < len(options.models):
        parser.error("the models' files must have different names, because the tables use them")
    if options.size % 32:
        parser.error(f"--size must be a multiple of 32; it is {options.size}")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    models = {path.stem: open_synthesizer(path).to(device) for path in options.models}
    for name, model in models.items():
        if model.taxonomy != "landscape":
            parser.error(f"{name} has the classes of '{model.taxonomy}', but this measures only 'landscape'")
    network = read_efficientnet(options.features).to(device)
    training, photographs = (read_photographs(options.photographs / part) for part in ("train", "heldout"))
    if not options.segmentation.exists():
        train_segmentation(options.segmentation, network, training)
    held = HeldOut(photographs, options.size, network, gaugan_segmentation.load(options.segmentation, network))
    scores = {REAL: held.photograph_scores(), TRAINING: held.training_scores(training), FLAT: held.flat_scores()}
    measured: dict[str, AnyModel] = {}
    for name, model in models.items():
        measured[name] = model
        if options.match_colors and model.encoder is not None:
            measured[f"{name}-matched"] = Matched(model)
    for name, each in measured.items():
        painted = held.paint_crops(each)
        scores[name] = held.model_scores(each, painted)
        if options.pictures:
            options.pictures.mkdir(parents=True, exist_ok=True)
            save_sheets(options.pictures / name, held, each, painted)
    print_tables(scores, models, held)


def train_segmentation(path: Path, features: EfficientNetLite, photographs: Sequence[Photograph]) -> None:
    """Train a segmentation net on photographs and save it."""
    steps, losses = gaugan_segmentation.STEPS, list[float]()

    def report(step: int, loss: float) -> None:
        losses.append(loss)
        if step % 100 == 99:
            mean = sum(losses[-100:]) / 100
            print(f"segmentation net, step {step + 1} of {steps}: loss {mean:.3f}",
                  file=sys.stderr, flush=True)  # fmt: skip

    net = gaugan_segmentation.train(features, photographs, steps, on_step=report)
    facts = {"photographs": len(photographs), "steps": steps, "batch": gaugan_segmentation.BATCH}
    gaugan_segmentation.save(path, net, facts)


def save_sheets(path: Path, held: HeldOut, model: AnyModel, painted: torch.Tensor) -> None:
    """Write ``….png`` of held-out layouts, ``…-styles.png`` of some in all styles, ``…-painted.png`` of drawings."""
    first = [held.crops.sources.tolist().index(source) for source in range(len(held.photographs))]
    sheets = {
        "": beside_photographs(held.crops, [painted], spread(first, SHOWN), SHOWN_COLUMNS),
        "-styles": in_styles(model, torch.stack(spread(held.layouts.labels, SHOWN_LAYOUTS)), held.styles.images),
        "-painted": in_styles(model, drawings(held.size), torch.stack(spread(held.styles.images, SHOWN_STYLES))),
    }
    for ending, pixels in sheets.items():
        to_image(pixels).save(path.with_name(f"{path.name}{ending}.png"))


def print_tables(scores: dict[str, Scores], models: dict[str, Synthesizer], held: HeldOut) -> None:
    """Print all scores. Accuracy and mIoU are also given relative to the row of photographs."""
    print(f"{len(held.photographs)} held-out photographs, {len(held.crops.images)} crops of {held.size}×{held.size}, "
          f"{len(held.layouts.images)} layouts in {len(held.styles.images)} styles\n")  # fmt: skip
    print("| pictures | parameters, M (encoder) | numbers | KID × 1000 | Fréchet | accuracy (of photographs') "
          "| mIoU (of theirs) | style: nearer | nearest | diversity of pixels | of features | grid |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for name, score in scores.items():
        cells = [name, size_of(models[name]) if name in models else "", "{}, {}".format(*score.numbers)]
        cells += ["{:.1f} ± {:.1f}".format(*(1000 * value for value in score.kid)), f"{score.frechet:.2f}"]
        print(f"| {' | '.join([*cells, *label_cells(score, scores[REAL]), *style_cells(score), *grid_cells(score)])} |")
    segmented = {name: score for name, score in scores.items() if score.counts is not None}
    print(f"\nIoU of each class, %:\n\n| class | {' | '.join(segmented)} |\n|---|{'---|' * len(segmented)}")
    for entry in taxonomy("landscape").classes[:-1]:
        values = [100 * class_iou(score.counts)[entry.id].item() for score in segmented.values()]
        print(f"| {entry.name} | {' | '.join('–' if isnan(value) else f'{value:.0f}' for value in values)} |")
    print("\nThe largest peaks of each spectrum: ratio (amplitude in levels of 255), period in pixels, direction\n")
    for name, score in scores.items():
        if score.peaks:
            largest = (f"{peak.ratio:.2f} ({peak.levels:.2f}) at {peak.period} {peak.direction}"
                       for peak in score.peaks[:3])  # fmt: skip
            print(f"- {name}: {', '.join(largest)}")


def size_of(model: Synthesizer) -> str:
    """Millions of parameters of the generator and of the style encoder."""
    encoder = f" ({parameters(model.encoder) / 1e6:.2f})" if model.encoder else ""
    return f"{parameters(model.generator) / 1e6:.2f}{encoder}"


def label_cells(score: Scores, real: Scores) -> list[str]:
    if score.counts is None:
        return ["–"] * 2
    pairs = [(measure(score.counts), measure(real.counts)) for measure in (pixel_accuracy, mean_iou)]
    return [f"{100 * value:.1f} % ({100 * value / most:.0f} %)" for value, most in pairs]


def style_cells(score: Scores) -> list[str]:
    style, diversity = score.style, score.diversity
    return [
        *(["–"] * 2 if style is None else [f"{100 * share:.1f} %" for share in (style.nearer, style.nearest)]),
        *(["–"] * 2 if diversity is None else [f"{value:.2f}" for value in diversity]),
    ]


def grid_cells(score: Scores) -> list[str]:
    return [f"{score.peaks[0].ratio:.2f}" if score.peaks else "–"]


if __name__ == "__main__":
    main()

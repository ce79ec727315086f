"""Prints time, memory and quality of SinGAN as Markdown tables.

    python benchmarks/singan.py train --preset standard    # trains on three photographs of scikit-image
    python benchmarks/singan.py train --scales 3           # only the three coarsest scales, scored at that size
    python benchmarks/singan.py compare --preset standard  # and the paper's schedule in the same CPU time
    python benchmarks/singan.py curve --keep-layout 0 0.6 0.8 0.9      # quality and diversity of the bundled model
    python benchmarks/singan.py sample                     # speed against the released networks, in turns
    python benchmarks/singan.py large                      # peak memory of 2048 x 2048 samples
    python benchmarks/singan.py memory --preset draft      # peak memory of trainings on square pictures

Every training runs in a process of its own. Peak memory is what it uses beyond its memory after the imports.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch

from gan_models.singan import PRESETS, SinGANConfig, load, train
from gan_models.singan.pyramid import resize
from singan_scores import scores
from singan_trainings import PHOTOGRAPHS, device, machine, measure, peak_memory, photograph
from singan_untrained import untrained

BUNDLED = Path(__file__).resolve().parent.parent / "weights" / "singan-balloons.safetensors"


def train_table(arguments: argparse.Namespace, *more: str) -> float:
    """Print a row per training and return the mean CPU seconds. Options in ``more`` override the command line's."""
    print(f"preset {arguments.preset}, {machine()}, {arguments.dtype}\n")
    print("| photograph | size | iterations | seconds | CPU s | peak MB | " + SCORES)
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    rows: list[dict] = []
    for name in arguments.photographs:
        for seed in range(arguments.seeds):
            command = [sys.executable, __file__, *sys.argv[1:], *more, "--one", name, "--seed", str(seed)]
            new = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows += new
            for row in new:
                facts = (row["photograph"], row["size"], row["iterations"])
                print(f"| {' | '.join(facts)} | {row['seconds']:.0f} | {row['cpu']:.0f} | {row['memory']:.0f} "
                      f"| {scores_text(row)}", flush=True)  # fmt: skip
    for share in arguments.keep_layout:
        these = [row for row in rows if row["keep_layout"] == share]
        average = {key: mean(row[key] for row in these) for key, value in these[0].items() if isinstance(value, float)}
        average |= {"swds": np.mean([row["swds"] for row in these], axis=0)}
        most = max(row["memory"] for row in these)
        print(f"| **mean** | | | {average['seconds']:.0f} | {average['cpu']:.0f} | {most:.0f} (most) "
              f"| {scores_text(average)}")  # fmt: skip
    print()
    return float(average["cpu"])


SCORES = "layout kept | SWD 1, ½, ¼ | SWD mean | SWD wide | patch-FD | diversity | PSNR, dB |"


def scores_text(row: dict) -> str:
    swds = " / ".join(f"{value:.0f}" for value in row["swds"])
    return (
        f"{row['keep_layout']} | {swds} | {row['swd']:.1f} | {row['wide']:.1f} | {row['patch_fd']:.2f} | "
        f"{row['diversity']:.2f} | {row['psnr']:.1f} |"
    )


def curve_table(arguments: argparse.Namespace) -> None:
    """Print the scores of an existing model for each value of ``keep_layout``."""
    model = load(arguments.model)
    pictures = arguments.pictures and arguments.pictures / arguments.model.stem
    print(f"{arguments.model.name}, {model.size[1]}×{model.size[0]}\n\n| {SCORES}\n|---|---|---|---|---|---|---|")
    for share in arguments.keep_layout:
        print(f"| {scores_text(scores(model, model.training_picture(), share, pictures))}", flush=True)


def compare_table(arguments: argparse.Namespace) -> None:
    """Print the preset's row, and that of the paper's schedule at the same size and in the same CPU time.

    The paper's iterations are reduced at every scale. Scales train one after the other, so a run that was merely
    stopped would lack its fine scales.
    """
    cpu = train_table(arguments)
    paper = argparse.Namespace(**(vars(arguments) | {"preset": "paper", "dtype": "float32"}))
    size = f"max_size={settings(arguments).max_size}"
    train_table(paper, "--preset", "paper", "--dtype", "float32", "--budget", str(cpu), "--set", size)


def sample_table(arguments: argparse.Namespace) -> None:
    """Print the sampling speed of the preset's and of the released networks, both with random weights."""
    ours, released = untrained(PRESETS[arguments.preset], device()), untrained(PRESETS["paper"], device())
    variants = {
        "released networks, one": (released, 1),
        f"{arguments.preset}, one": (ours, 1),
        f"{arguments.preset}, 16": (ours, 16),
    }
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(arguments.repeats):
        for name, (model, count) in variants.items():
            seconds[name].append(timed(partial(model.sample, count, generator=torch.Generator())))
    released_times, one, many = seconds.values()
    print(f"sampling 248×186, {machine()}, median of {arguments.repeats} alternating runs\n")
    print("| networks, pictures at a time | ms a picture | times as fast as the released |\n|---|---|---|")
    for (name, times), (_, count) in zip(seconds.items(), variants.values(), strict=True):
        ratio = median(count * b / t for b, t in zip(released_times, times, strict=True))
        print(f"| {name} | {1000 * median(times) / count:.0f} | {ratio:.1f} |")
    ratio = median(b / a for a, b in zip(one, many, strict=True))
    print(f"\n16 pictures take {ratio:.1f} times as long as one")


def large_table(arguments: argparse.Namespace) -> None:
    """Print the peak memory of a large sample beyond the memory after the imports."""
    model = untrained(PRESETS[arguments.preset], device())
    before = peak_memory()
    seconds = timed(lambda: model.sample(1, generator=torch.Generator(), height=2048, width=2048))
    print(f"a 2048×2048 sample of {arguments.preset}: {seconds:.1f} s, {peak_memory() - before:.0f} MB, {machine()}")


def memory_table(arguments: argparse.Namespace) -> None:
    """Print the peak memory of training beyond the memory after the imports, from one iteration per scale."""
    print(f"preset {arguments.preset}, {machine()}, {arguments.dtype}\n\n| pixels | scales | peak MB |\n|---|---|---|")
    for side in arguments.sides:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", str(side)]
        scales, peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"| {side}×{side} | {scales} | {peak:.0f} |", flush=True)


def training_memory(config: SinGANConfig, side: int, dtype: torch.dtype) -> tuple[int, float]:
    """Scales and peak memory in MB of a training on ``side`` x ``side`` pixels."""
    image = resize(photograph("coffee"), (side, side))
    config = replace(config.at_size(side), iterations=1, coarse_iterations=1)
    before = peak_memory()
    # Progress is reported because previews need memory as well.
    model = train(image, config, generator=torch.Generator(), device=device(), dtype=dtype, on_progress=lambda _: None)
    return len(model.sizes), peak_memory() - before


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    if device() == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def settings(arguments: argparse.Namespace) -> SinGANConfig:
    """The preset with the changes of ``--set``."""
    changes = {name: json.loads(value) for name, value in (item.split("=") for item in arguments.set)}
    return replace(PRESETS[arguments.preset], **changes)


TABLES = {
    "train": train_table,
    "compare": compare_table,
    "curve": curve_table,
    "sample": sample_table,
    "large": large_table,
    "memory": memory_table,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=list(TABLES))
    parser.add_argument("--preset", choices=list(PRESETS), default="standard")
    parser.add_argument("--photographs", nargs="+", default=list(PHOTOGRAPHS), help="names in skimage.data")
    parser.add_argument("--seeds", type=int, default=1, help="number of trainings per photograph")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="changes to the preset")
    parser.add_argument("--scales", type=int, default=0, help="number of coarse scales to train; 0 = all")
    parser.add_argument("--budget", type=float, default=0, help="CPU seconds to reduce the iterations to (no peak MB)")
    shares = "values of keep_layout for the samples, each 0 to 1"
    parser.add_argument("--keep-layout", nargs="+", type=float, default=[0.0], help=shares)
    parser.add_argument("--model", type=Path, default=BUNDLED, help="model to score with curve")
    dtypes = ["float32", "bfloat16"]
    parser.add_argument("--dtype", choices=dtypes, default="bfloat16", help="the node uses float32 for paper")
    sides = [250, 512, 1024]
    parser.add_argument("--sides", nargs="+", type=int, default=sides, help="sides of pictures for memory, in pixels")
    parser.add_argument("--pictures", type=Path, help="folder for a sheet of samples of each model")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.one:
        TABLES[arguments.what](arguments)
        return
    config, dtype = settings(arguments), getattr(torch, arguments.dtype)
    if arguments.what == "memory":
        print(json.dumps(training_memory(config, int(arguments.one), dtype)))
    else:
        print(json.dumps(measure(arguments.one, config, dtype, arguments)))


if __name__ == "__main__":
    main()

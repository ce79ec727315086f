"""Measures what each change of the paper's schedule is worth in the same CPU time, and prints Markdown tables.

    python benchmarks/singan_levers.py alone      # the paper's schedule with one change each
    python benchmarks/singan_levers.py without    # all changes but one

Every variant trains on small pictures with its iterations reduced to the same CPU time, in the same proportion at
all scales. bfloat16 counts as a change; everything else uses float32.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from gan_models.singan import PRESETS
from singan_trainings import PHOTOGRAPHS, machine, measure, photograph, shortened

Settings = dict[str, Any]

LEVERS: dict[str, Settings] = {
    "one step each": {"critic_steps": 1, "generator_steps": 1},
    "penalty at every fourth step": {"penalty_every": 4},
    "constant width": {"widen_every": 0},
    "no normalization": {"normalization": "none"},
    "bfloat16": {"dtype": torch.bfloat16},
    "pools of samples": {"pool": 16, "pool_iterations": 48},
    "EMA of the weights": {"ema_decay": 0.98},
    "four times the learning rate": {"learning_rate": 2e-3},
    "reconstruction weight 50": {"reconstruction_weight": 50.0},
    "coarsest scale 18 pixels": {"min_size": 18},
    "five times the iterations at the coarsest scale": {"coarse_iterations": 350, "iterations": 70},
    "crops of 64 pixels": {"crop": 64},
    "patch distance": {"distribution_weight": 10.0},
    "joint scales": {"joint_scales": 3},
    "samples kept apart": {"diversity": 0.45},
    "larger canvases": {"canvas_share": 0.25},
}
NEEDS = {
    "joint scales": ("one step each", "no normalization"),
    "samples kept apart": ("one step each",),
}
REJECTED = "crops of 64 pixels"
PAPER: Settings = {"dtype": torch.float32}


def with_levers(names: Iterable[str]) -> Settings:
    """The paper's schedule with these changes and the ones that they depend on."""
    wanted = set(names)
    wanted |= {needed for name in wanted for needed in NEEDS.get(name, ())}
    return PAPER | {key: value for name in wanted for key, value in LEVERS[name].items()}


def alone() -> dict[str, Settings]:
    """The paper's schedule, and with each change."""
    needed = {" and ".join(NEEDS[name]): with_levers(NEEDS[name]) for name in NEEDS if len(NEEDS[name]) > 1}
    names = {name: " + ".join((name, *NEEDS.get(name, ()))) for name in LEVERS}
    return {"the paper": PAPER} | {names[name]: with_levers([name]) for name in LEVERS} | needed


def without() -> dict[str, Settings]:
    """All changes, and all without each one and those that depend on it."""
    every = [name for name in LEVERS if name != REJECTED]
    variants = {"all": with_levers(every), f"all, and {REJECTED}": with_levers([*every, REJECTED])}
    for name in every:
        gone = [name, *(other for other in every if name in NEEDS.get(other, ()))]
        variants["without " + ", ".join(gone)] = with_levers(other for other in every if other not in gone)
    return variants


def row(settings: Settings, arguments: argparse.Namespace) -> str:
    """A table row of a variant: scores of each photograph over all seeds, and means of all trainings."""
    trainings = [
        training for name in arguments.photographs for training in trainings_of(name, dict(settings), arguments)
    ]
    count = arguments.seeds
    iterations = ", ".join(training["iterations"] for training in trainings[::count])
    swds = [training["swd"] for training in trainings]
    each = ", ".join(f"{mean(swds[i : i + count]):.0f}" for i in range(0, len(swds), count))
    error = stdev([mean(swds[seed::count]) for seed in range(count)]) / count**0.5 if count > 1 else float("nan")
    keys = ("cpu", "wide", "patch_fd", "diversity", "psnr")
    cpu, wide, patch_fd, diversity, psnr = (mean(training[key] for training in trainings) for key in keys)
    return (
        f"{iterations} | {cpu:.0f} | {each} | {mean(swds):.1f} ± {error:.1f} | {wide:.1f} | {patch_fd:.2f} | "
        f"{diversity:.2f} | {psnr:.1f} |"
    )


def trainings_of(name: str, changes: Settings, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Scores of a variant on one photograph with every seed, all with the same number of iterations."""
    dtype = changes.pop("dtype")
    config = replace(PRESETS["paper"], max_size=arguments.max_size, **changes)
    config = shortened(config, photograph(name), dtype, arguments.seconds)
    trainings = []
    for seed in range(arguments.seeds):
        arguments.seed = seed
        trainings += measure(name, config, dtype, arguments)
    return trainings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alone", "without"))
    parser.add_argument("--seconds", type=float, default=15, help="CPU seconds of a training")
    parser.add_argument("--max-size", type=int, default=100, help="longer side of the pictures, in pixels")
    parser.add_argument("--photographs", nargs="+", default=list(PHOTOGRAPHS), help="names in skimage.data")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each photograph")
    arguments = parser.parse_args()
    vars(arguments).update(budget=0, scales=0, keep_layout=[0.0], pictures=None)
    names = ", ".join(arguments.photographs)
    print(f"{arguments.seconds:.0f} CPU s, {arguments.max_size} pixels, {arguments.seeds} seeds, {machine()}\n")
    print(f"| variant | iterations | CPU s | SWD {names} | mean ± error | wide | patch-FD | diversity | PSNR, dB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, settings in {"alone": alone, "without": without}[arguments.what]().items():
        print(f"| {name} | {row(settings, arguments)}", flush=True)


if __name__ == "__main__":
    main()

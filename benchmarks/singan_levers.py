"""What each change of the paper's schedule is worth in the same CPU time, printed as Markdown tables.

    python benchmarks/singan_levers.py alone      # the paper's schedule with one change each
    python benchmarks/singan_levers.py without    # all changes but one

Every variant trains on small pictures with its iterations cut to the same CPU time, and keeps its proportion between
coarse and fine scales. bfloat16 counts as a change; the rest is float32.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from statistics import mean
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import singan
import torch

from gan_models.singan import PRESETS

Settings = dict[str, Any]

LEVERS: dict[str, Settings] = {
    "one step each": {"critic_steps": 1, "generator_steps": 1},
    "penalty at every fourth step": {"penalty_every": 4},
    "constant width": {"widen_every": 0},
    "no normalization": {"normalization": "none"},
    "bfloat16": {"dtype": torch.bfloat16},
    "pools of samples": {"pool": 16, "pool_iterations": 48},
    "averaged weights": {"averaging": 0.98},
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
    """The paper's schedule with these changes and those that they need."""
    wanted = set(names)
    wanted |= {needed for name in wanted for needed in NEEDS.get(name, ())}
    return PAPER | {key: value for name in wanted for key, value in LEVERS[name].items()}


def alone() -> dict[str, Settings]:
    """The paper's schedule, and with each change."""
    needed = {" and ".join(NEEDS[name]): with_levers(NEEDS[name]) for name in NEEDS if len(NEEDS[name]) > 1}
    names = {name: " + ".join((name, *NEEDS.get(name, ()))) for name in LEVERS}
    return {"the paper": PAPER} | {names[name]: with_levers([name]) for name in LEVERS} | needed


def without() -> dict[str, Settings]:
    """All changes, and without each; what needs a change goes with it."""
    every = [name for name in LEVERS if name != REJECTED]
    variants = {"all": with_levers(every), f"all, and {REJECTED}": with_levers([*every, REJECTED])}
    for name in every:
        gone = [name, *(other for other in every if name in NEEDS.get(other, ()))]
        variants["without " + ", ".join(gone)] = with_levers(other for other in every if other not in gone)
    return variants


def row(settings: Settings, arguments: argparse.Namespace) -> str:
    """Scores of a variant: each photograph's, and their means."""
    changes = {name: value for name, value in settings.items() if name != "dtype"}
    config = replace(PRESETS["paper"], max_size=arguments.max_size, **changes)
    trainings = [singan.measure(name, config, settings["dtype"], arguments)[0] for name in arguments.photographs]
    iterations = ", ".join(training["iterations"] for training in trainings)
    swds = ", ".join(f"{training['swd']:.0f}" for training in trainings)
    keys = ("cpu", "swd", "wide", "patch_fd", "diversity", "psnr")
    cpu, swd, wide, patch_fd, diversity, psnr = (mean(training[key] for training in trainings) for key in keys)
    return (
        f"{iterations} | {cpu:.0f} | {swds} | {swd:.1f} | {wide:.1f} | {patch_fd:.2f} | {diversity:.2f} | {psnr:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("alone", "without"))
    parser.add_argument("--budget", type=float, default=40, help="CPU seconds of a training")
    parser.add_argument("--max-size", type=int, default=100, help="longer side of the pictures, in pixels")
    parser.add_argument("--photographs", nargs="+", default=["coffee", "rocket"], help="names in skimage.data")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    vars(arguments).update(scales=0, keep_layout=[0.0], pictures=None)
    names = ", ".join(arguments.photographs)
    print(f"{arguments.budget:.0f} CPU s, {arguments.max_size} pixels, {singan.machine()}\n")
    print(f"| variant | iterations | CPU s | SWD {names} | mean | SWD wide | patch-FD | diversity | PSNR, dB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for name, settings in {"alone": alone, "without": without}[arguments.what]().items():
        print(f"| {name} | {row(settings, arguments)}", flush=True)


if __name__ == "__main__":
    main()

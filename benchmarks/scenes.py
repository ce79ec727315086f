"""Rendered scenes a second, and how often each class of the taxonomy appears.

python benchmarks/scenes.py --size 256 --count 40
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from gan_models.labels import taxonomy
from gan_models.scenes import render_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    for seed in range(4):  # makes the sprites and the noise, once
        render_scene(seed, options.size)
    wall, processor, shares = time.perf_counter(), time.process_time(), torch.zeros(19)
    present = torch.zeros(19)
    for seed in range(options.count):
        counts = render_scene(seed, options.size).labels.flatten().long().bincount(minlength=19)
        shares += counts / counts.sum()
        present += counts > 0
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{options.count} scenes of {options.size}×{options.size}, {options.threads} thread(s):")
    print(f"{options.count / wall:.2f} a second, {options.count / processor:.2f} a second of processor time\n")
    print("| class | in scenes | of pixels |\n|---|---|---|")
    for entry in taxonomy("landscape").classes:
        print(f"| {entry.name} | {present[entry.id] / options.count:.0%} | {shares[entry.id] / options.count:.1%} |")


if __name__ == "__main__":
    main()

"""Writes scenes as a data set: ``python -m gan_models.scenes --count 1000 --size 256 --output scenes``.

``images/000007.png`` belongs to ``labels/000007.png``, whose pixels are class ids, and to ``styles/000007.txt``, which
holds the light's name. What is there already stays, so that an interrupted run goes on where it stopped.
"""

import argparse
import os
from multiprocessing import get_context
from pathlib import Path

import torch

from .light import LIGHTS
from .writing import Writer


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_models.scenes", description="Renders labelled landscapes.")
    parser.add_argument("--count", type=int, required=True, help="how many scenes")
    parser.add_argument("--size", type=int, nargs="+", default=[256], help="one number, or height and width")
    parser.add_argument("--output", type=Path, required=True, help="folder; gets images/, labels/ and styles/")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first scene (default: %(default)s)")
    parser.add_argument("--light", choices=sorted(LIGHTS), help="one light for all scenes (default: any)")
    parser.add_argument("--jpeg", action="store_true", help="write images as JPEG, quality 95, instead of PNG")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    options = parser.parse_args(arguments)
    if len(options.size) > 2:
        parser.error("--size takes one number, or height and width")
    write = Writer(options.output, (options.size[0], options.size[-1]), options.light, options.jpeg)
    seeds = range(options.first_seed, options.first_seed + options.count)
    if options.workers == 1:
        for seed in seeds:
            write(seed)
        return
    # One thread for each process: many small tensors gain nothing from more.
    with get_context("spawn").Pool(options.workers, torch.set_num_threads, (1,)) as pool:
        for _ in pool.imap_unordered(write, seeds, chunksize=8):
            pass


if __name__ == "__main__":
    main()

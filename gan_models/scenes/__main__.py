"""Writes scenes as a data set: ``python -m gan_models.scenes --count 1000 --size 256 --output scenes``.

``images/000007.png`` belongs to ``labels/000007.png``, whose pixels are class ids, and to ``styles/000007.txt``, which
contains the name of the lighting. Existing files are kept, so that an interrupted run resumes where it stopped.
"""

import argparse
import os
from multiprocessing import get_context
from pathlib import Path

import torch

from .lighting import LIGHTING_PRESETS
from .writing import Writer


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m gan_models.scenes", description="Renders labelled landscapes.")
    parser.add_argument("--count", type=int, required=True, help="number of scenes")
    parser.add_argument("--size", type=int, nargs="+", default=[256], help="side in pixels, or height and width")
    parser.add_argument("--output", type=Path, required=True, help="folder for images/, labels/ and styles/")
    parser.add_argument("--first-seed", type=int, default=0, help="seed of the first scene (default: %(default)s)")
    parser.add_argument("--lighting", choices=sorted(LIGHTING_PRESETS), help="lighting of all scenes (default: any)")
    parser.add_argument("--jpeg", action="store_true", help="write JPEG images of quality 95 instead of PNG images")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes (default: one per core)")
    options = parser.parse_args(arguments)
    if len(options.size) > 2:
        parser.error("--size takes one number, or height and width")
    write = Writer(options.output, (options.size[0], options.size[-1]), options.lighting, options.jpeg)
    seeds = range(options.first_seed, options.first_seed + options.count)
    if options.workers == 1:
        for seed in seeds:
            write(seed)
        return
    # One thread per process: more of them gain nothing with many small tensors.
    with get_context("spawn").Pool(options.workers, torch.set_num_threads, (1,)) as pool:
        for _ in pool.imap_unordered(write, seeds, chunksize=8):
            pass


if __name__ == "__main__":
    main()

"""Loads damaged and hostile files, saves under strange names, kills processes while they write, and prints what failed.

    python benchmarks/robustness.py
    python benchmarks/robustness.py --share 0.1 --only singan pickles

All files are made from a seed, and each is opened in a process of its own. Everything takes at most ten minutes: on a
slow machine, a part leaves the rest out, and its row shows how many it has done. The part with a full disk needs the
right to mount one.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from hostile_loads import gaugans, pickles, pictures, singans, warm_up
from hostile_names import names
from hostile_parts import Job, Part
from hostile_writes import disk, kills

MINUTES = 10.0
PARTS: dict[str, Part] = {"singan": singans, "gaugan": gaugans, "pickles": pickles, "pictures": pictures,
                          "names": names, "kills": kills, "disk": disk}  # fmt: skip
COUNTS = {"singan": 1000, "gaugan": 1000, "pickles": 250, "pictures": 200, "names": 100, "kills": 60, "disk": 1}
SHARES = {"singan": 0.2, "gaugan": 0.35, "pickles": 0.15, "pictures": 0.08, "names": 0.04, "kills": 0.16, "disk": 0.02}
"""How the time is divided. What a part does not reach by then, it leaves out; what it does not need, the next ones get.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--share", type=float, default=1.0, help="how much of the numbers is done")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="the longest time for everything")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", choices=list(PARTS), default=list(PARTS))
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    end = time.monotonic() + 60 * arguments.minutes
    print("| part | number | failures | slowest | largest beyond the file | |\n|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="robustness-") as folder:
        warm_up(Path(folder))
        for place, part in enumerate(arguments.only):
            now = time.monotonic()
            share = SHARES[part] / sum(SHARES[other] for other in arguments.only[place:])
            own = Path(folder) / part
            own.mkdir()
            count = max(1, round(COUNTS[part] * arguments.share))
            job = Job(own, count, arguments.seed, now + share * (end - now))
            print(PARTS[part](job).row(part), flush=True)


if __name__ == "__main__":
    main()

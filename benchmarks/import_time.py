"""Seconds that importing the pack takes beyond torch, each time in a fresh interpreter.

    python benchmarks/import_time.py
"""

import subprocess
import sys
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent

FRESH = """
import sys, time
sys.path.append({root!r})
import torch, numpy, PIL.Image, safetensors.torch, einops
import headless
headless.install()
began = time.perf_counter()
headless.load_pack()
print(time.perf_counter() - began)
"""


def main() -> None:
    command = [sys.executable, "-c", FRESH.format(root=str(ROOT))]
    seconds = [float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5)]
    print(f"importing the pack: {median(seconds):.3f} s beyond its libraries (median of 5)")


if __name__ == "__main__":
    main()

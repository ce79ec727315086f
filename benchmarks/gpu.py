"""Measures everything that matters on a GPU in less than ten minutes, and prints one Markdown table: make gpu

    python benchmarks/gpu.py                                  # on the GPU
    python benchmarks/gpu.py --parts device gaugan            # only the parts whose names begin so
    python benchmarks/gpu.py --device cpu --tiny              # tries everything out in a minute

It needs PyTorch, numpy, Pillow, safetensors, einops, huggingface-hub and pytest. Every part runs in a process of its
own with a time limit. A part that fails gets a row that says so, and the next one follows. The rows are also written
to a JSON file after each part. The exit status is 1 if a part failed. With "--device pretend", it computes on the
pretended device of benchmarks/pretend_device.py, where times mean nothing.
"""

import argparse
import importlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from gpu_parts.setup import ROOT, Setup

Row = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One thing to measure.

    Attributes:
        module: of ``gpu_parts``.
        limit: seconds after which it is stopped.
        arguments: of the module's ``measure``.
    """

    module: str
    limit: int
    arguments: dict[str, Any]


PARTS = {
    "device": Part("device", 60, {}),
    **{f"gaugan-{net.lower()}-{dtype}": Part("gaugan_painting", 60, {"net": net, "dtype": dtype})
       for net in ("bundled", "COCO") for dtype in ("float32", "float16", "bfloat16")},
    **{f"gaugan-training-{dtype}": Part("gaugan_training", 90, {"dtype": dtype}) for dtype in ("float32", "bfloat16")},
    **{f"singan-samples-{dtype}": Part("singan_sampling", 60, {"dtype": dtype}) for dtype in ("float32", "bfloat16")},
    **{f"singan-{preset}-{dtype}-{mode}": Part(
        "singan_training", 120, {"preset": preset, "dtype": dtype, "graphs": mode == "graphs"})
       for preset in ("draft", "standard") for dtype in ("float32", "bfloat16") for mode in ("eager", "graphs")},
    "tests": Part("tests", 200, {"seconds": 190}),
}  # fmt: skip


def run(name: str, part: Part, setup: Setup, seconds: float) -> Row:
    """Run a part in a process of its own, for so many seconds at most. Returns its rows, and what became of it."""
    began, limit = time.monotonic(), min(seconds, part.limit)
    with tempfile.TemporaryDirectory() as folder:
        rows, log = Path(folder) / "rows.jsonl", Path(folder) / "log"
        # The server has imported PyTorch, so that no part has to, and has not used the GPU.
        arguments = (part, setup, rows, log)
        process = multiprocessing.get_context("forkserver").Process(target=measure, args=arguments)
        process.start()
        stopped = True
        try:
            process.join(limit)
            stopped = process.is_alive()
        finally:
            if stopped:
                _end(process)
        written = rows.read_text("utf-8").splitlines() if rows.exists() else []
        last = log.read_text("utf-8", errors="replace").strip().splitlines()[-1:] if log.exists() else []
    result: Row = {"part": name, "seconds": round(time.monotonic() - began, 1), "rows": [*map(json.loads, written)]}
    if stopped:
        return result | {"error": f"stopped after {limit:.0f} s"}
    if process.exitcode == 1 and last:
        return result | {"error": last[0]}
    if process.exitcode:
        return result | {"error": f"ended with status {process.exitcode}"}
    return result


def _end(process: BaseProcess) -> None:
    """End a part and what it has started."""
    assert process.pid is not None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:  # It is not the leader of its group yet.
        process.kill()
    process.join()


def measure(part: Part, setup: Setup, rows: Path, log: Path) -> None:
    """Measure a part in this process, which becomes the leader of a group.

    Args:
        rows: file to which the rows are appended, one JSON object a line.
        log: file for everything that is printed; its last line is the error that ended the part.
    """
    os.setsid()
    with log.open("w") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)

    def report(what: str, **figures: object) -> None:
        with rows.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"what": what, "figures": figures}) + "\n")

    try:
        module = importlib.import_module(f"gpu_parts.{part.module}")
        with setup.entered():
            module.measure(setup, report, **part.arguments)
    except Exception:
        traceback.print_exc()
        sys.exit(1)


def lines(result: Row) -> list[str]:
    """The lines of the table for a part."""
    found = [(row["what"], " · ".join(map(_figure, *zip(*row["figures"].items(), strict=True))))
             for row in result["rows"]]  # fmt: skip
    if "error" in result:
        found.append(("**failed**", result["error"].replace("|", "\\|")))
    return [f"| {result['part']} | {what} | {figures} |" for what, figures in found]


def _figure(name: str, value: object) -> str:
    if isinstance(value, float):
        value = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{name.replace('_', ' ')} {value}".replace("|", "\\|")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    devices = ["cuda", "cpu", "pretend"]
    parser.add_argument("--device", choices=devices, default="cuda", help="where to compute (default: %(default)s)")
    parser.add_argument("--tiny", action="store_true", help="the smallest sizes and fewest iterations")
    parser.add_argument("--parts", nargs="+", default=[""], metavar="PART", help=f"beginnings of {', '.join(PARTS)}")
    parser.add_argument("--tests", nargs="+", default=["tests/unit", "tests/nodes"], help="test files or folders")
    processes = min(8, os.cpu_count() or 1)
    parser.add_argument("--processes", type=int, default=processes, help="of the tests (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=9.5, help="for all parts together (default: %(default)s)")
    output = ROOT / "output" / "gpu.json"
    parser.add_argument("--output", type=Path, default=output, help="the JSON file (default: output/gpu.json)")
    arguments = parser.parse_args()
    # Where the command is terminated, the part that runs ends with it.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if arguments.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no CUDA device; --device cpu --tiny tries everything out without one")
    chosen = [name for name in PARTS if name.startswith(tuple(arguments.parts))]
    if not chosen:
        parser.error(f"no part's name begins with {', '.join(arguments.parts)}; the parts are {', '.join(PARTS)}")
    setup = Setup(arguments.device, arguments.tiny, tuple(arguments.tests), arguments.processes)
    return measure_all(chosen, setup, arguments.minutes, arguments.output)


def measure_all(chosen: list[str], setup: Setup, minutes: float, output: Path) -> int:
    """Print the table of the chosen parts and write the JSON file. Returns the exit status."""
    began = time.monotonic()
    results: list[Row] = []
    output.parent.mkdir(parents=True, exist_ok=True)
    multiprocessing.get_context("forkserver").set_forkserver_preload(["torch", "numpy"])
    print("| part | measured | figures |\n|---|---|---|", flush=True)
    for name in chosen:
        left = began + 60 * minutes - time.monotonic()
        if left > 0:
            results.append(run(name, PARTS[name], setup, left))
        else:
            results.append({"part": name, "seconds": 0, "rows": [], "error": "no time was left"})
        print("\n".join(lines(results[-1])), flush=True)
        facts = {"device": setup.device, "tiny": setup.tiny, "seconds": round(time.monotonic() - began, 1)}
        output.write_text(json.dumps(facts | {"parts": results}, indent=1) + "\n", encoding="utf-8")
    failed = sum("error" in result for result in results)
    print(f"\n{len(results)} parts in {time.monotonic() - began:.0f} s, {failed} of them failed. Figures: {output}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())

"""The tests that can run on this machine, in several processes."""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from .setup import ROOT, Report, Setup

SHOWN = 20
"""Number of failed tests that get a row of their own."""


def measure(setup: Setup, report: Report, seconds: int) -> None:
    """Report how many tests passed, failed, were skipped, or were left out for want of a package.

    Args:
        seconds: after this time, the tests that have not been run are left.
    Raises:
        RuntimeError: tests failed, or there was not enough time for all.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        files = [Path(folder) / f"{number}.jsonl" for number in range(setup.processes)]
        shares = zip(files, _shares(setup), strict=True)
        processes = [_start(file, tests, running) for file, tests in shares if tests]
        finished = [_wait(process, began + seconds - time.monotonic()) for process in processes]
        lines = [line for file in files if file.exists() for line in file.read_text("utf-8").splitlines()]
    outcomes = [*map(json.loads, lines)]
    counts = Counter(outcome["outcome"] for outcome in outcomes)
    report("tests", passed=counts["passed"], failed=counts["failed"], skipped=counts["skipped"],
           left_out=counts["left out"], seconds=time.monotonic() - began)  # fmt: skip
    for package, tests in _left_out(outcomes).items():
        report(f"left out, as {package} is not installed", tests=" ".join(tests))
    failed = [outcome for outcome in outcomes if outcome["outcome"] == "failed"]
    for outcome in failed[:SHOWN]:
        report("failed", test=outcome["test"], error=outcome["detail"])
    if failed or not all(finished):
        wrong = [f"{len(failed)} tests failed"] * bool(failed) + ["time ran out"] * (not all(finished))
        raise RuntimeError("; ".join(wrong))


def _shares(setup: Setup) -> list[list[str]]:
    """The test files of each process, of about the same total size."""
    files = {file for test in setup.tests
             for file in ([ROOT / test] if test.endswith(".py") else (ROOT / test).rglob("test_*.py"))}  # fmt: skip
    largest_first = sorted(files, key=lambda file: (-file.stat().st_size, file))
    return [[str(file.relative_to(ROOT)) for file in largest_first[first :: setup.processes]]
            for first in range(setup.processes)]  # fmt: skip


def _start(outcomes: Path, tests: list[str], running: ExitStack) -> subprocess.Popen:
    command = [sys.executable, str(Path(__file__).with_name("outcomes.py")), str(outcomes), *tests]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running.callback(process.kill)
    return process


def _wait(process: subprocess.Popen, seconds: float) -> bool:
    """Whether the process ended in time."""
    try:
        process.wait(max(0, seconds))
    except subprocess.TimeoutExpired:
        return False
    return True


def _left_out(outcomes: list[dict[str, str]]) -> dict[str, list[str]]:
    """The tests, or whole files, that lack each package."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome["outcome"] == "left out":
            found.setdefault(outcome["detail"], []).append(outcome["test"])
    return found

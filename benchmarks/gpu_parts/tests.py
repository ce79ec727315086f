"""The tests that can run on this machine, in several processes."""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from .setup import ROOT, Report, Setup

WHOLE = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
"""How pytest ends if it has run whatever could be imported."""

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
        shares = enumerate(_shares(setup))
        processes = [_start(Path(folder) / str(number), share, setup.tests, running) for number, share in shares]
        ends = [_wait(process, began + seconds - time.monotonic()) for process in processes]
        lines = {line for file in Path(folder).glob("*.jsonl") for line in file.read_text("utf-8").splitlines()}
    outcomes = sorted(map(json.loads, lines), key=lambda outcome: outcome["test"])
    counts = Counter(outcome["outcome"] for outcome in outcomes)
    report("tests", passed=counts["passed"], failed=counts["failed"], skipped=counts["skipped"],
           left_out=counts["left out"], seconds=time.monotonic() - began)  # fmt: skip
    for package, tests in _left_out(outcomes).items():
        report(f"left out, as {package} is not installed", tests=" ".join(tests))
    failed = [outcome for outcome in outcomes if outcome["outcome"] == "failed"]
    for outcome in failed[:SHOWN]:
        report("failed", test=outcome["test"], error=outcome["detail"])
    wrong = sorted({end for end in ends if end})
    if failed:
        wrong.append(f"{len(failed)} tests failed")
    if wrong:
        raise RuntimeError("; ".join(wrong))


def _shares(setup: Setup) -> list[list[Path]]:
    """The test files of each process, of about the same total size."""
    files = {file for test in setup.tests
             for file in ([ROOT / test] if test.endswith(".py") else (ROOT / test).rglob("test_*.py"))}  # fmt: skip
    largest_first = sorted(files, key=lambda file: (-file.stat().st_size, file))
    shares = [largest_first[first :: setup.processes] for first in range(setup.processes)]
    return [share for share in shares if share]


def _start(place: Path, share: list[Path], tests: tuple[str, ...], running: ExitStack) -> subprocess.Popen:
    """Start the process of a share, which writes its outcomes to ``place`` with the ending .jsonl."""
    place.write_text("\n".join(map(str, share)), encoding="utf-8")
    script = Path(__file__).with_name("outcomes.py")
    command = [sys.executable, str(script), f"{place}.jsonl", str(place), *tests]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    running.callback(process.kill)
    return process


def _wait(process: subprocess.Popen, seconds: float) -> str:
    """What went wrong with a process beyond its tests; empty if nothing did."""
    try:
        status = process.wait(max(0, seconds))
    except subprocess.TimeoutExpired:
        return "the time ran out"
    return "" if status in WHOLE else f"pytest ended with status {status}"


def _left_out(outcomes: list[dict[str, str]]) -> dict[str, list[str]]:
    """The tests, or whole files, that lack each package."""
    found: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome["outcome"] == "left out":
            found.setdefault(outcome["detail"], []).append(outcome["test"])
    return found

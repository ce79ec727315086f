"""Runs test files with pytest and writes every outcome to a file, one JSON object a line.

    python benchmarks/gpu_parts/outcomes.py OUTCOMES FILE ...

Tests that need a package which is not installed count as left out, and name it.
"""

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import pytest

MISSING = re.compile(r"No module named '(\w+)")


class Outcomes:
    """A plugin of pytest that writes each outcome as soon as it is known.

    Args:
        file: where to write; each line has ``test``, ``outcome``, and ``detail``: the missing package, or the error.
    """

    def __init__(self, file: TextIO):
        self.file = file

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._failed(report.nodeid, report.longreprtext)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed(report.nodeid, report.longreprtext)
        elif report.skipped or report.when == "call":
            self._write(report.nodeid, report.outcome, "")

    def _failed(self, test: str, text: str) -> None:
        missing = [name for name in MISSING.findall(text) if find_spec(name) is None]
        if missing:
            self._write(test, "left out", missing[-1])
        else:
            errors = [line[1:].strip() for line in text.splitlines() if line.startswith("E ")]
            self._write(test, "failed", errors[0] if errors else text.strip().splitlines()[-1])

    def _write(self, test: str, outcome: str, detail: str) -> None:
        self.file.write(json.dumps({"test": test, "outcome": outcome, "detail": detail}) + "\n")
        self.file.flush()


def main() -> None:
    outcomes, *files = sys.argv[1:]
    with Path(outcomes).open("w", encoding="utf-8") as file:
        pytest.main([*files, "--continue-on-collection-errors", "-p", "no:cacheprovider", "-q"], [Outcomes(file)])


if __name__ == "__main__":
    sys.path.pop(0)
    main()

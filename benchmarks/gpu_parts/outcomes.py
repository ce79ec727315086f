"""Runs a share of the tests with pytest and writes every outcome to a file, one JSON object a line.

    python benchmarks/gpu_parts/outcomes.py OUTCOMES SHARE TEST ...

SHARE is a file with the paths of the test files to run, one a line; the others below the folders TEST are ignored.

Tests that need a package which is not installed count as left out, and name it.
"""

import json
import re
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TextIO

import pytest

MOST = 200
"""Characters of an error that are written."""

MISSING = re.compile(r"No module named '(\w+)")


class Outcomes:
    """A plugin of pytest that writes each outcome as soon as it is known.

    Args:
        file: where to write; each line has ``test``, ``outcome``, and ``detail``: the missing package, or the error.
        share: the test files to run.
    """

    def __init__(self, file: TextIO, share: set[Path]):
        self.file, self.share = file, share

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        # Files are chosen here and not on the command line, where a conftest.py that cannot be imported ends pytest.
        return True if collection_path.is_file() and collection_path not in self.share else None

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
            self._write(test, "failed", (errors or text.strip().splitlines()[-1:] or ["no message"])[0][:MOST])

    def _write(self, test: str, outcome: str, detail: str) -> None:
        self.file.write(json.dumps({"test": test, "outcome": outcome, "detail": detail}) + "\n")
        self.file.flush()


def main() -> int:
    outcomes, share, *tests = sys.argv[1:]
    files = {Path(line) for line in Path(share).read_text("utf-8").splitlines()}
    with Path(outcomes).open("w", encoding="utf-8") as file:
        plugin = Outcomes(file, files)
        return int(pytest.main([*tests, "--continue-on-collection-errors", "-p", "no:cacheprovider", "-q"], [plugin]))


if __name__ == "__main__":
    sys.path.pop(0)
    sys.exit(main())

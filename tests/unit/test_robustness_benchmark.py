"""The robustness benchmark finds nothing, and would find what it looks for."""

import json
import os
import subprocess
import sys
import time

import pytest
from conftest import ROOT

import hostile_loads
import hostile_names
from hostile_parts import Job, Outcome
from trials import Forked


@pytest.fixture
def job(tmp_path):
    return lambda count, seconds=600: Job(tmp_path, count, 0, time.monotonic() + seconds)


KILLS = """
import json, sys, time
from pathlib import Path
sys.path.insert(0, "benchmarks")
import torch
torch.set_num_threads(1)
import hostile_writes
from gan_models.singan import resume
from hostile_parts import Job
if sys.argv[2:]:
    resume._kept_state = lambda path: (None, None)
found = hostile_writes.kills(Job(Path(sys.argv[1]), 4, 0, time.monotonic() + 600))
print(json.dumps([found.done, found.failures, found.note]))
"""


def kills(folder, *options):
    """The kills in a process of their own, as a process that has used another device cannot be forked for training."""
    command = [sys.executable, "-c", KILLS, str(folder), *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_kills_lose_nothing(tmp_path):
    done, failures, note = kills(tmp_path)
    assert done == 4 and not failures
    assert note.startswith("0 damaged models, 0 lost scales of ") and " of 0 finished" not in note


def test_scales_that_are_trained_again_are_counted(tmp_path):
    _, failures, note = kills(tmp_path, "forget")
    assert any("finished ones were trained again" in text for text in failures)
    assert "0 lost scales" not in note


def test_names_and_loads_fail_nothing(job, tmp_path):
    for part in (hostile_names.names, hostile_loads.pickles, hostile_loads.pictures):
        found = part(job(6))
        assert found.done == 6 and not found.failures


def test_a_reader_that_fails_is_counted(job, monkeypatch):
    def use(path):
        raise KeyError(path.name)

    monkeypatch.setattr(hostile_loads, "_use_picture", use)
    assert len(hostile_loads.pictures(job(3)).failures) == 3


def test_a_part_ends_when_its_time_is_over(job):
    assert list(job(5, seconds=-1).numbers()) == [0]
    assert list(job(5).numbers()) == [0, 1, 2, 3, 4]


def test_a_row_shows_what_was_found(capsys):
    assert Outcome(3, note="all refused").row("names") == "| names | 3 | 0 |  |  | all refused |"
    row = Outcome(3, ["a", "b"], "x", 1.26, 40.4).row("loads")
    assert row == "| loads | 3 | 2 | 1.3 s | 40 MB | x |" and capsys.readouterr().err == "  a\n  b\n"


def test_a_process_is_killed_at_the_end_of_its_block():
    def talk(say):
        for number in range(3):
            say(f"line {number}")
        time.sleep(60)

    with Forked(talk) as child:
        assert child.line() == "line 0"
        while child.line() != "line 1":
            pass
        time.sleep(0.2)
    assert child.rest == ["line 2"]
    with pytest.raises(ProcessLookupError):
        os.kill(child.process, 0)
    with Forked(lambda say: None) as ended, pytest.raises(EOFError, match="has ended"):
        ended.line()

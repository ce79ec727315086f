"""A lock that one process holds."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from conftest import ROOT

from gan_models import locks
from gan_models.locks import LockedError, is_locked, locked
from gan_models.owners import this_process


def held_elsewhere(path, age, **about):
    """A lock of a process on another machine, with a last sign of life ``age`` seconds ago."""
    path.write_text(json.dumps({"host": "elsewhere", "process": 7, "started": "1", "since": 0.0} | about))
    os.utime(path, (0, time.time() - age))


def test_a_lock_is_held_by_one_and_then_gone(tmp_path):
    path = tmp_path / "new" / "lock"
    assert not is_locked(path)
    with locked(path) as lock:
        lock.require()
        assert is_locked(path)
        holder = rf"^process {os.getpid()} on {socket.gethostname()} has been working since 2"
        with pytest.raises(LockedError, match=holder), locked(path):
            pass
        assert is_locked(path)
    assert not path.parent.exists()


def test_who_waits_gets_the_lock_once_it_is_released(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.01)
    path, said = tmp_path / "lock", []

    def on_wait(holder):
        said.append(holder)
        if len(said) == 3:
            first.release()

    with locked(path) as first:
        with locked(path, on_wait=on_wait) as lock:
            lock.require()
        assert len(said) == 3 and said[0].startswith(f"process {os.getpid()} on {socket.gethostname()} has been")
    assert not path.exists()


def test_an_error_releases_the_lock(tmp_path):
    with pytest.raises(KeyError), locked(tmp_path / "lock"):
        raise KeyError
    assert not list(tmp_path.iterdir())


def test_another_machine_keeps_its_lock_as_long_as_it_gives_signs_of_life(tmp_path):
    path, said = tmp_path / "lock", []
    held_elsewhere(path, locks.LOST_SECONDS - 20)
    with pytest.raises(LockedError, match=r"^process 7 on elsewhere has been working since 19[67]\d-"), locked(path):
        pass
    held_elsewhere(path, locks.LOST_SECONDS + 20)
    with locked(path, said.append):
        assert said == ["taken over from process 7 on elsewhere, which ended without releasing it (its last sign of "
                        "life was 3 min ago)"]  # fmt: skip


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"host": 5, "process": "x"}', b"\xff"])
def test_a_damaged_lock_is_one_of_an_unknown_process(tmp_path, content):
    path = tmp_path / "lock"
    path.write_bytes(content)
    with pytest.raises(LockedError, match=r"^an? (unknown )?process|^process"), locked(path):
        pass
    os.utime(path, (0, time.time() - locks.LOST_SECONDS - 1))
    with locked(path):
        pass


def test_signs_of_life(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "BEAT_SECONDS", 0.02)
    path = tmp_path / "lock"
    with locked(path):
        os.utime(path, (0, 0))
        deadline = time.monotonic() + 10
        while path.stat().st_mtime == 0 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert time.time() - path.stat().st_mtime < 10


def test_who_has_lost_the_lock_notices_and_leaves_it_alone(tmp_path):
    path = tmp_path / "lock"
    with locked(path) as lock:
        held_elsewhere(path, 0)
        with pytest.raises(LockedError, match="another process has taken over"):
            lock.require()
    assert json.loads(path.read_text())["host"] == "elsewhere"


def test_one_of_many_takes_a_stale_lock_over(tmp_path):
    path = tmp_path / "lock"
    held_elsewhere(path, 10_000)
    got, start, ready = [], threading.Event(), threading.Barrier(9)

    def take():
        ready.wait()
        try:
            with locked(path):
                got.append(True)
                start.wait()
        except LockedError:
            got.append(False)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait()
    deadline = time.monotonic() + 20
    while len(got) < 8 and time.monotonic() < deadline:
        time.sleep(0.01)
    start.set()
    for thread in threads:
        thread.join()
    assert sorted(got) == [False] * 7 + [True]


HOLD = """
import sys, time
from gan_models.locks import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(1000)
"""


def test_a_killed_process_loses_its_lock_at_once(tmp_path):
    path, said = tmp_path / "lock", []
    with subprocess.Popen([sys.executable, "-c", HOLD, path], cwd=ROOT, stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(LockedError, match=f"^process {other.pid} on "), locked(path):
            pass
        other.kill()
    with locked(path, said.append):
        assert said[0].startswith(f"taken over from process {other.pid} on {socket.gethostname()}, which ended")
    assert not is_locked(path) and this_process().process == os.getpid()

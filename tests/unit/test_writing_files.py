"""Files that several processes write at the same time, and what killed processes leave behind."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from gan_models import files, owners
from gan_models.files import remove_dead_parts, write_atomically, write_once

SAVERS, EACH = 2, 12
SAVE = """
import sys, time
from gan_models.files import write_atomically
folder, who, count, start = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
time.sleep(max(0, start - time.time()))
for number in range(count):
    data = f"{who} {number}".encode()
    path = write_atomically(f"{folder}/oak.safetensors", data, overwrite=False)
    assert path.read_bytes() == data
"""


def python(code, *arguments):
    return subprocess.Popen([sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT)


def test_two_processes_that_save_under_one_name_lose_nothing(tmp_path):
    start = time.time() + 5
    saving = [python(SAVE, tmp_path, who, EACH, start) for who in range(SAVERS)]
    assert [process.wait() for process in saving] == [0] * SAVERS
    found = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert sorted(found.values()) == sorted(f"{who} {number}" for who in range(SAVERS) for number in range(EACH))
    numbers = range(2, SAVERS * EACH + 1)
    assert found.keys() == {"oak.safetensors", *(f"oak_{number}.safetensors" for number in numbers)}


@pytest.fixture
def no_hard_links(monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)


def test_names_are_numbered_where_there_are_no_hard_links(tmp_path, no_hard_links):
    path = tmp_path / "a.b.safetensors"
    saved = [write_atomically(path, data, overwrite=False) for data in (b"1", b"2", b"3")]
    assert [file.name for file in saved] == ["a.b.safetensors", "a.b_2.safetensors", "a.b_3.safetensors"]
    assert [file.read_bytes() for file in saved] == [b"1", b"2", b"3"] and len(list(tmp_path.iterdir())) == 3


def test_a_file_is_written_once(tmp_path):
    path = tmp_path / "once"
    assert write_once(path, b"first") and not write_once(path, b"second")
    assert path.read_bytes() == b"first" and list(tmp_path.iterdir()) == [path]


def test_overwriting_replaces(tmp_path):
    path = tmp_path / "a"
    assert write_atomically(path, b"1") == write_atomically(path, b"2") == path and path.read_bytes() == b"2"


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_full_disk_leaves_nothing(tmp_path, full_disk, overwrite):
    with pytest.raises(OSError, match=r"could not write a \(No space left on device\); no file was changed"):
        write_atomically(tmp_path / "a", b"1", overwrite=overwrite)
    assert not list(tmp_path.iterdir())


WRITE = """
import os, sys, time
from gan_models.files import write_atomically
def wait(file):
    print("writing", flush=True)
    time.sleep(1000)
os.fsync = wait
write_atomically(sys.argv[1], b"half")
"""


def test_parts_of_living_processes_stay_and_those_of_dead_ones_go(tmp_path):
    command = [sys.executable, "-c", WRITE, tmp_path / "sub" / "a"]
    writing = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert writing.stdout.readline() == b"writing\n"
        (part,) = (tmp_path / "sub").iterdir()
        remove_dead_parts(tmp_path)
        assert part.exists()
    finally:
        writing.send_signal(signal.SIGKILL)
        writing.wait()
        writing.stdout.close()
    remove_dead_parts(tmp_path)
    assert not part.exists()


def test_parts_of_unknown_processes_go_after_a_day_and_downloads_stay(tmp_path):
    elsewhere = owners.Owner("elsewhere", os.getpid(), "1").code
    names = [".a.0a1b2c3d.part", f".a.{elsewhere}.0a1b2c3d.part", ".model.safetensors.0123456789abcdef.part"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    remove_dead_parts(tmp_path)
    assert len(list(tmp_path.iterdir())) == 3
    for name in names:
        os.utime(tmp_path / name, (0, time.time() - files.LOST_SECONDS - 1))
    remove_dead_parts(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == names[2:]


def test_a_process_knows_who_lives():
    own = owners.this_process()
    assert owners.is_alive(own) and owners.is_code_alive(own.code)
    assert owners.is_alive(owners.Owner(own.host, own.process, "another start")) is False
    ended = python("")
    ended.wait()
    assert owners.is_alive(owners.Owner(own.host, ended.pid, "1")) is False
    assert owners.is_alive(owners.Owner("elsewhere", own.process, own.started)) is None
    assert owners.is_code_alive("") is None


def test_a_name_of_full_length_has_room_for_its_part(tmp_path):
    assert write_atomically(tmp_path / f"{'a' * 200}.safetensors", b"").exists()

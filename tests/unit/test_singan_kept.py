"""What is kept of trainings whose model was not saved yet."""

import os
import subprocess
import sys
import time

import pytest
from conftest import ROOT

from gan_models.locks import locked
from gan_models.singan import kept
from gan_models.singan.kept import forget, tidy, trainings_in, unfinished_text
from gan_models.singan.resume import train_resumable
from singan_toys import TOY, picture, same_weights, trained


class Stopped(Exception):
    pass


def never(progress):
    raise AssertionError("it trains again")


def stop(progress):
    if progress.stage.startswith("scale 3 "):
        raise Stopped


def begun(folder, seed):
    """Begin a training, and stop it; returns its file."""
    before = set(folder.iterdir())
    with pytest.raises(Stopped):
        train_resumable(picture(), TOY, seed=seed, folder=folder, on_progress=stop)
    (path,) = set(folder.iterdir()) - before
    return path


def aged(path, days):
    os.utime(path, (0, time.time() - days * kept.DAY))


def test_a_finished_training_is_kept_until_its_model_is_saved(tmp_path):
    model = train_resumable(picture(), TOY, seed=1, folder=tmp_path)
    again = train_resumable(picture(), TOY, seed=1, folder=tmp_path, on_progress=never)
    assert same_weights(model, again) and again.facts == model.facts
    forget(trained(seed=1), tmp_path)
    (only,) = trainings_in(tmp_path)
    assert only.finished
    forget(again, tmp_path)
    forget(again, tmp_path)
    assert not list(tmp_path.iterdir())


def test_finished_ones_stay_for_a_day_and_others_for_a_month(tmp_path):
    train_resumable(picture(), TOY, seed=1, folder=tmp_path)
    (finished,) = tmp_path.iterdir()
    unfinished = begun(tmp_path, 2)
    ages = {finished: kept.FINISHED_DAYS, unfinished: kept.MOST_DAYS}
    for path, days in ages.items():
        aged(path, days - 0.1)
    tidy(tmp_path)
    assert finished.exists() and unfinished.exists()
    for path, days in ages.items():
        aged(path, days + 0.1)
        tidy(tmp_path)
        assert not path.exists()


def test_only_the_latest_stay_and_what_is_in_work(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "MOST", 2)
    paths = [begun(tmp_path, 0)]
    for number in range(1, 4):
        paths.append(paths[0].with_name(f"{number}{kept.SUFFIX}"))
        paths[-1].write_bytes(paths[0].read_bytes())
        aged(paths[-1], number)
    with locked(paths[2].with_suffix(kept.LOCK)):
        tidy(tmp_path)
    assert [path.exists() for path in paths] == [True, True, True, False]
    tidy(tmp_path)
    assert [path.exists() for path in paths] == [True, True, False, False]


def test_locks_of_trainings_that_ended_go(tmp_path):
    path = begun(tmp_path, 0)
    locks = [path.with_suffix(kept.LOCK), tmp_path / f"other{kept.LOCK}", tmp_path / f"living{kept.LOCK}"]
    for lock in locks[:2]:
        lock.write_text('{"host": "elsewhere", "process": 1, "started": "1", "since": 0}')
        aged(lock, 1)
    with locked(locks[2]):
        tidy(tmp_path)
        assert [lock.exists() for lock in locks] == [True, False, True]
    aged(path, kept.MOST_DAYS + 1)
    tidy(tmp_path)
    assert not list(tmp_path.iterdir())


def test_unfinished_trainings_are_listed(tmp_path):
    assert unfinished_text(tmp_path / "none") == unfinished_text(tmp_path) == ""
    train_resumable(picture(), TOY, seed=1, folder=tmp_path)
    (tmp_path / f"damaged{kept.SUFFIX}").write_bytes(b"half a file")
    assert unfinished_text(tmp_path) == ""
    aged(begun(tmp_path, 2), 3)
    total = len(trained().sizes)
    assert unfinished_text(tmp_path).startswith("1 unfinished training is kept in ")
    assert unfinished_text(tmp_path).endswith(f": 2 of {total} scales at 56×44, 3 days old")
    begun(tmp_path, 3)
    assert unfinished_text(tmp_path).startswith("2 unfinished trainings are kept in ")
    assert f": 2 of {total} scales at 56×44, 0 min old; 2 of " in unfinished_text(tmp_path)


TRAIN = """
import sys
sys.path.insert(0, "tests")
import torch
torch.set_num_threads(1)
from gan_models.singan import save
from gan_models.singan.resume import train_resumable
from singan_toys import TOY, picture
folder, out = sys.argv[1:]
def wait(progress):
    if progress.stage.startswith("scale 3 ") and not waited:
        waited.append(print("waiting", flush=True))
        sys.stdin.readline()
waited = []
save(train_resumable(picture(), TOY, seed=5, folder=folder, on_progress=wait), out)
"""


def test_two_processes_with_the_same_training_do_not_disturb_each_other(tmp_path):
    folder = tmp_path / "kept"
    command = [sys.executable, "-c", TRAIN, folder, tmp_path / "other.safetensors"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "waiting\n"
        (path,) = folder.glob(f"*{kept.SUFFIX}")
        before, warnings = path.read_bytes(), []
        model = train_resumable(picture(), TOY, seed=5, folder=folder, on_warning=warnings.append)
        assert path.read_bytes() == before
        (text,) = warnings
        assert f"process {other.pid} on " in text and text.endswith("on the same training")
        other.communicate("\n")
    assert other.returncode == 0 and not list(folder.glob(f"*{kept.LOCK}"))
    theirs = train_resumable(picture(), TOY, seed=5, folder=folder, on_progress=never)
    assert same_weights(model, theirs) and same_weights(model, trained(seed=5))


def test_a_training_that_was_killed_is_taken_over(tmp_path):
    command = [sys.executable, "-c", TRAIN, tmp_path, tmp_path / "other.safetensors"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "waiting\n"
        other.kill()
    warnings, stages = [], []
    model = train_resumable(picture(), TOY, seed=5, folder=tmp_path, on_warning=warnings.append,
                            on_progress=lambda progress: stages.append(progress.stage))  # fmt: skip
    (text,) = warnings
    assert text.startswith(f"unfinished training taken over from process {other.pid} on ")
    assert stages[0].startswith("scale 3 ") and same_weights(model, trained(seed=5))

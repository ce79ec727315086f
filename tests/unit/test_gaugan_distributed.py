"""Two processes that share every batch do what one does."""

import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

from gan_models.gaugan import open_synthesizer, read_state_dict
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import projected_config, random_features, training_config, training_folder

CODE = """
import os
import sys
import time
import torch
sys.path.insert(0, "tests")
torch.set_num_threads(1)
from gan_models.distributed import joined, processes
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import projected_config, random_features, training_config

stop, style_steps, projected = map(int, sys.argv[3:])
loop.RESULT_BATCHES = 2
loop.FIRST_PREVIEW_SECONDS = 0

def say(line):
    sys.stdout.write(line + "\\n")  # in one piece, as the processes share the output

def thread_name(task):
    try:
        with open(f"/proc/self/task/{task}/comm") as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return "ended"

def stop_at(progress):
    if progress.step == stop:
        raise KeyboardInterrupt

with joined("cpu") as device:
    assert processes()[1] == 2
    pairs = FolderPairs(sys.argv[1], "landscape")
    try:
        make, features = (projected_config, random_features()) if projected else (training_config, None)
        config = make(batch=4, steps=3, style_steps=style_steps, init_gain=1.0)
        run.train(pairs, config, sys.argv[2], device=device, features=features, on_progress=stop_at)
    except (KeyboardInterrupt, RuntimeError) as error:
        say(f"process {processes()[0]} ended with {error!r}")

def gloo_threads():
    return [name for name in map(thread_name, os.listdir("/proc/self/task")) if "gloo" in name]

# The kernel may list a thread for a moment after it was joined.
deadline = time.monotonic() + 10
while gloo_threads() and time.monotonic() < deadline:
    time.sleep(0.01)
say(f"threads left: {gloo_threads()}")
"""


def in_two_processes(data, output, stop=99, style_steps=0, projected=False):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python"]
    done = subprocess.run(
        [*command, sys.executable, "-c", CODE, data, output, *map(str, (stop, style_steps, int(projected)))],
        cwd=ROOT, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = training_folder(tmp_path_factory.mktemp("pairs") / "data", 8)
    (folder / "styles").mkdir()
    for index in range(8):
        (folder / "styles" / f"{index}.txt").write_text("bright" if index < 4 else "dark")
    return folder


@pytest.mark.parametrize("projected", [False, True])
def test_two_processes_match_one(tmp_path, data, monkeypatch, projected):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    make, features = (projected_config, random_features()) if projected else (training_config, None)
    style_steps = 0 if projected else 2
    config = make(batch=4, steps=3, style_steps=style_steps, init_gain=1.0)
    run.train(FolderPairs(data, "landscape"), config, tmp_path / "one", features=features)
    in_two_processes(data, tmp_path / "two", style_steps=style_steps, projected=projected)
    one, two = (read_state_dict(tmp_path / name / loop.STATE) for name in ("one", "two"))
    assert one[1]["pictures"] == two[1]["pictures"] == "12"
    # Adam moves a weight by the sign of its gradient. Where the gradient is zero, as at biases before a norm and a few
    # other numbers, rounding decides the sign. The singular vectors of such small layers change with these.
    names = [name for name in one[0] if "optimizers" not in name and not name.endswith(("bias", "_u", "_v"))]
    apart = torch.cat([(two[0][name].float() - one[0][name].float()).abs().flatten() for name in names])
    assert (apart > 1e-4).float().mean() < 0.001
    assert apart.max() < 8e-3  # the most that three such steps can differ
    models = [open_synthesizer(tmp_path / name / loop.MODEL) for name in ("one", "two")]
    ids, z = torch.zeros(1, 32, 32, dtype=torch.uint8), torch.ones(1, 6)
    torch.testing.assert_close(models[0].paint(ids, z), models[1].paint(ids, z), rtol=0, atol=1e-4)


def test_a_stop_ends_both_at_the_same_step(tmp_path, data):
    said = in_two_processes(data, tmp_path / "run", stop=1)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert said.count("threads left: []") == 2
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert read_state_dict(tmp_path / "run" / loop.STATE)[1]["step"] == "1"
    assert not (tmp_path / "run" / loop.MODEL).exists()


def test_a_stop_ends_both_while_the_style_encoder_learns_alone(tmp_path, data):
    said = in_two_processes(data, tmp_path / "run", stop=1, style_steps=2)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert not (tmp_path / "run").exists()


APART = """
import os
import signal
import sys
import torch
sys.path.insert(0, "tests")
torch.set_num_threads(1)
from pathlib import Path
from gan_models.distributed import PeerLostError, joined, processes
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import training_config

signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as in the command line, which then ends by itself
data, output, batches, kill = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3].split(","), int(sys.argv[4])
loop.RESULT_BATCHES = 2

with joined("cpu") as device:
    rank = processes()[0]

    def say(text):
        sys.stdout.write(f"{rank}: {text}\\n")

    step = run.Trainer.train_step
    def train_step(self, images, ids):
        if rank == 1 and self.step == kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return step(self, images, ids)
    run.Trainer.train_step = train_step
    loop.FIRST_SAVE_SECONDS = loop.SAVE_SECONDS = 0
    pairs = FolderPairs(data, "landscape")
    pairs.files = pairs.files[: int(sys.argv[5 + rank])]
    config = training_config(batch=int(batches[rank]), steps=4, init_gain=1.0)
    try:
        run.train(pairs, config, output / str(rank), device=device, on_warning=say)
    except (ValueError, PeerLostError) as error:
        say(f"{type(error).__name__}: {error}")
        sys.stdout.flush()
        os._exit(0)
"""


def on_two_machines(data, output, batches="4,4", kill=99, files=(8, 8)):
    """Two processes whose runs are in the folders ``0`` and ``1``; the exit status and what they said."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--no-python",
               sys.executable, "-c", APART, data, output, batches, kill, *files]  # fmt: skip
    done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=300,
                          env=os.environ | {"OMP_NUM_THREADS": "1"})  # fmt: skip
    return done.returncode, done.stdout


def test_folders_that_are_not_shared_give_the_run_of_the_first_process(tmp_path, data, monkeypatch):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    pairs = FolderPairs(data, "landscape")
    for place in ("0", "expected"):
        run.train(pairs, training_config(batch=4, steps=2, init_gain=1.0), tmp_path / place)
    status, said = on_two_machines(data, tmp_path)
    assert status == 0, said
    assert ("0: the state of the run differs between the machines; process 1 of 2 (counted from 0) start from the "
            "state of process 0\n") in said  # fmt: skip
    in_two_processes(data, tmp_path / "expected")
    here, there = (read_state_dict(tmp_path / place / loop.STATE)[1] for place in ("0", "expected"))
    assert here["step"] == "4" and here["pictures"] == "16"
    assert not list((tmp_path / "1").glob("*.safetensors")), there


@pytest.mark.parametrize("options, message", [
    ({"batches": "4,2"}, "the setting batch of process 1 differs from that of process 0 (2 instead of 4); start all"),
    ({"files": (8, 7)}, "the training data of process 1 differs from that of process 0"),
])  # fmt: skip
def test_processes_with_other_settings_or_data_are_refused_in_a_sentence(tmp_path, data, options, message):
    status, said = on_two_machines(data, tmp_path, **options)
    assert status == 0 and f"0: ValueError: {message}" in said and f"1: ValueError: {message}" in said


def test_a_lost_process_leaves_a_state_and_a_sentence(tmp_path, data):
    status, said = on_two_machines(data, tmp_path, kill=2)
    assert status != 0
    assert ("0: PeerLostError: another process of the training was lost; the state of step 2 is kept. Start the same "
            "command again to resume from there\n") in said  # fmt: skip
    assert read_state_dict(tmp_path / "0" / loop.STATE)[1]["step"] == "2"
    status, said = on_two_machines(data, tmp_path)
    assert status == 0 and read_state_dict(tmp_path / "0" / loop.STATE)[1]["step"] == "4"

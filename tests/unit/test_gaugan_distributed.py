"""Two processes that share every batch do what one does."""

import os
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

from gan_models.gaugan import open_synthesizer, read_state_dict
from gan_models.gaugan.training import run
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
from gan_models.gaugan.training import run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import projected_config, random_features, training_config

stop, style_steps, projected = map(int, sys.argv[3:])
run.RESULT_BATCHES = 2
run.FIRST_PREVIEW_SECONDS = 0

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
    monkeypatch.setattr(run, "RESULT_BATCHES", 2)
    make, features = (projected_config, random_features()) if projected else (training_config, None)
    style_steps = 0 if projected else 2
    config = make(batch=4, steps=3, style_steps=style_steps, init_gain=1.0)
    run.train(FolderPairs(data, "landscape"), config, tmp_path / "one", features=features)
    in_two_processes(data, tmp_path / "two", style_steps=style_steps, projected=projected)
    one, two = (read_state_dict(tmp_path / name / run.STATE) for name in ("one", "two"))
    assert one[1]["pictures"] == two[1]["pictures"] == "12"
    # Adam moves a weight by the sign of its gradient. Where the gradient is zero, as at biases before a norm and a few
    # other numbers, rounding decides the sign. The singular vectors of such small layers change with these.
    names = [name for name in one[0] if "optimizers" not in name and not name.endswith(("bias", "_u", "_v"))]
    apart = torch.cat([(two[0][name].float() - one[0][name].float()).abs().flatten() for name in names])
    assert (apart > 1e-4).float().mean() < 0.001
    assert apart.max() < 8e-3  # the most that three such steps can differ
    models = [open_synthesizer(tmp_path / name / run.MODEL) for name in ("one", "two")]
    ids, z = torch.zeros(1, 32, 32, dtype=torch.uint8), torch.ones(1, 6)
    torch.testing.assert_close(models[0].paint(ids, z), models[1].paint(ids, z), rtol=0, atol=1e-4)


def test_a_stop_ends_both_at_the_same_step(tmp_path, data):
    said = in_two_processes(data, tmp_path / "run", stop=1)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert said.count("threads left: []") == 2
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert read_state_dict(tmp_path / "run" / run.STATE)[1]["step"] == "1"
    assert not (tmp_path / "run" / run.MODEL).exists()


def test_a_stop_ends_both_while_the_style_encoder_learns_alone(tmp_path, data):
    said = in_two_processes(data, tmp_path / "run", stop=1, style_steps=2)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert not (tmp_path / "run").exists()

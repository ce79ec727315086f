"""Two processes that share every batch do what one does."""

import json
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

from gan_models.gaugan import open_synthesizer, read_state_dict
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import projected_config, random_features, training_config, training_folder

PAIR = ROOT / "tests" / "gaugan_pair.py"


@pytest.fixture(scope="module")
def pair():
    """``pair(task, *arguments)``: runs a task of ``gaugan_pair`` in two processes, and returns what they printed."""
    with subprocess.Popen([sys.executable, PAIR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def pair(*task):
            process.stdin.write(json.dumps([str(part) for part in task]) + "\n")
            process.stdin.flush()
            statuses, printed = json.loads(process.stdout.readline())
            assert statuses == [0, 0], printed
            return printed

        yield pair


@pytest.fixture
def in_two_processes(pair):
    def in_two_processes(data, output, stop=99, style_steps=0, projected=False):
        return pair("together", data, output, stop, style_steps, int(projected))

    return in_two_processes


@pytest.fixture
def on_two_machines(pair):
    """The folders of the two runs are ``0`` and ``1``."""

    def on_two_machines(data, output, batches="4,4", files=(8, 8)):
        return pair("apart", data, output, batches, 99, *files)

    return on_two_machines


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = training_folder(tmp_path_factory.mktemp("pairs") / "data", 8)
    (folder / "styles").mkdir()
    for index in range(8):
        (folder / "styles" / f"{index}.txt").write_text("bright" if index < 4 else "dark")
    return folder


@pytest.mark.parametrize("projected", [False, True])
def test_two_processes_match_one(tmp_path, data, monkeypatch, projected, in_two_processes):
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


def test_a_stop_ends_both_at_the_same_step(tmp_path, data, in_two_processes):
    said = in_two_processes(data, tmp_path / "run", stop=1)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert said.count("threads left: []") == 2
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert read_state_dict(tmp_path / "run" / loop.STATE)[1]["step"] == "1"
    assert not (tmp_path / "run" / loop.MODEL).exists()


def test_a_stop_ends_both_while_the_style_encoder_learns_alone(tmp_path, data, in_two_processes):
    said = in_two_processes(data, tmp_path / "run", stop=1, style_steps=2)
    assert "process 0 ended with KeyboardInterrupt" in said
    assert "process 1 ended with RuntimeError('the first process was stopped')" in said
    assert not (tmp_path / "run").exists()


def test_folders_that_are_not_shared_give_the_run_of_the_first_process(
    tmp_path, data, monkeypatch, in_two_processes, on_two_machines
):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    pairs = FolderPairs(data, "landscape")
    for place in ("0", "expected"):
        run.train(pairs, training_config(batch=4, steps=2, init_gain=1.0), tmp_path / place)
    said = on_two_machines(data, tmp_path)
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
def test_processes_with_other_settings_or_data_are_refused_in_a_sentence(
    tmp_path, data, on_two_machines, options, message
):
    said = on_two_machines(data, tmp_path, **options)
    assert f"0: ValueError: {message}" in said and f"1: ValueError: {message}" in said


def test_a_lost_process_leaves_a_state_and_a_sentence(tmp_path, data, on_two_machines):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "--log-dir",
               tmp_path, PAIR, "apart", data, tmp_path, "4,4", "2", "8", "8"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    said = done.stdout
    assert done.returncode != 0
    assert ("0: PeerLostError: another process of the training was lost; the state of step 2 is kept. Start the same "
            "command again to resume from there\n") in said  # fmt: skip
    assert read_state_dict(tmp_path / "0" / loop.STATE)[1]["step"] == "2"
    on_two_machines(data, tmp_path)
    assert read_state_dict(tmp_path / "0" / loop.STATE)[1]["step"] == "4"

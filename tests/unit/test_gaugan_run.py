import csv
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from conftest import ROOT
from PIL import Image

from gan_models.gaugan import open_synthesizer, read_state_dict
from gan_models.gaugan.train import main
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.finite import NotFiniteError
from gan_models.gaugan.training.log import TrainingLog
from gan_models.gaugan.training.loop import Enough
from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.gaugan.training.state import load_state, read_config
from gan_models.gaugan.training.trainer import Trainer
from gan_models.locks import LockedError
from gaugan_toys import training_config, training_folder

TINY = ["--size", "32", "--batch", "2", "--ngf", "2", "--nhidden", "4", "--z-dim", "6", "--crop-size", "32",
        "--critics-ndf", "4", "--encoder-ndf", "2", "--encoder-layers", "3", "--discriminators", "paper"]  # fmt: skip


@pytest.fixture
def data(tmp_path):
    return FolderPairs(training_folder(tmp_path / "data"), "landscape")


@pytest.fixture(autouse=True)
def few_batches(monkeypatch):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)


def tensors(folder):
    return read_state_dict(folder / loop.STATE)[0]


def test_a_run_leaves_a_model_samples_and_a_log(tmp_path, data):
    said, seen = [], []
    path = run.train(
        data, training_config(steps=20), tmp_path / "run", data="blobs", license="CC0",
        on_progress=seen.append, on_warning=said.append,
    )  # fmt: skip
    folder = tmp_path / "run"
    assert sorted(file.name for file in folder.iterdir()) == [
        "log.csv", "log.png", "model.safetensors", "run.safetensors", "samples",
    ]  # fmt: skip
    model = open_synthesizer(path)
    ids = torch.zeros(1, 32, 64, dtype=torch.uint8)
    assert model.paint(ids, model.encode(torch.zeros(1, 3, 50, 40))).shape == (1, 3, 32, 64)
    about = read_state_dict(path)[1]
    facts = json.loads(about["training"])
    assert (about["taxonomy"], about["license"]) == ("landscape", "CC0") and facts.pop("seconds") >= 0
    assert facts == {"data": "blobs", "steps": 20, "pictures": 40, "size": 32, "batch": 2}
    with (folder / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["10", "20"] and float(rows[1]["features"]) > 0
    with Image.open(folder / "samples" / "000020.png") as sheet, Image.open(folder / "log.png") as drawing:
        assert sheet.size == (2 * 32, 4 * 32) and drawing.height == 5 * 110
    assert [progress.step for progress in seen][:4] == [0, 1, 2, 3] and seen[-1].step == seen[-1].total == 20
    assert seen[-1].preview.shape == (1, 3, 4 * 32, 2 * 32)
    assert said == ["training runs without the VGG19 loss, because its weights are not in use"]


def test_a_model_keeps_the_styles_of_pictures_in_their_own_colours(tmp_path, data):
    seen = []
    for jitter in (0.0, 0.5):
        config = training_config(color_jitter=jitter, class_jitter=jitter)
        path = run.train(data, config, tmp_path / str(jitter), minutes=0)
        seen.append(open_synthesizer(path).encoder.seen)
    assert torch.equal(*seen)


@pytest.mark.parametrize("kind", [Enough, KeyboardInterrupt])
def test_a_stopped_run_resumes_exactly(tmp_path, data, kind, monkeypatch):
    config = training_config(steps=6)
    run.train(data, config, tmp_path / "whole")

    def stop(progress):
        if progress.step == 2 and not stops:
            stops.append(progress)
            raise kind

    stops = []
    monkeypatch.setattr(loop, "FIRST_PREVIEW_SECONDS", 0)
    if kind is Enough:
        run.train(data, config, tmp_path / "broken", on_progress=stop)
        assert (tmp_path / "broken" / loop.MODEL).is_file()
    else:
        with pytest.raises(KeyboardInterrupt):
            run.train(data, config, tmp_path / "broken", on_progress=stop)
        assert not (tmp_path / "broken" / loop.MODEL).is_file()
    assert load_state(tmp_path / "broken" / loop.STATE).step == 2
    run.train(data, config, tmp_path / "broken")
    whole, broken = tensors(tmp_path / "whole"), tensors(tmp_path / "broken")
    assert all(torch.equal(whole[name], broken[name]) for name in whole)
    results = [read_state_dict(tmp_path / name / loop.MODEL)[0] for name in ("whole", "broken")]
    assert all(torch.equal(value, results[1][name]) for name, value in results[0].items())


def norms(tensors, network):
    """The batch norm statistics of a network of a run."""
    return {key: value for key, value in tensors.items() if key.startswith(f"{network}/") and ".running_" in key}


def test_batch_norm_is_frozen_for_the_last_steps(tmp_path, data):
    config = training_config(steps=4, frozen_norm=0.5)
    run.train(data, config, tmp_path / "whole")
    states = []

    def stop_at(step):
        def stop(progress):
            if progress.step == step and progress.stage.startswith("step"):
                raise KeyboardInterrupt

        return stop

    # Stopped before batch norm is frozen, and while it is frozen.
    for step in (2, 3):
        with pytest.raises(KeyboardInterrupt):
            run.train(data, config, tmp_path / "parts", on_progress=stop_at(step))
        states.append(tensors(tmp_path / "parts"))
    path = run.train(data, config, tmp_path / "parts")
    states.append(tensors(tmp_path / "parts"))
    before, frozen, end = (norms(state, "generator") for state in states)
    assert before and all(torch.equal(frozen[key], end[key]) for key in end)
    assert not all(torch.equal(before[key], frozen[key]) for key in end)
    assert all(torch.equal(states[2][key], value) for key, value in tensors(tmp_path / "whole").items())
    # The model uses the statistics with which it was trained.
    model = open_synthesizer(path).generator.state_dict()
    assert all(torch.equal(model[key.removeprefix("ema/")], value) for key, value in norms(states[2], "ema").items())


def test_a_stop_while_batch_norm_is_measured_freezes_nothing(tmp_path, data):
    def stop(progress):
        if progress.stage.startswith("measuring"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train(data, training_config(steps=4, frozen_norm=1.0), tmp_path, on_progress=stop)
    trainer = load_state(tmp_path / loop.STATE)
    assert trainer.step == 0 and not trainer.norm_frozen


def test_a_stop_while_the_model_is_made_keeps_the_state(tmp_path, data):
    def stop(progress):
        if "measuring" in progress.stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run.train(data, training_config(steps=1), tmp_path / "run", on_progress=stop)
    assert load_state(tmp_path / "run" / loop.STATE).step == 1
    assert not (tmp_path / "run" / loop.MODEL).exists()


def test_minutes_end_a_run_and_other_settings_resume_it(tmp_path, data):
    run.train(data, training_config(), tmp_path / "run", minutes=0)
    config = training_config(size=64, batch=4, steps=2, learning_rate=1e-3)
    config = replace(config, generator=replace(config.generator, overscan=32))
    run.train(data, config, tmp_path / "run", half=True)
    assert read_config(tmp_path / "run" / loop.STATE) == config
    stored = read_state_dict(tmp_path / "run" / loop.MODEL)[0]
    model = open_synthesizer(tmp_path / "run" / loop.MODEL)
    assert "trained at 64×64" in model.summary and model.generator.config.overscan == 32
    assert model.generator.config.crop_size == 64 and model.generator.config.grid == (2, 2)
    kinds = {name.rpartition(".")[2]: value.dtype for name, value in stored.items()}
    assert kinds["weight"] == torch.float16 and kinds["running_var"] == torch.float32
    with pytest.raises(ValueError, match=r"a run with generator\.ngf 2, which cannot become 4"):
        run.train(data, replace(config, generator=replace(config.generator, ngf=4)), tmp_path / "run")


def test_a_loss_that_is_not_finite_leaves_the_last_good_state(tmp_path, data, monkeypatch):
    run.train(data, training_config(steps=2), tmp_path / "run")
    step = Trainer.train_step
    monkeypatch.setattr(
        Trainer, "train_step", lambda self, images, ids: step(self, images * float("nan" if self.step == 3 else 1), ids)
    )
    with pytest.raises(NotFiniteError, match=r"step 4: a loss is not finite .*; the state of step 2 is kept"):
        run.train(data, training_config(steps=9), tmp_path / "run")
    assert load_state(tmp_path / "run" / loop.STATE).step == 2


def test_a_full_disk_stops_only_at_the_end(tmp_path, data, monkeypatch, request):
    run.train(data, training_config(steps=1), tmp_path / "run")
    monkeypatch.setattr(loop, "FIRST_SAVE_SECONDS", 0)
    monkeypatch.setattr(loop, "SAVE_SECONDS", 0)
    request.getfixturevalue("full_disk")
    said = []
    with pytest.raises(OSError, match=r"could not write run\.safetensors"):
        run.train(data, training_config(steps=3), tmp_path / "run", on_warning=said.append)
    assert any("training continues, but its state could not be saved" in text for text in said)
    assert any("training continues without this preview: could not write 0" in text for text in said)
    assert sorted(path.name for path in (tmp_path / "run" / "samples").iterdir()) == ["000001.png"]
    assert load_state(tmp_path / "run" / loop.STATE).step == 1


def test_a_process_that_is_killed_while_it_writes_leaves_the_older_state(tmp_path, data):
    folder = tmp_path / "run"
    run.train(data, training_config(steps=1), folder)
    code = (
        "import os, runpy, signal, sys\n"
        "os.fsync = lambda file: os.kill(os.getpid(), signal.SIGKILL)\n"
        "sys.argv = ['train', *sys.argv[1:]]\n"
        "runpy.run_module('gan_models.gaugan.train', run_name='__main__')\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", code, "--data", tmp_path / "data", "--output", folder, "--steps", "2"], cwd=ROOT
    )
    assert killed.returncode == -signal.SIGKILL
    assert load_state(folder / loop.STATE).step == 1 and list(folder.glob(".*.part"))
    run.train(data, training_config(steps=2), folder)
    assert load_state(folder / loop.STATE).step == 2 and not list(folder.glob(".*.part"))


def test_a_disk_that_is_full_for_previews_and_logs_ends_nothing(tmp_path, data, monkeypatch):
    def write(path, content):
        raise OSError(28, f"could not write {path.name}")

    monkeypatch.setattr(loop, "write_atomically", write)
    monkeypatch.setattr("gan_models.gaugan.training.log.write_atomically", write)
    said = []
    path = run.train(data, training_config(steps=2), tmp_path / "run", on_warning=said.append)
    assert open_synthesizer(path).trained and load_state(tmp_path / "run" / loop.STATE).step == 2
    assert sum("training continues without its log" in text for text in said) == 1
    assert sum("training continues without this preview" in text for text in said) == 1


def test_the_first_state_is_saved_after_a_minute():
    assert loop.FIRST_SAVE_SECONDS == 60


TRAIN = """
import sys
sys.path.insert(0, "tests")
import torch
torch.set_num_threads(1)
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.pairs import FolderPairs
from gaugan_toys import training_config
loop.FIRST_SAVE_SECONDS = loop.SAVE_SECONDS = 0
loop.RESULT_BATCHES = 2
def wait(progress):
    if progress.step == 2 and not waited:
        waited.append(print("waiting", flush=True))
        sys.stdin.readline()
waited = []
run.train(FolderPairs(sys.argv[1], "landscape"), training_config(steps=3), sys.argv[2], on_progress=wait)
"""


@pytest.fixture
def other(tmp_path, data):
    """Another process that has begun the run and waits before its third step."""
    command = [sys.executable, "-c", TRAIN, tmp_path / "data", tmp_path / "run"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "waiting\n"
        yield process
        process.kill()


def test_a_run_that_another_process_trains_is_refused_and_left_alone(tmp_path, data, other):
    before = {path: path.read_bytes() for path in (tmp_path / "run").iterdir() if path.is_file()}
    with pytest.raises(LockedError, match=rf"^the run 'run' is already being trained: process {other.pid} on .* since "
                       r".*; wait until that has ended, or train under another name$"):  # fmt: skip
        run.train(data, training_config(steps=3), tmp_path / "run")
    assert {path: path.read_bytes() for path in before} == before
    other.communicate("\n")
    assert other.returncode == 0 and load_state(tmp_path / "run" / loop.STATE).step == 3
    assert not (tmp_path / "run" / "run.lock").exists()


def test_the_run_of_a_killed_process_is_taken_over_with_a_line(tmp_path, data, other):
    other.kill()
    other.wait()
    said = []
    run.train(data, training_config(steps=3), tmp_path / "run", on_warning=said.append)
    assert any(text.startswith(f"the run 'run' was taken over from process {other.pid} on ") for text in said)
    assert load_state(tmp_path / "run" / loop.STATE).step == 3


def test_a_single_class_gives_a_warning(tmp_path):
    folder = training_folder(tmp_path / "data", 2)
    for file in (folder / "labels").iterdir():
        Image.new("L", (40, 40), 3).save(file)
    said = []
    run.train(FolderPairs(folder, "landscape"), training_config(steps=1), tmp_path / "run", on_warning=said.append)
    assert any("the label maps contain only the class 'mountain'" in text for text in said)


def test_the_classes_of_a_folder_are_told_first(tmp_path):
    said = []
    folder = training_folder(tmp_path / "data", 2)
    run.train(FolderPairs(folder, "landscape"), training_config(steps=1), tmp_path / "run", on_start=said.append)
    (text,) = said
    assert text.startswith("2 label maps (ids of 'landscape') with the classes ") and " %, " in text


def test_the_command_line_reads_the_ids_of_data_sets(tmp_path, capsys):
    data, output = training_folder(tmp_path / "data"), tmp_path / "run"
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        main(["--data", f"'{data}'", "--output", str(output), "--taxonomy", "cityscapes", "--steps", "1",
              "--style-steps", "0", "--palette", "cityscapes_train_ids", "--offset", "1", *TINY])  # fmt: skip
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    assert "4 label maps (cityscapes_train_ids with offset 1) with the classes" in capsys.readouterr().out


def test_the_log_resumes_without_the_lost_steps(tmp_path):
    log = TrainingLog(tmp_path, 0)
    for step in range(1, 31):
        log.add(step, step / 2, {"features": 1 / step})
    log.write()
    again = TrainingLog(tmp_path, 20)
    assert [row["step"] for row in again.rows] == [10, 20]
    assert again.rows[0]["features"] == pytest.approx(sum(1 / step for step in range(1, 11)) / 10, rel=1e-5)
    assert again.rows[1]["seconds"] == 10


def test_the_log_averages_a_loss_over_the_steps_that_have_it(tmp_path):
    log = TrainingLog(tmp_path, 0)
    for step in range(1, 11):
        log.add(step, step, {"fake": 1.0} | ({"transfer": float(step)} if step % 5 == 0 else {}))
    for step in range(11, 21):
        log.add(step, step, {"fake": 2.0} | ({"transfer": 3.0} if step == 20 else {}))
    assert [row["transfer"] for row in log.rows] == [7.5, 3.0] and [row["fake"] for row in log.rows] == [1.0, 2.0]
    log.write()
    assert len(TrainingLog(tmp_path, 20).rows) == 2


def test_the_command_line(tmp_path, capsys):
    data, output = training_folder(tmp_path / "data"), tmp_path / "run"
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        main(["--data", str(data), "--output", str(output), "--steps", "2", "--style-steps", "7", *TINY])
        first = read_config(output / loop.STATE)
        assert (first.learning_rate, first.style_steps) == (2e-4, 7)
        main(["--data", str(data), "--output", str(output), "--taxonomy", "landscape", "--steps", "3", "--half"])
        config = read_config(output / loop.STATE)
        assert (config.steps, config.size, config.generator.ngf, config.encoder.layers) == (3, 32, 2, 3)
        with pytest.raises(SystemExit) as error:
            main(["--data", str(data), "--output", str(output), "--taxonomy", "ade20k"])
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    assert error.value.code == 1
    out, err = capsys.readouterr()
    assert out.rstrip().endswith(f"wrote {output / loop.MODEL}") and "run.safetensors is a run with taxonomy" in err


def test_the_command_line_does_not_offer_the_preset_that_needs_a_model(tmp_path, capsys):
    with pytest.raises(SystemExit) as error:
        main(["--data", "scenes", "--output", str(tmp_path / "run"), "--preset", "fine-tune"])
    assert error.value.code == 2 and "invalid choice: 'fine-tune'" in capsys.readouterr().err


def test_control_c_on_the_command_line_writes_the_model(tmp_path):
    data, output = training_folder(tmp_path / "data"), tmp_path / "run"
    arguments = ["--data", data, "--output", output, "--steps", "100000", *TINY]
    code = (
        "import os, signal, sys\n"
        "from gan_models.gaugan import train\n"
        "from gan_models.gaugan.training import loop\n"
        "from gan_models.gaugan.training.trainer import Trainer\n"
        "loop.RESULT_BATCHES, step = 2, Trainer.train_step\n"
        "def pressed(self, *batch):\n"
        "    if self.step == 2: os.kill(os.getpid(), signal.SIGINT)\n"
        "    return step(self, *batch)\n"
        "Trainer.train_step = pressed\n"
        "train.main(sys.argv[1:])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *map(os.fspath, arguments)], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert load_state(output / loop.STATE).step == 3 and open_synthesizer(output / loop.MODEL).encoder

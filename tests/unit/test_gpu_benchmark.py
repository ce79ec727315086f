"""The command for a GPU, in tiny, on the CPU and on the pretended device."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
from conftest import ROOT

import gpu
from gan_models import singan
from gpu_parts import gaugan_painting, gaugan_training, singan_sampling, singan_training
from gpu_parts.recorded_training import RecordedTrainer
from gpu_parts.setup import Setup
from pretend_device import NAME
from singan_toys import picture, same_weights, trained

ONE_OF_EACH = ("device", "gaugan-coco-float32", "gaugan-training-bfloat16", "singan-samples-float32",
               "singan-draft-bfloat16-graphs", "tests")  # fmt: skip
EVERY_LEVER = replace(
    singan.PRESETS["standard"], max_size=40, iterations=14, coarse_iterations=14, channels=8, coarse_side=30,
    canvas_share=0.5,
)  # fmt: skip


def here(device="cpu", tests=()):
    return Setup(device, tiny=True, tests=tests, processes=1)


def test_the_whole_command(tmp_path):
    assert {gpu.PARTS[name].module for name in ONE_OF_EACH} == {part.module for part in gpu.PARTS.values()}
    output = tmp_path / "new folder" / "gpu.json"
    command = [sys.executable, "benchmarks/gpu.py", "--device", "cpu", "--tiny", "--processes", "1", "--output", output,
               "--tests", "tests/unit/test_seeds.py", "--parts", *ONE_OF_EACH]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads(output.read_text("utf-8"))["parts"]
    assert [part["part"] for part in parts] == list(ONE_OF_EACH)
    assert all(part["rows"] and "error" not in part for part in parts)
    header, _, *rows = [line for line in done.stdout.splitlines() if line.startswith("|")]
    assert {line.count(" | ") for line in (header, *rows)} == {2}
    assert len(rows) == sum(len(part["rows"]) for part in parts)
    (tests,) = parts[-1]["rows"]
    assert tests["figures"]["passed"] > 20 and tests["figures"]["failed"] == 0


def test_a_part_that_fails_or_takes_too_long_does_not_stop_the_others(tmp_path, monkeypatch, capsys):
    (tmp_path / "test_slow.py").write_text("import time\n\ndef test_slow():\n    time.sleep(600)\n")
    parts = {
        "broken": gpu.Part("no_such_module", 60, {}),
        "slow": gpu.Part("tests", 1, {"seconds": 600}),
        "device": gpu.PARTS["device"],
    }
    monkeypatch.setattr(gpu, "PARTS", parts)
    output = tmp_path / "gpu.json"
    assert gpu.measure_all(list(parts), here(tests=(str(tmp_path / "test_slow.py"),)), 1, output) == 1
    broken, slow, device = json.loads(output.read_text("utf-8"))["parts"]
    assert broken["error"] == "ModuleNotFoundError: No module named 'gpu_parts.no_such_module'"
    assert slow["error"] == "stopped after 1 s" and device["rows"] and "error" not in device
    assert "| slow | **failed** | stopped after 1 s |" in capsys.readouterr().out
    assert gpu.measure_all(["device"], here(), 0, output) == 1
    assert json.loads(output.read_text("utf-8"))["parts"][0]["error"] == "no time was left"


def test_tests_that_lack_a_package_are_left_out_by_name(tmp_path):
    (tmp_path / "test_lacking.py").write_text("import no_such_package\n")
    (tmp_path / "test_wrong.py").write_text("def test_wrong():\n    assert 1 == 2\n")
    (tmp_path / "test_right.py").write_text("def test_right():\n    pass\n")
    files = tuple(str(file) for file in tmp_path.glob("test_*.py"))
    result = gpu.run("tests", gpu.PARTS["tests"], here(tests=files), 60)
    counts, left_out, failed = result["rows"]
    assert [counts["figures"][name] for name in ("passed", "failed", "skipped", "left_out")] == [1, 1, 0, 1]
    assert left_out["what"] == "left out, as no_such_package is not installed"
    assert left_out["figures"]["tests"].endswith("test_lacking.py")
    assert failed["figures"]["error"] == "assert 1 == 2"
    assert result["error"] == "RuntimeError: 1 tests failed"


def test_recorded_iterations_train_the_same_model():
    image = picture()
    plain, recorded = (
        trained(EVERY_LEVER, image=image, scale_trainer=trainer)
        for trainer in (singan.training.ScaleTrainer, RecordedTrainer)
    )
    assert plain.amplitudes == pytest.approx(recorded.amplitudes, rel=1e-4)
    for name, value in plain.state_dict().items():
        torch.testing.assert_close(recorded.state_dict()[name], value, atol=1e-4, rtol=1e-3)


def test_without_larger_canvases_they_are_equal_to_the_last_bit():
    config = replace(EVERY_LEVER, canvas_share=0.0)
    assert same_weights(trained(config), trained(config, scale_trainer=RecordedTrainer))


def test_recorded_samples_are_the_models_own():
    model = trained()
    sample = singan_sampling.recorded_samples(model, 2, torch.Generator().manual_seed(3), torch.device("cpu"))
    first = sample().clone()
    del model.noise
    torch.testing.assert_close(first, model.sample(2, generator=torch.Generator().manual_seed(3)))
    second = sample().clone()
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("module", "arguments", "rows"),
    [
        (gaugan_painting, {"net": "COCO", "dtype": "float32"}, 3),
        (gaugan_training, {"dtype": "float32"}, 2),
        (singan_sampling, {"dtype": "float32"}, 8),
        (singan_training, {"preset": "draft", "dtype": "float32", "graphs": True}, 2),
    ],
    ids=["painting", "training", "samples", "SinGAN"],
)
def test_everything_computes_on_the_device(module, arguments, rows):
    found = []
    far = here(NAME)
    with far.entered():
        module.measure(far, lambda what, **figures: found.append(figures), **arguments)
    assert len(found) == rows
    assert all(torch.tensor(list(figures.values())).isfinite().all() for figures in found)

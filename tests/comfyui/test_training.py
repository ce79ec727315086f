"""Training on a real server sends progress and can be interrupted."""

import time

import pytest

from .server import PromptStopped

pytestmark = pytest.mark.comfyui


def train(seed, preset="draft", **settings):
    """A prompt that trains a SinGAN on an example picture and shows its reconstruction."""
    return {
        "picture": {"class_type": "GANAtelierExampleImage", "inputs": {"picture": "balloons.jpg"}},
        "train": {
            "class_type": "SinGANTrain",
            "inputs": {
                "image": ["picture", 0],
                "preset": preset,
                "seed": seed,
                "purpose": "any task",
                "max_size": 0,
                "iterations": 0,
                **settings,
            },
        },
        "show": {"class_type": "PreviewImage", "inputs": {"images": ["train", 1]}},
    }


def test_training_reports_progress_and_previews(comfyui):
    events = list(comfyui.queue(train(seed=1, max_size=64, iterations=2)).events())
    assert events[-1].type == "execution_success", events[-1].data
    progress = [event.data for event in events if event.type == "progress" and event.data["node"] == "train"]
    values = [data["value"] / data["max"] for data in progress]
    assert values == sorted(values)
    assert values[-1] == 1
    assert [event for event in events if event.type == "preview"]


GAUGAN = {
    "data": "rendered landscapes", "folder": "", "taxonomy": "landscape", "name": "tiny", "preset": "small",
    "minutes": 0.0, "seed": 0, "size": 64, "batch": 1, "steps": 2, "learning_rate": 0.0, "flips": True,
    "generator": "spade", "perceptual": False, "discriminators": "paper",
}  # fmt: skip


def test_a_gaugan_trains_and_is_saved(comfyui):
    prompt = {
        "train": {"class_type": "GauGANTrain", "inputs": GAUGAN},
        "save": {"class_type": "GauGANSave", "inputs": {
            "model": ["train", 0], "name": "tiny", "overwrite": True, "precision": "float16"}},
    }  # fmt: skip
    events = list(comfyui.queue(prompt).events())
    assert events[-1].type == "execution_success", events[-1].data
    progress = [event.data for event in events if event.type == "progress" and event.data["node"] == "train"]
    assert progress[-1]["value"] == progress[-1]["max"] == 2
    assert [event for event in events if event.type == "preview"]
    assert "tiny.safetensors" in comfyui.object_info("GauGANLoad")["input"]["required"]["name"][1]["options"]


def test_a_folder_that_is_linked_trains_once(comfyui):
    prompt = {
        "folder": {"class_type": "PrimitiveString", "inputs": {"value": ""}},
        "train": {"class_type": "GauGANTrain", "inputs": GAUGAN | {"folder": ["folder", 0]}},
        "save": {"class_type": "GauGANSave", "inputs": {
            "model": ["train", 0], "name": "linked", "overwrite": True, "precision": "float16"}},
    }  # fmt: skip
    comfyui.run(prompt)
    cached = [event.data["nodes"] for event in comfyui.queue(prompt).events() if event.type == "execution_cached"]
    assert set(cached[0]) == set(prompt)


# An early scale, where an iteration takes milliseconds, and a late one, where it takes longest.
@pytest.mark.parametrize(("iterations", "stop_at"), [(0, 0.0), (5, 0.8)], ids=["first scale", "last scale"])
def test_stop_ends_training_within_two_seconds(comfyui, iterations, stop_at):
    job = comfyui.queue(train(seed=2, preset="standard", iterations=iterations))
    for event in job.events():
        if event.type == "progress" and event.data["value"] > stop_at * event.data["max"]:
            break
    pressed = time.monotonic()
    comfyui.interrupt()
    with pytest.raises(PromptStopped):
        job.wait(timeout=30)
    seconds = time.monotonic() - pressed
    print(f"stopped after {seconds:.2f} s")
    assert seconds < 2


def test_queue_goes_on_after_a_stop(comfyui):
    job = comfyui.queue(train(seed=3))
    following = comfyui.queue(train(seed=4, max_size=64, iterations=2))
    for event in job.events():
        if event.type == "progress":
            break
    comfyui.interrupt()
    with pytest.raises(PromptStopped):
        job.wait(timeout=30)
    assert following.wait()["show"]["images"]


def test_training_that_was_stopped_goes_on(comfyui):
    prompt = train(seed=5, max_size=64, iterations=40)
    job = comfyui.queue(prompt)
    for event in job.events():
        if event.type == "progress" and event.data["value"] > event.data["max"] / 2:
            break
    comfyui.interrupt()
    with pytest.raises(PromptStopped):
        job.wait(timeout=30)

    again = comfyui.queue(prompt)
    first = next(event.data for event in again.events() if event.type == "progress")
    assert first["value"] > 0
    assert again.wait()["show"]["images"]

"""SinGAN's nodes that edit, paint, animate and show scales."""

from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from gan_models.singan import SinGANConfig
from singan_toys import picture, trained

EDITS = ("SinGANHarmonize", "SinGANEdit")
TASKS = (*EDITS, "SinGANPaintToImage")


@pytest.fixture(scope="module")
def model(pack):
    """A small SinGAN, as the socket carries it."""
    return pack.nodes.host.ManagedModel(trained())


def image(*size, seed=4):
    return (picture(*size, seed=seed).movedim(1, -1) + 1) / 2


def mask(height=44, width=56):
    mask = torch.zeros(1, height, width)
    mask[:, height // 4 : height // 2, width // 4 : width // 2] = 1
    return mask


def inputs(node_id, model, **others):
    """Inputs of a task; ``others`` replace some."""
    values = {"model": model, "image": image(), "start_scale": 2, "seed": 0}
    if node_id in EDITS:
        values["mask"] = mask()
    return values | others


@pytest.mark.parametrize("node_id", TASKS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_pictures_of_any_kind_come_back_at_the_training_size(call, model, node_id, channels):
    picture = torch.cat([image(88, 112), torch.ones(1, 88, 112, 1)], -1)[..., :channels].expand(2, -1, -1, -1)
    before = picture.clone()
    (out,) = call(node_id, **inputs(node_id, model, image=picture))
    assert out.shape == (2, 44, 56, 3) and 0 <= out.min() and out.max() <= 1
    assert torch.equal(picture, before)


@pytest.mark.parametrize("node_id", TASKS)
def test_all_scales_are_one_labelled_picture_each(call, model, node_id):
    (out,) = call(node_id, **inputs(node_id, model, all_scales=True))
    (second,) = call(node_id, **inputs(node_id, model, start_scale=2))
    assert len(out) == len(model.model.sizes) - 1 and out.shape[1] > 44 and out.shape[2:] == (56, 3)
    assert torch.equal(out[1:2, -44:], second)


@pytest.mark.parametrize("node_id", TASKS)
def test_automatic_start_scale_is_said_and_is_one_of_the_models(nodes, model, node_id, monkeypatch):
    from server import PromptServer

    import headless

    said = []
    monkeypatch.setattr(PromptServer.instance, "on_text", lambda text, node_id: said.append(text))
    (out,) = headless.call_node(nodes[node_id], unique_id="3", **inputs(node_id, model, start_scale=0)).result
    word, number = said[-1].rsplit(" ", 1)
    assert word == "start scale" and int(number) in range(1, len(model.model.sizes))
    (same,) = headless.call_node(nodes[node_id], **inputs(node_id, model, start_scale=int(number))).result
    assert torch.equal(out, same)


@pytest.mark.parametrize("node_id", TASKS)
@pytest.mark.parametrize("options", [{"start_scale": 0}, {"start_scale": 2}, {"all_scales": True}])
def test_injections_stop_on_request(nodes, model, node_id, options):
    from comfy import model_management

    import headless

    model_management.interrupt_current_processing()
    with pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes[node_id], **inputs(node_id, model, **options))


@pytest.mark.parametrize("node_id", TASKS)
@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"start_scale": 20}, "start_scale is 20; this model has scales 1 to 5"),
        ({"image": torch.zeros(0, 44, 56, 3)}, "an image must be"),
        ({"image": torch.zeros(1, 44, 56, 5)}, "an image must be"),
        ({"image": torch.full((1, 44, 56, 3), float("nan"))}, "contains pixels that are NaN"),
    ],
)
def test_bad_pictures_and_scales(call, model, node_id, wrong, message):
    with pytest.raises(ValueError, match=message):
        call(node_id, **inputs(node_id, model, **wrong))


@pytest.mark.parametrize("node_id", EDITS)
@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"mask": torch.zeros(1, 44, 56)}, "mask is empty"),
        ({"mask": torch.ones(3, 44, 56)}, "3 masks for 1 images"),
        ({"mask": torch.ones(1, 44, 56, 1)}, "a mask must be"),
        ({"mask": torch.ones(0, 44, 56)}, "a mask must be"),
        ({"image": torch.zeros(1, 9, 90, 3)}, "their shapes differ"),
    ],
)
def test_bad_masks_and_shapes(call, model, node_id, wrong, message):
    with pytest.raises(ValueError, match=message):
        call(node_id, **inputs(node_id, model, **wrong))


@pytest.mark.parametrize("node_id", EDITS)
def test_masks_and_tiny_pictures_of_another_size_are_fitted(call, model, node_id):
    (out,) = call(node_id, **inputs(node_id, model, image=image(11, 14), mask=mask(20, 90)))
    assert out.shape == (1, 44, 56, 3)


def test_edits_can_be_those_of_the_paper(call, model):
    default, seamless, plain = (
        call("SinGANEdit", **inputs("SinGANEdit", model, **options))[0]
        for options in ({}, {"seamless": True}, {"seamless": False})
    )
    assert torch.equal(default, seamless) and not torch.equal(default, plain)


def test_workflows_saved_before_all_scales_still_run(call, model):
    (old,) = call("SinGANHarmonize", model=model, image=image(), mask=mask(), start_scale=3, seed=5)
    (new,) = call("SinGANHarmonize", **inputs("SinGANHarmonize", model, start_scale=3, seed=5, all_scales=False))
    assert torch.equal(old, new)


@pytest.fixture(scope="module")
def harmonizing(pack):
    """A small SinGAN for harmonization, as the socket carries it."""
    config = replace(SinGANConfig.for_harmonization("draft"), channels=8, iterations=6, coarse_iterations=6)
    return pack.nodes.host.ManagedModel(trained(config))


def test_fine_tuning_is_kept_by_content(call, harmonizing, pack, monkeypatch):
    runs = []
    module = pack.nodes.singan_harmonizing
    original = module.singan.fine_tuned
    monkeypatch.setattr(module.singan, "fine_tuned", lambda *a, **k: runs.append(1) or original(*a, **k))
    module._fine_tuned.clear()

    def run(**others):
        return call("SinGANHarmonize", **inputs("SinGANHarmonize", harmonizing, **({"start_scale": 0} | others)))[0]

    plain, tuned = run(), run(fine_tune=6)
    assert plain.shape == tuned.shape == (1, 44, 56, 3) and not torch.equal(plain, tuned)
    assert torch.equal(tuned, run(fine_tune=6))
    assert not torch.equal(tuned, run(fine_tune=6, seed=1))
    assert torch.equal(plain, run()) and len(runs) == 1
    for steps in range(7, 11):
        run(fine_tune=steps)
    assert len(runs) == 5 and len(module._fine_tuned) == module.MOST_KEPT
    run(fine_tune=7, image=image(seed=5))
    assert len(runs) == 6


def test_fine_tuning_wants_a_model_for_harmonization(call, model):
    with pytest.raises(ValueError, match="fine_tune needs a model that was trained to harmonize; choose the purpose"):
        call("SinGANHarmonize", **inputs("SinGANHarmonize", model, fine_tune=5))


def test_fine_tuning_shows_progress_and_stops_on_request(nodes, harmonizing, pack):
    from comfy import model_management, utils

    import headless

    seen = []

    def stop(value, total, preview, node_id=None):
        seen.append(preview)
        model_management.interrupt_current_processing()

    values = inputs("SinGANHarmonize", harmonizing, fine_tune=12, start_scale=0)
    kept = dict(pack.nodes.singan_harmonizing._fine_tuned)
    with utils.progress_hook(stop), pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes["SinGANHarmonize"], **values)
    assert len(seen) == 1 and kept == dict(pack.nodes.singan_harmonizing._fine_tuned)


def test_models_for_harmonization_are_refused_where_samples_are_wanted(call, harmonizing):
    for node_id, values in (("SinGANSample", {}), ("SinGANAnimate", {"frames": 2}), ("SinGANScales", {})):
        with pytest.raises(ValueError, match="cannot make new pictures"):
            call(node_id, model=harmonizing, seed=0, **values)


@pytest.mark.parametrize("size, result", [((1, 1), (56, 56)), ((30, 90), (44, 132)), ((5, 5), (56, 56))])
def test_paintings_keep_their_shape(call, model, size, result):
    (out,) = call("SinGANPaintToImage", model=model, image=torch.rand(1, *size, 3), start_scale=1, seed=0)
    assert out.shape == (1, *result, 3)


def test_painting_follows_its_colour_widgets(call, model):
    results = [
        call("SinGANPaintToImage", **inputs("SinGANPaintToImage", model, **options))[0]
        for options in (
            {}, {"colors": 2}, {"quantize_colors": True, "colors": 2}, {"quantize_colors": True, "colors": 6},
            {"quantize_colors": True, "colors": 6, "retrain": True},
        )
    ]  # fmt: skip
    assert torch.equal(results[0], results[1])
    assert all(not torch.equal(a, b) for a, b in pairwise(results[1:]))


def test_retraining_wants_few_colours_and_one_scale(call, model):
    with pytest.raises(ValueError, match="switch off retrain or all_scales"):
        call("SinGANPaintToImage", **inputs("SinGANPaintToImage", model, retrain=True, all_scales=True))
    with pytest.raises(ValueError, match="switch quantize_colors on"):
        call("SinGANPaintToImage", **inputs("SinGANPaintToImage", model, retrain=True))


def test_retraining_stops_on_request(nodes, model):
    from comfy import model_management

    import headless

    model_management.interrupt_current_processing()
    options = {"quantize_colors": True, "retrain": True}
    with pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes["SinGANPaintToImage"], **inputs("SinGANPaintToImage", model, **options))


@pytest.mark.parametrize("frames", [1, 5])
def test_animation_is_a_batch_of_frames(nodes, model, frames):
    from comfy import utils

    import headless

    seen = []
    with utils.progress_hook(lambda value, total, preview, node_id=None: seen.append((value, total))):
        (out,) = headless.call_node(nodes["SinGANAnimate"], model=model, seed=1, frames=frames).result
    assert out.shape == (frames, 44, 56, 3) and out.device.type == "cpu"
    assert 0 <= out.min() and out.max() <= 1
    assert seen[-frames:] == [(frame + 1, frames) for frame in range(frames)]


def test_animation_stops_between_frames(nodes, model):
    from comfy import model_management, utils

    import headless

    seen = []

    def stop(value, total, preview, node_id=None):
        seen.append(value)
        model_management.interrupt_current_processing()

    with utils.progress_hook(stop), pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes["SinGANAnimate"], model=model, seed=1, frames=50)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "wrong, message",
    [
        ({"frames": 0}, "frames is 0"),
        ({"alpha": 0.0}, "alpha is 0.0"),
        ({"beta": 1.0}, "beta is 1.0"),
        ({"start_scale": 6}, "start_scale is 6; this model has scales 0 to 5"),
    ],
)
def test_animations_that_cannot_be(call, model, wrong, message):
    with pytest.raises(ValueError, match=message):
        call("SinGANAnimate", model=model, seed=0, **wrong)


def test_scales_are_shown_in_one_picture(call, model):
    (out,) = call("SinGANScales", model=model, seed=0)
    assert out.shape[0] == 1 and out.shape[1] > 3 * 44 and out.shape[2] > 6 * 56
    (other,) = call("SinGANScales", model=model, seed=1)
    assert out.shape == other.shape and not torch.equal(out, other)

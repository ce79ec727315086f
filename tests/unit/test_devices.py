"""Everything computes on another device than the CPU: on a pretended one, which refuses to mix the two."""

import copy
from dataclasses import replace

import pytest
import torch

from gan_models import gaugan, singan
from gan_models.gaugan.training.trainer import Trainer
from gan_models.singan.training_steps import FusedStep, SeparateStep
from gaugan_toys import (
    blob_map,
    config,
    encoder,
    generator,
    noise_map,
    projected_config,
    random_features,
    training_config,
)
from pretend_device import NAME, PretendDevice
from singan_toys import picture, trained

EVERY_LEVER = replace(
    singan.PRESETS["standard"], iterations=8, coarse_iterations=8, channels=8, coarse_side=40, canvas_share=0.5
)
PAPER = replace(singan.PRESETS["paper"], iterations=2, coarse_iterations=2, channels=8)


def rng():
    return torch.Generator().manual_seed(0)


def mask():
    where = torch.zeros(1, 1, 44, 56)
    where[:, :, 10:20, 10:30] = 1
    return where


@pytest.fixture
def device():
    with PretendDevice() as entered:
        yield entered


@pytest.fixture(scope="module")
def model():
    return trained()


def test_the_pretended_device_refuses_to_mix_devices(device):
    near, far = torch.ones(2), torch.ones(2, device=NAME)
    assert (far + 1).device.type == (far * torch.tensor(2.0)).device.type == NAME
    with pytest.raises(RuntimeError, match=r"two devices: \[\('pretend', 2\), \('cpu', 2\)\]"):
        far + near
    weight = far.clone().requires_grad_()
    weight.square().sum().backward()
    assert weight.grad.cpu().tolist() == [2, 2]


def test_the_pretended_device_counts(device):
    far = torch.ones(2).to(NAME)
    assert (device.received, device.launches, device.waits) == (1, 0, 0)
    far.mul_(2)[None].add_(1)
    assert (device.received, device.launches, device.waits) == (1, 2, 0)
    assert far.cpu().tolist() == [3, 3] and far.sum().item() == 6
    assert (device.received, device.launches, device.waits) == (1, 3, 2)


@pytest.mark.parametrize(
    "task",
    [
        lambda model: model.sample(2, generator=rng()),
        lambda model: model.sample(1, generator=rng(), width=90),
        lambda model: model.sample(1, generator=rng(), start_scale=2),
        lambda model: model.sample(1, generator=rng(), keep_layout=0.5),
        lambda model: singan.harmonize(model, picture(), mask(), start_scale=1, generator=rng()),
        lambda model: singan.Edit(model, picture(), mask(), rng()).inject_at_all_scales(),
        lambda model: singan.super_resolve(model, 2.0, picture(), generator=rng()),
        lambda model: singan.paint_to_image(model, picture(), start_scale=1, generator=rng(), colors=4),
        lambda model: singan.Painting(model, picture(), 4, rng()).inject_retrained(1),
        lambda model: torch.cat([*singan.animate(model, 3, generator=rng())]),
        lambda model: singan.show_scales(model, generator=rng()),
    ],
    ids=[
        "sample", "wide", "start scale", "layout", "harmonize", "edit at all scales", "enlarge", "paint", "retrain",
        "animate", "scales",
    ],
)  # fmt: skip
def test_a_singan_does_there_what_it_does_on_the_cpu(model, task):
    expected = task(copy.deepcopy(model))
    with PretendDevice():
        result = task(copy.deepcopy(model).to(NAME)).cpu()
    torch.testing.assert_close(result, expected)


@pytest.mark.parametrize("choose", [singan.Harmonization, singan.Edit])
def test_start_scales_are_chosen_there(model, choose, device):
    far = copy.deepcopy(model).to(NAME)
    assert choose(far, picture(), mask(), rng()).choose_scale() in range(1, len(model.sizes))
    assert singan.Painting(far, picture(), None, rng()).choose_scale() in range(1, len(model.sizes))


@pytest.mark.parametrize(
    ("settings", "count"),
    [(EVERY_LEVER, 1), (EVERY_LEVER, 2), (replace(EVERY_LEVER, crop=40), 1), (PAPER, 1)],
    ids=["fast", "several pictures", "crops", "paper"],
)
def test_a_singan_learns_there(settings, count, device):
    images = torch.cat([picture(seed=seed) for seed in range(count)])
    previews = []
    model = trained(settings, image=images, device=NAME, on_progress=previews.append)
    assert {value.device.type for value in model.state_dict().values()} == {NAME}
    assert any(progress.preview is not None for progress in previews)
    assert torch.isfinite(model.sample(1, generator=rng()).cpu()).all()


@pytest.mark.parametrize("settings, step", [(EVERY_LEVER, FusedStep), (PAPER, SeparateStep)], ids=["fast", "paper"])
def test_an_iteration_never_waits_for_the_device(settings, step, device, monkeypatch):
    run = step.run
    waits = []

    def watched(self, iteration):
        before = device.waits
        run(self, iteration)
        waits.append(device.waits - before)

    monkeypatch.setattr(step, "run", watched)
    trained(settings, device=NAME)
    assert len(waits) > 4 and not any(waits)


@pytest.mark.parametrize("labels", [blob_map, noise_map])
@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize(
    "changes",
    [{}, {"noise": True, "style_blocks": True}, {"overscan": 32, "crop_size": 64}],
    ids=["paper", "noise and style", "coarse to fine"],
)
def test_a_gaugan_makes_there_what_it_makes_on_the_cpu(labels, count, changes):
    net, ids = generator(config(**changes)), labels(config(), 128, 128)
    z = torch.randn(count, 6, generator=rng())
    expected = gaugan.synthesize(net, ids, z)
    with PretendDevice():
        far, cache = copy.deepcopy(net).to(NAME), gaugan.ModulationCache()
        for result in (
            gaugan.synthesize(far, ids, z),
            gaugan.synthesize(far, ids, z, cache=cache),
            gaugan.synthesize(far, ids, z, cache=cache),
        ):
            torch.testing.assert_close(result.cpu(), expected, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("colors", [False, True])
def test_a_style_is_read_there(colors):
    image = torch.rand(1, 3, 128, 128, generator=rng())
    expected = encoder(colors=colors).encode(image)
    with PretendDevice():
        torch.testing.assert_close(encoder(colors=colors).to(NAME).encode(image.to(NAME)).cpu(), expected)


def test_a_gaugan_learns_there():
    images = torch.rand(2, 3, 32, 32, generator=rng()) * 2 - 1
    ids = blob_map(training_config().generator, 32, 32, 2)
    expected = Trainer(training_config()).train_step(images, ids)
    with PretendDevice():
        assert Trainer(training_config(), device=NAME).train_step(images, ids) == pytest.approx(expected, rel=1e-3)


def test_a_gaugan_learns_there_from_features():
    images = torch.rand(4, 3, 32, 32, generator=rng()) * 2 - 1
    ids = blob_map(training_config().generator, 32, 32, 4)
    settings = projected_config(grid_weight=1.0)
    expected = Trainer(settings, features=random_features()).train_step(images, ids)
    with PretendDevice():
        trainer = Trainer(settings, device=NAME, features=random_features())
        assert trainer.train_step(images, ids) == pytest.approx(expected, rel=1e-3)

"""Gradients that are suddenly much longer than usual."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from gan_models.singan import PRESETS, SinGANConfig, train
from gan_models.singan.coarser_scales import FrozenScales
from gan_models.singan.networks import Critic, Generator
from gan_models.singan.optimizers import GradientLimit, Optimizers

TINY = replace(PRESETS["draft"], max_size=40, iterations=4, coarse_iterations=8, channels=4)


def with_gradient(length):
    weight = nn.Parameter(torch.zeros(4))
    weight.grad = torch.full((4,), length / 2)
    return weight


def test_only_gradients_far_above_the_usual_length_are_shortened():
    weight = with_gradient(1.0)
    limit = GradientLimit([weight], 4)
    for length, wanted in ((1, 1), (3.9, 3.9), (0.001, 0.001)):
        weight.grad = torch.full((4,), length / 2)
        before = weight.grad.clone()
        limit.apply()
        assert torch.equal(weight.grad, before)
        assert weight.grad.norm().item() == pytest.approx(wanted)
    usual = limit.mean_square.sqrt().item()
    weight.grad = torch.full((4,), 40_000.0)
    limit.apply()
    assert weight.grad.norm().item() == pytest.approx(4 * usual, rel=1e-4)
    # Not even a thousand of them become usual at once.
    assert limit.mean_square.sqrt().item() < 1.1 * usual


def test_lengths_that_stay_larger_become_usual():
    weight = with_gradient(1.0)
    limit = GradientLimit([weight], 4)
    for _ in range(200):
        weight.grad = torch.full((4,), 50.0)
        limit.apply()
    assert weight.grad.norm().item() == pytest.approx(100)


def test_after_gradients_of_zero_any_length_is_usual():
    weight = with_gradient(0.0)
    limit = GradientLimit([weight], 4)
    for _ in range(2):
        limit.apply()
        assert not weight.grad.any()
    weight.grad = torch.ones(4)
    limit.apply()
    assert torch.equal(weight.grad, torch.ones(4))


def optimizers(**changes):
    config = replace(TINY, **changes)
    networks = Generator(4), Critic(4)
    return Optimizers(*networks, FrozenScales.__new__(FrozenScales), config), networks


def test_both_networks_are_limited_and_states_keep_what_is_usual():
    made, networks = optimizers(gradient_limit=2.0)
    for optimizer, network in zip((made.generator, made.critic), networks, strict=True):
        for factor in (1.0, 1.0, 1000.0):
            made.descend(optimizer, iter([factor * sum(weight.sum() for weight in network.parameters())]))
        count = sum(weight.numel() for weight in network.parameters())
        length = torch.cat([weight.grad.flatten() for weight in network.parameters()]).norm().item()
        assert length == pytest.approx(2 * count**0.5, rel=0.01)
    state = made.state()
    for optimizer, network in zip((made.generator, made.critic), networks, strict=True):
        made.descend(optimizer, iter([3 * sum(weight.sum() for weight in network.parameters())]))
    changed = made.state()["usual"]
    made.restore(state, slowdown=1)
    assert [float(value) for value in made.state()["usual"]] == [float(value) for value in state["usual"]]
    assert [float(value) for value in changed] != [float(value) for value in state["usual"]]


def test_without_a_limit_nothing_is_shortened():
    made, networks = optimizers()
    for factor in (1.0, 1000.0):
        made.descend(made.generator, iter([factor * sum(weight.sum() for weight in networks[0].parameters())]))
    assert all((weight.grad == 1000).all() for weight in networks[0].parameters())


def test_the_setting_is_checked_and_saved_only_where_it_is_on():
    for wrong in (-1.0, 0.5):
        with pytest.raises(ValueError, match=f"gradient_limit must be 0 or at least 1; it is {wrong:g}"):
            replace(TINY, gradient_limit=wrong)
    assert "gradient_limit" not in TINY.as_dict()
    limited = replace(TINY, gradient_limit=4.0)
    assert SinGANConfig.from_dict(limited.as_dict()) == limited


def test_a_limit_that_is_never_reached_changes_nothing():
    image = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(0)) * 2 - 1
    plain, limited = (
        train(image, replace(TINY, gradient_limit=limit), generator=torch.Generator().manual_seed(1))
        for limit in (0.0, 1e6)
    )
    for a, b in zip(plain.generators, limited.generators, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))

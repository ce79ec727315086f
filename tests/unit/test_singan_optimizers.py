import dataclasses

import pytest
import torch

from gan_models.singan.optimizers import BETAS, LimitedAdam
from singan_toys import TOY, same_weights, trained

RATE = 1e-3


def weights() -> list[torch.nn.Parameter]:
    rng = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(size, generator=rng)) for size in ((20, 10), (20,))]


def step(optimizer: torch.optim.Optimizer, gradients: list[torch.Tensor]) -> float:
    """One step; returns its root mean square over all weights of the first group."""
    group = optimizer.param_groups[0]["params"]
    before = torch.cat([weight.detach().flatten() for weight in group])
    for weight, gradient in zip(group, gradients, strict=True):
        weight.grad = gradient.clone()
    optimizer.step()
    return float((torch.cat([weight.detach().flatten() for weight in group]) - before).square().mean().sqrt())


def gradients(count: int) -> list[list[torch.Tensor]]:
    rng = torch.Generator().manual_seed(1)
    return [[torch.randn(weight.shape, generator=rng) for weight in weights()] for _ in range(count)]


def test_steps_within_the_limit_are_adams_own():
    mine, plain = weights(), weights()
    limited = LimitedAdam([{"params": mine}], RATE, 2.0, fused=True)
    adam = torch.optim.Adam(plain, RATE, BETAS, fused=True)
    for each in gradients(30):
        assert step(limited, each) == step(adam, each)
    assert all(map(torch.equal, mine, plain))


def test_a_sudden_long_gradient_moves_weights_no_further_than_the_limit():
    lengths = {}
    for name, limit in (("limited", 0.5), ("free", 1e9)):
        optimizer = LimitedAdam([{"params": weights()}], RATE, limit, fused=True)
        for each in gradients(40):
            step(optimizer, each)
        (last,) = gradients(1)
        lengths[name] = step(optimizer, [1000 * gradient for gradient in last]) / RATE
    assert lengths["limited"] == pytest.approx(0.5, rel=1e-3)
    assert lengths["free"] > 3


def test_a_shortened_step_keeps_its_direction():
    mine, plain = weights(), weights()
    first = torch.cat([weight.detach().flatten() for weight in mine])
    (each,) = gradients(1)
    step(LimitedAdam([{"params": mine}], RATE, 0.25, fused=True), each)
    step(torch.optim.Adam(plain, RATE, BETAS, fused=True), each)
    short, long = (torch.cat([weight.detach().flatten() for weight in each]) - first for each in (mine, plain))
    torch.testing.assert_close(short, 0.25 * long, rtol=1e-2, atol=1e-6)


def test_each_group_has_a_limit_at_its_own_rate():
    near, far = weights(), weights()
    optimizer = LimitedAdam([{"params": near}, {"params": far, "lr": RATE / 10}], RATE, 0.5, fused=True)
    before = [weight.detach().clone() for weight in far]
    for weight in far:
        weight.grad = torch.ones_like(weight)
    (each,) = gradients(1)
    assert step(optimizer, each) == pytest.approx(0.5 * RATE, rel=1e-3)
    moved = torch.cat([(weight - old).flatten() for weight, old in zip(far, before, strict=True)])
    assert float(moved.detach().square().mean().sqrt()) == pytest.approx(0.05 * RATE, rel=1e-2)


def test_weights_without_gradients_stay():
    mine = weights()
    optimizer = LimitedAdam([{"params": mine}], RATE, 0.5, fused=True)
    optimizer.step()
    assert all(map(torch.equal, mine, weights()))


def test_a_limit_changes_the_training_and_is_recorded():
    limited = dataclasses.replace(TOY, step_limit=0.1)
    assert not same_weights(trained(), trained(limited))
    assert same_weights(trained(), trained(dataclasses.replace(TOY, step_limit=1e9)))
    assert limited.as_dict()["step_limit"] == 0.1 and "step_limit" not in TOY.as_dict()

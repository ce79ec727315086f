from itertools import islice, pairwise

import pytest
import torch

from gan_models.seeds import seeded
from gan_models.singan import animate
from gan_models.singan.animation import settling_steps, walk
from singan_toys import trained

ALPHA, BETA = 0.1, 0.9


@pytest.fixture(scope="module")
def model():
    return trained()


def path(model, frames, loop, alpha=ALPHA, beta=BETA):
    """The coarsest scale's offsets, ``[frames, h, w]``."""
    steps = walk(model, list(range(frames)), alpha, beta, 0, loop)
    return torch.cat([offsets[0][:, 0] for offsets in steps])


def test_a_loop_obeys_the_recursion_all_the_way_round(model):
    frames = 20
    offsets = path(model, frames, loop=True)
    noise = torch.cat(
        [model.noise([torch.Generator().manual_seed(step)], 0, model.sizes[0])[:, 0] for step in range(frames)]
    )
    for step in range(frames):
        now, before = offsets[step], offsets[step - 1]
        ahead = (1 - ALPHA) * (now + BETA * (now - before) + (1 - BETA) * noise[step])
        assert torch.allclose(ahead, offsets[(step + 1) % frames], atol=1e-3)


def test_the_last_frame_leads_to_the_first_with_a_step_like_the_others(model):
    offsets = path(model, 40, loop=True)
    steps = (offsets - offsets.roll(1, 0)).square().mean((1, 2)).sqrt()
    assert 0.7 * steps[1:].mean() < steps[0] < 1.3 * steps[1:].mean()


def test_a_loop_moves_as_an_endless_walk_does(model):
    loop = path(model, 60, loop=True)
    endless = path(model, 400, loop=False)[100:]
    for turn in (lambda x: x, lambda x: x.diff(dim=0)):
        assert turn(loop).std() == pytest.approx(turn(endless).std().item(), rel=0.2)


@pytest.mark.parametrize("alpha, beta", [(0.1, 0.9), (0.05, 0.97), (0.5, 0.5), (1.0, 0.0), (0.3, 0.0), (0.02, 0.98)])
def test_after_settling_the_start_is_forgotten(alpha, beta):
    steps = settling_steps(alpha, beta)
    now = before = 1.0
    for _ in range(steps):
        now, before = (1 - alpha) * (now + beta * (now - before)), now
    assert abs(now) <= 1e-4 and steps < 400


def test_a_walk_with_an_end_begins_at_the_reconstruction(model):
    frames = list(animate(model, 5, generator=seeded(0), loop=False))
    assert torch.equal(frames[0], model.reconstruct())
    assert all(not torch.equal(a, b) for a, b in pairwise(frames))


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("frames", [1, 2, 7])
def test_frames_are_pictures_and_reproducible(model, frames, loop):
    first, second = (
        torch.cat(list(animate(model, frames, generator=seeded(4), loop=loop))) for _ in range(2)
    )
    assert first.shape == (frames, 3, 44, 56) and first.abs().max() <= 1
    assert torch.equal(first, second)


def test_finer_start_scales_keep_the_layout(model):
    rest = model.reconstruct()
    moved = [
        (torch.cat(list(animate(model, 4, generator=seeded(0), alpha=0.1, start_scale=scale))) - rest).abs().mean()
        for scale in (0, len(model.sizes) - 1)
    ]
    assert 0 < moved[1] < moved[0]


def test_frames_come_one_at_a_time(model):
    frames = list(islice(animate(model, 10**5, generator=seeded(0), loop=False), 2))
    assert len(frames) == 2


def test_every_step_is_reported_and_a_loop_can_be_stopped_while_it_settles(model):
    seen = []
    list(animate(model, 3, generator=seeded(0), loop=False, on_progress=seen.append))
    assert [(report.step, report.total) for report in seen] == [(0, 3), (1, 3), (2, 3), (3, 3)]

    def stop(report):
        raise InterruptedError(report.stage)

    with pytest.raises(InterruptedError, match="settling into a loop"):
        next(animate(model, 3, generator=seeded(0), on_progress=stop))


@pytest.mark.parametrize(
    "options, message",
    [
        ({"frames": 0}, "at least one frame; frames is 0"),
        ({"frames": -3}, "at least one frame; frames is -3"),
        ({"alpha": 0.0}, "alpha is 0.0; it must be above 0"),
        ({"alpha": 1.5}, "alpha is 1.5"),
        ({"beta": 1.0}, "beta is 1.0; it must be at least 0 and below 1"),
        ({"beta": float("nan")}, "beta is nan"),
        ({"start_scale": 30}, "start_scale is 30; this model has scales 0 to"),
    ],
)
def test_animations_that_cannot_be(model, options, message):
    with pytest.raises(ValueError, match=message):
        animate(model, **({"frames": 3} | options), generator=seeded(0))

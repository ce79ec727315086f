"""Animation of the training image by a random walk in the space of its noise (Shaham et al. 2019, section 4)."""

from collections.abc import Iterator
from typing import TypeVar

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .model import SinGAN
from .pyramid import resize

SETTLED = 1e-4

Offset = TypeVar("Offset", float, Tensor)


def animate(
    model: SinGAN,
    frames: int,
    *,
    generator: torch.Generator,
    alpha: float = 0.3,
    beta: float = 0.95,
    start_scale: int = 0,
    loop: bool = True,
    on_progress: OnProgress | None = None,
) -> Iterator[Tensor]:
    """Frames of the walk z[t+1] = alpha z_rec + (1 - alpha) (z[t] + beta (z[t] - z[t-1]) + (1 - beta) noise[t]).

    Without a loop, the walk begins at the training image, at rest. A loop drives the same recursion with noise that
    repeats every ``frames`` steps. Once the recursion has settled, its state repeats as well, so the last frame leads
    to the first as smoothly as any frame leads to the next. Only the latest steps of the walk are in memory.

    Args:
        frames: number of frames, from 1.
        generator: CPU generator; one seed is drawn for every frame.
        alpha: pull of the walk towards the training image, above 0 and at most 1. The paper uses 0.1; models trained
            without batch normalization vary more at the coarsest scale and need higher values.
        beta: share of a step's direction that the next step keeps, from 0 to below 1. The paper uses 0.8 to 0.95.
        start_scale: 0 … last scale; coarser scales stand still. Lower values move larger parts.
        loop: whether the frames form a closed loop.
        on_progress: called before every step, including those in which a loop settles, and at the end; may raise to
            stop.
    Returns:
        An iterator over ``[1, 3, H, W]`` in [-1, 1] at the training size.
    Raises:
        ValueError: a model for harmonization, fewer than one frame, or alpha, beta or the start scale outside its
            range.
    """
    model.check_samples()
    if frames < 1:
        raise ValueError(f"an animation needs at least one frame; frames is {frames}")
    if not 0 < alpha <= 1:
        raise ValueError(f"alpha is {alpha}; it must be above 0 and at most 1")
    if not 0 <= beta < 1:
        raise ValueError(f"beta is {beta}; it must be at least 0 and below 1")
    model.check_start_scale(start_scale, lowest=0)
    seeds = torch.randint(0, 2**63 - 1, (frames,), generator=generator).tolist()
    return _frames(model, walk(model, seeds, alpha, beta, start_scale, loop, on_progress), start_scale)


def walk(
    model: SinGAN,
    seeds: list[int],
    alpha: float,
    beta: float,
    start_scale: int,
    loop: bool,
    on_progress: OnProgress | None = None,
) -> Iterator[list[Tensor]]:
    """For every frame, the difference between the noise of each scale and the reconstruction's noise.

    Args:
        seeds: for the noise of each frame.
        model, alpha, beta, start_scale, loop, on_progress: as for ``animate``.
    Returns:
        An iterator over lists with ``[1, 3, h, w]`` for each scale from ``start_scale`` on.
    """
    now = before = [model.z_rec.new_zeros(1, 3, *size) for size in model.sizes[start_scale:]]
    for step in range(-settling_steps(alpha, beta) if loop else 0, len(seeds)):
        if on_progress is not None:
            stage = f"frame {step + 1} of {len(seeds)}" if step >= 0 else "settling into a loop"
            on_progress(Progress(max(step, 0), len(seeds), stage))
        if step >= 0:
            yield now
        noise = _noise(model, seeds[step % len(seeds)], start_scale)
        ahead = [_next(here, last, unit, alpha, beta) for here, last, unit in zip(now, before, noise, strict=True)]
        now, before = ahead, now
    if on_progress is not None:
        on_progress(Progress(len(seeds), len(seeds), "done"))


def settling_steps(alpha: float, beta: float) -> int:
    """Number of steps in which the walk, without noise, returns from a distance of 1 to within 0.0001."""
    now = before = 1.0
    steps = 0
    while max(abs(now), abs(before)) > SETTLED:
        now, before = _next(now, before, 0.0, alpha, beta), now
        steps += 1
    return steps


def _next(now: Offset, before: Offset, noise: Offset, alpha: float, beta: float) -> Offset:
    return (1 - alpha) * (now + beta * (now - before) + (1 - beta) * noise)


def _frames(model: SinGAN, offsets: Iterator[list[Tensor]], start_scale: int) -> Iterator[Tensor]:
    base = model.reconstruct_coarse(start_scale)
    for offset in offsets:
        image = base
        for scale, noise in enumerate(offset, start_scale):
            if scale == 0:
                noise = noise + model.z_rec[:1]
            image = model.refine(resize(image, model.sizes[scale]), scale, noise)
        yield image.clamp(-1, 1)


def _noise(model: SinGAN, seed: int, start_scale: int) -> list[Tensor]:
    generator = [torch.Generator().manual_seed(seed)]
    return [model.noise(generator, scale, model.sizes[scale]) for scale in range(start_scale, len(model.sizes))]

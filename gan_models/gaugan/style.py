"""Style vectors: random ones, and the way from one to another."""

from dataclasses import dataclass

import torch
from torch import Tensor

PARALLEL = 1e-4
"""Sine of the angle below which two styles are mixed along the straight line."""


@dataclass(frozen=True, eq=False)
class Style:
    """A batch of style vectors.

    Attributes:
        z: float32 ``[B, z_dim]``, on the CPU.
    Raises:
        ValueError: a wrong type or shape, or a number that is not finite.
    """

    z: Tensor

    def __post_init__(self) -> None:
        if self.z.dtype != torch.float32 or self.z.ndim != 2 or self.z.numel() == 0:
            raise ValueError(f"styles must be float32 [batch, numbers], not {self.z.dtype} {list(self.z.shape)}")
        if not bool(self.z.isfinite().all()):
            raise ValueError("the style has numbers that are NaN or infinite; the file of its model is damaged")

    def __len__(self) -> int:
        return len(self.z)


def random_styles(
    z_dim: int, count: int, generator: torch.Generator, spread: float = 1.0, seen: Tensor | None = None
) -> Tensor:
    """Styles as the net met them in training, ``[count, z_dim]``. More of the same seed begin with the same ones.

    Args:
        spread: how far from the mean style: 1 as in training, 0 only the mean style, more for unusual ones.
        seen: mu and logvar of training pictures, ``[N, 2, z_dim]``: a random style is one of theirs. None: styles are
            normally distributed, as training wants them to be but seldom gets them.
    """
    if seen is None:
        return spread * torch.stack([_normal(z_dim, generator) for _ in range(count)])
    mu, logvar = seen.float().cpu().unbind(1)
    mean = mu.mean(0)
    styles = []
    for _ in range(count):
        one = int(torch.randint(len(seen), (), generator=generator))
        styles.append(mu[one] + _normal(z_dim, generator) * (logvar[one] / 2).exp())
    return mean + spread * (torch.stack(styles) - mean)


def mix_styles(a: Tensor, b: Tensor, weights: Tensor | float) -> Tensor:
    """Styles between ``a`` and ``b`` on the arc between them, where a straight line would lose contrast.

    The length goes along with the direction, so that the ends are ``a`` and ``b`` themselves. Styles of (nearly)
    one or opposite direction, and the mean style, which has none, are mixed along the straight line.

    Args:
        a, b: ``[B or 1, z_dim]``.
        weights: how much of ``b``, in 0..1: a number, or one for each style, ``[B or 1]``.
    Returns:
        ``[B, z_dim]``.
    Raises:
        ValueError: styles of nets with another style size, or batches that don't go together.
    """
    if a.shape[1:] != b.shape[1:]:
        raise ValueError(f"one style has {a.shape[1]} numbers and the other {b.shape[1]}; they are of different nets")
    weight = torch.as_tensor(weights, dtype=a.dtype, device=a.device).reshape(-1, 1)
    counts = {len(a), len(b), len(weight)} - {1}
    if len(counts) > 1:
        raise ValueError(f"batches of {' and '.join(map(str, sorted(counts)))} styles don't go together; "
                         "give as many of both, or one of either")  # fmt: skip
    lengths = a.norm(dim=1, keepdim=True) * b.norm(dim=1, keepdim=True)
    cosine = (a * b).sum(1, keepdim=True) / lengths.clamp_min(torch.finfo(a.dtype).tiny)
    angle = cosine.clamp(-1, 1).acos()
    sine = angle.sin()
    straight = (sine < PARALLEL) | (lengths == 0)
    sine = sine.masked_fill(straight, 1)
    share_a = torch.where(straight, 1 - weight, ((1 - weight) * angle).sin() / sine)
    share_b = torch.where(straight, weight, (weight * angle).sin() / sine)
    return share_a * a + share_b * b


def transition(a: Tensor, b: Tensor, frames: int) -> Tensor:
    """``frames`` styles from ``a`` to ``b``, ``[1, z_dim]`` each, both ends included: ``[frames, z_dim]``."""
    if len(a) != 1 or len(b) != 1:
        raise ValueError(f"a transition goes from one style to one other, not from {len(a)} to {len(b)}")
    return mix_styles(a, b, torch.linspace(0, 1, frames, dtype=torch.float32))


def _normal(count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, generator=generator, dtype=torch.float32)

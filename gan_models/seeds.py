"""Random numbers from seeds, identical on every device."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

SMALL = 2**32
"""Below this, a seed gives PyTorch's own numbers, for which PyTorch uses only the lower 32 bits of a seed."""
TWISTER = slice(24, 24 + 8 * 624)
"""The bytes of a generator's state that hold the 624 words of the Mersenne Twister, each as a 64-bit integer."""


def seeded(seed: int) -> torch.Generator:
    """Return a CPU generator for a seed. All bits of the seed count.

    Seeds from 2**32 on start the Mersenne Twister as ``random.Random`` does, because ``manual_seed`` would give the
    same numbers for seeds that are equal modulo 2**32.
    """
    generator = torch.Generator().manual_seed(seed % SMALL)
    if seed < SMALL:
        return generator
    state = generator.get_state()
    words = random.Random(seed).getstate()[1][:-1]
    state[TWISTER] = torch.tensor(words, dtype=torch.int64).view(torch.uint8)
    generator.set_state(state)
    return generator


def derived_seed(seed: int, number: int) -> int:
    """The seed of one of the streams of ``seed``, for ``seeded``.

    Args:
        number: computed from ``seed``; it is larger for a larger seed, and different for each stream.
    """
    return number % SMALL if seed < SMALL else number


@contextmanager
def seeds_default_generator(seed: int) -> Iterator[None]:
    """Seed PyTorch's default generator as ``seeded`` does; it gets its former CPU state back at the end."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed % 2**63)
        torch.set_rng_state(seeded(seed).get_state())
        yield


def on_device(drawn: Tensor, device: torch.device) -> Tensor:
    """Copy numbers that were drawn on the CPU to ``device``, without waiting for the earlier work of a CUDA device."""
    if device.type == "cuda":
        return drawn.pin_memory().to(device, non_blocking=True)
    return drawn.to(device)

"""Resumable training: finished scales are kept in a folder until the model is saved."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import torch
from torch import Tensor

from ..files import write_atomically
from ..locks import LockedError, locked
from ..progress import OnProgress
from ..seeds import seeded
from .checkpoint import FORMAT_VERSION, decode, encode
from .config import SinGANConfig
from .kept import LOCK, SUFFIX, tidy
from .model import SinGAN
from .networks import Critic
from .training import TrainingState, train

LOSES = "the training continues, but stopping it would lose finished scales"


def train_resumable(
    image: Tensor,
    config: SinGANConfig,
    *,
    seed: int,
    folder: str | Path,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    on_progress: OnProgress | None = None,
    on_warning: Callable[[str], None] | None = None,
) -> SinGAN:
    """``train``, with finished scales kept in ``folder``.

    After a stop, a run with the same image, settings and seed resumes at the scale that was interrupted, and yields
    the same model as an uninterrupted run. The finished model is kept, too, until ``kept.forget`` or for a day, and is
    the result of a run with the same image, settings and seed. A damaged file is ignored. While another process trains
    the same, nothing is kept.

    Args:
        seed: 0 … 2**64 - 1, for the initial weights, the noise and all other random numbers.
        folder: where the unfinished run is kept.
        on_warning: called with a sentence when a finished scale cannot be kept (full disk, missing permission, another
            process); the training continues.
        image, config, device, dtype, on_progress: as for ``train``.
    Raises:
        ValueError, DivergedError: as ``train``.
    """
    warn = on_warning or (lambda text: None)
    run = run_key(image, config, seed, dtype)
    kept = Path(folder) / (run + SUFFIX)
    tidy(folder)
    with _owned(kept, warn) as require:

        def keep(model: SinGAN, critic: Critic | None = None) -> None:
            try:
                if require is not None:
                    require()
                    write_atomically(kept, encode(model, critic))
            except OSError as error:
                warn(f"{LOSES}: {error.strerror or error}")

        model, critic = _kept_state(kept)
        if model is None or not model.finished:
            model = train(
                image,
                config,
                generator=seeded(seed),
                device=device,
                dtype=dtype,
                on_progress=on_progress,
                start=TrainingState(model, critic) if model is not None and critic is not None else None,
                on_scale=lambda state: keep(state.model, state.critic),
            )
            keep(model)
    model.run = run
    return model.to(device)


@contextmanager
def _owned(kept: Path, warn: Callable[[str], None]) -> Iterator[Callable[[], None] | None]:
    """What raises once the training belongs to another process; None if it does from the beginning."""
    with ExitStack() as stack:
        require: Callable[[], None] | None
        try:
            lock = stack.enter_context(locked(kept.with_suffix(LOCK), lambda text: warn(f"unfinished training {text}")))
            require = lock.require
        except LockedError as error:
            require = None
            warn(f"{LOSES}: {error} on the same training")
        except OSError:  # keeping the scales will say so
            require = lambda: None  # noqa: E731
        yield require


def run_key(image: Tensor, config: SinGANConfig, seed: int, dtype: torch.dtype) -> str:
    """The name of a run, which depends on the image, the settings, the seed and the precision alone."""
    digest = hashlib.sha256(image.detach().cpu().contiguous().float().numpy().tobytes())
    digest.update(json.dumps([list(image.shape), config.as_dict(), seed, str(dtype), FORMAT_VERSION]).encode())
    return digest.hexdigest()[:20]


def _kept_state(path: Path) -> tuple[SinGAN | None, Critic | None]:
    try:
        with torch.inference_mode(False):
            return decode(path)
    except (ValueError, OSError):
        return None, None

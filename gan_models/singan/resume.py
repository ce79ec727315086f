"""Resumable training: finished scales are kept in a folder until the run is complete."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from ..files import write_atomically
from ..progress import OnProgress
from ..seeds import seeded
from .checkpoint import FORMAT_VERSION, decode, encode
from .config import SinGANConfig
from .model import SinGAN
from .training import TrainingState, train

SUFFIX = ".unfinished"


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
    """``train``, with finished scales kept in ``folder`` until the run is complete.

    After a stop, a run with the same image, settings and seed resumes at the scale that was interrupted, and yields
    the same model as an uninterrupted run. The kept file is removed once the run is complete. A damaged one is ignored.

    Args:
        seed: 0 … 2**64 - 1, for the initial weights, the noise and all other random numbers.
        folder: where the unfinished run is kept.
        on_warning: called with a sentence when a finished scale cannot be kept (full disk, missing permission); the
            training continues.
        image, config, device, dtype, on_progress: as for ``train``.
    Raises:
        ValueError, DivergedError: as ``train``.
    """
    kept = Path(folder) / (run_key(image, config, seed, dtype) + SUFFIX)

    def keep(state: TrainingState) -> None:
        try:
            write_atomically(kept, encode(state.model, state.critic))
        except OSError as error:
            if on_warning is not None:
                on_warning(f"the training continues, but stopping it would lose finished scales: {error.strerror}")

    model = train(
        image,
        config,
        generator=seeded(seed),
        device=device,
        dtype=dtype,
        on_progress=on_progress,
        start=_kept_state(kept),
        on_scale=keep,
    )
    kept.unlink(missing_ok=True)
    return model


def run_key(image: Tensor, config: SinGANConfig, seed: int, dtype: torch.dtype) -> str:
    """The name of a run, which depends on the image, the settings, the seed and the precision alone."""
    digest = hashlib.sha256(image.detach().cpu().contiguous().float().numpy().tobytes())
    digest.update(json.dumps([list(image.shape), config.as_dict(), seed, str(dtype), FORMAT_VERSION]).encode())
    return digest.hexdigest()[:20]


def _kept_state(path: Path) -> TrainingState | None:
    if not path.is_file():
        return None
    try:
        with torch.inference_mode(False):
            model, critic = decode(path)
    except ValueError:
        return None
    return TrainingState(model, critic) if critic is not None else None

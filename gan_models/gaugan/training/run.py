"""Starts or resumes a training run in a folder, reports, saves every few minutes, and writes the model at the end."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from ...distributed import PeerLostError, processes
from ...efficientnet import EfficientNetLite
from ...files import remove_dead_parts
from ...labels import taxonomy
from ...progress import OnProgress
from .agreement import common_state, owned, require_common, require_sources
from .config import TrainingConfig
from .loop import MODEL, STATE, TrainingLoop
from .pairs import Pairs
from .result import save_result
from .state import load_state
from .trainer import Trainer

LOOKED_AT = 32
"""Number of label maps that are searched for more than one class."""


def train(
    pairs: Pairs,
    config: TrainingConfig,
    folder: str | Path,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
    perceptual: nn.Module | None = None,
    features: EfficientNetLite | None = None,
    minutes: float | None = None,
    data: str = "",
    license: str = "",
    half: bool = False,
    on_progress: OnProgress | None = None,
    on_warning: Callable[[str], None] | None = None,
    on_start: Callable[[str], None] | None = None,
    start: Mapping[str, nn.Module] | None = None,
    sources: Mapping[str, str] | None = None,
) -> Path:
    """Train in a folder; a run that is already there is resumed.

    The folder gets ``run.safetensors`` (from which the run resumes exactly), ``model.safetensors``, ``log.csv``,
    ``log.png`` and ``samples/``. Training ends when all steps are done, when the minutes are over, or when
    ``on_progress`` raises an exception. After ``Enough`` the model is written, after any other exception only the
    state. If several processes train together (torchrun), all of them call this; the process of rank 0 reports and
    writes.

    If the data name styles, the style encoder learns alone before the first step (``config.style_steps``), and progress
    reports count these steps. Nothing is saved if training stops during them.

    Args:
        pairs: the data set.
        config: the settings. For a run that is resumed, only the settings in ``state.MAY_CHANGE`` may differ.
            ``style_steps`` is then ignored, because those steps are over.
        device, dtype, perceptual, features: as for ``Trainer``.
        minutes: the longest time to train; None means until all steps are done. The steps of the style encoder alone
            count towards it but are always completed.
        data, license, half: as for ``save_result``.
        on_progress: called for every step. Previews show label maps, their pictures, and what the EMA of the generator
            makes of the label maps, in the styles of the pictures and in random styles.
        on_warning: called for problems that don't stop the training.
        start: as for ``Trainer``, for a new run.
        sources: digests of what the run trains on, by a name for a person, such as "pictures". A run that is resumed
            must have the same.
        on_start: called before the first step with the classes of the label maps and their shares, in a sentence.
    Returns:
        The file of the model, which ``open_synthesizer`` reads.
    Raises:
        Enough: ``on_progress`` raised it while the style encoder learned alone, so there is no model yet.
        NotFiniteError: a loss was not finite. The last saved state remains.
        LockedError: another process trains in the folder, or has taken the run over.
        PeerLostError: another process of this training was lost. The last saved state remains.
        ValueError: the run in the folder has other settings or sources, the training data are unusable, or the
            processes have different settings or data.
        OSError: the folder cannot be written or the disk is full.
    """
    folder = Path(folder)
    warn = on_warning or (lambda text: None)
    # In a caller's inference mode, no module would get gradients.
    with torch.inference_mode(False), torch.enable_grad(), owned(folder, warn) as require_lock:
        of_trainer: dict[str, Any] = {
            "device": device, "dtype": dtype, "perceptual": perceptual, "features": features
        }  # fmt: skip
        with common_state(folder / STATE, warn) as state:
            if state is not None:
                settings = {field.name: getattr(config, field.name) for field in fields(config)}
                del settings["style_steps"]
                trainer = load_state(state, **of_trainer, **settings)
                require_sources(trainer.sources, sources or {}, folder.name)
            else:
                trainer = Trainer(config, **of_trainer, start=start)
                trainer.sources = dict(sources or {})
        require_common(trainer, pairs)
        if processes()[0] == 0:
            remove_dead_parts(folder)
            survey = pairs.survey() if on_start else None
            if on_start and survey:
                on_start(survey)
            _warn_of_one_class(pairs, config.taxonomy, warn)
            if perceptual is None and features is None and config.perceptual_weight:
                warn("training runs without the VGG19 loss, because its weights are not in use")
        run = TrainingLoop(trainer, pairs, folder, minutes, on_progress, warn, require_lock)
        run.saved = trainer.step if state is not None else None
        try:
            if state is None and trainer.encoder is not None and config.style_steps:
                run.begin(trainer.encoder)
            run.go()
            result = run.result()
        except PeerLostError as error:
            raise PeerLostError(f"{error}; {run.kept}. Start the same command again to resume from there") from error
        if processes()[0] == 0:
            require_lock()
            save_result(folder / MODEL, result, trainer, data=data, license=license, half=half)
    return folder / MODEL


def _warn_of_one_class(pairs: Pairs, taxonomy_name: str, warn: Callable[[str], None]) -> None:
    found: set[int] = set()
    for index in range(0, len(pairs), -(-len(pairs) // LOOKED_AT)):
        found.update(np.unique(np.asarray(pairs.load(index)[1])).tolist())
        if len(found) > 1:
            return
    name = taxonomy(taxonomy_name).classes[found.pop()].name
    warn(f"the label maps contain only the class '{name}', so the model cannot learn to distinguish classes")

"""Starts or resumes a training run in a folder, reports, saves every few minutes, and writes the model at the end."""

import io
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from ...distributed import PeerLostError, mean_over_processes, processes
from ...efficientnet import EfficientNetLite
from ...files import remove_dead_parts, write_atomically
from ...labels import taxonomy
from ...locks import LockedError
from ...pixels import to_bytes
from ...progress import OnProgress, Progress
from ..networks.encoder import StyleEncoder
from .agreement import common_state, owned, require_common, require_sources
from .config import TrainingConfig
from .finite import NotFiniteError
from .log import TrainingLog
from .pairs import Pairs, batches
from .result import Examples, Result, result_of, save_result
from .state import load_state, save_state
from .style_pretraining import pretrain
from .trainer import Trainer

STATE, MODEL, SAMPLES = "run.safetensors", "model.safetensors", "samples"
FIRST_SAVE_SECONDS, SAVE_SECONDS = 60.0, 300.0
FIRST_PREVIEW_SECONDS, PREVIEW_SECONDS, PREVIEW_SHARE = 10.0, 30.0, 0.05
"""Time of the first preview, time between previews, and the share of the total time that previews may take."""

SHOWN = 4
"""Number of examples in a preview."""

PREVIEW_BATCHES, RESULT_BATCHES = 4, 50
"""Number of batches on which the statistics are measured, for a preview and for the model."""

ASIDE = 1 << 30
"""First step of the batches for previews and statistics. No run gets that far."""

LOOKED_AT = 32
"""Number of label maps that are searched for more than one class."""


class Enough(Exception):
    """Raised in ``on_progress`` to end training early and write the model."""


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
        run = _Run(trainer, pairs, folder, minutes, on_progress, warn, require_lock)
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


class _Run:
    """The training loop, and the decisions that all processes make together."""

    def __init__(
        self,
        trainer: Trainer,
        pairs: Pairs,
        folder: Path,
        minutes: float | None,
        on_progress: OnProgress | None,
        warn: Callable[[str], None],
        require_lock: Callable[[], None],
    ):
        self.trainer = trainer
        self.pairs = pairs
        self.folder = folder
        self.warn = warn
        self.require_lock = require_lock
        self.first = processes()[0] == 0
        self.on_progress = on_progress if self.first else None
        self.log = TrainingLog(folder, trainer.step)
        self.saved: int | None = None
        self.stopped: BaseException | None = None
        now = time.monotonic()
        self.end = now + 60 * minutes if minutes is not None else float("inf")
        self.next_save, self.next_preview = now + FIRST_SAVE_SECONDS, now + FIRST_PREVIEW_SECONDS

    def begin(self, encoder: StyleEncoder) -> None:
        """Let the style encoder learn alone, if the data name styles."""

        def report(progress: Progress) -> None:
            self._tell(progress)
            self._raise_if(self.stopped is not None)

        trainer = self.trainer
        names = pretrain(encoder, self.pairs, trainer.config, device=trainer.device, on_progress=report)
        if len(names) < 2:
            found = f"name only one style, '{names[0]}'" if names else "name no styles"
            self.warn(f"the training data {found}, so the style encoder learns only together with the generator; name "
                      "styles in styles/ if it should first learn to tell them apart")  # fmt: skip
        else:
            trainer.freeze_encoder()
            self.next_save = time.monotonic()

    def go(self) -> None:
        """Train to the end, and save the state."""
        trainer = self.trainer
        stage = "starting"
        with closing(batches(self.pairs, trainer.config, trainer.step, *processes())) as examples:
            while trainer.step < trainer.config.steps:
                self._report(stage)
                now = time.monotonic()
                over = self.stopped is not None or now >= self.end
                over, save, show = self._agree(over, now >= self.next_save, now >= self.next_preview)
                if over:
                    break
                if save or show:
                    self._keep(save)
                if trainer.config.freezes_norm_at(trainer.step) and not trainer.norm_frozen:
                    self._freeze_norm()
                    continue
                began = time.monotonic()
                losses = self._step(*next(examples))
                self.log.add(trainer.step, trainer.seconds, losses)
                numbers = ", ".join(f"{name} {value:.3g}" for name, value in losses.items())
                stage = f"step {trainer.step}, {time.monotonic() - began:.2f} s a step: {numbers}"
        if self.first:
            self._save()
        self._raise_if_stopped()

    def result(self) -> Result:
        """The networks for the model file. Also makes a last preview."""
        with closing(self._examples(RESULT_BATCHES)) as examples:
            result = result_of(self.trainer, self._reported(examples))
        self._raise_if_stopped()
        if self.first:
            self._show(result, write=True)
        self._raise_if_stopped()
        return result

    def _step(self, images: Tensor, ids: Tensor) -> dict[str, float]:
        try:
            return self.trainer.train_step(images, ids)
        except NotFiniteError as error:
            raise NotFiniteError(f"{error}; {self.kept}") from error

    @property
    def kept(self) -> str:
        """What remains of the run if it ends now."""
        return "no state had been saved" if self.saved is None else f"the state of step {self.saved} is kept"

    def _report(self, stage: str, preview: Tensor | None = None) -> None:
        self._tell(Progress(self.trainer.step, self.trainer.config.steps, stage, preview))

    def _tell(self, progress: Progress) -> None:
        if self.on_progress is None:
            return
        try:
            self.on_progress(progress)
        except BaseException as error:  # raised again in all processes when the state has been saved
            self.stopped = error

    def _reported(self, examples: Examples) -> Examples:
        for number, example in enumerate(examples):
            self._report(f"measuring the statistics of the model, {number + 1} of {RESULT_BATCHES}")
            if self._agree(self._must_raise)[0]:
                return
            yield example

    @property
    def _must_raise(self) -> bool:
        return self.stopped is not None and not isinstance(self.stopped, Enough)

    def _raise_if_stopped(self) -> None:
        self._raise_if(self._must_raise)

    def _raise_if(self, stop: bool) -> None:
        """Raise in all processes if one of them has to stop."""
        if self._agree(stop)[0]:
            raise self.stopped if self.stopped is not None else RuntimeError("the first process was stopped")

    def _agree(self, *flags: bool) -> list[bool]:
        """Whether each flag is set in any of the processes."""
        values = torch.tensor([float(flag) for flag in flags], device=self.trainer.device)
        return [value > 0 for value in mean_over_processes(values).tolist()]

    def _freeze_norm(self) -> None:
        """Measure the statistics at the training size, and freeze batch norm unless training has to stop."""
        with closing(self._examples(RESULT_BATCHES, largest_scale=1.0)) as examples:
            measured = result_of(self.trainer, self._reported(examples)).generator
        if not self._agree(self._must_raise)[0]:
            self.trainer.freeze_norm(measured)

    def _examples(
        self, count: int, largest_scale: float | None = None
    ) -> Generator[tuple[Tensor, Tensor], None, None]:
        """Batches in their own colours that are the same every time and that no step trains on."""
        config = self.trainer.config
        config = replace(config, color_jitter=0.0, largest_scale=largest_scale or config.largest_scale)
        with closing(batches(self.pairs, config, ASIDE, *processes())) as examples:
            for _, example in zip(range(count), examples, strict=False):
                yield example

    def _keep(self, save: bool) -> None:
        """Save the state if ``save``, and show a preview."""
        began = time.monotonic()
        if save and self.first:
            try:
                self._save()
            except LockedError:
                raise
            except OSError as error:
                self.warn(f"training continues, but its state could not be saved: {error.strerror}")
        with closing(self._examples(PREVIEW_BATCHES)) as examples:
            result = result_of(self.trainer, examples)
        if self.first:
            self._show(result, write=save)
        now = time.monotonic()
        self.next_preview = now + max(PREVIEW_SECONDS, (now - began) / PREVIEW_SHARE)
        if save:
            self.next_save = now + SAVE_SECONDS

    def _save(self) -> None:
        self.require_lock()
        save_state(self.trainer, self.folder / STATE)
        self.saved = self.trainer.step
        try:
            self.log.write()
        except OSError as error:
            self.warn(f"training continues without its log: {error.strerror}")

    def _show(self, result: Result, write: bool) -> None:
        with closing(self._examples(1)) as examples:
            images, ids = next(examples)
        sheet = result.sheet(images[:SHOWN], ids[:SHOWN])
        if write:
            file = io.BytesIO()
            Image.fromarray(to_bytes(sheet[0]).permute(1, 2, 0).numpy()).save(file, "PNG")
            try:
                write_atomically(self.folder / SAMPLES / f"{self.trainer.step:06d}.png", file.getvalue())
            except OSError as error:
                self.warn(f"training continues without this preview: {error.strerror}")
        self._report(f"step {self.trainer.step}", sheet)


def _warn_of_one_class(pairs: Pairs, taxonomy_name: str, warn: Callable[[str], None]) -> None:
    found: set[int] = set()
    for index in range(0, len(pairs), -(-len(pairs) // LOOKED_AT)):
        found.update(np.unique(np.asarray(pairs.load(index)[1])).tolist())
        if len(found) > 1:
            return
    name = taxonomy(taxonomy_name).classes[found.pop()].name
    warn(f"the label maps contain only the class '{name}', so the model cannot learn to distinguish classes")

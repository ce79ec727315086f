"""The loop of a training run: steps, reports, previews and saved states, which all processes agree on."""

import io
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ...distributed import mean_over_processes, processes
from ...files import write_atomically
from ...locks import LockedError
from ...pixels import to_bytes
from ...progress import OnProgress, Progress
from ..networks.encoder import StyleEncoder
from .finite import NotFiniteError
from .log import TrainingLog
from .pairs import Pairs, batches
from .result import Examples, Result, result_of
from .state import save_state
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


class Enough(Exception):
    """Raised in ``on_progress`` to end training early and write the model."""


class TrainingLoop:
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
        config = replace(
            config, color_jitter=0.0, class_jitter=0.0, largest_scale=largest_scale or config.largest_scale
        )
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

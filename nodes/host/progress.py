"""Progress, previews, messages on a node, and the stop button."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager

import comfy.model_management
import comfy.utils
from server import PromptServer

from ...gan_models import user_files
from ...gan_models.progress import Progress
from .images import to_pil

PREVIEW_SIDE = 512

log = logging.getLogger("GAN Atelier")


def progress_reporter(node_id: str | None, *, stages: bool = False) -> Callable[[Progress], None]:
    """An ``on_progress`` that moves the node's bar, shows previews on it, and raises when the user pressed stop.

    Args:
        stages: whether the text of every report is shown on the node, and not only those of previews.
    """
    bar = comfy.utils.ProgressBar(1, node_id=node_id)

    def report(progress: Progress) -> None:
        if stages:
            show_text(node_id, progress.stage)
        comfy.model_management.throw_exception_if_processing_interrupted()
        preview = None
        if progress.preview is not None:
            preview = ("JPEG", to_pil(progress.preview), PREVIEW_SIDE)
            show_text(node_id, progress.stage)
        bar.update_absolute(progress.step, progress.total, preview)

    return report


def stoppable() -> AbstractContextManager[None]:
    """A block in which reading users' files and label pictures raises when the user pressed stop."""
    return user_files.stoppable(comfy.model_management.throw_exception_if_processing_interrupted)


def show_text(node_id: str | None, text: str) -> None:
    """Show a line of text on the node."""
    if node_id is not None and getattr(PromptServer, "instance", None) is not None:
        PromptServer.instance.send_progress_text(text, node_id)


def tell(node_id: str | None, text: str) -> None:
    """Say something that the user should know, on the node and in the log."""
    log.info(text)
    show_text(node_id, text)

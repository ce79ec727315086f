"""A contact sheet of a trained SinGAN's scales, as a help for choosing a start scale."""

import torch
from torch import Tensor

from ..progress import OnProgress, Progress
from .captions import captioned, sheet
from .model import SinGAN
from .pyramid import build_pyramid, resize

COLUMNS = 2


def show_scales(model: SinGAN, *, generator: torch.Generator, on_progress: OnProgress | None = None) -> Tensor:
    """Show, for every scale, the training image, its reconstruction, and a sample that starts there.

    All are enlarged to the training size; captions have the scale's number and its size in pixels. A sample that
    starts at a scale keeps the layout of the coarser scales.

    Args:
        model: a finished model.
        generator: CPU generator; all scales use the same random numbers.
        on_progress: called before every scale and at the end; may raise to stop.
    Returns:
        ``[1, 3, H, W]`` in [-1, 1], on the CPU.
    """
    count = len(model.sizes)
    state = generator.get_state()
    cells = []
    for scale, real in enumerate(build_pyramid(model.training_picture(), model.sizes)):
        if on_progress is not None:
            on_progress(Progress(scale, count, f"scale {scale} of {count - 1}"))
        generator.set_state(state)
        sample = model.sample(1, generator=generator, start_scale=scale)
        height, width = model.sizes[scale]
        cells.append(
            sheet(
                [
                    captioned(resize(real, model.size), f"scale {scale}: {width}x{height}"),
                    captioned(resize(model.reconstruct_coarse(scale + 1), model.size), "reconstruction"),
                    captioned(sample, f"sample from scale {scale}"),
                ],
                3,
            )
        )
    if on_progress is not None:
        on_progress(Progress(count, count, "done"))
    return sheet(cells, COLUMNS)

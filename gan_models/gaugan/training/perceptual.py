"""The perceptual loss: how far two pictures are apart for VGG19 (Park et al. 2019, appendix A)."""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...progress import OnProgress
from ...state_dict import read_state_dict
from ...weights import entries, resolve

WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512,))
"""Channels of VGG19's convolutions between its poolings, up to the last that the loss looks at."""

WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Of relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class PerceptualLoss(nn.Module):
    """Mean absolute differences of VGG19's features.

    Args of forward:
        fake: generated pictures, ``[B, 3, H, W]`` in [-1, 1], sides from 16 pixels.
        real: the pictures that they should be like, of the same shape; no gradient flows to them.
    Returns:
        The loss, a scalar.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)
        # The names are those of the published weights: their number counts ReLUs and poolings too.
        self.features = nn.ModuleDict()
        position, channels = 0, 3
        for widths in WIDTHS:
            for width in widths:
                self.features[str(position)] = nn.Conv2d(channels, width, 3, padding=1)
                position, channels = position + 2, width
            position += 1
        self.requires_grad_(False)

    def forward(self, fake: Tensor, real: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self._look(real)
        apart = [F.l1_loss(a.float(), b.float()) for a, b in zip(self._look(fake), wanted, strict=True)]
        return torch.stack([weight * value for weight, value in zip(WEIGHTS, apart, strict=True)]).sum()

    def _look(self, images: Tensor) -> list[Tensor]:
        """What the first ReLU of each size gives."""
        x = ((images + 1) / 2 - self.mean) / self.std
        seen = []
        convolutions = iter(self.features.values())
        for level, widths in enumerate(WIDTHS):
            x = F.max_pool2d(x, 2) if level else x
            for position in range(len(widths)):
                x = F.relu(next(convolutions)(x))
                if position == 0:
                    seen.append(x)
        return seen


def load_perceptual(path: str | Path) -> PerceptualLoss:
    """The loss with the weights of a VGG19 classifier's file; its other layers are passed over.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or no VGG19.
    """
    tensors, _ = read_state_dict(path)
    loss = PerceptualLoss()
    state = {}
    for name, value in loss.state_dict().items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise ValueError(f"{Path(path).name} is no VGG19: {name} is missing or of another shape")
        state[name] = tensors[name]
    loss.load_state_dict(state)
    return loss.eval()


def find_perceptual(
    folder: str | Path, on_warning: Callable[[str], None], on_progress: OnProgress | None = None
) -> PerceptualLoss | None:
    """The loss, with weights that lie in a model folder or are downloaded into it; None where they can't be had.

    Args:
        on_warning: told why the training has to do without.
        on_progress: hears of the download.
    Raises:
        ValueError: the file that is there is not the right one.
    """
    (entry,) = entries("vgg19")
    try:
        return load_perceptual(resolve(entry, folder, on_progress))
    except FileNotFoundError as error:
        on_warning(f"the training goes on without the VGG19 loss: {error}")
        return None

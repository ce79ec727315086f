"""The perceptual loss: the difference of two pictures in VGG19's features (Park et al. 2019, appendix A)."""

from collections.abc import Callable
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...progress import OnProgress
from ...state_dict import read_state_dict
from ...weights import entries, resolve

WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512, 512, 512), (512,))
"""Channels of VGG19's convolutions between its poolings, up to the last convolution that the loss uses."""

WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Weights of relu1_1, relu2_1, relu3_1, relu4_1 and relu5_1."""

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class PerceptualLoss(nn.Module):
    """Mean absolute differences of VGG19's features.

    Args of forward:
        fake: generated pictures, ``[B, 3, H, W]`` in [-1, 1], with sides of at least 16 pixels.
        real: the real pictures, of the same shape. No gradient flows to them.
    Returns:
        The loss, a scalar.
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).view(3, 1, 1), persistent=False)
        # The names are those of the published weights, whose numbering includes ReLUs and poolings.
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
        """The outputs of the first ReLU at each size."""
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
    """The loss with the weights in a file of a VGG19 classifier, whose other layers are ignored.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is not a VGG19.
    """
    tensors, _ = read_state_dict(path)
    # PyTorch's default generator, which draws the first weights, gets its state back.
    with torch.random.fork_rng(devices=[]):
        loss = PerceptualLoss()
    state = {}
    for name, value in loss.state_dict().items():
        if name not in tensors or tensors[name].shape != value.shape:
            raise ValueError(f"{Path(path).name} is not a valid VGG19: {name} is missing or of another shape")
        state[name] = tensors[name]
    loss.load_state_dict(state)
    return loss.eval()


def find_perceptual(
    folder: str | Path, on_warning: Callable[[str], None], on_progress: OnProgress | None = None
) -> PerceptualLoss | None:
    """The loss, with weights from a model folder or downloaded into it, or None if the download fails.

    Args:
        on_warning: called with the reason if there are no weights.
        on_progress: called during the download.
    Raises:
        ValueError: the file in the folder has other contents.
    """
    (entry,) = entries("vgg19")
    try:
        return load_perceptual(resolve(entry, folder, on_progress))
    except FileNotFoundError as error:
        on_warning(f"training continues without the VGG19 loss: {error}")
        return None

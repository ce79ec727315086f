"""Folders of the released format, written with modules of our own that have its layout."""

from collections import OrderedDict
from pathlib import Path

import torch
from torch import nn

from gan_models.singan import SinGAN
from gan_models.singan.networks import MARGIN
from gan_models.singan.pyramid import build_pyramid


class Block(nn.Sequential):
    """A convolution with batch norm and LeakyReLU."""

    def __init__(self, conv, norm):
        super().__init__()
        self.add_module("convolution", conv)
        self.add_module("normalization", norm)
        self.add_module("activation", nn.LeakyReLU(0.2, inplace=True))


class Net(nn.Module):
    """A generator of the released layout with the weights of one of ours."""

    def __init__(self, layers):
        super().__init__()
        blocks = [Block(layers[3 * i], layers[3 * i + 1]) for i in range(4)]
        self.head = blocks[0]
        self.body = nn.Sequential(*blocks[1:])
        self.tail = nn.Sequential(layers[12], nn.Tanh())


def contents(model: SinGAN, border: bool = True) -> dict[str, list]:
    """What the four files of a folder hold for ``model``, trained with batch norm."""
    edge = (MARGIN,) * 4 if border else (0, 0, 0, 0)
    noise = [model.z_rec] + [torch.zeros(1, 3, *size) for size in model.sizes[1:]]
    return {
        "Gs.pth": [Net(network.layers).requires_grad_(True) for network in model.generators],
        "Zs.pth": [nn.functional.pad(z[:, :1], edge).expand(1, 3, -1, -1) for z in noise],
        "NoiseAmp.pth": [1, *(torch.tensor(value) for value in model.amplitudes[1:])],
        "reals.pth": build_pyramid(model.training_picture(), model.sizes),
    }


def write(folder: Path, files: dict[str, object], legacy: bool = True) -> Path:
    """Write the files of a folder as ``torch.save`` did then, or does now."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        torch.save(content, folder / name, _use_new_zipfile_serialization=not legacy)
    return folder


def state_of(module: nn.Module) -> OrderedDict:
    """A module's own attributes, as a pickle keeps them."""
    return OrderedDict(module.__dict__)

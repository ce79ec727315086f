"""Photographs, networks and numbers for the tests of the GauGAN benchmark."""

import numpy as np
import torch
from PIL import Image

from gan_models.gaugan import Synthesizer
from gaugan_metrics import (
    CLASSES,
    UNKNOWN,
)
from gaugan_photographs import Photograph
from gaugan_toys import LANDSCAPE, config, encoder, generator

SIZE = 32
NAMES = ["dawn", "lake", "noon", "pass", "reef", "snow"]
STYLES = ["dawn", "noon", "snow"]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def synthesizer(**changes):
    net = config(**LANDSCAPE | changes)
    return Synthesizer(generator(net), encoder() if net.z_dim else None, "landscape")


def photograph(name, width=80, height=48):
    """A sky of a colour of its own over grass, rock and something unknown, whose colours tell the classes apart."""
    draw = np.random.default_rng(list(name.encode()))
    ids = np.zeros((height, width), np.uint8)
    ids[height // 2 :] = 10
    ids[height // 2 :, width // 2 :] = 6
    ids[-4:, -4:] = UNKNOWN
    table = draw.integers(20, 236, (CLASSES, 3))
    pixels = table[ids] + draw.integers(-15, 16, (height, width, 3))
    return Photograph(name, Image.fromarray(pixels.astype(np.uint8)), Image.fromarray(ids))


def write(folder, photographs):
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    for one in photographs:
        one.image.save(folder / "images" / f"{one.name}.jpg", quality=95)
        one.labels.save(folder / "labels" / f"{one.name}.png")

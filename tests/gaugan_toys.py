"""Small GauGANs with telling weights, and label maps, for the tests."""

import numpy as np
import torch
from PIL import Image
from torch import nn

from gan_models import efficientnet
from gan_models.efficientnet import EfficientNetLite
from gan_models.gaugan import EncoderConfig, Generator, GeneratorConfig, StyleEncoder
from gan_models.gaugan.networks.discriminator import DiscriminatorConfig
from gan_models.gaugan.networks.projected import ProjectedConfig
from gan_models.gaugan.training.config import TrainingConfig

LANDSCAPE = {"classes": 18, "unknown": True}
"""What a net of the landscape taxonomy is told."""


def config(**changes):
    settings = {"classes": 7, "ngf": 4, "nhidden": 8, "z_dim": 6, "crop_size": 128}
    return GeneratorConfig(**settings | changes)


def generator(config, seed=0):
    """Fresh weights, and running statistics that are not those of an untrained net."""
    torch.manual_seed(seed)
    net = Generator(config).eval().requires_grad_(False)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.3, 2)
    return net


def encoder(seed=0, **changes):
    torch.manual_seed(seed)
    return StyleEncoder(EncoderConfig(**{"ndf": 4, "z_dim": 6} | changes)).eval().requires_grad_(False)


def noise_map(config, height, width, batch=1, seed=0):
    """Every pixel a class of its own, unknown pixels among them."""
    drawn = torch.Generator().manual_seed(seed)
    return torch.randint(0, config.classes + config.unknown, (batch, height, width), generator=drawn)


def blob_map(config, height, width, batch=1, seed=0):
    """A few regions with bent borders that reach the picture's edges."""
    drawn = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    maps = []
    for _ in range(batch):
        centres = torch.rand(6, 2, generator=drawn)
        bend = 0.1 * torch.sin(9 * x + 5 * y)
        nearest = torch.stack([(y - cy + bend) ** 2 + (x - cx) ** 2 for cy, cx in centres]).argmin(0)
        ids = torch.randint(0, config.classes + config.unknown, (6,), generator=drawn)
        maps.append(ids[nearest])
    return torch.stack(maps)


def with_spectral_norm(network):
    """The state dict that the released training code would have saved for these weights."""
    state = {}
    for name, value in network.state_dict().items():
        if not name.endswith("weight") or value.ndim != 4 or "mlp" in name or name.startswith(("fc", "conv_img")):
            state[name] = value
            continue
        matrix = value.flatten(1)
        u, _, v = torch.linalg.svd(matrix, full_matrices=False)
        state[f"{name}_orig"] = 3.7 * value / torch.linalg.matrix_norm(matrix, 2)
        state[f"{name}_u"], state[f"{name}_v"] = u[:, 0], v[0]
    return state


def photo(height=40, width=60, batch=1, seed=1):
    """An IMAGE of noise."""
    return torch.rand(batch, height, width, 3, generator=torch.Generator().manual_seed(seed))


def training_config(**changes):
    """Settings of a training that takes milliseconds a step."""
    net = config(**LANDSCAPE, ngf=2, crop_size=32)
    settings = {
        "generator": net,
        "encoder": EncoderConfig(ndf=2, layers=3, z_dim=net.z_dim),
        "discriminator": DiscriminatorConfig(3 + net.semantic_nc, ndf=4, layers=2),
        "size": 32,
        "batch": 2,
        "steps": 20,
    }
    return TrainingConfig("landscape", **settings | changes)


def published(variant="lite0", seed=0):
    """A state dict of an EfficientNet-Lite with timm's names and random weights that keep the size of things."""
    torch.manual_seed(seed)
    with torch.device("meta"):
        network = EfficientNetLite(variant)
    state = {}
    for name, conv in network.named_modules():
        if isinstance(conv, efficientnet.Conv):
            source, norm = efficientnet._published(name)
            state[f"{source}.weight"] = torch.randn(conv.weight.shape) * conv.weight[0].numel() ** -0.5
            channels = conv.out_channels
            state |= {f"{norm}.weight": torch.rand(channels) + 0.5, f"{norm}.bias": torch.randn(channels) / 4}
            state[f"{norm}.running_mean"] = torch.randn(channels) / 4
            state[f"{norm}.running_var"] = torch.rand(channels) + 1
    return state | {"classifier.weight": torch.zeros(1000, 1280), "classifier.bias": torch.zeros(1000)}


def random_features():
    """An EfficientNet-Lite0 with random weights."""
    return efficientnet.load_efficientnet(published())


def projected_config(**changes):
    """Settings of a training with discriminators on features, and all that comes with them."""
    net = config(**LANDSCAPE, ngf=2, crop_size=32, noise=True, style_blocks=True)
    settings = {
        "generator": net,
        "encoder": EncoderConfig(ndf=2, layers=3, z_dim=net.z_dim, colors=True),
        "discriminator": ProjectedConfig(net.semantic_nc, ndf=4, pixel_ndf=4),
        "feature_weight": 0.0,
        "perceptual_weight": 1.0,
        "transfer_weight": 1.0,
        "transfers": 0.5,
        "batch": 4,
    }
    return training_config(**settings | changes)


def everything(pairs):
    """All pairs of a source of training data, as arrays."""
    return [tuple(np.asarray(part) for part in pairs.load(index)) for index in range(len(pairs))]


def training_folder(path, count=4, sizes=((40, 40),), classes=7):
    """A folder of training pairs: smooth pictures, and label maps of blobs."""
    for part in ("images", "labels"):
        (path / part).mkdir(parents=True)
    for index in range(count):
        height, width = sizes[index % len(sizes)]
        ids = blob_map(config(classes=classes), height, width, seed=index)[0].numpy().astype(np.uint8)
        pixels = np.stack([ids * 30, np.full_like(ids, 40 * index % 256), 255 - ids * 30], 2)
        Image.fromarray(pixels).save(path / "images" / f"{index}.png")
        Image.fromarray(ids).save(path / "labels" / f"{index}.png")
    return path


def named_pictures(path, names, seed=0):
    """A folder of training pairs with styles: noise in the colour that the name says, in any if there is no name."""
    drawn = np.random.default_rng(seed)
    for part in ("images", "labels", "styles"):
        (path / part).mkdir(parents=True)
    for index, name in enumerate(names):
        pixels = np.full((40, 40, 3), 128, np.uint8)
        channel = {"red": 0, "blue": 2, None: 1}[name]
        pixels[..., channel] = drawn.integers(0, 256, (40, 40))
        Image.fromarray(pixels).save(path / "images" / f"{index:03d}.png")
        Image.fromarray(drawn.integers(0, 7, (40, 40), np.uint8)).save(path / "labels" / f"{index:03d}.png")
        if name:
            (path / "styles" / f"{index:03d}.txt").write_text(f"{name}\n", encoding="utf-8")
    return path

"""A picture and a training run small enough for a test."""

from dataclasses import replace

import torch

from gan_models.singan import SinGAN, SinGANConfig, train

TOY = replace(
    SinGANConfig.preset("draft"),
    channels=8,
    iterations=6,
    coarse_iterations=6,
    learning_rate=5e-4,
    pool=2,
    pool_iterations=3,
    distribution_weight=0.0,
    joint_scales=0,
    diversity=0.0,
    scales_by_trained_size=False,
)


def picture(height: int = 44, width: int = 56, seed: int = 0) -> torch.Tensor:
    """Soft coloured blobs, ``[1, 3, height, width]`` in [-1, 1]."""
    noise = torch.randn(1, 3, 6, 8, generator=torch.Generator().manual_seed(seed))
    image = torch.nn.functional.interpolate(noise, size=(height, width), mode="bicubic")
    return image / image.abs().max()


def trained(config: SinGANConfig = TOY, seed: int = 0, image: torch.Tensor | None = None, **options) -> SinGAN:
    """A model after a few iterations."""
    image = picture() if image is None else image
    return train(image, config, generator=torch.Generator().manual_seed(seed), **options)


def same_weights(a: SinGAN, b: SinGAN) -> bool:
    """Whether two models are equal to the last bit."""
    first, second = a.state_dict(), b.state_dict()
    return (
        first.keys() == second.keys()
        and all(torch.equal(value, second[name]) for name, value in first.items())
        and a.amplitudes == b.amplitudes
    )

"""GauGAN's training steps a second, fast and plain, and their peak memory."""

import torch

import gaugan_training as comparison
from gan_models.gaugan.training.presets import preset

from .setup import Report, Setup


def measure(setup: Setup, report: Report, dtype: str) -> None:
    """Report the steps of the preset ``small`` at 128 pixels, and those of the paper's nets at 256."""
    sizes = {"small": (32, 2)} if setup.tiny else {"small": (128, 8), "paper": (256, 2)}
    for name, (size, batch) in sizes.items():
        tiny = {"ngf": 4, "nhidden": 8, "z_dim": 6, "discriminator_ndf": 8, "encoder_ndf": 4} if setup.tiny else {}
        config = preset(name, "landscape", discriminators="paper", size=size, batch=batch, **tiny)
        loaded = [comparison.examples(size, batch, number * batch) for number in range(1 if setup.tiny else 3)]
        for path, kind in comparison.TRAINERS.items():
            trainer = kind(config, device=setup.device, dtype=getattr(torch, dtype))

            def steps(trainer=trainer, loaded=loaded) -> None:
                for pictures in loaded:
                    trainer.train_step(*pictures)

            peak = setup.peak_memory(steps)
            rate = len(loaded) / setup.seconds(steps)
            report(f"preset {name}, {size}×{size}, batch {batch}, {dtype}, {path}",
                   steps_a_second=rate, pictures_a_second=batch * rate, peak_MB=peak)  # fmt: skip
            del trainer, steps

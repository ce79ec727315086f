"""Compares GauGAN's fast training step with the plain one in one run.

    python benchmarks/gaugan_training.py [--quick] [--preset paper]

The fast step computes SPADE by distinct neighbourhoods and shares one pass of the discriminators between both sides.
The plain step uses SPADE's own convolutions and runs the discriminators once for the generator's losses and again for
their own. Both are whole steps with generator, style encoder, discriminators, and optimizers. The nets are those of a
preset with random weights, the label maps are those of rendered landscapes, and the pictures are noise. On a CPU, the
time is the CPU time of one core, so other work on that core doesn't count. Prints a Markdown table of pictures per
second, and of the difference between the gradients of each path and those of the plain path in float32: the largest
difference in a tensor relative to its largest gradient.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import Tensor

from gan_models.gaugan import LabelMaps, label_codes, one_hot
from gan_models.gaugan.networks.one_hot import conditioning
from gan_models.gaugan.networks.spade import Conditioning
from gan_models.gaugan.training.losses import adversarial_loss, discriminator_loss, feature_matching_loss
from gan_models.gaugan.training.presets import preset
from gan_models.gaugan.training.trainer import Trainer
from gan_models.scenes import lay_out, random_plan

BATCHES = {"small": {128: 8, 256: 4}, "paper": {128: 4, 256: 2}}
"""Pictures per step by preset and size."""


class PlainTrainer(Trainer):
    """A trainer with one-hot label maps that runs the discriminators separately for each side."""

    def conditioning(self, codes: Tensor) -> Conditioning:
        return conditioning(one_hot(self.config.generator, codes))

    def adversarial_losses(
        self, images: Tensor, fake: Tensor, labels: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        with self.autocast():
            self.discriminator.requires_grad_(False)
            outputs = self.discriminator(torch.cat([fake, labels], 1))
            with torch.no_grad():
                real = self.discriminator(torch.cat([images, labels], 1))
            self.discriminator.requires_grad_(True)
            made = {
                "adversarial": adversarial_loss(outputs),
                "features": self.config.feature_weight * feature_matching_loss(outputs, real),
            }
            outputs, real = (self.discriminator(torch.cat([shown, labels], 1)) for shown in (fake.detach(), images))
        return made, {"fake": discriminator_loss(outputs, False) / 2, "real": discriminator_loss(real, True) / 2}


TRAINERS = {"plain": PlainTrainer, "fast": Trainer}
LABELS = {"plain": one_hot, "fast": LabelMaps}


def examples(size: int, batch: int, first: int) -> tuple[Tensor, Tensor]:
    """Pictures of noise ``[B, 3, H, W]`` and label maps ``[B, H, W]`` of rendered scenes."""
    ids = torch.stack([lay_out(random_plan(seed), size).labels for seed in range(first, first + batch)])
    return torch.rand(batch, 3, size, size, generator=torch.Generator().manual_seed(first)) * 2 - 1, ids.long()


def gradients(trainer: Trainer, path: str, ids: Tensor, dtype: torch.dtype) -> list[Tensor]:
    """Gradients of the generator's parameters for one batch."""
    trainer.dtype = dtype
    codes = label_codes(trainer.config.generator, ids).to(trainer.device)
    drawn = torch.Generator().manual_seed(0)
    z = torch.randn(len(ids), trainer.config.generator.z_dim, generator=drawn).to(trainer.device)
    wanted = torch.rand(len(ids), 3, *ids.shape[1:], generator=drawn).to(trainer.device)
    trainer.generator.zero_grad()
    with trainer.autocast():
        made = trainer.generator(LABELS[path](trainer.config.generator, codes), z)
    (made.float() - wanted).square().mean().backward()
    return [parameter.grad.clone() for parameter in trainer.generator.parameters()]


def step_seconds(trainer: Trainer, batch: tuple[Tensor, Tensor]) -> float:
    """Seconds that one training step takes."""
    clock = time.process_time if trainer.device.type == "cpu" else time.perf_counter
    began = clock()
    trainer.train_step(*batch)
    if trainer.device.type == "cuda":
        torch.cuda.synchronize()
    return clock() - began


def measure(name: str, size: int, dtype: torch.dtype, device: str, repeats: int) -> dict[str, float]:
    """Pictures per second in each path's fastest step with a preset, and the differences of the gradients."""
    batch = BATCHES[name][size]
    config = preset(name, "landscape", discriminators="paper", size=size, batch=batch)
    trainers = {path: kind(config, device=device, dtype=dtype) for path, kind in TRAINERS.items()}
    first = examples(size, batch, 0)
    # All start from one initialization, because spectral norm changes at every use in training.
    same = trainers["plain"]
    same.generator.eval()
    exact = gradients(same, "plain", first[1], torch.float32)
    apart = {}
    for path in LABELS:
        pairs = zip(gradients(same, path, first[1], dtype), exact, strict=True)
        apart[f"{path} apart"] = max(((a - b).abs().max() / b.abs().max().clamp(min=1e-12)).item() for a, b in pairs)
    same.generator.train()
    seconds = dict.fromkeys(TRAINERS, float("inf"))
    for repeat in range(repeats + 1):
        loaded = examples(size, batch, repeat * batch)
        for path, trainer in trainers.items():
            taken = step_seconds(trainer, loaded)
            if repeat:
                seconds[path] = min(seconds[path], taken)
    return {path: batch / taken for path, taken in seconds.items()} | apart


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="measure only 128 pixels")
    parser.add_argument("--preset", choices=BATCHES, default="small", help="sizes of the nets (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="number of steps, of which the fastest counts")
    args = parser.parse_args()
    torch.set_num_threads(1)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {torch.__version__}, {device}\n")
    print("| pictures | batch | precision | plain, pictures/s | fast, pictures/s | | plain apart | fast apart |")
    print("|---|---|---|---|---|---|---|---|")
    for size, batch in list(BATCHES[args.preset].items())[: 1 if args.quick else 2]:
        for dtype in (torch.float32, torch.bfloat16):
            row = measure(args.preset, size, dtype, device, args.repeats)
            rates = f"{row['plain']:.2f} | {row['fast']:.2f} | {row['fast'] / row['plain']:.1f}x"
            apart = f"{row['plain apart']:.1e} | {row['fast apart']:.1e}"
            print(f"| {size}×{size} | {batch} | {str(dtype)[6:]} | {rates} | {apart} |", flush=True)


if __name__ == "__main__":
    main()

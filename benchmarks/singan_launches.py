"""Counts the kernels that a GPU would run in an iteration of SinGAN's training and prints them per scale.

    python benchmarks/singan_launches.py --preset standard

The eager training of such small networks is limited by the number of kernel launches. A simulated device counts them in
float32; it cannot measure times.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch

from gan_models.singan import PRESETS, train
from gan_models.singan.scale_training import ScaleTrainer
from pretend_device import NAME, PretendDevice
from singan_trainings import photograph

WATCHED = 24
"""Iterations of each scale; enough for everything that happens periodically to happen twice."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=list(PRESETS), default="standard")
    parser.add_argument("--photograph", default="coffee", help="a name in skimage.data")
    arguments = parser.parse_args()
    preset = PRESETS[arguments.preset]
    short = replace(preset, iterations=WATCHED, coarse_iterations=WATCHED)
    run, total = ScaleTrainer.run, 0.0
    print(f"{arguments.preset}, {arguments.photograph}, per iteration\n")
    print("| scale | iterations | kernels | tensors sent | waits |\n|---|---|---|---|---|")
    with PretendDevice() as device:

        def counted(trainer: ScaleTrainer, on_iteration) -> None:
            nonlocal total
            counts = []

            def note(done: int) -> None:
                counts.append((device.launches, device.received, device.waits))
                on_iteration(done)

            run(trainer, note)
            kernels, sent, waits = (
                (last - first) / (len(counts) - 1) for first, last in zip(counts[0], counts[-1], strict=True)
            )
            iterations = preset.iterations_at(trainer.scale, len(trainer.model.sizes))
            total += iterations * kernels
            size = f"{trainer.size[1]}×{trainer.size[0]}"
            print(f"| {size} | {iterations} | {kernels:.0f} | {sent:.1f} | {waits:.1f} |", flush=True)

        ScaleTrainer.run = counted
        train(photograph(arguments.photograph), short, generator=torch.Generator().manual_seed(0), device=NAME)
    print(f"\n{total / 1e6:.2f} million kernels in a training")


if __name__ == "__main__":
    main()

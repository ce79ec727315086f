"""Compares batch norm statistics in training and in use, scale by scale of a SinGAN.

    python benchmarks/batch_norm.py --iterations 300 --max-size 96

Trains the paper preset (shortened) on a photograph and prints the reconstruction's RMSE with the batch's own
statistics (as in training), with the running averages (as the released models are used), and with the
statistics that this pack fixes.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
import torch.nn.functional as F

from gan_models.singan import PRESETS, train
from gan_models.singan.scale_training import ScaleTrainer
from singan_trainings import photograph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photograph", default="coffee", help="a name in skimage.data")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--max-size", type=int, default=96)
    arguments = parser.parse_args()
    config = replace(
        PRESETS["paper"],
        iterations=arguments.iterations,
        coarse_iterations=arguments.iterations,
        max_size=arguments.max_size,
    )
    rows: list[list[float]] = []

    class Recorder(ScaleTrainer):
        def fix_statistics(self, padded, previous):
            def error():
                with torch.no_grad():
                    return F.mse_loss(self.generator(padded, previous), self.real).sqrt().item()

            averages = {name: value.clone() for name, value in self.generator.state_dict().items()}
            self.generator.train()
            errors = [error()]
            self.generator.load_state_dict(averages)
            self.generator.eval()
            errors.append(error())
            super().fix_statistics(padded, previous)
            rows.append([*errors, error()])

    train(
        photograph(arguments.photograph), config, generator=torch.Generator().manual_seed(0), scale_trainer=Recorder
    )
    print("| scale | RMSE in training | with running averages | with fixed statistics |\n|---|---|---|---|")
    for scale, (training, averages, fixed) in enumerate(rows):
        print(f"| {scale} | {training:.4f} | {averages:.4f} | {fixed:.4f} |")


if __name__ == "__main__":
    main()

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

from gan_models.singan import PRESETS, scale_training, train
from singan_trainings import photograph


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photograph", default="coffee", help="a name in skimage.data")
    parser.add_argument("--iterations", type=int, default=300)
    parser.add_argument("--max-size", type=int, default=96)
    arguments = parser.parse_args()
    rows: list[list[float]] = []
    fix = scale_training.fix_statistics

    class Recorder(scale_training.ScaleTrainer):
        def run(self, on_iteration):
            def fix_and_compare(network, padded, previous):
                def error():
                    with torch.no_grad():
                        return F.mse_loss(network(padded, previous), self.real).sqrt().item()

                averages = {name: value.clone() for name, value in network.state_dict().items()}
                network.train()
                errors = [error()]
                network.load_state_dict(averages)
                network.eval()
                errors.append(error())
                fix(network, padded, previous)
                rows.append([*errors, error()])

            scale_training.fix_statistics = fix_and_compare
            super().run(on_iteration)

    train.__globals__["ScaleTrainer"] = Recorder
    config = replace(
        PRESETS["paper"],
        iterations=arguments.iterations,
        coarse_iterations=arguments.iterations,
        max_size=arguments.max_size,
    )
    train(photograph(arguments.photograph), config, generator=torch.Generator().manual_seed(0))
    print("| scale | RMSE in training | with running averages | with fixed statistics |\n|---|---|---|---|")
    for scale, (training, averages, fixed) in enumerate(rows):
        print(f"| {scale} | {training:.4f} | {averages:.4f} | {fixed:.4f} |")


if __name__ == "__main__":
    main()

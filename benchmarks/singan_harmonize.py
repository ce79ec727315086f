"""Harmonizes pasted objects in pictures of five kinds (``pastes.py``) and measures how well they fit.

    python benchmarks/singan_harmonize.py [--kinds oil pencil] [--preset standard] [--fine-tune 300] [--pictures FOLDER]
    python benchmarks/singan_harmonize.py --purpose "any task" --preset draft --start-scales 5 0

For each picture a model is trained. The colours are the share of the object's pixels that are within 10 (CIE 1976) of
a colour of the training picture, and the edges the correlation of the grey gradients with those of the paste. For
comparison, the same of the paste itself. Sheets have a column for each picture; those of both purposes side by side are
the picture of the help page.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from pastes import KINDS, Paste, paste
from PIL import Image
from torch import Tensor

from gan_models.pixels import to_bytes
from gan_models.singan import Harmonization, SinGAN, SinGANConfig, fine_tuned, load, save, train
from gan_models.singan.harmony import color_share, edge_correlation
from singan_trainings import machine


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--purpose", choices=("harmonize", "any task"), default="harmonize")
    parser.add_argument("--preset", default="standard")
    parser.add_argument("--start-scales", nargs="+", type=int, help="in models for any task; 0: chosen automatically")
    parser.add_argument("--fine-tune", type=int, default=300, help="steps; 0: off")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="bfloat16")
    parser.add_argument("--models", type=Path, help="folder where models are kept and found again")
    parser.add_argument("--pictures", type=Path, help="folder for a sheet of all pictures")
    options = parser.parse_args()
    dtype = getattr(torch, options.precision)
    print(f"{machine()}, {options.precision}, purpose {options.purpose}, preset {options.preset}\n")
    print("| picture | result | colours | edges | CPU s | s |\n|---|---|---|---|---|---|")
    columns = [measured(kind, options, dtype) for kind in options.kinds]
    if options.pictures:
        options.pictures.mkdir(parents=True, exist_ok=True)
        sheet = torch.cat([torch.cat(column, 2) for column in columns], 3)
        pixels = to_bytes(sheet[0].permute(1, 2, 0)).numpy()
        Image.fromarray(pixels).save(options.pictures / f"harmonized_{options.purpose.split()[0]}_{options.preset}.png")


def measured(kind: str, options: argparse.Namespace, dtype: torch.dtype) -> list[Tensor]:
    """Train on one picture, print its rows, and return the paste and the results."""
    example = paste(kind)
    row(kind, "pasted", example.pasted, example)
    model = trained(kind, example, options, dtype)
    results = [example.pasted]
    for start_scale in options.start_scales or [0]:
        injection = Harmonization(model, example.pasted, example.mask, generator(options))
        began, clock = time.process_time(), time.monotonic()
        scale = start_scale or injection.choose_scale()
        results.append(injection.inject(scale))
        name = f"start scale {scale} of {injection.scales[-1]}{'' if start_scale else ' (automatic)'}"
        row(kind, name, results[-1], example, time.process_time() - began, time.monotonic() - clock)
    if options.fine_tune and model.config.harmonizes:
        began, clock = time.process_time(), time.monotonic()
        other = fine_tuned(injection, options.fine_tune, dtype=dtype)
        seconds = time.process_time() - began, time.monotonic() - clock
        injection = Harmonization(other, example.pasted, example.mask, generator(options))
        results.append(injection.inject(injection.choose_scale()))
        row(kind, f"fine-tuned, {options.fine_tune} steps", results[-1], example, *seconds)
    return results


def trained(kind: str, example: Paste, options: argparse.Namespace, dtype: torch.dtype) -> SinGAN:
    """The model of a picture: trained, or from the folder of models."""
    harmonize = options.purpose == "harmonize"
    config = SinGANConfig.for_harmonization(options.preset) if harmonize else SinGANConfig.preset(options.preset)
    config = replace(config, max_size=250)
    path = options.models and options.models / f"{kind}_{options.purpose.split()[0]}_{options.preset}.safetensors"
    if path and path.is_file():
        model = load(path)
    else:
        began = time.process_time()
        model = train(example.training, config, generator=generator(options), dtype=dtype)
        model.facts["cpu"] = time.process_time() - began
        if path:
            options.models.mkdir(parents=True, exist_ok=True)
            save(model, path)
    row(kind, "training", model.reconstruct(), example, model.facts["cpu"], model.facts["seconds"])
    return model


def row(kind: str, name: str, result: Tensor, example: Paste, *seconds: float) -> None:
    colors = color_share(result, example.training, example.mask).item()
    edges = edge_correlation(result, example.pasted, example.mask).item()
    figures = ["" if name == "training" else f"{value:.2f}" for value in (colors, edges)]
    times = [f"{value:.0f}" for value in seconds] or ["", ""]
    print(f"| {' | '.join([kind, name, *figures, *times])} |", flush=True)


def generator(options: argparse.Namespace) -> torch.Generator:
    return torch.Generator().manual_seed(options.seed)


if __name__ == "__main__":
    main()

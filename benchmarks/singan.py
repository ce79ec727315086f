"""Times, memory and quality of SinGAN, printed as Markdown tables.

    python benchmarks/singan.py train --preset standard    # trains on three photographs of scikit-image
    python benchmarks/singan.py sample                     # against the released networks, one by one
    python benchmarks/singan.py large                      # peak memory of 2048 x 2048 samples
    python benchmarks/singan.py memory --preset draft      # peak memory of trainings on square pictures

Every training runs in a process of its own, whose peak memory is the process's less that after the imports.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from PIL import Image
from skimage import data
from torch import Tensor

import quality
from gan_models.singan import PRESETS, SinGAN, SinGANConfig, train
from gan_models.singan.networks import Generator, initialize
from gan_models.singan.pyramid import resize, scale_sizes

PHOTOGRAPHS = ("chelsea", "coffee", "rocket")
DIVERSITY_SAMPLES = 50
SCORED_SAMPLES = 10


def photograph(name: str) -> Tensor:
    """A photograph of scikit-image as ``[1, 3, H, W]`` in [-1, 1]."""
    pixels = torch.from_numpy(np.ascontiguousarray(getattr(data, name)()[..., :3]))
    return pixels.permute(2, 0, 1)[None].float() / 127.5 - 1


def measure(name: str, config: SinGANConfig, seed: int, dtype: torch.dtype, pictures: Path | None) -> dict:
    """Train once and score the model."""
    image = photograph(name)
    before = peak_memory()
    model = train(image, config, generator=torch.Generator().manual_seed(seed), device=device(), dtype=dtype)
    memory = peak_memory() - before
    model = model.cpu()
    real = resize(image, model.size)
    samples = model.sample(DIVERSITY_SAMPLES, generator=torch.Generator().manual_seed(1))
    scored = samples[:SCORED_SAMPLES].split(1)
    if pictures is not None:
        save_sheet(pictures / f"{name}_{seed}.png", [real, model.reconstruct(), *scored[:4]])
    return {
        "photograph": name,
        "size": f"{model.size[1]}×{model.size[0]}",
        "seconds": model.facts["seconds"],
        "swd": np.mean([quality.sliced_wasserstein_at_scales(real, sample) for sample in scored], axis=0).tolist(),
        "patch_fd": mean(quality.patch_frechet(real, sample) for sample in scored[:3]),
        "diversity": quality.diversity(samples, real),
        "psnr": quality.psnr(model.reconstruct(), real),
        "memory": memory,
    }


def train_table(arguments: argparse.Namespace) -> None:
    print(f"preset {arguments.preset}, {machine()}, {arguments.dtype}\n")
    print("| photograph | size | seconds | SWD 1, ½, ¼ | SWD mean | patch-FD | diversity | PSNR, dB | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    rows = []
    for name in arguments.photographs:
        for seed in range(arguments.seeds):
            command = [sys.executable, __file__, *sys.argv[1:], "--one", name, "--seed", str(seed)]
            row = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            rows.append(row)
            swd = " / ".join(f"{value:.0f}" for value in row["swd"])
            print(
                f"| {name} | {row['size']} | {row['seconds']:.0f} | {swd} | {mean(row['swd']):.1f} | "
                f"{row['patch_fd']:.2f} | {row['diversity']:.2f} | {row['psnr']:.1f} | {row['memory']:.0f} |",
                flush=True,
            )
    swd = mean(mean(row["swd"]) for row in rows)
    averages = {key: mean(row[key] for row in rows) for key in ("seconds", "patch_fd", "diversity", "psnr")}
    print(
        f"| mean | | {averages['seconds']:.0f} | | {swd:.1f} | {averages['patch_fd']:.2f} | "
        f"{averages['diversity']:.2f} | {averages['psnr']:.1f} | {max(row['memory'] for row in rows):.0f} (most) |"
    )


def sample_table(arguments: argparse.Namespace) -> None:
    """Sampling speed of the preset's networks against the released ones, with fresh random weights."""
    ours, released = untrained(PRESETS[arguments.preset]), untrained(PRESETS["paper"])
    variants = {
        "released networks, one by one": lambda: released.sample(1, generator=torch.Generator()),
        f"{arguments.preset}, one by one": lambda: ours.sample(1, generator=torch.Generator()),
        f"{arguments.preset}, 8 at a time": lambda: ours.sample(8, generator=torch.Generator()),
    }
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(arguments.repeats):
        for name, run in variants.items():
            count = 8 if "8 at" in name else 1
            seconds[name].append(timed(run) / count)
    base = next(iter(seconds))
    print(f"sampling 248×186, {machine()}, median of {arguments.repeats} alternating runs\n")
    print("| networks | ms a picture | times as fast |\n|---|---|---|")
    for name, times in seconds.items():
        ratio = median(b / t for b, t in zip(seconds[base], times, strict=True))
        print(f"| {name} | {1000 * median(times):.0f} | {ratio:.1f} |")


def large_table(arguments: argparse.Namespace) -> None:
    """Peak memory of a large sample, less that of the imports."""
    model = untrained(PRESETS[arguments.preset])
    before = peak_memory()
    seconds = timed(lambda: model.sample(1, generator=torch.Generator(), height=2048, width=2048))
    print(f"a 2048×2048 sample of {arguments.preset}: {seconds:.1f} s, {peak_memory() - before:.0f} MB, {machine()}")


def memory_table(arguments: argparse.Namespace) -> None:
    """Peak memory of training, less that of the imports: one iteration a scale, which has all that a step needs."""
    print(f"preset {arguments.preset}, {machine()}, {arguments.dtype}\n\n| pixels | scales | peak MB |\n|---|---|---|")
    for side in arguments.sides:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", str(side)]
        scales, peak = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        print(f"| {side}×{side} | {scales} | {peak:.0f} |", flush=True)


def training_memory(config: SinGANConfig, side: int, dtype: torch.dtype) -> tuple[int, float]:
    """Scales and peak memory in MB of a training on ``side`` x ``side`` pixels."""
    image = resize(photograph("coffee"), (side, side))
    config = replace(config.at_size(side), iterations=1, coarse_iterations=1)
    before = peak_memory()
    # Watched, as previews need memory too.
    model = train(image, config, generator=torch.Generator(), device=device(), dtype=dtype, on_progress=lambda _: None)
    return len(model.sizes), peak_memory() - before


def untrained(config: SinGANConfig) -> SinGAN:
    """A model of the example pyramid of the paper with random weights."""
    sizes = scale_sizes((186, 248), config)
    rng = torch.Generator().manual_seed(0)
    model = SinGAN(config, sizes, torch.zeros(3, 186, 248, dtype=torch.uint8), torch.zeros(1, 3, *sizes[0]))
    for scale in range(len(sizes)):
        network = Generator(config.width(scale), config.normalization)
        initialize(network, config.normalization, rng)
        model.add_scale(network, 0.1)
    return model.to(device())


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    if device() == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def machine() -> str:
    return torch.cuda.get_device_name() if device() == "cuda" else f"{torch.get_num_threads()} CPU threads"


def peak_memory() -> float:
    """Peak memory of this process so far in MB: the GPU's, or resident memory."""
    if device() == "cuda":
        return torch.cuda.max_memory_allocated() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def save_sheet(path: Path, images: list[Tensor]) -> None:
    """Six pictures in two rows: the photograph, its reconstruction, four samples."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [torch.cat([image[0] for image in images[i : i + 3]], dim=-1) for i in (0, 3)]
    pixels = (torch.cat(rows, dim=-2).permute(1, 2, 0) + 1) * 127.5
    Image.fromarray(pixels.round().byte().numpy()).save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["train", "sample", "large", "memory"])
    parser.add_argument("--preset", choices=list(PRESETS), default="standard")
    parser.add_argument("--photographs", nargs="+", default=list(PHOTOGRAPHS), help="names in skimage.data")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each photograph")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="changes of the preset")
    dtypes = ["float32", "bfloat16"]
    parser.add_argument("--dtype", choices=dtypes, default="bfloat16", help="the node takes float32 for paper")
    sides = [250, 512, 1024]
    parser.add_argument("--sides", nargs="+", type=int, default=sides, help="of the pictures for memory, in pixels")
    parser.add_argument("--pictures", type=Path, help="folder for a sheet of samples of each model")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        changes = {name: json.loads(value) for name, value in (item.split("=") for item in arguments.set)}
        config = replace(PRESETS[arguments.preset], **changes)
        dtype = getattr(torch, arguments.dtype)
        if arguments.what == "memory":
            print(json.dumps(training_memory(config, int(arguments.one), dtype)))
        else:
            print(json.dumps(measure(arguments.one, config, arguments.seed, dtype, arguments.pictures)))
    else:
        tables = {"train": train_table, "sample": sample_table, "large": large_table, "memory": memory_table}
        tables[arguments.what](arguments)


if __name__ == "__main__":
    main()

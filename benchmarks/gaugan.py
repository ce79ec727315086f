"""Compares GauGAN's fast path with the plain SPADE layers in one run: python benchmarks/gaugan.py [--quick]

The nets have random weights and the full size of the released nets. There are ten kinds of label maps, from three large
regions to twenty-five small ones, and noise. For each kind, the benchmark measures the plain path, a picture without a
cache, the first picture of a new label map, a further style of it, and the bytes of the scales and shifts in the cache.
Prints Markdown tables.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan_models.gaugan import (
    Generator,
    GeneratorConfig,
    ModulationCache,
    label_codes,
    one_hot,
    synthesize,
)
from gan_models.gaugan.networks.noise import Noise

NETS = {
    "COCO, with style, 256x256": (GeneratorConfig(182, unknown=True, instance_edges=True), 256, 256),
    "Cityscapes, no style, 256x512": (
        GeneratorConfig(35, instance_edges=True, z_dim=0, upsampling="more", crop_size=512, aspect_ratio=2), 256, 512,
    ),
}  # fmt: skip

REGIONS = (3, 4, 5, 6, 8, 10, 12, 15, 20, 25)


def regions_map(count: int, classes: int, height: int, width: int, seed: int) -> tuple[Tensor, Tensor]:
    """Regions with ragged borders: class ids and region numbers, int64 ``[1, H, W]``."""
    drawn = torch.Generator().manual_seed(seed)
    ys, xs = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / height, indexing="ij")
    noise = [torch.randn(1, 2, cells, cells, generator=drawn) / cells for cells in (4, 8, 16, 32)]
    bend_y, bend_x = 0.24 * sum(F.interpolate(n, (height, width), mode="bicubic") for n in noise)[0]
    centres = torch.rand(count, 2, generator=drawn) * torch.tensor([1, width / height])
    regions = torch.stack([(ys + bend_y - y) ** 2 + (xs + bend_x - x) ** 2 for y, x in centres]).argmin(0)
    return torch.randint(0, classes, (count,), generator=drawn)[regions][None], regions[None]


def noise_map(classes: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    ids = torch.randint(0, classes, (1, height, width), generator=torch.Generator().manual_seed(1))
    return ids, ids


def fresh(config: GeneratorConfig) -> Generator:
    """A net with random weights in the memory layout of loaded ones."""
    torch.manual_seed(0)
    net = Generator(config).eval().requires_grad_(False)
    for name, module in net.named_modules():
        if isinstance(module, nn.Conv2d) and "mlp" not in name:
            nn.init.kaiming_normal_(module.weight, 0.2)
    for name, buffer in net.named_buffers():
        if name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return net.to(memory_format=torch.channels_last)


def best(work: Callable[[], object], repeats: int) -> float:
    """Seconds of the fastest of several runs."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


@torch.no_grad()
def measure(net: Generator, ids: Tensor, instances: Tensor, repeats: int, styles: int = 0) -> dict[str, float]:
    """Seconds of every path for one label map, bytes in the cache, and the largest difference between the paths."""
    weight = net.conv_img.weight
    ids, instances = ids.to(weight.device), instances.to(weight.device)
    z = torch.randn(styles or 1, net.config.z_dim, device=weight.device).to(weight.dtype) if net.config.z_dim else None
    labels = one_hot(net.config, label_codes(net.config, ids, instances), weight.dtype)
    cache, shifts = ModulationCache(1 << 32), count(1)

    def cold() -> Tensor:
        cache.clear()
        return synthesize(net, ids, z, instances=instances, cache=cache)

    def first() -> Tensor:
        shift = next(shifts)
        moved, moved_instances = ids.roll(shift, -1), instances.roll(shift, -1)
        return synthesize(net, moved, z, instances=moved_instances, cache=cache)

    def further() -> Tensor:
        return synthesize(net, ids, z, instances=instances, cache=cache)

    def plain() -> Tensor:
        return net(labels, z, Noise(0))

    result = {"difference": (cold() - plain()).abs().max().item()}
    kept = {"kept": cache.bytes, "filters": cache.filter_bytes}
    if styles:
        return result | {"cold": best(cold, repeats), "further": best(further, repeats)}
    seconds: dict[str, float] = {}
    paths = {"plain": plain, "cold": cold, "first": first, "further": further}
    for _ in range(repeats):
        for name, work in paths.items():
            seconds[name] = min(seconds.get(name, 1e9), best(work, 1))
    gains = {f"{name} gain": seconds["plain"] / seconds[name] for name in paths}
    return result | seconds | gains | kept


def table(name: str, net: Generator, height: int, width: int, quick: bool, repeats: int) -> None:
    """Print the results for every kind of label map."""
    print(f"\n### {name}, {net.conv_img.weight.dtype} on {net.conv_img.weight.device}\n")
    print("| label map | plain | nothing kept | | new label map | | further style | | kept | difference |")
    print(f"|{'---|' * 10}")
    rows = []
    for regions in (3, 8, 25) if quick else REGIONS:
        rows.append(measure(net, *regions_map(regions, net.config.classes, height, width, seed=regions), repeats))
        print_row(f"{regions} regions", rows[-1])
    print_row("**median**", {key: statistics.median(row[key] for row in rows) for key in rows[0]})
    print_row("noise", measure(net, *noise_map(net.config.classes, height, width), repeats))
    print(f"\nTransformed weights, kept for all label maps: {rows[0]['filters'] / 1e6:.0f} MB.")
    if net.config.z_dim:
        label_map = regions_map(10, net.config.classes, height, width, seed=10)
        one, eight = (measure(net, *label_map, max(1, repeats - 1), styles) for styles in (1, 8))
        for path, said in (("cold", "a new label map"), ("further", "a kept one")):
            print(f"\nEight styles of {said}: {1000 * eight[path]:.0f} ms, {eight[path] / one[path]:.1f}x one.")


def print_row(kind: str, row: dict[str, float]) -> None:
    """Print one row of the table."""
    times = [f"{1000 * row[path]:.0f} ms | {row[f'{path} gain']:.1f}x" for path in ("cold", "first", "further")]
    print(f"| {kind} | {1000 * row['plain']:.0f} ms | {' | '.join(times)} | {row['kept'] / 1e6:.0f} MB "
          f"| {row['difference']:.1e} |", flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="measure only three kinds of label maps and the COCO net")
    parser.add_argument("--repeats", type=int, default=3, help="number of runs, of which the fastest counts")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    devices = [(torch.device("cpu"), torch.float32)]
    if torch.cuda.is_available():
        devices += [(torch.device("cuda"), torch.float32), (torch.device("cuda"), torch.float16)]
    print(f"torch {torch.__version__}, {args.threads} CPU threads")
    for name, (config, height, width) in list(NETS.items())[: 1 if args.quick else 2]:
        for device, dtype in devices:
            table(name, fresh(config).to(device, dtype), height, width, args.quick, args.repeats)


if __name__ == "__main__":
    main()

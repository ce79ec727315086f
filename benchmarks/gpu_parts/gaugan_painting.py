"""Milliseconds a picture of GauGAN's fast path and of the plain SPADE layers, in one run."""

import torch
from torch import Tensor, nn

import gaugan as comparison
from gan_models.gaugan import (
    Generator,
    GeneratorConfig,
    LabelMaps,
    ModulationCache,
    label_codes,
    one_hot,
    open_synthesizer,
    synthesize,
)
from gan_models.gaugan.networks.noise import Noise
from gan_models.kernels.winograd import Filters

from .setup import ROOT, Report, Setup

TINY = GeneratorConfig(7, ngf=4, nhidden=8, z_dim=6, crop_size=128)


def measure(setup: Setup, report: Report, net: str, dtype: str) -> None:
    """Report the times of every path, the share of the convolutions, and the peak memory.

    Args:
        net: "bundled" or "COCO".
        dtype: of the whole net: "float32", "float16" or "bfloat16".
    """
    generator = _generator(net, setup).to(setup.place, getattr(torch, dtype))
    height = width = 128 if setup.tiny else 256
    ids, instances = comparison.regions_map(10, generator.config.classes, height, width, seed=10)
    ids, instances = ids.to(setup.place), instances.to(setup.place)
    what = f"{'tiny' if setup.tiny and net == 'COCO' else net} net, {width}×{height}, {dtype}"
    times = comparison.measure(generator, ids, instances, setup.repeats)
    milliseconds = {path: 1000 * times[path] for path in ("plain", "cold", "first", "further")}
    gains = {f"{path}_gain": times[f"{path} gain"] for path in ("cold", "first", "further")}
    report(f"{what}, ms", **milliseconds, **gains, largest_difference=times["difference"],
           kept_MB=times["kept"] / 1e6)  # fmt: skip
    with torch.no_grad():
        own = 1000 * _convolutions(generator, ids, instances, setup)
        shares = {f"of_{path}": own / milliseconds[path] for path in milliseconds}
        report(f"{what}, convolutions alone", ms=own, **shares)
        z, labels = _inputs(generator, ids, instances)
        peaks = {
            "plain": setup.peak_memory(lambda: generator(labels, z, Noise(0))),
            "fast": setup.peak_memory(
                lambda: synthesize(generator, ids, z, instances=instances, cache=ModulationCache(1 << 32))
            ),
        }
    report(f"{what}, peak MB", **peaks)


def _generator(net: str, setup: Setup) -> Generator:
    """The bundled net, or one of the size of the released COCO net (or a tiny one) with random weights."""
    if net == "bundled":
        path = ROOT / "weights" / "gaugan-landscape.safetensors"
        generator = open_synthesizer(path, without_encoder=True).generator
        assert isinstance(generator, Generator)
        return generator.to(memory_format=torch.channels_last)
    return comparison.fresh(TINY if setup.tiny else comparison.NETS["COCO, with style, 256x256"][0])


def _inputs(generator: Generator, ids: Tensor, instances: Tensor) -> tuple[Tensor | None, Tensor]:
    config, weight = generator.config, generator.conv_img.weight
    z = weight.new_zeros(1, config.z_dim) if config.z_dim else None
    return z, one_hot(config, label_codes(config, ids, instances), weight.dtype)


def _convolutions(generator: Generator, ids: Tensor, instances: Tensor, setup: Setup) -> float:
    """Seconds that the convolutions take which every path has in common: all but those that read label maps."""
    inputs: list[tuple[nn.Conv2d, Tensor]] = []
    hooks = [
        layer.register_forward_hook(lambda layer, given, _: inputs.append((layer, given[0])))
        for name, layer in generator.named_modules()
        if isinstance(layer, nn.Conv2d) and "mlp" not in name
    ]
    z, labels = _inputs(generator, ids, instances)
    generator(labels, z, Noise(0))
    for hook in hooks:
        hook.remove()
    maps = LabelMaps(generator.config, label_codes(generator.config, ids, instances), filters=Filters())

    def convolve_all() -> None:
        for layer, x in inputs:
            maps.convolve(layer, x) if layer.kernel_size == (3, 3) else layer(x)

    return setup.seconds(convolve_all)

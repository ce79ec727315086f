"""Reads a folder of the released format: Gs.pth, Zs.pth, NoiseAmp.pth and reals.pth.

These are pickled lists with an entry for every scale, the networks being whole modules. No code from a file is run: the
modules are read as descriptions (see ``inert_pickle``), of which only the order and the shapes of the tensors matter,
not the names of the classes.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..filling import LARGEST, fill, require_sound
from ..inert_pickle import Described, read
from ..pixels import to_bytes
from ..quoting import plain, shown
from .config import SinGANConfig
from .model import SinGAN
from .networks import MARGIN, Generator
from .pyramid import Size
from .rebuilding import MOST_SCALES, require_bounded

NETWORKS, NOISE, AMPLITUDES, PICTURES = FILES = ("Gs.pth", "Zs.pth", "NoiseAmp.pth", "reals.pth")
BATCH_NORM_EPSILON, SLOPE = 1e-5, 0.2
CONVOLUTIONS = 5

_SETTINGS = {
    "stride": 1, "padding": 0, "dilation": 1, "groups": 1, "padding_mode": "zeros", "eps": BATCH_NORM_EPSILON,
    "negative_slope": SLOPE, "track_running_stats": True,
}  # fmt: skip
"""Values that these attributes of a layer must have, if it has them."""


def load_released(folder: str | Path) -> SinGAN:
    """Load a model from a folder that the released code wrote.

    Batch norm uses the running averages in the files, as the released code does. The noise of the coarsest scale is
    the reconstruction's. The files do not contain the settings of the training; ``config`` has what follows from the
    shapes, and the released schedule otherwise. Besides what ``inert_pickle.read`` takes for one file at a time, the
    tensors of all files and the networks take twice their size in memory.

    Raises:
        FileNotFoundError: one of the four files is missing.
        ValueError: a file is damaged or would run code, or its networks have another architecture.
    """
    folder = Path(folder)
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{', '.join(missing)} missing in {plain(folder)}; a released SinGAN is a folder with "
                                f"{', '.join(FILES)}")  # fmt: skip
    networks = [_network(content, scale) for scale, content in enumerate(_list(folder, NETWORKS))]
    noise = _list(folder, NOISE)
    amplitudes = [_amplitude(content, scale) for scale, content in enumerate(_list(folder, AMPLITUDES))]
    pictures = [_picture(content, scale) for scale, content in enumerate(_list(folder, PICTURES))]
    if not len(networks) == len(amplitudes) == len(pictures) > 1:
        raise ValueError(f"{plain(folder.name)} contains {len(networks)} networks, {len(amplitudes)} amplitudes and "
                         f"{len(pictures)} pictures; there must be one of each for every scale, and at least two "
                         "scales. Was the training stopped?")  # fmt: skip
    if len(networks) > MOST_SCALES:
        raise ValueError(f"{plain(folder.name)} contains {len(networks)} scales; at most {MOST_SCALES} are supported")
    sizes = [(int(picture.shape[-2]), int(picture.shape[-1])) for picture in pictures]
    if any(coarse[0] > fine[0] or coarse[1] > fine[1] for coarse, fine in pairwise(sizes)):
        raise ValueError(f"the pictures in {PICTURES} must grow from scale to scale; they are {sizes[:4]}")
    pixels = to_bytes(pictures[-1])
    widths = [len(network.state_dict()["layers.0.bias"]) for network in networks]
    config = SinGANConfig(
        max_size=max(sizes[-1]), min_size=min(sizes[0]), channels=widths[0], max_channels=max(widths)
    )
    model = SinGAN(config, sizes, pixels, _z_rec(noise, sizes[0]), {"origin": "released format"})
    for scale, (network, amplitude) in enumerate(zip(networks, amplitudes, strict=True)):
        require_bounded(network, model.z_rec, amplitude, scale)
        model.add_scale(network, amplitude)
    return model


def _list(folder: Path, name: str) -> list[Any]:
    content = read(folder / name)
    if not isinstance(content, list) or not content:
        raise ValueError(f"{name} must contain a list with an entry for every scale")
    return content


def _network(content: Any, scale: int) -> Generator:
    where = f"network {scale} of {NETWORKS}"
    layers = list(_layers(content, where, set()))
    for layer in layers:
        _check_settings(layer, where)
    weights = [_tensors(layer, where) for layer in layers if layer.state["_parameters"]]
    dimensions = [tensors["weight"].ndim for tensors in weights]
    if dimensions != [4, 1] * (CONVOLUTIONS - 1) + [4]:
        raise ValueError(f"{where} has {dimensions.count(4)} convolutions and {dimensions.count(1)} batch norms; it "
                         f"must have {CONVOLUTIONS} convolutions with a batch norm after all but the last")  # fmt: skip
    width, channels = weights[0]["weight"].shape[:2]
    if channels == 1:
        raise ValueError(f"{where} was trained on grey pictures (nc_im = 1), but only SinGANs of colour pictures are "
                         "supported; train it again on an RGB picture (nc_im = 3)")  # fmt: skip
    with torch.device("meta"):
        network = Generator(width, "batch")
    named = {}
    ours = [(name, own) for name, own in network.layers.named_children() if list(own.parameters())]
    for (name, own), tensors in zip(ours, weights, strict=True):
        for part, value in own.state_dict().items():
            if part == "num_batches_tracked":
                continue
            if part not in tensors or tensors[part].shape != value.shape or not _finite(tensors[part]):
                raise ValueError(f"{where}: {part} of a layer is {_shape(tensors.get(part))}; it must be a finite "
                                 f"tensor {list(value.shape)}")  # fmt: skip
            named[f"layers.{name}.{part}"] = tensors[part].float()
    try:
        return fill(network, named, "a SinGAN").eval()
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from error


def _layers(module: Any, where: str, seen: set[int]) -> Iterator[Described]:
    """The modules without submodules, in the order in which they were created."""
    if not isinstance(module, Described) or not isinstance(module.state, dict) or id(module) in seen:
        raise ValueError(f"{where} is not a valid torch module")
    seen.add(id(module))
    if not all(isinstance(module.state.get(name), dict) for name in ("_modules", "_parameters", "_buffers")):
        raise ValueError(f"{where} is not a valid torch module")
    if not module.state["_modules"]:
        yield module
    for part in module.state["_modules"].values():
        yield from _layers(part, where, seen)


def _tensors(layer: Described, where: str) -> dict[str, Tensor]:
    tensors: dict[str, Any] = layer.state["_parameters"] | layer.state["_buffers"]
    if not all(isinstance(value, Tensor) for value in tensors.values()) or "weight" not in tensors:
        names = ", ".join(plain(name) for name in list(tensors)[:6])
        raise ValueError(f"{where}: a {plain(layer.kind)} has {names}; supported are convolutions with a bias "
                         "and batch norms with running averages")  # fmt: skip
    return tensors


def _check_settings(layer: Described, where: str) -> None:
    for name, wanted in _SETTINGS.items():
        value = layer.state.get(name, wanted)
        if any(not isinstance(one, int | float | str) or one != wanted for one in _numbers(value)):
            raise ValueError(f"{where}: a {plain(layer.kind)} has {name} = {_shape(value)}; only {wanted} is supported")


def _numbers(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _picture(content: Any, scale: int) -> Tensor:
    if not isinstance(content, Tensor) or content.ndim != 4 or content.shape[:2] != (1, 3) or content.numel() == 0:
        raise ValueError(f"picture {scale} of {PICTURES} is {_shape(content)}; it must be a tensor [1, 3, H, W]")
    if not _finite(content):
        raise ValueError(f"picture {scale} of {PICTURES} has pixels that are NaN or infinite")
    return content.float()


def _amplitude(content: Any, scale: int) -> float:
    if isinstance(content, Tensor) and content.numel() == 1:
        content = content.item()
    if not isinstance(content, int | float) or not 0 <= content <= LARGEST:
        raise ValueError(f"amplitude {scale} of {AMPLITUDES} is {_shape(content)}; it must be a finite number, and not "
                         "negative")  # fmt: skip
    return float(content)


def _z_rec(noise: list[Any], size: Size) -> Tensor:
    """The coarsest scale's reconstruction noise, ``[1, 3, h, w]``, without the border that pads it for the networks."""
    first = noise[0]
    bordered = (1, 3, size[0] + 2 * MARGIN, size[1] + 2 * MARGIN)
    if isinstance(first, Tensor) and tuple(first.shape) == bordered:
        first = first[:, :, MARGIN:-MARGIN, MARGIN:-MARGIN]
    if not isinstance(first, Tensor) or tuple(first.shape) != (1, 3, *size) or not _finite(first):
        raise ValueError(f"the first noise of {NOISE} is {_shape(first)}; it must be a finite tensor {[1, 3, *size]}, "
                         f"with or without a border of {MARGIN} pixels")  # fmt: skip
    require_sound(f"the first noise of {NOISE}", first)
    return first.float().contiguous()


def _finite(tensor: Tensor) -> bool:
    return tensor.is_floating_point() and bool(tensor.isfinite().all())


def _shape(content: Any) -> str:
    if isinstance(content, Tensor):
        return f"a tensor {list(content.shape)}"
    return f"a {plain(content.kind)}" if isinstance(content, Described) else shown(content)

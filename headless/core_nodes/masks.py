"""Nodes that make, change and show masks."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..api import io, ui
from .images import MAX_RESOLUTION


def _flat(mask: torch.Tensor) -> torch.Tensor:
    """Returns ``[B, H, W]`` from a mask with any number of leading dimensions."""
    return mask.reshape(-1, *mask.shape[-2:])


class MaskToImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MaskToImage",
            display_name="Convert Mask to Image",
            category="image/mask",
            inputs=[io.Mask.Input("mask")],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, mask: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput(_flat(mask).unsqueeze(-1).expand(-1, -1, -1, 3))


class ImageToMask(io.ComfyNode):
    CHANNELS = ["red", "green", "blue", "alpha"]

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageToMask",
            display_name="Convert Image to Mask",
            category="image/mask",
            inputs=[io.Image.Input("image"), io.Combo.Input("channel", options=cls.CHANNELS)],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, channel: str) -> io.NodeOutput:
        return io.NodeOutput(image[..., cls.CHANNELS.index(channel)])


class InvertMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="InvertMask",
            display_name="Invert Mask",
            category="image/mask",
            inputs=[io.Mask.Input("mask")],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, mask: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput(1.0 - mask)


class SolidMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SolidMask",
            display_name="Create Solid Mask",
            category="image/mask",
            inputs=[
                io.Float.Input("value", default=1.0, min=0.0, max=1.0, step=0.01),
                io.Int.Input("width", default=512, min=1, max=MAX_RESOLUTION, step=1),
                io.Int.Input("height", default=512, min=1, max=MAX_RESOLUTION, step=1),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, value: float, width: int, height: int) -> io.NodeOutput:
        return io.NodeOutput(torch.full((1, height, width), value))


class GrowMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="GrowMask",
            display_name="Grow Mask",
            category="image/mask",
            inputs=[
                io.Mask.Input("mask"),
                io.Int.Input("expand", default=0, min=-MAX_RESOLUTION, max=MAX_RESOLUTION, step=1),
                io.Boolean.Input("tapered_corners", default=True, advanced=True),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, mask: torch.Tensor, expand: int, tapered_corners: bool) -> io.NodeOutput:
        grown = _flat(mask).unsqueeze(1)
        # Shrinking is growing the inverse.
        sign = 1 if expand >= 0 else -1
        grown = grown * sign
        for _ in range(abs(expand)):
            padded = F.pad(grown, (1, 1, 1, 1), mode="replicate")
            if tapered_corners:
                tall = F.max_pool2d(padded, (3, 1), stride=1)[..., 1:-1]
                wide = F.max_pool2d(padded, (1, 3), stride=1)[..., 1:-1, :]
                grown = torch.maximum(tall, wide)
            else:
                grown = F.max_pool2d(padded, 3, stride=1)
        return io.NodeOutput((grown * sign).squeeze(1))


class CropMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="CropMask",
            display_name="Crop Mask",
            category="image/mask",
            inputs=[
                io.Mask.Input("mask"),
                io.Int.Input("x", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("y", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("width", default=512, min=1, max=MAX_RESOLUTION, step=1),
                io.Int.Input("height", default=512, min=1, max=MAX_RESOLUTION, step=1),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, mask: torch.Tensor, x: int, y: int, width: int, height: int) -> io.NodeOutput:
        return io.NodeOutput(_flat(mask)[:, y : y + height, x : x + width])


class FeatherMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="FeatherMask",
            display_name="Feather Mask",
            category="image/mask",
            inputs=[
                io.Mask.Input("mask"),
                io.Int.Input("left", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("top", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("right", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("bottom", default=0, min=0, max=MAX_RESOLUTION, step=1),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def execute(cls, mask: torch.Tensor, left: int, top: int, right: int, bottom: int) -> io.NodeOutput:
        flat = _flat(mask)
        height, width = flat.shape[-2:]
        columns = _ramp(width, left) * _ramp(width, right).flip(0)
        rows = _ramp(height, top) * _ramp(height, bottom).flip(0)
        return io.NodeOutput(flat * columns * rows[:, None])


def _ramp(length: int, feather: int) -> torch.Tensor:
    """Returns ``1/feather, 2/feather, ... 1, 1, 1`` with this length."""
    feather = min(feather, length)
    ramp = torch.ones(length)
    ramp[:feather] = torch.arange(1, feather + 1) / max(feather, 1)
    return ramp


class MaskPreview(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="MaskPreview",
            display_name="Preview Mask",
            category="image/mask",
            description="Preview the masks without saving them to the ComfyUI output directory.",
            inputs=[io.Mask.Input("mask")],
            outputs=[io.Mask.Output(display_name="mask")],
            hidden=[io.Hidden.prompt, io.Hidden.extra_pnginfo],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, mask: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput(mask, ui=ui.PreviewMask(mask))

"""Nodes that make, resize, batch and compose images."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from ..api import io
from ..runtime.utils import common_upscale, repeat_to_batch_size

MAX_RESOLUTION = 16384
_METHODS = ["nearest-exact", "bilinear", "area", "bicubic", "lanczos"]


def _resize(image: torch.Tensor, width: int, height: int, method: str, crop: str) -> torch.Tensor:
    return common_upscale(image.movedim(-1, 1), width, height, method, crop).movedim(1, -1)


class EmptyImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="EmptyImage",
            display_name="Empty Image",
            category="image",
            inputs=[
                io.Int.Input("width", default=512, min=1, max=MAX_RESOLUTION, step=1),
                io.Int.Input("height", default=512, min=1, max=MAX_RESOLUTION, step=1),
                io.Int.Input("batch_size", default=1, min=1, max=4096),
                io.Int.Input("color", default=0, min=0, max=0xFFFFFF, step=1),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, width: int, height: int, batch_size: int, color: int) -> io.NodeOutput:
        rgb = torch.tensor([color >> 16 & 0xFF, color >> 8 & 0xFF, color & 0xFF]) / 255
        return io.NodeOutput(rgb.expand(batch_size, height, width, 3).clone())


class ImageScale(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageScale",
            display_name="Upscale Image",
            category="image/upscaling",
            inputs=[
                io.Image.Input("image"),
                io.Combo.Input("upscale_method", options=_METHODS),
                io.Int.Input("width", default=512, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("height", default=512, min=0, max=MAX_RESOLUTION, step=1),
                io.Combo.Input("crop", options=["disabled", "center"]),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, upscale_method: str, width: int, height: int, crop: str) -> io.NodeOutput:
        old_height, old_width = image.shape[1:3]
        if width == 0 and height == 0:
            return io.NodeOutput(image)
        width = width or max(1, round(old_width * height / old_height))
        height = height or max(1, round(old_height * width / old_width))
        return io.NodeOutput(_resize(image, width, height, upscale_method, crop))


class ImageScaleBy(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageScaleBy",
            display_name="Upscale Image By",
            category="image/upscaling",
            inputs=[
                io.Image.Input("image"),
                io.Combo.Input("upscale_method", options=_METHODS),
                io.Float.Input("scale_by", default=1.0, min=0.01, max=8.0, step=0.01),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, upscale_method: str, scale_by: float) -> io.NodeOutput:
        width, height = round(image.shape[2] * scale_by), round(image.shape[1] * scale_by)
        return io.NodeOutput(_resize(image, width, height, upscale_method, "disabled"))


class ImageBatch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageBatch",
            display_name="Batch Images (DEPRECATED)",
            category="image/batch",
            inputs=[io.Image.Input("image1"), io.Image.Input("image2")],
            outputs=[io.Image.Output()],
            is_deprecated=True,
        )

    @classmethod
    def execute(cls, image1: torch.Tensor, image2: torch.Tensor) -> io.NodeOutput:
        channels = max(image1.shape[-1], image2.shape[-1])
        # An image without alpha is opaque.
        image1, image2 = (F.pad(image, (0, channels - image.shape[-1]), value=1.0) for image in (image1, image2))
        height, width = image1.shape[1:3]
        if image2.shape[1:3] != (height, width):
            image2 = _resize(image2, width, height, "bilinear", "center")
        return io.NodeOutput(torch.cat((image1, image2)))


class ImageFromBatch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageFromBatch",
            display_name="Get Image from Batch",
            category="image/batch",
            inputs=[
                io.Image.Input("image"),
                io.Int.Input("batch_index", default=0, min=-MAX_RESOLUTION, max=MAX_RESOLUTION),
                io.Int.Input("length", default=1, min=1, max=4096),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, batch_index: int, length: int) -> io.NodeOutput:
        if batch_index < 0:
            batch_index += len(image)
        first = max(0, min(len(image) - 1, batch_index))
        return io.NodeOutput(image[first : first + length].clone())


class RepeatImageBatch(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="RepeatImageBatch",
            display_name="Repeat Image Batch",
            category="image/batch",
            inputs=[io.Image.Input("image"), io.Int.Input("amount", default=1, min=1, max=4096)],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(cls, image: torch.Tensor, amount: int) -> io.NodeOutput:
        return io.NodeOutput(image.repeat(amount, 1, 1, 1))


class ImageCompositeMasked(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="ImageCompositeMasked",
            display_name="Image Composite Masked",
            category="image/compositing",
            inputs=[
                io.Image.Input("destination"),
                io.Image.Input("source"),
                io.Int.Input("x", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Int.Input("y", default=0, min=0, max=MAX_RESOLUTION, step=1),
                io.Boolean.Input("resize_source", default=False),
                io.Mask.Input("mask", optional=True),
            ],
            outputs=[io.Image.Output()],
        )

    @classmethod
    def execute(
        cls,
        destination: torch.Tensor,
        source: torch.Tensor,
        x: int,
        y: int,
        resize_source: bool,
        mask: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        channels = destination.shape[-1]
        source = F.pad(source[..., :channels], (0, max(0, channels - source.shape[-1])), value=1.0)
        result = destination.clone()
        height, width = result.shape[1:3]
        if resize_source:
            source = _resize(source, width, height, "bilinear", "disabled")
        source = repeat_to_batch_size(source, len(result))
        if mask is None:
            mask = torch.ones(source.shape[:3])
        weight = F.interpolate(mask.reshape(-1, 1, *mask.shape[-2:]), size=source.shape[1:3], mode="bilinear")
        weight = repeat_to_batch_size(weight, len(source)).movedim(1, -1)

        window = result[:, y : y + source.shape[1], x : x + source.shape[2]]
        seen_height, seen_width = window.shape[1:3]
        weight = weight[:, :seen_height, :seen_width]
        source = source[:, :seen_height, :seen_width]
        window.copy_(weight * source + (1 - weight) * window)
        return io.NodeOutput(result)

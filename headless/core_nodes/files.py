"""Nodes that load, save and show."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageOps, ImageSequence

from ..api import io, ui
from ..runtime import folders

_PICTURES = {".avif", ".bmp", ".gif", ".jfif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


def _input_pictures() -> list[str]:
    folder = folders.get_input_directory()
    if not os.path.isdir(folder):
        return []
    files = [name for name in os.listdir(folder) if os.path.isfile(os.path.join(folder, name))]
    return folders.filter_files_extensions(files, _PICTURES)


def _picture_problem(image: str) -> bool | str:
    """Returns True if the widget names a file, else the sentence for validate_inputs."""
    if folders.exists_annotated_filepath(image):
        return True
    name, folder = folders.annotated_filepath(image)
    return f"there is no picture {name!r} in the folder {folder or folders.get_input_directory()}"


def _content_hash(image: str) -> str:
    return hashlib.sha256(Path(folders.get_annotated_filepath(image)).read_bytes()).hexdigest()


def load_picture(path: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns all frames that have the size of the first: ``[B, H, W, 3]`` and the inverted alpha ``[B, H, W]``.

    Without alpha the mask is 64 x 64 zeros, as in ComfyUI. Pillow decodes; ComfyUI of today uses FFmpeg,
    whose JPEG colours differ by a few levels.
    """
    images: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    with Image.open(path) as file:
        for raw in ImageSequence.Iterator(file):
            frame = ImageOps.exif_transpose(raw)
            if frame.mode == "P" and "transparency" in frame.info:
                frame = frame.convert("RGBA")
            pixels = _rgb(frame)
            if images and pixels.shape != images[0].shape:
                continue
            mask = np.zeros((64, 64), dtype=np.float32)
            if "A" in frame.getbands():
                mask = 1.0 - np.asarray(frame.getchannel("A"), dtype=np.float32) / 255.0
            images.append(pixels)
            masks.append(mask)
    return torch.from_numpy(np.stack(images)), torch.from_numpy(np.stack(masks))


def _rgb(frame: Image.Image) -> np.ndarray:
    """Returns ``[H, W, 3]`` in 0..1. Pillow itself would clip 16-bit greyscale at 255."""
    if frame.mode.startswith("I"):
        grey = np.asarray(frame, dtype=np.float32) / 65535.0
        return np.repeat(grey[..., None], 3, axis=-1)
    return np.asarray(frame.convert("RGB"), dtype=np.float32) / 255.0


class LoadImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="LoadImage",
            display_name="Load Image",
            category="image",
            inputs=[io.Combo.Input("image", options=_input_pictures(), upload=io.UploadType.image)],
            outputs=[io.Image.Output(), io.Mask.Output()],
        )

    @classmethod
    def validate_inputs(cls, image: str) -> bool | str:
        return _picture_problem(image)

    @classmethod
    def fingerprint_inputs(cls, image: str) -> str:
        return _content_hash(image)

    @classmethod
    def execute(cls, image: str) -> io.NodeOutput:
        return io.NodeOutput(*load_picture(folders.get_annotated_filepath(image)))


class LoadImageMask(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="LoadImageMask",
            display_name="Load Image (as Mask)",
            category="image",
            inputs=[
                io.Combo.Input("image", options=_input_pictures(), upload=io.UploadType.image),
                io.Combo.Input("channel", options=["alpha", "red", "green", "blue"]),
            ],
            outputs=[io.Mask.Output()],
        )

    @classmethod
    def validate_inputs(cls, image: str) -> bool | str:
        return _picture_problem(image)

    @classmethod
    def fingerprint_inputs(cls, image: str, channel: str) -> str:
        return _content_hash(image)

    @classmethod
    def execute(cls, image: str, channel: str) -> io.NodeOutput:
        pixels, mask = load_picture(folders.get_annotated_filepath(image))
        if channel == "alpha":
            return io.NodeOutput(mask)
        return io.NodeOutput(pixels[..., ["red", "green", "blue"].index(channel)].clone())


class SaveImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SaveImage",
            display_name="Save Image",
            category="image",
            inputs=[io.Image.Input("images"), io.String.Input("filename_prefix", default="ComfyUI")],
            outputs=[io.Image.Output(display_name="images")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: torch.Tensor, filename_prefix: str) -> io.NodeOutput:
        saved = ui.ImageSaveHelper.save_images(images, filename_prefix, io.FolderType.output, cls)
        return io.NodeOutput(images, ui=ui.SavedImages(saved))


class SaveAnimatedWEBP(io.ComfyNode):
    METHODS = {"default": 4, "fastest": 0, "slowest": 6}

    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="SaveAnimatedWEBP",
            display_name="Save Animated WEBP",
            category="image",
            inputs=[
                io.Image.Input("images"),
                io.String.Input("filename_prefix", default="ComfyUI"),
                io.Float.Input("fps", default=6.0, min=0.01, max=1000.0, step=0.01),
                io.Boolean.Input("lossless", default=True),
                io.Int.Input("quality", default=80, min=0, max=100),
                io.Combo.Input("method", options=list(cls.METHODS)),
            ],
            outputs=[io.Image.Output(display_name="images")],
            is_output_node=True,
        )

    @classmethod
    def execute(
        cls, images: torch.Tensor, filename_prefix: str, fps: float, lossless: bool, quality: int, method: str
    ) -> io.NodeOutput:
        saved = ui.ImageSaveHelper.save_animated_webp(
            images, filename_prefix, io.FolderType.output, cls, fps, lossless, quality, cls.METHODS[method]
        )
        return io.NodeOutput(images, ui=ui.SavedImages([saved], is_animated=len(images) > 1))


class PreviewImage(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PreviewImage",
            display_name="Preview Image",
            category="image",
            inputs=[io.Image.Input("images")],
            outputs=[io.Image.Output(display_name="images")],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, images: torch.Tensor) -> io.NodeOutput:
        return io.NodeOutput(images, ui=ui.PreviewImage(images, cls=cls))


class PreviewAny(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id="PreviewAny",
            display_name="Preview as Text",
            category="utilities",
            inputs=[io.AnyType.Input("source")],
            outputs=[io.String.Output()],
            is_output_node=True,
        )

    @classmethod
    def execute(cls, source: Any) -> io.NodeOutput:
        text = source if isinstance(source, str) else _as_text(source)
        return io.NodeOutput(text, ui=ui.PreviewText(text))


def _as_text(value: Any) -> str:
    if isinstance(value, (int, float, bool)) or value is None:
        return str(value)
    try:
        return json.dumps(value, indent=4, ensure_ascii=False)
    except TypeError:
        return str(value)

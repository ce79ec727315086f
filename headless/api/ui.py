"""The names of ``comfy_api.latest.ui``: pictures and texts that a node shows, and the helper that saves them."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as PILImage
from PIL.PngImagePlugin import PngInfo

from ..runtime import folders
from .inputs import FolderType
from .node import ComfyNode, UIOutput

__all__ = ["ImageSaveHelper", "PreviewImage", "PreviewMask", "PreviewText", "SavedImages", "SavedResult"]

_EXIF_MODEL = 0x0110
_EXIF_MAKE = 0x010F


class SavedResult(dict[str, str]):
    """``{"filename", "subfolder", "type"}`` of a file that the browser can request."""

    def __init__(self, filename: str, subfolder: str, type: FolderType) -> None:
        super().__init__(filename=filename, subfolder=subfolder, type=type.value)


class SavedImages(UIOutput):
    def __init__(self, results: list[SavedResult], is_animated: bool = False) -> None:
        self.results = results
        self.is_animated = is_animated

    def as_dict(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"images": self.results}
        if self.is_animated:
            shown["animated"] = (True,)
        return shown


class ImageSaveHelper:
    """Writes images ``[B, H, W, C]`` in 0..1 to the output or the temp folder."""

    @staticmethod
    def save_images(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType,
        cls: type[ComfyNode] | None,
        compress_level: int = 4,
    ) -> list[SavedResult]:
        """Writes one PNG per image, ``prefix_00001_.png`` etc., with the prompt and workflow of ``cls.hidden``."""
        folder, name, counter, subfolder = _next_file(images, filename_prefix, folder_type)
        metadata = PngInfo()
        for key, text in _metadata(cls).items():
            metadata.add_text(key, text)
        results = []
        for position, image in enumerate(images):
            file = f"{name.replace('%batch_num%', str(position))}_{counter + position:05}_.png"
            _to_pil(image).save(folder / file, pnginfo=metadata, compress_level=compress_level)
            results.append(SavedResult(file, subfolder, folder_type))
        return results

    @staticmethod
    def save_animated_webp(
        images: torch.Tensor,
        filename_prefix: str,
        folder_type: FolderType,
        cls: type[ComfyNode] | None,
        fps: float,
        lossless: bool,
        quality: int,
        method: int,
    ) -> SavedResult:
        """Writes all images as the frames of one WebP."""
        folder, name, counter, subfolder = _next_file(images, filename_prefix, folder_type)
        first, *others = (_to_pil(image) for image in images)
        exif = first.getexif()
        metadata = _metadata(cls)
        if "prompt" in metadata:
            exif[_EXIF_MODEL] = f"prompt:{metadata.pop('prompt')}"
        for offset, (key, text) in enumerate(metadata.items()):
            exif[_EXIF_MAKE - offset] = f"{key}:{text}"
        file = f"{name}_{counter:05}_.webp"
        first.save(
            folder / file,
            save_all=True,
            append_images=others,
            duration=int(1000.0 / fps),
            exif=exif,
            lossless=lossless,
            quality=quality,
            method=method,
        )
        return SavedResult(file, subfolder, folder_type)


class PreviewImage(UIOutput):
    """Shows images ``[B, H, W, C]`` in the node, and writes them to the temp folder immediately."""

    def __init__(self, image: torch.Tensor, animated: bool = False, cls: type[ComfyNode] | None = None) -> None:
        prefix = "ComfyUI_temp_" + "".join(random.choices(string.ascii_lowercase, k=5))
        self.values = ImageSaveHelper.save_images(image, prefix, FolderType.temp, cls, compress_level=1)
        self.animated = animated

    def as_dict(self) -> dict[str, Any]:
        return {"images": self.values, "animated": (self.animated,)}


class PreviewMask(PreviewImage):
    """Shows a mask ``[B, H, W]`` as a greyscale picture."""

    def __init__(self, mask: torch.Tensor, animated: bool = False, cls: type[ComfyNode] | None = None) -> None:
        grey = mask.reshape(-1, mask.shape[-2], mask.shape[-1], 1).expand(-1, -1, -1, 3)
        super().__init__(grey, animated, cls)


class PreviewText(UIOutput):
    def __init__(self, value: str) -> None:
        self.value = value

    def as_dict(self) -> dict[str, Any]:
        return {"text": (self.value,)}


def _next_file(images: torch.Tensor, prefix: str, folder_type: FolderType) -> tuple[Path, str, int, str]:
    root = folders.get_directory_by_type(folder_type.value)
    assert root is not None
    height, width = images[0].shape[:2]
    folder, name, counter, subfolder, _ = folders.get_save_image_path(prefix, root, width, height)
    return Path(folder), name, counter, subfolder


def _to_pil(image: torch.Tensor) -> PILImage.Image:
    # Truncated, not rounded, as ComfyUI does, so that both write the same bytes.
    return PILImage.fromarray(np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8))


def _metadata(cls: type[ComfyNode] | None) -> dict[str, str]:
    if cls is None:
        return {}
    hidden: Any = cls.hidden
    values = {"prompt": hidden.prompt} if hidden.prompt else {}
    values |= hidden.extra_pnginfo or {}
    return {key: json.dumps(value) for key, value in values.items()}

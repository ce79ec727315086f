"""Images and masks: ComfyUI's ``[B, H, W, C]`` in 0..1 and the models' ``[B, 3, H, W]`` in -1..1."""

import torch
from einops import rearrange
from PIL import Image
from torch import Tensor

from ...gan_models import pixels
from .devices import results_device


def to_model(image: Tensor, name: str = "image", *, clamped: bool = True) -> Tensor:
    """IMAGE to ``[B, 3, H, W]`` in -1..1: grey is widened, alpha composited on white, one picture made a batch.

    Args:
        name: the name of the input, for errors.
        clamped: whether values beyond 0..1, which some upscalers and HDR pictures have, are clamped. In a picture of
            labels they are not, because they show that its ids were never scaled to 0..1.
    Raises:
        ValueError: another shape, an empty batch, or a pixel that is NaN or infinite.
    """
    if image.ndim == 3:
        image = image.unsqueeze(0)
    if image.ndim != 4 or image.shape[-1] not in (1, 2, 3, 4) or image.numel() == 0:
        raise ValueError(f"an image must be [batch, height, width, 1 to 4 channels] and not empty, but {name} is "
                         f"{list(image.shape)}")  # fmt: skip
    _require_finite(image, f"{name} contains pixels")
    image = image.to(torch.float32)
    if clamped:
        image = image.clamp(0, 1)
    if image.shape[-1] in (2, 4):
        alpha = image[..., -1:]
        image = image[..., :-1] * alpha + (1 - alpha)
    return rearrange(image.expand(-1, -1, -1, 3), "b h w c -> b c h w") * 2 - 1


def to_comfy(images: Tensor) -> Tensor:
    """``[B, 3, H, W]`` in -1..1 to IMAGE: ``[B, H, W, 3]`` in 0..1 on ComfyUI's device for results."""
    images = rearrange(images.detach().float(), "b c h w -> b h w c")
    return ((images + 1) / 2).clamp(0, 1).to(results_device())


def to_bytes(image: Tensor) -> Tensor:
    """IMAGE to 8 bits a channel: ``[B, H, W, 3]`` uint8 on the CPU, otherwise as ``to_model``."""
    return pixels.to_bytes(rearrange(to_model(image), "b c h w -> b h w c")).cpu()


def from_bytes(image: Tensor) -> Tensor:
    """``[B, H, W, 3]`` uint8 to IMAGE on ComfyUI's device for results."""
    return (image.float() / 255).to(results_device())


def mask_from_bool(mask: Tensor) -> Tensor:
    """``[B, H, W]`` bool to MASK on ComfyUI's device for results."""
    return mask.to(results_device(), torch.float32)


def mask_to_model(mask: Tensor, name: str = "mask") -> Tensor:
    """MASK ``[B, H, W]``, ``[B, 1, H, W]`` or ``[H, W]`` to ``[B, 1, H, W]`` in 0..1; values beyond that are clamped.

    Args:
        name: the name of the input, for errors.
    Raises:
        ValueError: another shape, an empty batch, or a value that is NaN or infinite.
    """
    shape = list(mask.shape)
    if mask.ndim == 2:
        mask = mask.unsqueeze(0)
    if mask.ndim == 3:
        mask = mask.unsqueeze(1)
    if mask.ndim != 4 or mask.shape[1] != 1 or mask.numel() == 0:
        raise ValueError(f"a mask must be [batch, height, width] and not empty, but {name} is {shape}")
    _require_finite(mask, f"{name} contains values")
    return mask.to(torch.float32).clamp(0, 1)


def is_placeholder(mask: Tensor) -> bool:
    """Whether a mask ``[B, 1, H, W]`` is what Load Image gives for a picture without transparency: 64×64 zeros."""
    return mask.shape[-2:] == (64, 64) and not mask.any()


def resized_text(masks: dict[str, Tensor], decisive: Tensor, name: str) -> str:
    """A message about the masks that have another size than ``decisive``, or an empty text.

    Args:
        masks: the masks ``[..., H, W]`` by the names of their inputs.
        decisive: ``[..., H, W]``, to whose size the masks are resized.
        name: the name of its input.
    """
    height, width = decisive.shape[-2:]
    others = [f"{key} ({mask.shape[-1]}×{mask.shape[-2]})" for key, mask in masks.items()
              if mask.shape[-2:] != decisive.shape[-2:]]  # fmt: skip
    return f"{', '.join(others)} resized to {width}×{height}, the size of {name}" if others else ""


def _require_finite(numbers: Tensor, what: str) -> None:
    if not torch.isfinite(numbers).all():
        raise ValueError(f"{what} that are NaN or infinite; check the node that it comes from")


def to_pil(image: Tensor) -> Image.Image:
    """The first picture of ``[B, 3, H, W]`` in -1..1 as 8-bit RGB."""
    return Image.fromarray(rearrange(pixels.to_bytes(image[0].float()), "c h w -> h w c").cpu().numpy())

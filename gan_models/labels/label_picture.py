"""Pictures that may be label maps: their colours and numbers, before anything is known about the meaning."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..pictures import NotAPictureError, open_picture
from ..quoting import plain
from ..user_files import check_stop
from .evidence import looks_compressed
from .palette import distinct_colors

KEY = "Taxonomy"
"""The text chunk of a drawing that names its taxonomy."""

MOST_PIXELS = 4096 * 4096
"""The largest drawing of the label painter."""

OPAQUE = 128
"""The lowest alpha of a pixel that counts."""

NEARLY_GREY = 4
"""The largest difference between the channels of a grey that was compressed with loss."""

LOSSY_FORMATS = ("JPEG", "MPO", "AVIF")
TRUNCATED = ("only the upper 8 of the 16 bits can be read of a PNG with several channels; save it with 8 bits, or as "
             "grey with 16 bits")  # fmt: skip
WHITE_16 = 65535
BETWEEN = "many are no whole numbers, as lossy compression or smooth resizing leaves them"
FRACTION, FEW = 0.2, 0.01
"""Levels are no whole numbers if this share of them differs from one by this much, which half precision does not."""

PER_LEVEL = 257
"""The 16-bit value of each of the 255 levels of 8 bits."""


@dataclass(frozen=True, eq=False)
class LabelPicture:
    """A picture that may be a label map.

    Attributes:
        colors: uint8 ``[B, H, W, 3]``.
        transparent: bool ``[B, H, W]``, or None if no pixel is transparent.
        values: what would be ids if the picture has ids, int32 ``[B, H, W]``: the levels of a grey picture. None for
            a colour picture.
        indices: the indices of a picture with a palette of its own, int32 ``[B, H, W]``, or None.
        one_channel: whether the grey levels or the indices were stored in one channel.
        lossy: the reason why the values cannot be exact, or None if nothing is known against them.
        drawing: the taxonomy that the file names, or None.
    """

    colors: Tensor
    transparent: Tensor | None = None
    values: Tensor | None = None
    indices: Tensor | None = None
    one_channel: bool = False
    lossy: str | None = None
    drawing: str | None = None

    @classmethod
    def from_images(cls, images: Tensor, alpha: Tensor | None = None) -> "LabelPicture":
        """A picture from pixels, as other nodes give them.

        The levels of grey pictures are recognised in all scales that ComfyUI gives them: level v of 8 bits is v / 255
        or v * 256 / 65535, and level v of 16 bits is v / 65535, which is read as an id if none is above 255.

        Args:
            images: ``[B, 3, H, W]`` in -1..1.
            alpha: ``[B, H, W]`` in 0..1; pixels below one half are transparent.
        """
        check_stop()
        pixels = (images.detach().float().cpu().permute(0, 2, 3, 1) + 1) / 2
        transparent = _transparent(None if alpha is None else (alpha.cpu().float() * 255).round())
        opaque = pixels if transparent is None else pixels[~transparent]
        if bool((opaque == opaque[..., :1]).all()):
            values, whole = _levels(pixels[..., 1], transparent)
            return cls(_as_grey(values), transparent, values, lossy=None if whole else BETWEEN)
        check_stop()
        return cls._from_colors((pixels * 255).round().clamp(0, 255).to(torch.uint8), transparent)

    @classmethod
    def open(cls, path: str | Path) -> "LabelPicture":
        """A picture from a file.

        Raises:
            FileNotFoundError: there is no such file.
            ValueError: the file is not a picture, or a damaged one, or has more pixels than the largest drawing.
        """
        name = plain(Path(path).name)
        try:
            image = open_picture(path, MOST_PIXELS)
        except NotAPictureError as error:
            raise ValueError(f"{name} is not a picture; a label map is a PNG with ids or colours") from error
        try:
            return cls._from_file(image, Path(path))
        except (OSError, RuntimeError, LookupError, TypeError) as error:
            raise ValueError(f"{name} is damaged ({type(error).__name__})") from error

    @classmethod
    def _from_file(cls, image: Image.Image, path: Path) -> "LabelPicture":
        lossy = _loss(image, path)
        transparent = _transparent(_alpha(image))
        if image.mode in ("P", "PA"):
            indices = _numbers(image.getchannel(0) if image.mode == "PA" else image)
            found = cls._from_colors(_tensor(image.convert("RGBA").convert("RGB")), transparent)
            return cls(found.colors, transparent, found.values, indices, True, drawing=image.info.get(KEY))
        if image.mode in ("1", "L", "LA", "F") or image.mode.startswith("I"):
            values = _numbers(image.getchannel(0) if image.mode == "LA" else image)
            return cls(_as_grey(values), transparent, values, one_channel=True, lossy=lossy)
        color = image.convert("RGBA" if "A" in image.getbands() else "RGB").convert("RGB")
        colors = _tensor(color)
        if lossy == TRUNCATED and not colors.any():  # all of it is in the lower halves
            raise ValueError(f"{plain(path.name)} cannot be read: {TRUNCATED}")
        return cls._from_colors(colors, transparent, lossy)

    @cached_property
    def looks_compressed(self) -> bool:
        """Whether the levels of a grey picture were compressed with loss, or resized smoothly."""
        return self.lossy is not None or (self.values is not None and looks_compressed(self.values))

    @cached_property
    def counted(self) -> tuple[Tensor, Tensor]:
        """The distinct colours of the opaque pixels, uint8 ``[N, 3]``, and how many pixels have each, int64 ``[N]``."""
        if self.values is not None:
            levels = self.colors[..., 1] if self.transparent is None else self.colors[..., 1][~self.transparent]
            counts = torch.from_numpy(np.bincount(levels.flatten().numpy(), minlength=256))
            found = counts.nonzero()[:, 0]
            return found.to(torch.uint8)[:, None].expand(-1, 3), counts[found]
        colors, inverse = distinct_colors(self.colors)
        seen = inverse.flatten() if self.transparent is None else inverse[~self.transparent]
        return colors, seen.bincount(minlength=len(colors))

    @classmethod
    def _from_colors(cls, colors: Tensor, transparent: Tensor | None, lossy: str | None = None) -> "LabelPicture":
        opaque = colors if transparent is None else colors[~transparent]
        spread = int(opaque.amax(-1).int().sub(opaque.amin(-1)).max()) if opaque.numel() else 0
        if spread > NEARLY_GREY:
            return cls(colors, transparent, lossy=lossy)
        if spread and lossy is None:
            lossy = "its greys are tinted, as lossy compression leaves them"
        return cls(colors, transparent, colors[..., 1].int(), lossy=lossy)


def _levels(grey: Tensor, transparent: Tensor | None) -> tuple[Tensor, bool]:
    """The integers, int32, that grey values in 0..1 were made from, and whether they are integers at all."""
    deep = grey * WHITE_16
    opaque = deep if transparent is None else deep[~transparent]
    if opaque.numel() == 0 or 0 < float(opaque.max()) < 255.5:
        return deep.round().int(), True
    # FFmpeg, which decodes for ComfyUI, makes 16 bits of grey pictures with 8 by appending zeros.
    divisor = min((PER_LEVEL, 256), key=lambda unit: float(_rest(opaque / unit).mean()))
    whole = (_rest(opaque / divisor) > FRACTION).float().mean() < FEW
    return (deep / divisor).round().int(), bool(whole)


def _rest(numbers: Tensor) -> Tensor:
    return (numbers - numbers.round()).abs()


def _alpha(image: Image.Image) -> Tensor | None:
    """The alpha of a picture, ``[1, H, W]`` in 0 to 255."""
    if "A" not in image.getbands() and "transparency" not in image.info:
        return None
    return _numbers(image.convert("RGBA").getchannel("A"))


def _transparent(alpha: Tensor | None) -> Tensor | None:
    if alpha is None:
        return None
    transparent = alpha < OPAQUE
    return transparent if transparent.any() else None


def _numbers(image: Image.Image) -> Tensor:
    """The numbers of a picture with one channel, int32 ``[1, H, W]``; 8-bit levels that were scaled to 16 bits return.

    Fractions of 1 become levels of 8 bits, and other fractions are cut off.
    """
    numbers = np.array(image)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        raise ValueError("the picture has pixels that are NaN or infinite")
    if numbers.dtype.kind == "f" and 0 <= numbers.min() and numbers.max() <= 1 and (numbers % 1 > 0).any():
        numbers = (numbers * 255).round()
    values = torch.from_numpy(numbers.astype(np.int32))[None]
    if image.mode.startswith("I") and bool((values % PER_LEVEL == 0).all()):
        return values // PER_LEVEL
    return values


def _as_grey(values: Tensor) -> Tensor:
    """Grey levels as colours; the levels of 16 bits become those of 8 bits where they do not fit."""
    levels = values // PER_LEVEL if bool((values > 255).any()) else values
    return levels.clamp(0, 255).to(torch.uint8)[..., None].expand(*values.shape, 3)


def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image))[None]


def _loss(image: Image.Image, path: Path) -> str | None:
    """Why the values of a file cannot be exact, or None."""
    if image.format in LOSSY_FORMATS or (image.format == "WEBP" and _webp_is_lossy(path.read_bytes())):
        return f"{'JPEG' if image.format == 'MPO' else image.format} changes them"
    if image.format == "PNG" and image.mode in ("LA", "RGB", "RGBA"):
        with path.open("rb") as file:
            header = file.read(25)
        if header[24] == 16:  # Pillow reads the upper half of each value
            return TRUNCATED
    return None


def _webp_is_lossy(data: bytes) -> bool:
    """Whether the first picture in a WebP file is compressed with loss."""
    at = 12
    while at + 8 <= len(data):
        kind, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if kind in (b"VP8 ", b"VP8L"):
            return kind == b"VP8 "
        # The chunk of an animation's frame starts with 16 bytes of its own, and contains the picture's chunk.
        at += 24 if kind == b"ANMF" else 8 + size + size % 2
    return False

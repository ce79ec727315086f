"""What a trained SinGAN does to its picture (Shaham et al. 2019, section 4): harmonize, edit, enlarge."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..progress import OnProgress
from .entering import Entry
from .model import SinGAN, image_generators
from .pyramid import Size, check_image, resize

LEAST_LIKENESS = 0.95
BLUR_SIGMA = 5.0
LEAST_MASK = 0.02
ASPECT_TOLERANCE = 0.05


class MaskedEdit(Entry):
    """A changed training picture whose change climbs the pyramid; outside the mask the training image stays.

    Args:
        model: trained on the picture without the change.
        image: with the change, ``[B, 3, H, W]`` in [-1, 1]; resized to the training size.
        mask: where it is, ``[B or 1, 1, H', W']`` in 0..1, soft edges welcome; resized likewise.
        generator: CPU generator of the noise.
    Raises:
        ValueError: an empty mask, another number of masks than pictures, another shape than the
            training image's, pixels that are not finite.

    ``dilation`` is the radius in pixels, at the training size, of the disk that the mask is widened by.
    """

    dilation: int

    def __init__(self, model: SinGAN, image: Tensor, mask: Tensor, generator: torch.Generator):
        image = _fit(model, image, "image").to(model.z_rec.device)
        super().__init__(model, image, model.sizes, generator)
        self.mask = fit_mask(mask.to(model.z_rec.device), model.size, len(image))
        self.weight = blend_weight(self.mask, self.dilation)

    def enter(self, start_scale: int) -> Tensor:
        """The blended picture, ``[B, 3, H, W]`` at the training size."""
        changed = self._climb(self._entrance(start_scale), start_scale, self.model)
        return self.model.training_picture() * (1 - self.weight) + changed * self.weight

    def choose(self, on_progress: OnProgress | None = None) -> int:
        """The coarsest scale at which the change stays recognisable.

        That is the first, from the coarsest, where the change that comes out resembles the one that went
        in: the cosine between (result - training image) and (image - training image) over the mask is at
        least ``LEAST_LIKENESS`` for every picture; the finest scale where none is.
        """
        for scale in self.scales:
            self._report(on_progress, scale)
            if self.likeness(self.enter(scale)) >= LEAST_LIKENESS:
                return scale
        return self.scales[-1]

    def likeness(self, result: Tensor) -> float:
        """Cosine between the change in ``result`` and the one that was asked for; the batch's least."""
        training = self.model.training_picture()
        wanted, given = ((picture - training) * self.mask for picture in (self.image, result))
        return F.cosine_similarity(wanted.flatten(1), given.flatten(1)).min().item()


class Harmonization(MaskedEdit):
    """Pasted objects take on the training image's colours and textures."""

    dilation = 7


class Edit(MaskedEdit):
    """Moved or copied parts of the training image lose their seams."""

    dilation = 20


def harmonize(model: SinGAN, image: Tensor, mask: Tensor, *, start_scale: int, generator: torch.Generator) -> Tensor:
    """Blend pasted objects into the model's training image (section 4, figure 13).

    Args:
        start_scale: 1 … last scale. Coarser changes more.
        (the others as ``MaskedEdit`` takes them)
    Returns:
        ``[B, 3, H, W]`` at the training size.
    Raises:
        ValueError: a start scale that the model lacks, or what ``MaskedEdit`` refuses.
    """
    return Harmonization(model, image, mask, generator).enter(start_scale)


def edit(model: SinGAN, image: Tensor, mask: Tensor, *, start_scale: int, generator: torch.Generator) -> Tensor:
    """Make the seams of moved or copied parts of the training image disappear (section 4, figure 12).

    As ``harmonize``, with a wider surrounding of the mask that is made anew.
    """
    return Edit(model, image, mask, generator).enter(start_scale)


@torch.no_grad()
def super_resolve(model: SinGAN, factor: float, image: Tensor | None = None, *, generator: torch.Generator) -> Tensor:
    """Enlarge a picture by applying the last generator again and again (section 4, figure 10).

    Args:
        model: best trained with ``SinGANConfig.for_super_resolution``.
        factor: how much larger, from 1 to 16.
        image: ``[B, 3, H, W]`` in [-1, 1], a picture like the training image; the latter where None.
        generator: CPU generator of the noise.
    Returns:
        ``[B, 3, round(factor H), round(factor W)]``.
    Raises:
        ValueError: a factor out of range, or pixels that are not finite.
    """
    if not 1 <= factor <= 16:
        raise ValueError(f"the super-resolution factor is {factor}; it must lie between 1 and 16")
    image = (model.training_picture() if image is None else check_image(image, "image")).to(model.z_rec.device)
    height, width = image.shape[-2:]
    last = len(model.sizes) - 1
    noises = image_generators(generator, len(image))
    steps = super_resolution_steps(model, factor)
    for step in range(1, steps + 1):
        scale = factor ** (step / steps)
        size = (round(height * scale), round(width * scale))
        image = model.refine(resize(image, size), last, model.noise(noises, last, size))
    return image.clamp(-1, 1)


def super_resolution_steps(model: SinGAN, factor: float) -> int:
    """How often the last generator is applied: as many of the model's own steps as make up ``factor``."""
    own = max(model.sizes[-1]) / max(model.sizes[-2])
    return max(1, round(math.log(factor) / math.log(own)))


def fit_mask(mask: Tensor, size: Size, count: int) -> Tensor:
    """A mask ``[B or 1, 1, H, W]`` in 0..1 for ``count`` pictures at ``size``.

    Raises:
        ValueError: an empty mask, not finite, or another number of masks than pictures.
    """
    if mask.ndim != 4 or mask.shape[1] != 1 or mask.numel() == 0:
        raise ValueError(f"the mask must be a tensor [B, 1, H, W]; it is {list(mask.shape)}")
    if len(mask) not in (1, count):
        raise ValueError(f"there are {len(mask)} masks for {count} images; give one mask, or one for each image")
    if not torch.isfinite(mask).all():
        raise ValueError("the mask contains values that are NaN or infinite; give one with values in 0..1")
    mask = F.interpolate(mask.float(), size=size, mode="bilinear", antialias=True).clamp(0, 1)
    if mask.amax((1, 2, 3)).min() < LEAST_MASK:
        raise ValueError("the mask is empty; paint it white where the picture was changed")
    return mask


def blend_weight(mask: Tensor, radius: int) -> Tensor:
    """How much of the changed picture is taken at each pixel: the mask dilated by a disk, then blurred.

    Args:
        mask: ``[B or 1, 1, H, W]`` in 0..1, not empty.
        radius: of the disk, in pixels.
    Returns:
        As the mask, reaching 1 in every one.
    """
    blurred = gaussian_blur(dilate(mask, radius), BLUR_SIGMA)
    return blurred / blurred.amax((1, 2, 3), keepdim=True)


def dilate(mask: Tensor, radius: int) -> Tensor:
    """Grey dilation of ``[B, 1, H, W]`` by a disk: the largest value within ``radius`` pixels."""
    height = mask.shape[-2]
    padded = F.pad(mask, (0, 0, radius, radius))
    out = mask
    for dy in range(-radius, radius + 1):
        half = math.isqrt(radius * radius - dy * dy)
        rows = padded[:, :, radius + dy : radius + dy + height]
        out = torch.maximum(out, F.max_pool2d(rows, (1, 2 * half + 1), stride=1, padding=(0, half)))
    return out


def gaussian_blur(image: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of ``[B, 1, H, W]``; the border is repeated outwards."""
    radius = math.ceil(4 * sigma)
    offsets = torch.arange(-radius, radius + 1, device=image.device, dtype=image.dtype)
    kernel = torch.exp(-(offsets**2) / (2 * sigma**2))
    kernel = (kernel / kernel.sum()).view(1, 1, 1, -1)
    padded = F.pad(image, (radius,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel), kernel.mT)


def _fit(model: SinGAN, image: Tensor, name: str) -> Tensor:
    """``image`` at the training size, unless its shape is plainly another one."""
    image = check_image(image, name)
    height, width = image.shape[-2:]
    own = model.size[1] / model.size[0]
    if abs(math.log(width / height / own)) > ASPECT_TOLERANCE:
        raise ValueError(
            f"the {name} is {width}x{height} pixels and the model's training image {model.size[1]}x{model.size[0]}: "
            "their shapes differ. Give the training image itself with the change in it"
        )
    return resize(image, model.size)

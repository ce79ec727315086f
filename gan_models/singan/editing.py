"""Applications of a trained SinGAN to its training image (Shaham et al. 2019, section 4): harmonize, edit, enlarge."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..blur import gaussian_blur
from ..progress import OnProgress, parts
from .harmony import color_share, edge_correlation
from .injection import Injection
from .model import SinGAN, image_generators
from .pyramid import Size, check_image, resize
from .seams import matched, without_contours

LEAST_SIMILARITY = 0.95
LEAST_EDGES = 0.6
LEAST_COLORS = 0.8
BLUR_SIGMA = 5.0
LEAST_MASK = 0.02
ASPECT_TOLERANCE = 0.05


class MaskedEdit(Injection):
    """A changed training image, injected with a mask outside of which the training image stays.

    Args:
        model: trained on the picture without the change.
        image: the picture with the change, ``[B, 3, H, W]`` in [-1, 1]; resized to the training size.
        mask: where the change is, ``[B or 1, 1, H', W']`` in 0..1, with soft edges if wanted; resized likewise.
        generator: CPU generator of the noise.
    Raises:
        ValueError: an empty mask, masks and pictures that differ in number, an aspect ratio other than the training
            image's, or pixels that are not finite.

    ``dilation`` is the radius, in pixels at the training size, by which the mask is widened.
    """

    dilation: int

    def __init__(self, model: SinGAN, image: Tensor, mask: Tensor, generator: torch.Generator):
        image = _fit(model, image, "image").to(model.z_rec.device)
        super().__init__(model, image, model.sizes, generator)
        self.mask = fit_mask(mask.to(model.z_rec.device), model.size, len(image))
        self.weight = blend_weight(self.mask, self.dilation)

    def inject(self, start_scale: int, on_progress: OnProgress | None = None) -> Tensor:
        """Inject the changed picture and blend the result into the training image: ``[B, 3, H, W]``."""
        changed = self._refined(self._coarsened(start_scale), start_scale, self.model, on_progress)
        return self.model.training_picture() * (1 - self.weight) + changed * self.weight

    def choose_scale(self, on_progress: OnProgress | None = None) -> int:
        """The coarsest scale at which the change stays recognisable, or the finest scale if there is none.

        The change stays recognisable where ``similarity`` is at least ``LEAST_SIMILARITY``.
        """
        for scale, part in self._tries(on_progress):
            if self.similarity(self.inject(scale, part)) >= LEAST_SIMILARITY:
                return scale
        return self.scales[-1]

    def similarity(self, result: Tensor) -> float:
        """Cosine similarity of the resulting and the intended change, each relative to the training image, in the mask.

        Args:
            result: ``[B, 3, H, W]`` at the training size.
        Returns:
            The lowest value of the batch.
        """
        training = self.model.training_picture()
        intended, resulting = ((picture - training) * self.mask for picture in (self.image, result))
        return F.cosine_similarity(intended.flatten(1), resulting.flatten(1)).min().item()


class Harmonization(MaskedEdit):
    """An injection that gives pasted objects the colours and textures of the training image.

    In a model that was trained for harmonization, the picture can enter at scale 0.
    """

    dilation = 7

    def choose_scale(self, on_progress: OnProgress | None = None) -> int:
        """The coarsest scale at which the objects keep their edges and have colours of the training image.

        They do where ``edge_correlation`` is at least ``LEAST_EDGES`` and ``color_share`` at least ``LEAST_COLORS``.
        If there is no such scale, the one that comes nearest to both: the sum of the two shares of what is wanted
        decides. The lowest values of a batch count.
        """
        training, merits = self.model.training_picture(), {}
        for scale, part in self._tries(on_progress):
            result = self.inject(scale, part)
            edges = edge_correlation(result, self.image, self.mask).min().item() / LEAST_EDGES
            colors = color_share(result, training, self.mask).min().item() / LEAST_COLORS
            if min(edges, colors) >= 1:
                return scale
            merits[scale] = min(edges, 1) + min(colors, 1)
        return max(self.scales, key=lambda scale: merits[scale])


class Edit(MaskedEdit):
    """An injection that removes the seams of moved or copied parts.

    Args:
        seamless: bring the tones of the part to its surroundings' before the injection, and remove contours and ripples
            around it afterwards (``seams.py``). The paper does neither.
        model, image, mask, generator: as for ``MaskedEdit``.
    """

    dilation = 20

    def __init__(
        self, model: SinGAN, image: Tensor, mask: Tensor, generator: torch.Generator, seamless: bool = True
    ):
        super().__init__(model, image, mask, generator)
        self.seamless = seamless
        if seamless:
            self.image = matched(self.image, model.training_picture(), self.mask)

    def inject(self, start_scale: int, on_progress: OnProgress | None = None) -> Tensor:
        result = super().inject(start_scale, on_progress)
        if not self.seamless:
            return result
        detail = self.model.size[0] // self.sizes[start_scale][0]
        return without_contours(result, self.image, self.mask, self.weight, detail)


def harmonize(
    model: SinGAN,
    image: Tensor,
    mask: Tensor,
    *,
    start_scale: int,
    generator: torch.Generator,
    on_progress: OnProgress | None = None,
) -> Tensor:
    """Blend pasted objects into the model's training image (section 4, figure 13).

    Args:
        model, image, mask, generator: as for ``MaskedEdit``.
        start_scale: 1 … last scale. Coarser scales change more.
        on_progress: called as by ``SinGAN.refine``.
    Returns:
        ``[B, 3, H, W]`` at the training size.
    Raises:
        ValueError: a start scale that the model does not have, or what ``MaskedEdit`` rejects.
    """
    return Harmonization(model, image, mask, generator).inject(start_scale, on_progress)


def edit(
    model: SinGAN,
    image: Tensor,
    mask: Tensor,
    *,
    start_scale: int,
    generator: torch.Generator,
    seamless: bool = True,
    on_progress: OnProgress | None = None,
) -> Tensor:
    """Remove the seams of moved or copied parts of the training image (section 4, figure 12).

    Works like ``harmonize``, but regenerates more of the mask's surroundings. ``seamless`` is that of ``Edit``.
    """
    return Edit(model, image, mask, generator, seamless).inject(start_scale, on_progress)


@torch.no_grad()
def super_resolve(
    model: SinGAN,
    factor: float,
    image: Tensor | None = None,
    *,
    generator: torch.Generator,
    on_progress: OnProgress | None = None,
) -> Tensor:
    """Enlarge a picture by applying the last generator repeatedly (section 4, figure 10).

    Args:
        model: preferably trained with ``SinGANConfig.for_super_resolution``.
        factor: ratio of the new to the old width and height, 1 to 16.
        image: ``[B, 3, H, W]`` in [-1, 1], a picture like the training image; None enlarges the training image.
        generator: CPU generator of the noise.
        on_progress: called as by ``SinGAN.refine``.
    Returns:
        ``[B, 3, round(factor H), round(factor W)]``.
    Raises:
        ValueError: a factor outside 1 to 16, or pixels that are not finite.
    """
    if not 1 <= factor <= 16:
        raise ValueError(f"the super-resolution factor is {factor}; it must lie between 1 and 16")
    image = (model.training_picture() if image is None else check_image(image, "image")).to(model.z_rec.device)
    height, width = image.shape[-2:]
    last = len(model.sizes) - 1
    noises = image_generators(generator, len(image))
    steps = super_resolution_steps(model, factor)
    scales = [factor ** (step / steps) for step in range(1, steps + 1)]
    sizes = [(round(height * scale), round(width * scale)) for scale in scales]
    stages = [f"step {step} of {steps}" for step in range(1, steps + 1)]
    for size, part in zip(sizes, parts(on_progress, [math.prod(size) for size in sizes], stages), strict=True):
        image = model.refine(resize(image, size), last, model.noise(noises, last, size), part)
    return image.clamp(-1, 1)


def super_resolution_steps(model: SinGAN, factor: float) -> int:
    """How often the last generator is applied: the number of the model's scale steps that make up ``factor``."""
    coarser, finest = (max(size) for size in model.sizes[-2:])
    # Both scales of a narrow picture can have the same size.
    own = finest / coarser if finest > coarser else 1 / model.config.scale_factor
    return max(1, round(math.log(factor) / math.log(own)))


def fit_mask(mask: Tensor, size: Size, count: int) -> Tensor:
    """Resize a mask ``[B or 1, 1, H, W]`` in 0..1 to ``size`` and check it.

    Args:
        count: number of pictures that the mask is for.
    Raises:
        ValueError: a mask that is empty or not finite, or masks that are neither one nor ``count``.
    """
    if mask.ndim != 4 or mask.shape[1] != 1 or mask.numel() == 0:
        raise ValueError(f"the mask must be a tensor [B, 1, H, W]; it is {list(mask.shape)}")
    if len(mask) not in (1, count):
        raise ValueError(f"there are {len(mask)} masks for {count} images; connect one mask, or one for each image")
    if not torch.isfinite(mask).all():
        raise ValueError("the mask contains values that are NaN or infinite; use values in 0..1")
    mask = F.interpolate(mask.float(), size=size, mode="bilinear", antialias=True).clamp(0, 1)
    if mask.amax((1, 2, 3)).min() < LEAST_MASK:
        raise ValueError("the mask is empty; paint it white where the picture was changed")
    return mask


def blend_weight(mask: Tensor, radius: int) -> Tensor:
    """Opacity of the changed picture at each pixel: the mask dilated by a disk, then blurred.

    Args:
        mask: ``[B or 1, 1, H, W]`` in 0..1, not empty.
        radius: of the disk, in pixels.
    Returns:
        Shaped like the mask, with a maximum of 1 in each.
    """
    blurred = gaussian_blur(dilate(mask, radius), BLUR_SIGMA, math.ceil(4 * BLUR_SIGMA))
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


def _fit(model: SinGAN, image: Tensor, name: str) -> Tensor:
    """``image`` at the training size; a ValueError if its aspect ratio is clearly another one."""
    image = check_image(image, name)
    height, width = image.shape[-2:]
    own = model.size[1] / model.size[0]
    if abs(math.log(width / height / own)) > ASPECT_TOLERANCE:
        raise ValueError(
            f"the {name} is {width}x{height} pixels and the model's training image {model.size[1]}x{model.size[0]}: "
            "their shapes differ. Use the training image itself with the change in it"
        )
    return resize(image, model.size)

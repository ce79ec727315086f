"""Turns paintings into pictures with the training image's patches (Shaham et al. 2019, section 4, figure 11)."""

import torch
from torch import Tensor

from ..progress import OnProgress
from .injection import Injection
from .model import SinGAN
from .palette import main_colors, quantize
from .pyramid import Size, check_image, resize, scaled_sizes
from .retraining import retrained
from .similarity import layout_correlation, patch_distance

LARGEST = 16
SAME_SHAPE = 0.02
LEAST_LAYOUT = 0.98


class Painting(Injection):
    """A painting to inject, without a mask.

    Args:
        model: trained on the picture that the painting should resemble.
        image: the painting, ``[B, 3, H, W]`` in [-1, 1], of any size and shape.
        colors: number of main colours (k-means) of the training image at the start scale, to the nearest of which
            the painting's colours are changed; None keeps them.
        generator: CPU generator of the noise and of the k-means search.
    Raises:
        ValueError: pixels that are not finite, an aspect ratio more than 16 times the training image's, or fewer than
            two colours.
    """

    def __init__(self, model: SinGAN, image: Tensor, colors: int | None, generator: torch.Generator):
        if colors is not None and colors < 2:
            raise ValueError(f"the number of colours is {colors}; a painting needs at least 2")
        image = check_image(image, "painting").to(model.z_rec.device)
        target = painting_size(model.size, (image.shape[-2], image.shape[-1]))
        super().__init__(model, image, scaled_sizes(model.sizes, target), generator)
        self.colors = colors
        self._seed = int(torch.randint(0, 2**63 - 1, (), generator=generator))

    def inject(self, start_scale: int, on_progress: OnProgress | None = None) -> Tensor:
        """Inject the painting; the result has the size that ``painting_size`` returns, ``[B, 3, H, W]`` in [-1, 1]."""
        return self._inject(start_scale, self.model, on_progress)

    def inject_retrained(
        self, start_scale: int, *, dtype: torch.dtype = torch.float32, on_progress: OnProgress | None = None
    ) -> Tensor:
        """Inject the painting after retraining the start scale on inputs in the main colours, as the paper does.

        The model itself does not change. Retraining takes as long as this scale took in the training.

        Args:
            dtype: of the training's convolutions: torch.float32, or torch.bfloat16 for autocast.
            on_progress: called as by ``train``, with previews, and then as by ``SinGAN.refine``; may raise to stop.
        Raises:
            ValueError: a start scale that is not in ``scales``, or a painting that keeps its colours.
        """
        self.model.check_start_scale(start_scale, lowest=self.scales[0])
        palette = self.palette(start_scale)
        if palette is None:
            raise ValueError("retraining the start scale needs quantized colours; switch quantize_colors on")
        model = retrained(self.model, start_scale, palette, self._seed, dtype, on_progress)
        return self._inject(start_scale, model, on_progress)

    def choose_scale(self, on_progress: OnProgress | None = None) -> int:
        """The scale whose result keeps the painting's layout and has patches most like the training image's.

        A result keeps the layout if its correlation with the painting, at a short side of 24 pixels, is at least
        ``LEAST_LAYOUT``. Among such scales the least ``patch_distance`` to the training image decides; if there are
        none, the highest correlation. Both are means over a batch.
        """
        training = self.model.training_picture()
        layouts, distances = {}, {}
        for scale, part in self._tries(on_progress):
            result = self.inject(scale, part)
            layouts[scale] = layout_correlation(result, self.image)
            distances[scale] = patch_distance(result, training)
        kept = [scale for scale in self.scales if layouts[scale] >= LEAST_LAYOUT]
        if kept:
            return min(kept, key=lambda scale: distances[scale])
        return max(self.scales, key=lambda scale: layouts[scale])

    def palette(self, scale: int) -> Tensor | None:
        """The main colours of the training image at ``scale``, ``[count, 3]``; None if the painting keeps its own."""
        if self.colors is None:
            return None
        real = resize(self.model.training_picture(), self.model.sizes[scale])
        return main_colors(real, self.colors, torch.Generator().manual_seed(self._seed))

    def _inject(self, start_scale: int, model: SinGAN, on_progress: OnProgress | None) -> Tensor:
        picture, palette = self._coarsened(start_scale), self.palette(start_scale)
        if palette is not None:
            picture = quantize(picture, palette)
        return self._refined(picture, start_scale, model, on_progress)


def paint_to_image(
    model: SinGAN,
    image: Tensor,
    *,
    start_scale: int,
    generator: torch.Generator,
    colors: int | None = None,
    on_progress: OnProgress | None = None,
) -> Tensor:
    """Turn a painting into a picture with the training image's patches (section 4, figure 11).

    Args:
        model, image, generator, colors: as for ``Painting``.
        start_scale: 1 … last scale. Coarser scales change more.
        on_progress: called as by ``SinGAN.refine``.
    Returns:
        ``[B, 3, H, W]`` in [-1, 1].
    Raises:
        ValueError: a start scale that the model does not have, or what ``Painting`` rejects.
    """
    return Painting(model, image, colors, generator).inject(start_scale, on_progress)


def painting_size(training: Size, painting: Size) -> Size:
    """The smallest size with the painting's aspect ratio that covers the training size.

    Args:
        training, painting: (height, width) in pixels. If their aspect ratios differ by less than 2 %, the result is
            the training size itself.
    Raises:
        ValueError: aspect ratios that differ by a factor of more than 16.
    """
    height, width = (length / own for length, own in zip(painting, training, strict=True))
    stretch = max(height, width) / min(height, width)
    if stretch > LARGEST:
        raise ValueError(
            f"the painting is {painting[1]}x{painting[0]} pixels and the model's training image "
            f"{training[1]}x{training[0]}: its shape is too long; use one that is at most {LARGEST} times as long"
        )
    if stretch < 1 + SAME_SHAPE:
        return training
    if height > width:
        return round(training[0] * stretch), training[1]
    return training[0], round(training[1] * stretch)

"""Paintings become pictures with the training image's patches (Shaham et al. 2019, section 4, figure 11)."""

import torch
from torch import Tensor

from ..progress import OnProgress
from .entering import Entry
from .likeness import layout_correlation, patch_distance
from .model import SinGAN
from .palette import main_colors, quantize
from .pyramid import Size, check_image, resize, scaled_sizes
from .retraining import retrained

LARGEST = 16
SAME_SHAPE = 0.02
LEAST_LAYOUT = 0.98


class Painting(Entry):
    """A painting that enters the pyramid, without a mask.

    Args:
        model: of the picture that the painting shall look like.
        image: the painting, ``[B, 3, H, W]`` in [-1, 1], of any size and shape.
        colors: the painting's colours are replaced by the nearest of so many main colours (k-means) of the
            training image at the start scale; None keeps them.
        generator: CPU generator of the noise, and of the search for the main colours.
    Raises:
        ValueError: pixels that are not finite, a shape more than 16 times as long as the training image's,
            fewer than two colours.
    """

    def __init__(self, model: SinGAN, image: Tensor, colors: int | None, generator: torch.Generator):
        if colors is not None and colors < 2:
            raise ValueError(f"the number of colours is {colors}; a painting needs at least 2")
        image = check_image(image, "painting").to(model.z_rec.device)
        target = painting_size(model.size, (image.shape[-2], image.shape[-1]))
        super().__init__(model, image, scaled_sizes(model.sizes, target), generator)
        self.colors = colors
        self._seed = int(torch.randint(0, 2**63 - 1, (), generator=generator))

    def enter(self, start_scale: int) -> Tensor:
        """The picture, ``[B, 3, H, W]``: the smallest size of the painting's shape that covers the training size."""
        return self._enter(start_scale, self.model)

    def enter_retrained(
        self, start_scale: int, *, dtype: torch.dtype = torch.float32, on_progress: OnProgress | None = None
    ) -> Tensor:
        """As ``enter``, after the start scale has learned anew from inputs in the main colours, as in the paper.

        The model stays as it is. Takes as long as this scale's share of the training.

        Args:
            dtype: of the training's convolutions: torch.float32, or torch.bfloat16 for autocast.
            on_progress: called as that of ``train``, with previews; may raise to stop.
        Raises:
            ValueError: a scale out of ``scales``, or a painting whose colours are kept.
        """
        self.model.check_start_scale(start_scale, lowest=self.scales[0])
        palette = self.palette(start_scale)
        if palette is None:
            raise ValueError("training the start scale anew needs quantized colours; switch quantize_colors on")
        model = retrained(self.model, start_scale, palette, self._seed, dtype, on_progress)
        return self._enter(start_scale, model)

    def choose(self, on_progress: OnProgress | None = None) -> int:
        """The scale whose result has the patches nearest to the training image's and still the painting's layout.

        The layout is kept where the correlation with the painting, both brought down to 24 pixels, is at least
        ``LEAST_LAYOUT``. Of those scales the one with the least ``patch_distance`` to the training image is taken;
        where none is, the one with the highest correlation. A batch goes by its means.
        """
        training = self.model.training_picture()
        layouts, distances = {}, {}
        for scale in self.scales:
            self._report(on_progress, scale)
            result = self.enter(scale)
            layouts[scale] = layout_correlation(result, self.image)
            distances[scale] = patch_distance(result, training)
        kept = [scale for scale in self.scales if layouts[scale] >= LEAST_LAYOUT]
        if kept:
            return min(kept, key=lambda scale: distances[scale])
        return max(self.scales, key=lambda scale: layouts[scale])

    def palette(self, scale: int) -> Tensor | None:
        """The main colours of the training image at ``scale``, ``[count, 3]``; None where the painting's are kept."""
        if self.colors is None:
            return None
        real = resize(self.model.training_picture(), self.model.sizes[scale])
        return main_colors(real, self.colors, torch.Generator().manual_seed(self._seed))

    def _enter(self, start_scale: int, model: SinGAN) -> Tensor:
        entrance, palette = self._entrance(start_scale), self.palette(start_scale)
        if palette is not None:
            entrance = quantize(entrance, palette)
        return self._climb(entrance, start_scale, model)


def paint_to_image(
    model: SinGAN, image: Tensor, *, start_scale: int, generator: torch.Generator, colors: int | None = None
) -> Tensor:
    """Turn a painting into a picture. Coarser start scales change more; the others as ``Painting`` takes them.

    Returns:
        ``[B, 3, H, W]`` in [-1, 1].
    Raises:
        ValueError: a start scale that the model lacks, or what ``Painting`` refuses.
    """
    return Painting(model, image, colors, generator).enter(start_scale)


def painting_size(training: Size, painting: Size) -> Size:
    """The smallest size of the painting's shape that covers the training size; that itself for the same shape.

    Raises:
        ValueError: a painting that would be more than 16 times as long as the training image.
    """
    height, width = (length / own for length, own in zip(painting, training, strict=True))
    stretch = max(height, width) / min(height, width)
    if stretch > LARGEST:
        raise ValueError(
            f"the painting is {painting[1]}x{painting[0]} pixels and the model's training image "
            f"{training[1]}x{training[0]}: its shape is too long; give one at most {LARGEST} times as long"
        )
    if stretch < 1 + SAME_SHAPE:
        return training
    if height > width:
        return round(training[0] * stretch), training[1]
    return training[0], round(training[1] * stretch)

"""A trained SinGAN: a pyramid of generators and what belongs to them."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..seeds import on_device
from .config import SinGANConfig
from .networks import MARGIN, MEMORY_FORMAT, Generator, noisy
from .pyramid import Size, resize, scaled_sizes

STRIP_PIXELS = 1 << 19
"""Pixels that one call of a generator works on at most: 64 MiB for 32 channels in float32."""


class SinGAN(nn.Module):
    """Learned from one picture or a few, makes new arrangements of them (Shaham et al. 2019).

    Everything lives in buffers and parameters, so ``.to(device)`` moves the whole model. Results are
    on the model's device, float32, ``[B, 3, H, W]`` clamped to [-1, 1]. Random numbers are drawn on the
    CPU from the caller's generator, so they are the same on every device.

    Args:
        config: the settings of the training run.
        sizes: (height, width) of every scale of the pyramid, coarsest first.
        training_image: what it learned from, uint8 ``[3, H, W]`` at the finest size.
        z_rec: the noise that reconstructs the training image, ``[1, 3, h, w]`` at the coarsest size.
        facts: what is worth knowing of the training run (seconds, original size …); plain values.
        other_images: further pictures that it learned from, uint8 ``[N, 3, H, W]``, or None.
        other_z_rec: the noise that reconstructs each of them, ``[N, 3, h, w]``, or None.

    Where one picture is asked for, it is the training image, the first of all. A model still in training
    has fewer generators than sizes; ``finished`` tells.

    Raises:
        ValueError: other pictures and their noise that differ in number, or pictures that differ in size.
    """

    training_image: Tensor
    z_rec: Tensor
    other_images: Tensor | None
    other_z_rec: Tensor | None

    def __init__(
        self,
        config: SinGANConfig,
        sizes: list[Size],
        training_image: Tensor,
        z_rec: Tensor,
        facts: Mapping[str, Any] | None = None,
        other_images: Tensor | None = None,
        other_z_rec: Tensor | None = None,
    ):
        super().__init__()
        pairs = ((other_images, training_image), (other_z_rec, z_rec[0]))
        counts = {0 if others is None else len(others) for others, _ in pairs}
        if len(counts) > 1 or any(others is not None and others.shape[1:] != first.shape for others, first in pairs):
            raise ValueError("the further training images and their noise must be equal in number and size")
        self.config = config
        self.sizes = [(int(h), int(w)) for h, w in sizes]
        self.facts = dict(facts or {})
        self.amplitudes: list[float] = []
        self.generators = nn.ModuleList()
        self.register_buffer("training_image", training_image)
        self.register_buffer("z_rec", z_rec)
        self.register_buffer("other_images", other_images)
        self.register_buffer("other_z_rec", other_z_rec)

    @property
    def size(self) -> Size:
        """(height, width) of the finest scale."""
        return self.sizes[-1]

    @property
    def finished(self) -> bool:
        """Whether every scale has its generator."""
        return len(self.generators) == len(self.sizes)

    @property
    def pictures(self) -> int:
        """How many pictures it learned from."""
        return 1 if self.other_images is None else 1 + len(self.other_images)

    def add_scale(self, generator: Generator, amplitude: float) -> None:
        """Append the trained generator of the next finer scale and its noise amplitude."""
        self.generators.append(generator.eval().requires_grad_(False).to(memory_format=MEMORY_FORMAT))  # type: ignore[call-overload]
        self.amplitudes.append(float(amplitude))

    def training_picture(self) -> Tensor:
        """The (first) training image, ``[1, 3, H, W]`` in [-1, 1]."""
        return (self.training_image.float() / 127.5 - 1).unsqueeze(0)

    def all_z_rec(self) -> Tensor:
        """The noise that reconstructs each of the training images, ``[pictures, 3, h, w]``."""
        return self.z_rec if self.other_z_rec is None else torch.cat([self.z_rec, self.other_z_rec])

    @torch.no_grad()
    def reconstruct(self) -> Tensor:
        """The training image as the generators see it: their output for z_rec, ``[1, 3, H, W]``."""
        return self.rebuild(len(self.generators)).clamp(-1, 1)

    @torch.no_grad()
    def reconstruct_all(self) -> Tensor:
        """Every training image as the generators see it, ``[pictures, 3, H, W]``."""
        return torch.cat([self.rebuild(len(self.generators), z).clamp(-1, 1) for z in self.all_z_rec()[:, None]])

    @torch.no_grad()
    def rebuild(self, scales: int, z_rec: Tensor | None = None) -> Tensor:
        """What the ``scales`` coarsest generators make of the (first) picture's z_rec, or of another's.

        Returns:
            ``[1, 3, h, w]``; mid-grey where there are no scales.
        """
        z_rec = self.z_rec if z_rec is None else z_rec
        image = torch.zeros_like(z_rec)
        for scale in range(scales):
            image = self.refine(resize(image, self.sizes[scale]), scale, z_rec if scale == 0 else None)
        return image

    def sample(
        self,
        count: int,
        *,
        generator: torch.Generator,
        height: int | None = None,
        width: int | None = None,
        start_scale: int = 0,
        keep_layout: float = 0.0,
    ) -> Tensor:
        """New pictures with the training image's patches (section 2.3; sizes: section 3, figure 6).

        The first pictures of a larger batch are those of a smaller one from the same generator state.

        Args:
            count: number of pictures.
            generator: a CPU generator; one draw is taken from it for each picture.
            height: of the pictures in pixels; the training size where None.
            width: likewise.
            start_scale: scales below it use the reconstruction's noise, so the layout stays
                (figure 8). Only at the training size.
            keep_layout: share k of the reconstruction's noise in the coarsest scale's, 0 … 1: the noise is
                ``k z_rec + sqrt(1 - k^2) fresh``, which has the same variance. Samples come nearer to the
                training image without copies of whole scales. Only at the training size.
        Returns:
            ``[count, 3, height, width]``.
        Raises:
            ValueError: a count or size below 1, a start scale that the model lacks, a share outside 0 … 1, or
                another size than the training size with a start scale or share above 0.
        """
        target = (self.size[0] if height is None else height, self.size[1] if width is None else width)
        if count < 1 or min(target) < 1:
            raise ValueError(f"a sample needs a positive count, width and height; got {count}, {width}, {height}")
        self.check_start_scale(start_scale, lowest=0)
        if start_scale > 0 and target != self.size:
            raise ValueError(
                f"start_scale {start_scale} keeps the training image's layout, so the size must stay "
                f"{self.size[1]}x{self.size[0]}; for {target[1]}x{target[0]} use start_scale 0"
            )
        if not 0 <= keep_layout <= 1:
            raise ValueError(f"keep_layout is {keep_layout}; it must lie in 0..1")
        if keep_layout > 0 and target != self.size:
            raise ValueError(
                f"keep_layout {keep_layout} draws on the training image's layout, so the size must stay "
                f"{self.size[1]}x{self.size[0]}; for {target[1]}x{target[0]} use keep_layout 0"
            )
        noises = image_generators(generator, count)
        group = max(1, STRIP_PIXELS // (target[0] * target[1]))
        groups = [noises[i : i + group] for i in range(0, count, group)]
        return torch.cat([self._sample(some, target, start_scale, keep_layout) for some in groups])

    @torch.no_grad()
    def climb(self, image: Tensor, noises: list[torch.Generator], start_scale: int, sizes: list[Size]) -> Tensor:
        """Run ``image`` through the scales from ``start_scale`` up to the last, with fresh noise.

        Args:
            image: ``[B, 3, h, w]`` of any size, resized to the start scale's.
            noises: a generator for each picture.
            sizes: the pyramid's sizes, as ``scaled_sizes`` gives them.
        """
        for scale in range(start_scale, len(self.generators)):
            noise = self.noise(noises, scale, sizes[scale])
            image = self.refine(resize(image, sizes[scale]), scale, noise)
        return image.clamp(-1, 1)

    def noise(self, generators: list[torch.Generator], scale: int, size: Size) -> Tensor:
        """Unit noise for a scale, ``[B, 3, h, w]``; one channel copied to three at the coarsest."""
        channels = 1 if scale == 0 else 3
        drawn = [torch.randn(1, channels, *size, generator=g) for g in generators]
        return on_device(torch.cat(drawn), self.z_rec.device).expand(-1, 3, -1, -1)

    @torch.no_grad()
    def refine(self, previous: Tensor, scale: int, noise: Tensor | None) -> Tensor:
        """One scale's generator on ``[B, 3, h, w]``, in strips of bounded size; exact, as strips overlap."""
        return in_strips(self.generators[scale], noisy(noise, previous, self.amplitudes[scale]), previous)

    def check_start_scale(self, start_scale: int, lowest: int) -> None:
        """Raise ValueError unless ``lowest <= start_scale`` and the model has that scale."""
        last = len(self.sizes) - 1
        if not lowest <= start_scale <= last:
            raise ValueError(f"start_scale is {start_scale}; this model has scales {lowest} to {last}")

    def _sample(self, noises: list[torch.Generator], target: Size, start_scale: int, keep_layout: float) -> Tensor:
        if start_scale == 0 and keep_layout > 0:
            fresh = self.noise(noises, 0, self.sizes[0])
            mixed = keep_layout * self.z_rec + math.sqrt(1 - keep_layout**2) * fresh
            return self.climb(self.refine(torch.zeros_like(mixed), 0, mixed), noises, 1, self.sizes)
        image = self.rebuild(start_scale).expand(len(noises), -1, -1, -1)
        return self.climb(image, noises, start_scale, scaled_sizes(self.sizes, target))


def in_strips(network: nn.Module, padded: Tensor, previous: Tensor) -> Tensor:
    """``network(padded, previous)`` of a generator in use, in strips of bounded size; exact, as strips overlap."""
    count, _, height, width = previous.shape
    rows = max(1, STRIP_PIXELS // (count * width))
    if rows >= height:
        return network(padded, previous)  # type: ignore[no-any-return]
    out = torch.empty_like(previous)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        out[:, :, top:bottom] = network(padded[:, :, top : bottom + 2 * MARGIN], previous[:, :, top:bottom])
    return out


def image_generators(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """An independent CPU generator for each of ``count`` pictures, seeded from ``generator``."""
    seeds = torch.randint(0, 2**63 - 1, (count,), generator=generator)
    return [torch.Generator().manual_seed(int(seed)) for seed in seeds]

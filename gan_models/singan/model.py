"""A trained SinGAN: a pyramid of generators with their noise amplitudes, sizes and training images."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..pixels import to_float
from ..progress import OnProgress, Progress, parts
from ..seeds import on_device
from .config import SinGANConfig
from .networks import MARGIN, MEMORY_FORMAT, Generator, noisy
from .pyramid import Size, resize, scaled_sizes

STRIP_PIXELS = 1 << 19
"""Upper limit of the pixels in one call of a generator: 64 MiB for 32 channels in float32."""


class SinGAN(nn.Module):
    """A generative model of one picture or a few, which samples new arrangements of them (Shaham et al. 2019).

    All tensors are buffers and parameters, so ``.to(device)`` moves the whole model. Results are on the model's
    device, float32, ``[B, 3, H, W]`` clamped to [-1, 1]. Random numbers are drawn on the CPU from the caller's
    generator, so they are the same on every device.

    Args:
        config: the settings of the training run.
        sizes: (height, width) of every scale of the pyramid, coarsest first.
        training_images: what it learned from, uint8 ``[N, 3, H, W]`` at the finest size.
        z_rec: the noise that reconstructs each training image, ``[N, 3, h, w]`` at the coarsest size.
        facts: information about the training run (seconds, original size …) as plain values.

    ``run`` is the name under which the training was kept until the model is saved, or None; see ``kept.forget``.

    What needs one picture takes the first training image. A model still in training has fewer generators than sizes;
    see ``finished``.

    Raises:
        ValueError: training images and noise that differ in number.
    """

    training_images: Tensor
    z_rec: Tensor

    def __init__(
        self,
        config: SinGANConfig,
        sizes: list[Size],
        training_images: Tensor,
        z_rec: Tensor,
        facts: Mapping[str, Any] | None = None,
    ):
        super().__init__()
        if len(training_images) != len(z_rec):
            raise ValueError(f"there are {len(training_images)} training images, but the noise for {len(z_rec)}")
        self.config = config
        self.sizes = [(int(h), int(w)) for h, w in sizes]
        self.facts = dict(facts or {})
        self.run: str | None = None
        self.amplitudes: list[float] = []
        self.generators = nn.ModuleList()
        self.register_buffer("training_images", training_images)
        self.register_buffer("z_rec", z_rec)

    @property
    def size(self) -> Size:
        """(height, width) of the finest scale."""
        return self.sizes[-1]

    @property
    def finished(self) -> bool:
        """Whether every scale has its generator."""
        return len(self.generators) == len(self.sizes)

    def add_scale(self, generator: Generator, amplitude: float) -> None:
        """Append the trained generator of the next finer scale and its noise amplitude."""
        self.generators.append(generator.eval().requires_grad_(False).to(memory_format=MEMORY_FORMAT))  # type: ignore[call-overload]
        self.amplitudes.append(float(amplitude))

    def training_picture(self) -> Tensor:
        """The first training image, ``[1, 3, H, W]`` in [-1, 1]."""
        return to_float(self.training_images[:1])

    @torch.no_grad()
    def reconstruct(self) -> Tensor:
        """The reconstruction of every training image: the generators' output for its z_rec, ``[N, 3, H, W]``."""
        scales, pictures = len(self.generators), range(len(self.z_rec))
        return torch.cat([self.reconstruct_coarse(scales, picture) for picture in pictures]).clamp(-1, 1)

    @torch.no_grad()
    def reconstruct_coarse(self, scales: int, picture: int = 0, on_progress: OnProgress | None = None) -> Tensor:
        """The reconstruction of one training image by the ``scales`` coarsest generators.

        Args:
            on_progress: called as by ``refine``.
        Returns:
            ``[1, 3, h, w]``, not clamped. Where ``scales`` is 0: mid-grey at the coarsest size or, in a model for
            harmonization, the training image at that size.
        """
        z_rec = self.z_rec[picture : picture + 1]
        image = torch.zeros_like(z_rec)
        if self.config.harmonizes:
            image = resize(to_float(self.training_images[picture : picture + 1]), self.sizes[0])
        for scale, part in enumerate(self._scale_parts(on_progress, range(scales), self.sizes)):
            image = self.refine(resize(image, self.sizes[scale]), scale, z_rec if scale == 0 else None, part)
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
        on_progress: OnProgress | None = None,
    ) -> Tensor:
        """Sample new pictures with the patches of the training images (section 2.3; sizes: section 3, figure 6).

        A larger batch begins with the pictures of a smaller one from the same generator state.

        Args:
            count: number of pictures.
            generator: CPU generator; one seed is drawn from it for each picture.
            height, width: of the pictures in pixels; None means the training size.
            start_scale: scales below it use the noise of the reconstruction, which keeps the layout (figure 8).
                Values above 0 need the training size.
            keep_layout: share k of the reconstruction's noise at the coarsest scale, 0 … 1. The noise is
                ``k z_rec + sqrt(1 - k^2) fresh``, which has the same variance, so samples resemble the training
                image more without copying whole scales. Values above 0 need the training size.
            on_progress: called as by ``refine``.
        Returns:
            ``[count, 3, height, width]``.
        Raises:
            ValueError: a model for harmonization, a count or size below 1, a start scale that the model does not have,
                a share outside 0 … 1, or a start scale or share above 0 at another size than the training size.
        """
        self.check_samples()
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
                f"keep_layout {keep_layout} keeps the training image's layout, so the size must stay "
                f"{self.size[1]}x{self.size[0]}; for {target[1]}x{target[0]} use keep_layout 0"
            )
        noises = image_generators(generator, count)
        group = max(1, STRIP_PIXELS // (target[0] * target[1]))
        groups = [noises[i : i + group] for i in range(0, count, group)]
        reports = parts(on_progress, [len(some) for some in groups])
        samples = [self._sample(some, target, start_scale, keep_layout, part)
                   for some, part in zip(groups, reports, strict=True)]  # fmt: skip
        return torch.cat(samples)

    @torch.no_grad()
    def refine_from(
        self,
        start_scale: int,
        image: Tensor,
        noises: list[torch.Generator],
        sizes: list[Size],
        on_progress: OnProgress | None = None,
    ) -> Tensor:
        """Pass pictures through the generators from ``start_scale`` to the last, with fresh noise at each.

        Args:
            image: ``[B, 3, h, w]`` of any size, resized to the start scale's.
            noises: a CPU generator for each picture.
            sizes: of all scales, as ``scaled_sizes`` returns them.
            on_progress: called as by ``refine``.
        Returns:
            ``[B, 3, H, W]`` at the last of ``sizes``.
        """
        scales = range(start_scale, len(self.generators))
        for scale, part in zip(scales, self._scale_parts(on_progress, scales, sizes), strict=True):
            noise = self.noise(noises, scale, sizes[scale])
            image = self.refine(resize(image, sizes[scale]), scale, noise, part)
        return image.clamp(-1, 1)

    def noise(self, generators: list[torch.Generator], scale: int, size: Size) -> Tensor:
        """Unit noise for a scale, ``[B, 3, h, w]``; one channel copied to three at the coarsest."""
        channels = 1 if scale == 0 else 3
        drawn = [torch.randn(1, channels, *size, generator=g, dtype=torch.float32) for g in generators]
        return on_device(torch.cat(drawn), self.z_rec.device).expand(-1, 3, -1, -1)

    @torch.no_grad()
    def refine(
        self, previous: Tensor, scale: int, noise: Tensor | None, on_progress: OnProgress | None = None
    ) -> Tensor:
        """The output of one scale's generator, computed in strips of bounded size without a change of the result.

        Args:
            previous: ``[B, 3, h, w]`` in [-1, 1], from the next coarser scale.
            noise: unit noise of the same shape, or None for none.
            on_progress: called after every strip; may raise to stop.
        """
        padded = noisy(noise, previous, self.amplitudes[scale])
        return in_strips(self.generators[scale], padded, previous, on_progress)

    def costs(self, sizes: list[Size]) -> list[int]:
        """The expected time that the generator of each scale takes for a picture of these sizes, in one unit."""
        return [math.prod(size) * self.config.width(scale) ** 2 for scale, size in enumerate(sizes)]

    def check_samples(self) -> None:
        """Raise ValueError if this is a model for harmonization, which refines pictures and has no samples."""
        if self.config.harmonizes:
            raise ValueError("this model was trained for harmonization and cannot make new pictures; train one for any "
                             "task")  # fmt: skip

    def check_start_scale(self, start_scale: int, lowest: int) -> None:
        """Raise ValueError unless ``start_scale`` is a scale of the model and at least ``lowest``."""
        last = len(self.sizes) - 1
        if not lowest <= start_scale <= last:
            raise ValueError(f"start_scale is {start_scale}; this model has scales {lowest} to {last}")

    def _sample(
        self,
        noises: list[torch.Generator],
        target: Size,
        start_scale: int,
        keep_layout: float,
        on_progress: OnProgress | None,
    ) -> Tensor:
        if start_scale == 0 and keep_layout > 0:
            fresh = self.noise(noises, 0, self.sizes[0])
            mixed = keep_layout * self.z_rec[:1] + math.sqrt(1 - keep_layout**2) * fresh
            return self.refine_from(1, self.refine(torch.zeros_like(mixed), 0, mixed), noises, self.sizes, on_progress)
        sizes = scaled_sizes(self.sizes, target)
        costs = self.costs(sizes)
        coarse, fine = parts(on_progress, [sum(costs[:start_scale]), len(noises) * sum(costs[start_scale:])])
        image = self.reconstruct_coarse(start_scale, on_progress=coarse).expand(len(noises), -1, -1, -1)
        return self.refine_from(start_scale, image, noises, sizes, fine)

    def _scale_parts(
        self, on_progress: OnProgress | None, scales: range, sizes: list[Size]
    ) -> list[OnProgress | None]:
        """An ``on_progress`` for each of ``scales``, as ``parts`` returns them."""
        costs = self.costs(sizes)
        stages = [f"scale {scale} of {len(self.sizes) - 1}" for scale in scales]
        return parts(on_progress, [costs[scale] for scale in scales], stages)


def in_strips(
    network: nn.Module, padded: Tensor, previous: Tensor, on_progress: OnProgress | None = None
) -> Tensor:
    """``network(padded, previous)`` of a trained generator, in strips that overlap, so that the result is the same.

    Args:
        padded, previous: as ``Generator.forward`` takes them.
        on_progress: called after every strip; may raise to stop.
    Returns:
        As ``previous``.
    """
    count, _, height, width = previous.shape
    rows = max(1, STRIP_PIXELS // (count * width))
    report = on_progress or (lambda progress: None)
    if rows >= height:
        whole: Tensor = network(padded, previous)
        report(Progress(height, height, "refining"))
        return whole
    out = torch.empty_like(previous)
    for top in range(0, height, rows):
        bottom = min(top + rows, height)
        out[:, :, top:bottom] = network(padded[:, :, top : bottom + 2 * MARGIN], previous[:, :, top:bottom])
        report(Progress(bottom, height, "refining"))
    return out


def image_generators(generator: torch.Generator, count: int) -> list[torch.Generator]:
    """An independent CPU generator for each of ``count`` pictures, seeded from ``generator``."""
    seeds = torch.randint(0, 2**63 - 1, (count,), generator=generator)
    return [torch.Generator().manual_seed(int(seed)) for seed in seeds]

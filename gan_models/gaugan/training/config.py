"""The settings of a GauGAN training run."""

import dataclasses
import json
import random
from dataclasses import dataclass
from typing import Any

from ..config import EncoderConfig, GeneratorConfig, NetConfig, Pix2PixHDConfig
from ..networks.discriminator import DiscriminatorConfig
from ..networks.projected import ProjectedConfig

WEIGHTS = ("feature_weight", "perceptual_weight", "style_weight", "color_weight", "region_weight", "latent_weight",
           "transfer_weight", "grid_weight")  # fmt: skip
"""Names of the weights of the losses."""


@dataclass(frozen=True)
class TrainingConfig:
    """The settings of a training run. The defaults are the paper's (Park et al. 2019, section 4 and appendix A).

    Attributes:
        taxonomy: name of the taxonomy of the label maps' ids.
        generator, encoder, discriminator: the architectures. Without an encoder, the net has no style. The
            discriminator is the paper's or the one on frozen features.
        size: width of the training pictures in pixels. Their height follows from the generator's aspect ratio.
        batch: pictures per step, over all processes.
        steps: number of steps of the run. The learning rates fall linearly to zero over the second half.
        seed: seed for the initial weights, the shuffling, the crops and the noise.
        learning_rate: base learning rate. Generator and encoder train at this times ``generator_rate``, the
            discriminators at this times ``discriminator_rate``.
        beta: decay of Adam's second moments. The decay of the first moments is 0.
        init_gain: gain of the Xavier initialization.
        feature_weight: weight of feature matching.
        perceptual_weight: weight of the difference of an image classifier's features: those of VGG19 if a perceptual
            loss is given, otherwise those that the discriminators use.
        style_weight: weight of the styles' divergence from the unit Gaussian.
        color_weight: weight of the difference of coarse colours. The paper has no such loss.
        region_weight: weight of the difference of each class's mean colour and contrast. The paper has no such loss.
        latent_weight: weight of the difference between the style of a generated picture and the style that the encoder
            reads from it (the latent regression of Zhu et al. 2017, section 3.2). The paper has no such loss.
        transfer_weight: weight of the difference in colours between a generated picture and the picture of the batch
            whose style it has. In the paper every picture is generated in its own style.
        grid_weight: weight of waves with the periods of the generator's doublings. The paper has no such loss.
        transfers: share of the batch that is generated in the style of another picture. The losses that compare a
            picture with the real one use only the rest of the batch.
        margin: the pictures are resized to this many times ``size`` and then cropped at random.
        smallest_crop: if above 0, pictures are not squeezed and ``margin`` is not used. Instead, random crops with the
            aspect ratio of the training pictures are taken, from this share to all of the largest crop that fits.
        largest_scale: each batch has a random size, from ``size`` to this many times ``size``, so that the net also
            learns to fill larger pictures (multi-scale training). Larger sizes get fewer pictures, so that a step takes
            equally long, and larger crops, so that their content is not much coarser. The paper trains at one size.
        color_jitter: random variation of gamma, white balance and saturation of the training pictures, as a standard
            deviation of their logarithms (a quarter of it for white balance). It shows the style encoder more colours
            than a small data set has. The paper has none.
        class_jitter: random variation of the brightness of each class on its own, as a standard deviation of its
            logarithm, and of its colour by half as much. It teaches that every class has its own colours in a style.
            The paper has none.
        warp: standard deviation of smooth random displacements by which pictures and label maps are bent alike,
            relative to their sides. It shows more shapes than a single picture has. The paper has none.
        coarse_labels: share of the pictures whose label maps are simplified by a random amount: outlines become smooth
            and small areas vanish, as in maps that people draw. Those of photographs are finer. The paper has none.
        color_window: height and width, relative to the picture's, of the random window of each step in which the region
            and transfer losses compare colours. In a whole picture, a dark middle with bright borders has the right
            mean colour and contrast; in a window, it does not. 1 is the whole picture.
        flips: whether pictures are mirrored at random.
        decay: share of its weights that the generator's exponential moving average (EMA) keeps in a step.
        frozen_norm: share of the run's steps, at its end, in which batch norm is frozen: it normalizes by statistics
            that are measured once instead of those of each batch. Small batches have other statistics than the model
            will use; with frozen ones, the net learns with what it will use. The paper has none.
        frozen_blocks: number of the SPADE generator's first residual blocks that do not learn. The layer before them
            does not, either. A few pictures teach textures, which the later blocks make, and little else (compare Mo et
            al. 2020, who freeze the discriminator's first layers). The paper has none.
        train_encoder: whether the style encoder learns. If it does not, styles keep the meaning that they have in the
            model from which the run starts.
        even_style: whether the style acts alike on all cells of the SPADE generator's start grid. If it does not, it
            learns to make the middle of every picture dark if that of the photograph is, whatever the label map shows
            there. In the paper, each cell has its own weights.
        style_steps: number of steps before the first one in which the encoder alone learns to tell named styles apart,
            if the data name them (see style_pretraining.py). At most ``steps`` are done. Afterwards the encoder is
            frozen. The paper has none.
    """

    taxonomy: str
    generator: NetConfig
    encoder: EncoderConfig | None
    discriminator: DiscriminatorConfig | ProjectedConfig
    size: int = 256
    batch: int = 32
    steps: int = 100_000
    seed: int = 0
    learning_rate: float = 2e-4
    generator_rate: float = 0.5
    discriminator_rate: float = 2.0
    beta: float = 0.9
    init_gain: float = 0.02
    feature_weight: float = 10.0
    perceptual_weight: float = 10.0
    style_weight: float = 0.05
    color_weight: float = 0.0
    region_weight: float = 0.0
    latent_weight: float = 0.0
    transfer_weight: float = 0.0
    transfers: float = 0.0
    grid_weight: float = 0.0
    margin: float = 286 / 256
    smallest_crop: float = 0.0
    largest_scale: float = 1.0
    color_jitter: float = 0.0
    class_jitter: float = 0.0
    warp: float = 0.0
    coarse_labels: float = 0.0
    color_window: float = 1.0
    flips: bool = True
    decay: float = 0.999
    frozen_norm: float = 0.0
    frozen_blocks: int = 0
    train_encoder: bool = True
    even_style: bool = False
    style_steps: int = 0

    def __post_init__(self) -> None:
        for name in ("size", "batch", "steps", "learning_rate", "generator_rate", "discriminator_rate", "init_gain"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive; it is {getattr(self, name)}")
        for name in (*WEIGHTS, "style_steps", "color_jitter", "class_jitter", "warp", "frozen_blocks"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative; it is {getattr(self, name)}")
        for name in ("margin", "largest_scale"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name):g}")
        for name in ("decay", "beta", "transfers"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 0 and below 1; it is {getattr(self, name):g}")
        if not 0 < self.color_window <= 1:
            raise ValueError(f"color_window must be above 0 and at most 1; it is {self.color_window:g}")
        for name in ("smallest_crop", "frozen_norm", "coarse_labels"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must be from 0 to 1; it is {getattr(self, name):g}")
        if (self.encoder.z_dim if self.encoder else 0) != self.generator.z_dim:
            raise ValueError("z_dim of the style encoder and of the generator must be equal")
        if self.even_style and not (isinstance(self.generator, GeneratorConfig) and self.generator.z_dim):
            raise ValueError("even_style needs a SPADE generator with a style")
        if self.size % self.generator.stride or self.height % self.generator.stride:
            raise ValueError(f"size {self.size} gives pictures of {self.size}×{self.height}, but the sides must be "
                             f"multiples of {self.generator.stride}")  # fmt: skip

        if self.batch * self.size * self.height == self.generator.stride**2:
            raise ValueError(f"batch 1 at size {self.size} leaves batch norm only one number per channel; use a larger "
                             "batch or size")  # fmt: skip

    @property
    def height(self) -> int:
        """Height of the training pictures in pixels."""
        return round(self.size / self.generator.aspect_ratio)

    def at_step(self, step: int) -> "TrainingConfig":
        """The settings for the batch of a step, with its size, number of pictures and smallest crop."""
        if self.largest_scale == 1:
            return self
        sizes = [size for size in range(self.size, int(self.size * self.largest_scale) + 1, self.generator.stride)
                 if round(size / self.generator.aspect_ratio) % self.generator.stride == 0]  # fmt: skip
        # This is nearly uniform in the logarithm of the size.
        size = random.Random(f"{self.seed} size {step}").choices(sizes, [1 / size for size in sizes])[0]
        scale = size / self.size
        batch = max(1, round(self.batch / scale**2))
        return dataclasses.replace(self, size=size, batch=batch, smallest_crop=min(1.0, self.smallest_crop * scale))

    def freezes_norm_at(self, step: int) -> bool:
        """Whether batch norm is frozen at a step."""
        return step >= self.steps - round(self.frozen_norm * self.steps)

    def rate_at(self, step: int) -> float:
        """Factor of the learning rates at a step: 1 in the first half of the run, then falling to 0."""
        return min(1.0, 2 * (self.steps - step) / self.steps)

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "TrainingConfig":
        values: dict[str, Any] = json.loads(text)
        kind = GeneratorConfig if "nhidden" in values["generator"] else Pix2PixHDConfig
        values["generator"] = kind(**values["generator"])
        values["encoder"] = EncoderConfig(**values["encoder"]) if values["encoder"] else None
        discriminator = ProjectedConfig if "features" in values["discriminator"] else DiscriminatorConfig
        values["discriminator"] = discriminator(**values["discriminator"])
        return cls(**values)

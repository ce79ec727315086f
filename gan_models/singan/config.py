"""The settings of a SinGAN training run, and the presets."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal

from ..quoting import shown
from ..settings import require_kinds

Normalization = Literal["batch", "none"]

_COUNTS = (
    "max_size", "min_size", "channels", "max_channels", "iterations", "coarse_iterations",
    "critic_steps", "generator_steps", "penalty_every", "pool_iterations",
)  # fmt: skip
_WEIGHTS = (
    "widen_every", "penalty_weight", "reconstruction_weight", "noise_weight", "crop", "pool",
    "distribution_weight", "joint_scales", "joint_rate", "coarse_side", "diversity", "diversity_weight", "step_limit",
)  # fmt: skip

_WRITTEN_NAMES = {"ema_decay": "averaging"}
"""Names of settings in saved files, where they differ from the attributes'."""

SUPER_RESOLUTION_STEP = 2 ** (1 / 3)
HARMONIZING_SHARE = 0.7
"""Largest share of the trained size that the coarsest scale of a model for harmonization has."""
LARGEST_WHOLE = 512
"""Longest side in pixels up to which ``SinGANConfig.at_size`` trains whole scales; larger ones train on such crops."""


@dataclass(frozen=True)
class SinGANConfig:
    """Settings of one training run. The defaults are the released schedule (Shaham et al. 2019, supplement).

    Attributes:
        max_size: longer side of the finest scale, in pixels; a larger training image is reduced to it.
        min_size: short side of the coarsest scale, in pixels.
        scale_factor: size of a scale relative to the next finer one, before it is adjusted to fit both ends.
        exact_factor: keep ``scale_factor`` unadjusted (super-resolution).
        scales_by_trained_size: derive the number of scales from the trained size alone. The released rule counts from
            the original size and rounds twice, so some pictures get one scale more than others.
        channels: width of the networks at the coarsest scale.
        widen_every: number of scales after which the width doubles; 0 keeps it constant.
        max_channels: upper limit of the width.
        normalization: "batch" normalization as in the paper, or "none" (with He initialization).
        iterations: iterations at the finest scale.
        coarse_iterations: iterations at the coarsest scale; the numbers in between form a geometric progression.
        learning_rate: of Adam, betas (0.5, 0.999); divided by ten after ``decay_at``.
        step_limit: root mean square, in learning rates, up to which a step may change a network's weights
            (``optimizers.LimitedAdam``). In long trainings, sudden long steps of the critic set off divergence. 0 sets
            no limit, as the paper does.
        decay_at: fraction of a scale's iterations after which the learning rate drops.
        critic_steps: updates of the critic per iteration.
        generator_steps: updates of the generator per iteration.
        penalty_weight: weight of the gradient penalty.
        penalty_every: critic updates per gradient penalty, whose weight is multiplied by this number.
        reconstruction_weight: weight of the reconstruction's mean squared error.
        noise_weight: noise amplitude of a scale, relative to the error that the coarser scales leave.
        crop: scales with sides above this many pixels train on random crops of this size; 0 = never.
        pool: number of samples of the coarser scales that are drawn at a time, fewer for very large scales;
            0 draws one for every critic update.
        pool_iterations: iterations that share one pool.
        ema_decay: decay of the exponential moving average (EMA) of the generator's weights, which the model keeps;
            0 keeps the last weights instead.
        distribution_weight: weight, at coarse scales, of the distance between all patches of a sample and all patches
            of the training image (``losses.patch_distance``). 0 leaves it out, as the paper does.
        joint_scales: number of next coarser scales that train jointly with a coarse scale (``coarser_scales.py``).
            Needs normalization "none" and one generator step. 0 trains one scale at a time, as the paper does.
        joint_rate: learning rate of a jointly trained scale relative to the next finer one's.
        coarse_side: scales whose longer side is at most this many pixels count as coarse.
        diversity: least diversity that the samples of coarse scales should have (``losses.pair_diversity``). Needs
            whole coarse scales and one generator step. 0 leaves it out, as the paper does.
        diversity_weight: weight of the diversity that is missing.
        diversity_by_coverage: pixels that few of the critic's patches cover, as in the corners, count less in the
            diversity (``losses.coverage_weights``).
        canvas_share: share, 0 … 1, of the samples of coarse scales that are pieces of samples twice as wide or tall.
            Such pieces have no borders that reveal the layout, so the picture is not learned by heart. Needs whole
            coarse scales. 0 leaves them out, as the paper does.
    """

    max_size: int = 250
    min_size: int = 25
    scale_factor: float = 0.75
    exact_factor: bool = False
    channels: int = 32
    widen_every: int = 4
    max_channels: int = 128
    normalization: Normalization = "batch"
    iterations: int = 2000
    coarse_iterations: int = 2000
    learning_rate: float = 5e-4
    step_limit: float = 0.0
    decay_at: float = 0.8
    critic_steps: int = 3
    generator_steps: int = 3
    penalty_weight: float = 0.1
    penalty_every: int = 1
    reconstruction_weight: float = 10.0
    noise_weight: float = 0.1
    crop: int = 0
    pool: int = 0
    pool_iterations: int = 1
    ema_decay: float = 0.0
    distribution_weight: float = 0.0
    joint_scales: int = 0
    joint_rate: float = 0.3
    coarse_side: int = 64
    diversity: float = 0.0
    diversity_weight: float = 4.0
    canvas_share: float = 0.0
    scales_by_trained_size: bool = False
    harmonizes: bool = False
    diversity_by_coverage: bool = False

    smallest_side = 32

    def __post_init__(self) -> None:
        require_kinds(self)
        for name in _COUNTS:
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name)}")
        for name in _WEIGHTS:
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative; it is {getattr(self, name)}")
        if not 0 < self.scale_factor < 1:
            raise ValueError(f"scale_factor must lie between 0 and 1; it is {self.scale_factor}")
        if not 0 < self.learning_rate:
            raise ValueError(f"learning_rate must be positive; it is {self.learning_rate}")
        if not 0 <= self.decay_at <= 1 or not 0 <= self.ema_decay < 1:
            raise ValueError("decay_at must lie in 0..1, and ema_decay in 0..1 but below 1")
        if self.min_size > self.max_size:
            raise ValueError(f"min_size ({self.min_size}) must not exceed max_size ({self.max_size})")
        if self.normalization not in ("batch", "none"):
            raise ValueError(f"normalization must be 'batch' or 'none'; it is {shown(self.normalization)}")
        if self.joint_scales and (self.normalization != "none" or self.generator_steps > 1):
            raise ValueError("joint_scales needs normalization 'none' and generator_steps 1")
        if self.diversity and (self.generator_steps > 1 or 0 < self.crop < self.coarse_side):
            raise ValueError("diversity needs generator_steps 1, and crop 0 or at least coarse_side")
        if not 0 <= self.canvas_share <= 1:
            raise ValueError(f"canvas_share must lie in 0..1; it is {self.canvas_share}")
        if self.canvas_share and 0 < self.crop < self.coarse_side:
            raise ValueError("canvas_share needs crop 0 or at least coarse_side")
        if self.harmonizes and (self.normalization != "none" or self.critic_steps > 1 or self.generator_steps > 1):
            raise ValueError("harmonizes needs normalization 'none', critic_steps 1 and generator_steps 1")

    @classmethod
    def preset(cls, name: str) -> "SinGANConfig":
        """The preset ``name``, one of ``PRESETS``.

        Raises:
            ValueError: there is no such preset.
        """
        if name not in PRESETS:
            raise ValueError(f"there is no preset {name!r}; the presets are {', '.join(PRESETS)}")
        return PRESETS[name]

    def for_super_resolution(self) -> "SinGANConfig":
        """The same settings with the changes that the paper makes for super-resolution (section 4).

        Super-resolution uses only the finest scale, so everything that improves samples is switched off.
        """
        return replace(
            self,
            scale_factor=1 / SUPER_RESOLUTION_STEP,
            exact_factor=True,
            joint_scales=0,
            distribution_weight=0.0,
            diversity=0.0,
            canvas_share=0.0,
            scales_by_trained_size=False,
            reconstruction_weight=100.0,
            min_size=18,
        )

    @classmethod
    def for_harmonization(cls, name: str) -> "SinGANConfig":
        """The preset ``name``, one of ``HARMONIZING_PRESETS``, for harmonization.

        Raises:
            ValueError: there is no such preset.
        """
        if name not in HARMONIZING_PRESETS:
            raise ValueError(f"harmonization has no preset {name!r}; use {', '.join(HARMONIZING_PRESETS)}")
        return HARMONIZING_PRESETS[name]

    def at_size(self, max_size: int) -> "SinGANConfig":
        """The same settings with another ``max_size``, and with crops if whole scales would need too much memory."""
        crop = self.crop or (LARGEST_WHOLE if max_size > LARGEST_WHOLE else 0)
        min_size = min(self.min_size, max_size) if self.harmonizes else self.min_size
        return replace(self, max_size=max_size, crop=crop, min_size=min_size)

    def width(self, scale: int) -> int:
        """Channels of the networks at ``scale`` (0 = coarsest)."""
        doublings = scale // self.widen_every if self.widen_every else 0
        return int(min(self.channels * 2**doublings, max(self.max_channels, self.channels)))

    def coarse(self, size: tuple[int, int]) -> bool:
        """Whether a scale of ``size`` (height, width) counts as coarse."""
        return max(size) <= self.coarse_side

    def iterations_at(self, scale: int, scales: int) -> int:
        """Iterations of ``scale`` (0 = coarsest) in a pyramid of ``scales`` scales."""
        fineness = scale / max(scales - 1, 1)
        iterations: float = self.coarse_iterations ** (1 - fineness) * self.iterations**fineness
        return round(iterations)

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain values under the names that saved files use."""
        values = {_WRITTEN_NAMES.get(name, name): value for name, value in asdict(self).items()}
        # Left out where they are off, so that unfinished runs of earlier versions are still found by their settings.
        for name in ("harmonizes", "step_limit", "diversity_by_coverage"):
            if not values[name]:
                del values[name]
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "SinGANConfig":
        """The settings of a saved file; unknown names are ignored, missing ones have their defaults."""
        written = {field.name: _WRITTEN_NAMES.get(field.name, field.name) for field in fields(cls)}
        return cls(**{name: values[key] for name, key in written.items() if key in values})


_FAST = SinGANConfig(
    min_size=18,
    widen_every=0,
    normalization="none",
    learning_rate=1e-3,
    critic_steps=1,
    generator_steps=1,
    penalty_every=4,
    reconstruction_weight=50.0,
    pool=16,
    pool_iterations=48,
    ema_decay=0.99,
    distribution_weight=10.0,
    joint_scales=3,
    diversity=0.45,
    scales_by_trained_size=True,
)

PRESETS: dict[str, SinGANConfig] = {
    "draft": replace(_FAST, max_size=128, iterations=70, coarse_iterations=350, learning_rate=2e-3, ema_decay=0.98),
    "standard": replace(_FAST, iterations=200, coarse_iterations=3000, coarse_side=128, canvas_share=0.25),
    "best": replace(
        _FAST,
        iterations=1500,
        coarse_iterations=24000,
        learning_rate=2e-3,
        step_limit=0.5,
        coarse_side=128,
        canvas_share=0.15,
        diversity_by_coverage=True,
        scales_by_trained_size=False,
    ),
    "paper": SinGANConfig(),
}
"""None of them crops: crops halve the time, but samples lose the picture's colours (measured at 160 pixels)."""

_HARMONIZING = replace(
    _FAST,
    min_size=120,
    noise_weight=1.0,
    distribution_weight=0.0,
    joint_scales=0,
    diversity=0.0,
    harmonizes=True,
)

HARMONIZING_PRESETS: dict[str, SinGANConfig] = {
    "draft": replace(_HARMONIZING, max_size=128, min_size=60, coarse_iterations=250, iterations=60),
    "standard": replace(_HARMONIZING, coarse_iterations=400, iterations=80),
    "best": replace(_HARMONIZING, coarse_iterations=1200, iterations=240),
}
"""Few scales, of which the coarsest has fine detail already (Hinz et al. 2021, section 4.2)."""

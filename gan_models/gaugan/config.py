"""The architectures of GauGAN's generators and style encoders."""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any, Literal, get_args

from ..quoting import shown
from ..settings import require_kinds

Upsampling = Literal["normal", "more", "most"]

UPSAMPLINGS: tuple[Upsampling, ...] = get_args(Upsampling)
UNKNOWN = 255
"""The id that means "unknown" in the label maps of a net with fewer classes than this."""

COLOR_FEATURES = 6
"""Inputs per cell for a style encoder with ``colors``: the mean and deviation of red, green and blue."""

MOST_LAYERS = 8
"""The most convolutions of a style encoder; each halves the picture."""

FEWEST_CELLS = 8
"""In a start grid with fewer cells per side, most of a picture's structure comes from its borders."""

MOST_ASPECT = 100
MOST_OVERSCAN = 256


@dataclass(frozen=True)
class NetConfig(ABC):
    """The settings that all generators share: label channels, style and training size.

    Attributes:
        classes: number of classes, not counting "unknown".
        unknown: whether a channel for unknown pixels follows the classes.
        instance_edges: whether the last channel marks the borders between instances.
        ngf: channels of the activations at full resolution; smaller activations have more channels.
        z_dim: length of the style vector; 0 for a net that has none.
        crop_size: width of the training pictures, in pixels.
        aspect_ratio: width divided by height of the training pictures.
        overscan: pixels that ``synthesize`` generates beyond each border of a picture larger than the training
            pictures, and cuts off. A generator sees at its zero padding where the picture ends. In training it learns
            what belongs there; in larger pictures it may draw lines along the border. With an overscan, larger pictures
            also take their coarse structure from smaller ones (see ``sizes_up_to``), and the first blocks of a SPADE
            generator do not see the borders (see ``GeneratorConfig.borderless``). The paper has none.
    """

    classes: int
    unknown: bool = False
    instance_edges: bool = False
    ngf: int = 64
    z_dim: int = 256
    crop_size: int = 256
    aspect_ratio: float = 1.0
    overscan: int = 0

    def __post_init__(self) -> None:
        require_kinds(self)
        for name in ("classes", "ngf", "crop_size"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1; it is {getattr(self, name)}")
        if self.z_dim < 0:
            raise ValueError(f"z_dim must not be negative; it is {self.z_dim}")
        if not 1 / MOST_ASPECT <= self.aspect_ratio <= MOST_ASPECT:
            raise ValueError(f"aspect_ratio must be positive and at most {MOST_ASPECT}; it is {self.aspect_ratio}")

    @property
    def semantic_nc(self) -> int:
        """Channels of the one-hot label map."""
        return self.classes + self.unknown + self.instance_edges

    @property
    @abstractmethod
    def stride(self) -> int:
        """The sides of the net's pictures are multiples of this."""

    @property
    def varies(self) -> bool:
        """Whether the net can make different pictures of one label map."""
        return self.z_dim > 0

    def require_overscan(self) -> None:
        """Raise a ValueError unless the net can make pictures that are larger by the overscan at each border."""
        step = self.stride // 2
        if not 0 <= self.overscan <= MOST_OVERSCAN or self.overscan % step:
            raise ValueError(f"overscan must be a multiple of {step} from 0 to {MOST_OVERSCAN}; it is {self.overscan}")

    def enlargement(self, height: int, width: int) -> float:
        """How many times as large as the training pictures a picture is, by the side that is enlarged less."""
        trained = (round(self.crop_size / self.aspect_ratio), self.crop_size)
        return min(side / (ceil(length / self.stride) * self.stride)
                   for side, length in zip((height, width), trained, strict=True))  # fmt: skip

    def sizes_up_to(self, height: int, width: int) -> list[tuple[int, int]]:
        """(height, width) of the pictures that ``synthesize`` generates for one of this size, which is the last.

        In a picture larger than its training pictures, a generator repeats small motifs, as everything that it has
        learned about large structures is now too small. A net with an overscan therefore generates a picture of the
        training size first, then pictures of at most twice the size, each of which adds details to the one before.
        """
        factor = min(self.enlargement(height, width), 2.0)
        if not self.overscan or factor <= 1:
            return [(height, width)]
        smaller = (round(side / factor / self.stride) * self.stride for side in (height, width))
        return [*self.sizes_up_to(*smaller), (height, width)]

    def overscan_at(self, height: int, width: int) -> int:
        """Pixels to generate beyond each border of a picture of this size."""
        return self.overscan if self.enlargement(height, width) > 1 else 0

    def generated_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) of what is generated for a picture of this size, before the overscan is cut off."""
        overscan = self.overscan_at(height, width)
        return height + 2 * overscan, width + 2 * overscan

    def require_size(self, height: int, width: int) -> None:
        """Raise a ValueError unless the net can make a picture of this size."""
        if min(height, width) >= 1 and height % self.stride == 0 and width % self.stride == 0:
            return
        near = [max(1, round(side / self.stride)) * self.stride for side in (height, width)]
        raise ValueError(f"the label map is {width}x{height}, but this GauGAN makes pictures whose sides are multiples "
                         f"of {self.stride}; the nearest is {near[1]}x{near[0]}")  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """All settings as plain values, for the metadata of a file."""
        return asdict(self)


@dataclass(frozen=True)
class Pix2PixHDConfig(NetConfig):
    """The architecture of a pix2pixHD++ generator (see pix2pixhd.py)."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require_overscan()

    @property
    def stride(self) -> int:
        """The size is halved four times, and instance norm needs more than one pixel."""
        return 32


@dataclass(frozen=True)
class GeneratorConfig(NetConfig):
    """The architecture of one SPADE generator (Park et al. 2019, appendix A).

    Attributes:
        ngf: channels of the last layers; the first have 16 times as many.
        nhidden: channels of SPADE's hidden layer, between the label map and the scale and shift.
        upsampling: how many times the start grid is doubled: 5 ("normal"), 6 ("more") or 7 ("most").
        noise: whether noise with a learned weight per channel is added after every convolution. The paper has none.
        style_blocks: whether the style also scales and shifts the channels inside every residual block. In the
            paper it enters only at the start grid.
    """

    nhidden: int = 128
    upsampling: Upsampling = "normal"
    noise: bool = False
    style_blocks: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nhidden < 1:
            raise ValueError(f"nhidden must be at least 1; it is {self.nhidden}")
        if self.upsampling not in UPSAMPLINGS:
            raise ValueError(f"upsampling must be one of {', '.join(UPSAMPLINGS)}; it is {shown(self.upsampling)}")
        self.require_overscan()
        if self.style_blocks and not self.z_dim:
            raise ValueError("style_blocks needs a style, but z_dim is 0")
        if self.upsampling == "most" and self.ngf % 2:
            raise ValueError(f"upsampling 'most' halves ngf, so it must be even; it is {self.ngf}")
        if min(self.grid) < 1:
            raise ValueError(f"crop_size {self.crop_size} at aspect_ratio {self.aspect_ratio:g} is too small for "
                             f"upsampling {self.upsampling!r}, which doubles {self.doublings} times")  # fmt: skip

    @property
    def doublings(self) -> int:
        """How many times the start grid is doubled."""
        return 5 + UPSAMPLINGS.index(self.upsampling)

    @property
    def stride(self) -> int:
        """Pixels of the picture per cell of the start grid; its sides are multiples of this."""
        return 1 << self.doublings

    @property
    def grid(self) -> tuple[int, int]:
        """(height, width) of the start grid at the training size."""
        width = self.crop_size // self.stride
        return round(width / self.aspect_ratio), width

    @property
    def varies(self) -> bool:
        return self.noise or super().varies

    @property
    def borderless(self) -> bool:
        """Whether the first blocks do not see where a picture ends, except below (``SPADEResBlock``), in eval mode."""
        return self.overscan > 0 and min(self.grid) >= FEWEST_CELLS


@dataclass(frozen=True)
class EncoderConfig:
    """The architecture of one style encoder (Park et al. 2019, appendix A).

    Attributes:
        ndf: channels of the first convolution.
        layers: number of stride-2 convolutions: 6 in the released nets, 5 in those for small pictures. With 0, styles
            are read from the colours alone, which a few hundred photos are enough to learn.
        z_dim: length of the style vector.
        grid: height and width of the last convolution's output.
        seen: number of training pictures' styles that the encoder stores, from which random styles are drawn; 0 in the
            released nets.
        colors: whether the last layer also gets the mean and the deviation of the picture's colours in each cell of
            the grid, which instance norm hides from the convolutions. The released nets have no such input.
    """

    ndf: int = 64
    layers: int = 6
    z_dim: int = 256
    grid: int = 4
    seen: int = 0
    colors: bool = False

    def __post_init__(self) -> None:
        require_kinds(self)
        if self.layers > MOST_LAYERS:
            raise ValueError(f"a style encoder has at most {MOST_LAYERS} convolutions; this one has {self.layers}")
        if min(self.ndf, self.z_dim, self.grid) < 1 or min(self.layers, self.seen) < 0:
            raise ValueError("a style encoder needs channels, a style and a grid, and no number may be negative")
        if not self.layers and not self.colors:
            raise ValueError("a style encoder without convolutions needs colors")

    @property
    def input_size(self) -> int:
        """Height and width that every photo is resized to: 256 in the released nets."""
        return self.grid << (self.layers or 5)

    @property
    def widths(self) -> list[int]:
        """Output channels of each convolution."""
        return [self.ndf * min(1 << layer, 8) for layer in range(self.layers)]

    @property
    def features(self) -> int:
        """Number of inputs of the last layer."""
        return (sum(self.widths[-1:]) + COLOR_FEATURES * self.colors) * self.grid**2

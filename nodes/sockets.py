"""The socket types of the pack, what travels on them, and the input that many nodes share."""

from dataclasses import dataclass

import torch
from comfy_api.latest import io
from torch import Tensor

from ..gan_models.labels import Taxonomy, taxonomy

SinGANModel = io.Custom("SINGAN_MODEL")
"""Carries a ``gan_models.singan.SinGAN``."""

GauGANModel = io.Custom("GAUGAN_MODEL")
"""Carries a ``host.Held`` with a ``gan_models.gaugan.Synthesizer``."""


@dataclass(frozen=True, eq=False)
class Style(io.Custom("GAUGAN_STYLE")):
    """Style vectors of a GauGAN. The class is the socket type, its instances travel on it.

    Attributes:
        z: float32 ``[B, z_dim]``, on the CPU.
    """

    z: Tensor

    def __post_init__(self):
        if self.z.dtype != torch.float32 or self.z.ndim != 2 or self.z.numel() == 0:
            raise ValueError(f"styles must be float32 [batch, numbers], not {self.z.dtype} {list(self.z.shape)}")


@dataclass(frozen=True, eq=False)
class LabelMap(io.Custom("LABEL_MAP")):
    """The class of every pixel. The class is the socket type, its instances travel on it.

    Attributes:
        ids: uint8 or int16 ``[B, H, W]``: ids of the taxonomy.
        taxonomy: name of the taxonomy.
        instances: int32 ``[B, H, W]``: pixels of one object share a number; None where nobody knows.
    """

    ids: Tensor
    taxonomy: str
    instances: Tensor | None = None

    def __post_init__(self):
        classes = taxonomy(self.taxonomy)
        if self.ids.dtype not in (torch.uint8, torch.int16):
            raise ValueError(f"label ids must be uint8 or int16, not {self.ids.dtype}")
        if self.ids.ndim != 3 or self.ids.numel() == 0:
            raise ValueError(f"label ids must be [batch, height, width], not {list(self.ids.shape)}")
        lowest, highest = self.ids.aminmax()
        if lowest < 0 or highest >= len(classes):
            wrong = int(lowest if lowest < 0 else highest)
            raise ValueError(f"{wrong} is not a valid id of '{self.taxonomy}', whose ids are 0 to {len(classes) - 1}")
        if self.instances is not None and (
            self.instances.dtype != torch.int32 or self.instances.shape != self.ids.shape
        ):
            raise ValueError(
                f"instances must be int32 {list(self.ids.shape)} as the ids are, not {self.instances.dtype} "
                f"{list(self.instances.shape)}"
            )

    @property
    def classes(self) -> Taxonomy:
        """The taxonomy itself."""
        return taxonomy(self.taxonomy)


def seed_input(tooltip: str, control: bool | io.ControlAfterGenerate = True) -> io.Int.Input:
    """A seed widget with ComfyUI's range. ``control``: what becomes of it after a run, unless the user says."""
    return io.Int.Input("seed", default=0, min=0, max=2**64 - 1, control_after_generate=control, tooltip=tooltip)

"""SinGAN: a generative model from a single picture (Shaham et al., ICCV 2019)."""

from .checkpoint import load, save
from .config import PRESETS, SinGANConfig
from .editing import harmonize, super_resolve
from .model import STRIP_PIXELS, SinGAN
from .training import TrainingState, train

__all__ = [
    "PRESETS",
    "STRIP_PIXELS",
    "SinGAN",
    "SinGANConfig",
    "TrainingState",
    "harmonize",
    "load",
    "save",
    "super_resolve",
    "train",
]

"""SinGAN: a generative model from a single picture (Shaham et al., ICCV 2019)."""

from .checkpoint import load, save
from .config import PRESETS, SinGANConfig
from .editing import harmonize, super_resolve
from .model import STRIP_PIXELS, SinGAN
from .released import load_released
from .training import MOST_IMAGES, TrainingState, train

__all__ = [
    "MOST_IMAGES",
    "PRESETS",
    "STRIP_PIXELS",
    "SinGAN",
    "SinGANConfig",
    "TrainingState",
    "harmonize",
    "load",
    "load_released",
    "save",
    "super_resolve",
    "train",
]

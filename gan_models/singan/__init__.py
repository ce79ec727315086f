"""SinGAN: a generative model from a single picture (Shaham et al., ICCV 2019)."""

from .animation import animate
from .checkpoint import load, save
from .config import PRESETS, SinGANConfig
from .editing import Edit, Harmonization, edit, harmonize, super_resolve
from .fine_tuning import fine_tuned
from .injection import Injection
from .model import STRIP_PIXELS, SinGAN
from .painting import Painting, paint_to_image
from .pyramid_view import show_scales
from .released import load_released
from .training import MOST_IMAGES, TrainingState, train

__all__ = [
    "MOST_IMAGES",
    "PRESETS",
    "STRIP_PIXELS",
    "Edit",
    "Harmonization",
    "Injection",
    "Painting",
    "SinGAN",
    "SinGANConfig",
    "TrainingState",
    "animate",
    "edit",
    "fine_tuned",
    "harmonize",
    "load",
    "load_released",
    "paint_to_image",
    "save",
    "show_scales",
    "super_resolve",
    "train",
]

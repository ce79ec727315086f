"""GauGAN turns label maps into pictures by spatially-adaptive normalization (Park et al., CVPR 2019)."""

from ..state_dict import read_state_dict
from .checkpoint import GauGAN, load, load_encoder, load_generator, save
from .colors import match_colors, match_colors_softly
from .config import UPSAMPLINGS, EncoderConfig, GeneratorConfig, Pix2PixHDConfig
from .detection import describe, is_encoder, is_generator
from .errors import NoEncoderError, NoStyleError, StyleSizeError
from .fast.modulation import LabelMaps, ModulationCache
from .label_codes import instance_edges, label_codes, one_hot
from .networks.encoder import StyleEncoder
from .networks.generator import Generator
from .networks.pix2pixhd import Pix2PixHD
from .opening import encoder_beside, open_synthesizer
from .sizes import HOW_TO_FIT, fitting
from .style import Style, mix_styles, random_styles, transition
from .synthesis import synthesize
from .synthesizer import Synthesizer

__all__ = [
    "HOW_TO_FIT",
    "UPSAMPLINGS",
    "EncoderConfig",
    "GauGAN",
    "Generator",
    "GeneratorConfig",
    "LabelMaps",
    "ModulationCache",
    "NoEncoderError",
    "NoStyleError",
    "Pix2PixHD",
    "Pix2PixHDConfig",
    "Style",
    "StyleEncoder",
    "StyleSizeError",
    "Synthesizer",
    "describe",
    "encoder_beside",
    "fitting",
    "instance_edges",
    "is_encoder",
    "is_generator",
    "label_codes",
    "load",
    "load_encoder",
    "load_generator",
    "match_colors",
    "match_colors_softly",
    "mix_styles",
    "one_hot",
    "open_synthesizer",
    "random_styles",
    "read_state_dict",
    "save",
    "synthesize",
    "transition",
]

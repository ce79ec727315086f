"""GauGAN: label maps become pictures by spatially-adaptive normalization (Park et al., CVPR 2019)."""

from .checkpoint import GauGAN, load, load_encoder, load_generator, read_state_dict, save
from .config import EncoderConfig, GeneratorConfig
from .detection import describe, is_encoder, is_generator
from .encoder import StyleEncoder
from .generator import Generator
from .label_codes import instance_edges, label_codes, one_hot
from .modulation import LabelMaps, ModulationCache
from .synthesis import synthesize

__all__ = [
    "EncoderConfig",
    "GauGAN",
    "Generator",
    "GeneratorConfig",
    "LabelMaps",
    "ModulationCache",
    "StyleEncoder",
    "describe",
    "instance_edges",
    "is_encoder",
    "is_generator",
    "label_codes",
    "load",
    "load_encoder",
    "load_generator",
    "one_hot",
    "read_state_dict",
    "save",
    "synthesize",
]

"""The pack's nodes, in menu order."""

from .examples import GANAtelierExampleImage
from .gaugan import GauGANEncodeStyle, GauGANGenerate, GauGANMixStyles, GauGANRandomStyle
from .gaugan_files import GauGANLoad, GauGANSave
from .gaugan_training import GauGANTrain
from .label_maps import (
    GauGANLabelMapFromColors,
    GauGANLabelMapFromMasks,
    GauGANLabelMapRemap,
    GauGANLabelMapToColors,
    GauGANLabelMapToMask,
)
from .painting import GauGANLabelMapPaint
from .segmentation import GauGANLabelMapFromPhoto
from .singan import SinGANLoad, SinGANSample, SinGANSave
from .singan_editing import SinGANEdit, SinGANPaintToImage, SinGANSuperResolve
from .singan_harmonizing import SinGANHarmonize
from .singan_training import SinGANTrain
from .singan_views import SinGANAnimate, SinGANScales

NODES = [
    GANAtelierExampleImage,
    GauGANLabelMapPaint,
    GauGANLabelMapFromPhoto,
    GauGANLabelMapFromColors,
    GauGANLabelMapFromMasks,
    GauGANLabelMapToColors,
    GauGANLabelMapToMask,
    GauGANLabelMapRemap,
    GauGANLoad,
    GauGANEncodeStyle,
    GauGANRandomStyle,
    GauGANMixStyles,
    GauGANGenerate,
    GauGANTrain,
    GauGANSave,
    SinGANTrain,
    SinGANSave,
    SinGANLoad,
    SinGANSample,
    SinGANHarmonize,
    SinGANEdit,
    SinGANPaintToImage,
    SinGANSuperResolve,
    SinGANAnimate,
    SinGANScales,
]

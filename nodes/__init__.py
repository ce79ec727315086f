"""The pack's nodes, in menu order."""

from .examples import GANAtelierExampleImage
from .singan import SinGANLoad, SinGANSample, SinGANSave
from .singan_editing import SinGANHarmonize, SinGANSuperResolve
from .singan_training import SinGANTrain

NODES = [
    GANAtelierExampleImage,
    SinGANTrain,
    SinGANSave,
    SinGANLoad,
    SinGANSample,
    SinGANHarmonize,
    SinGANSuperResolve,
]

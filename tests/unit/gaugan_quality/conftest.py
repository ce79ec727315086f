import pytest
import torch
from torch import nn

import gaugan_segmentation
from gan_models.efficientnet import EfficientNetLite
from gaugan_scores import HeldOut
from gaugan_segmentation import Segmentation
from quality_toys import NAMES, SIZE, STYLES, photograph


@pytest.fixture(autouse=True)
def small_segmentation(monkeypatch):
    monkeypatch.setattr(gaugan_segmentation, "SIZE", SIZE)


@pytest.fixture(scope="module")
def network():
    """Fresh weights that let something of the picture through to the end."""
    torch.manual_seed(0)
    net = EfficientNetLite("lite0").eval()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
            nn.init.zeros_(module.bias)
    return net


@pytest.fixture(scope="module")
def held(network):
    torch.manual_seed(0)
    net = Segmentation(network).eval().requires_grad_(False)
    return HeldOut(list(map(photograph, NAMES)), SIZE, network, net, styles=STYLES, layouts=2)

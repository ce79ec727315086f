"""How the weights of networks in training begin, and their spectral norm."""

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized

from ..networks.spade import SPADEResBlock


def initialize(network: nn.Module, gain: float) -> None:
    """Xavier initialization of all convolutions and linear layers, with biases of zero."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_normal_(module.weight, gain)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """The weights and statistics of a finished network, in float32, without the styles that an encoder stores."""
    return {name: value.detach().float() if value.is_floating_point() else value
            for name, value in network.state_dict().items() if name != "seen"}  # fmt: skip


def freeze_first_blocks(generator: nn.Module, count: int) -> None:
    """Freeze the first ``count`` residual blocks of a SPADE generator, and the layer before them.

    Other generators and a count of 0 change nothing.
    """
    blocks = [module for module in generator.children() if isinstance(module, SPADEResBlock)][:count]
    for module in [generator.get_submodule("fc"), *blocks] if blocks else []:
        module.requires_grad_(False)


def normalize_spectrally(network: nn.Module) -> None:
    """Put spectral norm on the convolutions that need it.

    These are the convolutions of residual blocks, those of the style encoder, and all of pix2pixHD++ except the last.
    """
    for name, module in list(network.named_modules()):
        inside = name.startswith(("layer", "encode_", "decode_"))
        inside |= name.rpartition(".")[2] in ("conv_0", "conv_1", "conv_s")
        if inside and isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            spectral_norm(module)


def effective_state(network: nn.Module) -> dict[str, Tensor]:
    """The state dict with spectral norm folded into the weights, as it was at their last use."""
    folded = {name: value for name, value in network.state_dict().items() if ".parametrizations." not in name}
    for name, module in network.named_modules():
        if is_parametrized(module, "weight"):
            parts = module.parametrizations["weight"]
            training = parts[0].training
            parts[0].eval()
            folded[f"{name}.weight"] = parts[0](parts.original)
            parts[0].train(training)
    return folded

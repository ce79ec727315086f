"""Batch norm statistics of a trained generator, fixed for its use."""

import torch
from torch import Tensor, nn

from .networks import Generator


@torch.no_grad()
def fix_statistics(network: Generator, padded: Tensor, previous: Tensor) -> None:
    """Set the running statistics of batch norm to those of one batch, so that inference reproduces training on it.

    The running averages would mix the statistics of samples and reconstructions, and match neither.

    Args:
        network: the generator; it is left in evaluation mode.
        padded, previous: the batch, as ``Generator.forward`` takes it: ``[B, 3, H + 10, W + 10]``, ``[B, 3, H, W]``.
    """
    network.eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            variances, means = zip(*_moments(network, layer, padded, previous), strict=True)
            layer.running_mean = mean = torch.stack(means).mean(0)
            total = [variance + (own - mean).square() for variance, own in zip(variances, means, strict=True)]
            layer.running_var = torch.stack(total).mean(0)
            layer.num_batches_tracked = torch.zeros((), dtype=torch.int64, device=mean.device)


def _moments(network: Generator, layer: nn.Module, padded: Tensor, previous: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Variance and mean of every channel of the input of ``layer``, for each picture of a batch."""
    moments: list[tuple[Tensor, Tensor]] = []

    def measure(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        moments.append(torch.var_mean(inputs[0], dim=(0, 2, 3), correction=0))

    hook = layer.register_forward_pre_hook(measure)
    for picture in zip(padded[:, None], previous[:, None], strict=True):
        network(*picture)
    hook.remove()
    return moments

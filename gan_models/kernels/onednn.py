"""Matrix products by oneDNN, through operators that PyTorch has for its own compiler.

They are faster than PyTorch's public operators on AMD processors (measured). They are not part of the public interface,
so they are used only if a trial gives the right result.
"""

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..precision import own_dtype


@cache
def works() -> bool:
    """Whether this version of PyTorch has the operators and they give the expected results."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    # The answer is for all callers, whatever the first one's autocast, default dtype and default device are.
    x = torch.arange(12, dtype=torch.float32, device="cpu").view(2, 6) - 5
    weight = torch.arange(24, dtype=torch.float32, device="cpu").view(4, 6) - 9
    groups, weights = x.view(2, 2, 3), weight[:, :3].reshape(2, 2, 3)
    with torch.inference_mode(), own_dtype(x.device):
        try:
            plain = _linear(x, weight, None)
            grouped = multiply_groups(groups, pack_groups(weights))
        except (AttributeError, RuntimeError, TypeError):
            return False
        wanted = torch.einsum("tgi,goi->tgo", groups, weights)
        return torch.allclose(plain, x @ weight.T) and torch.allclose(grouped, wanted)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``F.linear`` on the CPU without gradients."""
    if x.dtype == torch.float32 and works():
        return _linear(x, weight, bias)
    return F.linear(x, weight, bias)


def pack_groups(weight: Tensor) -> Tensor:
    """The weights ``[groups, out, in]`` of one matrix product per group, in the processor's own format."""
    groups = len(weight)
    kernel = weight.reshape(-1, weight.shape[2], 1, 1).to_mkldnn()
    packed: Tensor = torch._C._nn.mkldnn_reorder_conv2d_weight(kernel, [0, 0], [1, 1], [1, 1], groups)
    return packed


def multiply_groups(x: Tensor, packed: Tensor) -> Tensor:
    """The matrix products of all groups as one 1x1 convolution, ``[N, groups, in]`` to ``[N, groups, out]``."""
    count, groups, _ = x.shape
    image = x.reshape(1, count, 1, -1).permute(0, 3, 1, 2)
    products: Tensor = torch.ops.mkldnn._convolution_pointwise(
        image, packed, None, [0, 0], [1, 1], [1, 1], groups, "none", [], ""
    )
    return products.permute(0, 2, 3, 1).view(count, groups, -1)


def _linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")  # type: ignore[no-any-return]

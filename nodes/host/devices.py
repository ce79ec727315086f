"""Devices, precisions and memory, as ComfyUI manages them."""

import copy
from typing import Generic, TypeVar

import comfy.model_management
import comfy.model_patcher
import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)


def device() -> torch.device:
    """Where ComfyUI computes."""
    return comfy.model_management.get_torch_device()


def results_device() -> torch.device:
    """Where the outputs of nodes live."""
    return comfy.model_management.intermediate_device()


def training_dtype() -> torch.dtype:
    """bfloat16 where the processor or the GPU multiplies it natively, else float32."""
    if device().type == "cpu":
        # Older torch cannot tell.
        native = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)()
    else:
        native = device().type == "cuda" and comfy.model_management.should_use_bf16(device())
    return torch.bfloat16 if native else torch.float32


def inference_dtype() -> torch.dtype:
    """float16 where ComfyUI would use it, else float32."""
    return torch.float16 if comfy.model_management.should_use_fp16(device()) else torch.float32


class ManagedModel(Generic[Module]):
    """A model on a socket, which ComfyUI moves between the compute device and the device where idle models wait.

    Nodes do not change the model in any other way. A copy or a pickle has a model of its own, on the CPU.
    """

    def __init__(self, model: Module):
        self.model = model
        self._patcher = comfy.model_patcher.ModelPatcher(model, device(), comfy.model_management.unet_offload_device())

    def __reduce__(self):
        return ManagedModel, (copy.deepcopy(self.model).cpu(),)

    def placed(self, activations: int) -> Module:
        """Move the model to the compute device, with ``activations`` bytes kept free for its work, and return it."""
        comfy.model_management.load_models_gpu([self._patcher], memory_required=activations, force_full_load=True)
        return self.model


def free_memory(activations: int) -> None:
    """Ask ComfyUI to make ``activations`` bytes free on the compute device."""
    comfy.model_management.free_memory(activations, device())

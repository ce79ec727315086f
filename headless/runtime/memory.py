"""Stand-in for ``comfy.model_management``: the device, model loading, and interruption."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import torch

from .patcher import ModelPatcher

OOM_EXCEPTION = torch.cuda.OutOfMemoryError

_device: torch.device | None = None
_loaded: list[ModelPatcher] = []
_stop = threading.Event()


class InterruptProcessingException(BaseException):
    """The user interrupted the run. A ``BaseException``, so that a node's ``except Exception`` does not swallow it."""


def set_torch_device(device: torch.device | str | None) -> None:
    """Sets the device that nodes compute on; None restores the automatic choice."""
    global _device
    _device = None if device is None else torch.device(device)


def get_torch_device() -> torch.device:
    """Returns the device to compute on: the one that was set, else CUDA, else Apple's GPU, else the CPU."""
    if _device is not None:
        return _device
    if torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def intermediate_device() -> torch.device:
    """Returns the device of node outputs."""
    return torch.device("cpu")


def intermediate_dtype() -> torch.dtype:
    return torch.float32


def unet_offload_device() -> torch.device:
    """Returns the device of models that are not in use."""
    return torch.device("cpu")


def should_use_fp16(device: torch.device | None = None) -> bool:
    """Returns whether half precision is worthwhile on this device."""
    device = device or get_torch_device()
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device)[0] >= 7
    return device.type == "mps"


def should_use_bf16(device: torch.device | None = None) -> bool:
    """Returns whether bfloat16 is worthwhile on this device."""
    device = device or get_torch_device()
    return device.type == "cuda" and torch.cuda.get_device_capability(device)[0] >= 8


def load_models_gpu(
    models: Sequence[ModelPatcher],
    memory_required: float = 0,
    force_patch_weights: bool = False,
    minimum_memory_required: float | None = None,
    force_full_load: bool = False,
) -> None:
    """Moves the models to their load device, where they stay until free_memory or unload_all_models.

    The memory figures are ignored here: all models are loaded in full.
    """
    for patcher in models:
        patcher.patch_model(patcher.load_device)
        if patcher not in _loaded:
            _loaded.append(patcher)


def unload_all_models() -> None:
    """Moves all models back to their offload devices."""
    while _loaded:
        _loaded.pop().detach()


def free_memory(memory_required: float, device: torch.device) -> None:
    """Moves all models that are loaded on the device back to their offload devices."""
    for patcher in [patcher for patcher in _loaded if patcher.load_device == device]:
        _loaded.remove(patcher)
        patcher.detach()


def soft_empty_cache(force: bool = False) -> None:
    """Returns cached GPU memory to the driver."""
    if get_torch_device().type == "cuda":
        torch.cuda.empty_cache()
    elif get_torch_device().type == "mps":
        torch.mps.empty_cache()


def interrupt_current_processing(value: bool = True) -> None:
    """Asks the running node to stop at its next progress update; False withdraws the request."""
    if value:
        _stop.set()
    else:
        _stop.clear()


def processing_interrupted() -> bool:
    return _stop.is_set()


def throw_exception_if_processing_interrupted() -> None:
    """Raises InterruptProcessingException if a stop was requested, and clears the request."""
    if _stop.is_set():
        _stop.clear()
        raise InterruptProcessingException()

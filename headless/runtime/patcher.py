"""Stand-in for ``comfy.model_patcher``: a model with its load device and its offload device."""

from __future__ import annotations

from typing import Any

import torch


class ModelPatcher:
    """Holds ``model``, an ``nn.Module``, which ``load_models_gpu`` moves."""

    def __init__(
        self,
        model: Any,
        load_device: torch.device,
        offload_device: torch.device,
        size: int = 0,
        weight_inplace_update: bool = False,
    ) -> None:
        self.model = model
        self.load_device = load_device
        self.offload_device = offload_device
        self.size = size
        self.weight_inplace_update = weight_inplace_update
        # ComfyUI keeps the current device on the model, so that clones share it.
        if getattr(self.model, "device", None) is None:
            self.model.device = offload_device

    def model_size(self) -> int:
        """Returns the size of the model's parameters and buffers in bytes."""
        if self.size <= 0:
            self.size = sum(tensor.nbytes for tensor in self.model.state_dict().values())
        return self.size

    def model_dtype(self) -> torch.dtype | None:
        """Returns the result of the model's own ``get_dtype``, or None if it has none."""
        return self.model.get_dtype() if hasattr(self.model, "get_dtype") else None

    def clone(self) -> ModelPatcher:
        """Returns another patcher of the same model."""
        return type(self)(
            self.model, self.load_device, self.offload_device, self.model_size(), self.weight_inplace_update
        )

    def is_clone(self, other: Any) -> bool:
        return getattr(other, "model", None) is self.model

    def current_loaded_device(self) -> torch.device:
        device: torch.device = self.model.device
        return device

    def patch_model(self, device_to: torch.device | None = None) -> Any:
        """Moves the model to the device, unless it is None, and returns the model."""
        if device_to is not None:
            self.model.to(device_to)
            self.model.device = device_to
        return self.model

    def detach(self) -> Any:
        """Moves the model back to its offload device."""
        return self.patch_model(self.offload_device)


CoreModelPatcher = ModelPatcher

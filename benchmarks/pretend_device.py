"""A pretended graphics card: computes on the CPU, but refuses to mix devices and counts what a real one would do.

    with PretendDevice() as device:
        model.to("pretend").sample(1, generator=torch.Generator())
    print(device.launches)

It knows nothing of time. It tells where tensors of two devices meet, how many kernels are started, and where the
program would wait for the device.
"""

from typing import Any

import torch
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

NAME = "pretend"
COPIES = {"copy_", "_to_copy"}
VIEWS = {
    "_unsafe_view", "alias", "as_strided", "detach", "expand", "permute", "select", "slice", "split",
    "split_with_sizes", "squeeze", "t", "transpose", "unbind", "unsqueeze", "view",
}  # fmt: skip
"""Operations that start no kernel."""


class _Backend(_DummyBackendModule):
    def is_available(self) -> bool:
        """Not to those who look for just any device."""
        return False

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return []


_setup_privateuseone_for_python_backend(NAME, _Backend())


class FarTensor(Tensor):
    """A tensor of the pretended device; ``near`` holds its values on the CPU."""

    near: Tensor
    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, near: Tensor) -> "FarTensor":
        return Tensor._make_wrapper_subclass(
            cls, near.shape, near.stride(), near.storage_offset(), dtype=near.dtype, device=torch.device(NAME, 0)
        )

    def __init__(self, near: Tensor):
        self.near = near

    def __repr__(self) -> str:  # type: ignore[override]
        return f"FarTensor({self.near})"

    @classmethod
    def __torch_dispatch__(cls, operation, types, args=(), kwargs=None):
        return _compute(operation, args, kwargs or {})[0]


class PretendDevice(TorchDispatchMode):
    """While it is entered, ``"pretend"`` is a device to create tensors on and to move them to.

    Attributes:
        launches: kernels that were started. An optimizer's step is one, as fused ones are.
        waits: how often the program read something back, and so would have waited for the device.
        received: how many tensors came from the CPU.
    """

    def __init__(self):
        super().__init__()
        self.launches = self.waits = self.received = 0
        self._stepping = False

    def __enter__(self) -> "PretendDevice":
        self._hooks = [
            register_optimizer_step_pre_hook(lambda *_: self._step(True)),
            register_optimizer_step_post_hook(lambda *_: self._step(False)),
        ]
        # torch.tensor then goes by way of the CPU, where it is seen here.
        self._lifting = torch._C._only_lift_cpu_tensors()
        torch._C._set_only_lift_cpu_tensors(True)
        return super().__enter__()

    def __exit__(self, *error) -> None:
        for hook in self._hooks:
            hook.remove()
        torch._C._set_only_lift_cpu_tensors(self._lifting)
        super().__exit__(*error)

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result, sources, far = _compute(operation, args, kwargs or {})
        if self._stepping:
            return result
        if any(_is_far(source) for source in sources) and not far:
            self.waits += 1
        elif far and _name(operation) in COPIES and not _is_far(sources[0]):
            self.received += 1
        elif far and _name(operation) not in VIEWS:
            self.launches += 1
        return result

    def _step(self, stepping: bool) -> None:
        self._stepping = stepping
        self.launches += stepping


def _compute(operation, args, kwargs) -> tuple[Any, list[Tensor], bool]:
    """The result, the tensors that it is made from, and whether it is on the pretended device."""
    name, device = _name(operation), kwargs.get("device")
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    sources = tensors[1:] if name == "copy_" else tensors
    if name == "copy_":
        far = _is_far(tensors[0])
    elif device is not None:
        far = torch.device(device).type == NAME
    else:
        far = any(map(_is_far, tensors)) and name != "_local_scalar_dense"
    # Single numbers on the CPU go along with anything.
    if name not in COPIES and any(map(_is_far, tensors)) and not all(_is_far(t) or t.ndim == 0 for t in tensors):
        raise RuntimeError(f"{operation} got tensors on two devices: {[(t.device.type, *t.shape) for t in tensors]}")
    args, kwargs = tree_map(_near, (args, kwargs))
    if device is not None and torch.device(device).type == NAME:
        kwargs["device"] = "cpu"
    result = operation(*args, **kwargs)
    # What works in place gives back what it was given.
    known = {id(tensor.near): tensor for tensor in tensors if _is_far(tensor)}
    return tree_map(lambda leaf: _far(leaf, known), result) if far else result, sources, far


def _name(operation) -> str:
    return operation._schema.name.partition("::")[2]


def _is_far(leaf: object) -> bool:
    return isinstance(leaf, FarTensor)


def _near(leaf: object) -> object:
    return leaf.near if isinstance(leaf, FarTensor) else leaf


def _far(leaf: object, known: dict[int, Tensor]) -> object:
    if not isinstance(leaf, Tensor):
        return leaf
    return known[id(leaf)] if id(leaf) in known else FarTensor(leaf)

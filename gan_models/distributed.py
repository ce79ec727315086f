"""Shares gradients and batch norm statistics between several training processes (torchrun).

If torch.distributed is not initialized, the functions here do nothing.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

Result = TypeVar("Result")


class PeerLostError(RuntimeError):
    """Another process of the group has ended or cannot be reached."""


def processes() -> tuple[int, int]:
    """The rank of this process and the number of processes."""
    if not (dist.is_available() and dist.is_initialized()):
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


@contextmanager
def joined(device: str) -> Iterator[torch.device]:
    """Join the other processes that torchrun has started, if any, and give the device of this process.

    Args:
        device: "cpu" or "cuda". With several GPUs, each process gets its own.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield torch.device(device)
        return
    # This module stores the current group in default arguments when it is imported. If torch imported it later, the
    # group and its threads would outlive this context, and could abort the process when it exits.
    import_module("torch.distributed.nn")
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    dist.init_process_group("gloo" if device == "cpu" else "nccl")
    try:
        yield torch.device(device)
    finally:
        dist.destroy_process_group()


def first_alone(work: Callable[[], Result]) -> Result:
    """The result of ``work``, which the first process runs before the others, so that these find its downloads."""
    rank, count = processes()
    if rank == 0:
        result = work()
    if count > 1:
        with _group():
            dist.barrier()
    return result if rank == 0 else work()


def gathered(value: Result) -> list[Result]:
    """The values of all processes, by rank. They must pickle."""
    _, count = processes()
    if count == 1:
        return [value]
    values: list[Any] = [None] * count
    with _group():
        dist.all_gather_object(values, value)
    return values


def of_first(value: Result) -> Result:
    """The value of the first process. It must pickle."""
    values = [value]
    if processes()[1] > 1:
        with _group():
            dist.broadcast_object_list(values, 0)
    return values[0]


@contextmanager
def _group() -> Iterator[None]:
    """Tells a lost process from other errors of PyTorch."""
    try:
        yield
    except RuntimeError as error:
        raise PeerLostError("another process of the training was lost") from error


class _Sum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        with _group():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        with _group():
            dist.all_reduce(total)
        return total


def mean_over_processes(values: Tensor) -> Tensor:
    """The mean of ``values`` over all processes. Gradients flow back to all of them."""
    _, count = processes()
    if count == 1:
        return values
    total: Tensor = _Sum.apply(values)  # type: ignore[no-untyped-call]
    return total / count


def average_gradients(parameters: Iterable[torch.nn.Parameter]) -> None:
    """Replace every gradient with its mean over the processes."""
    _, count = processes()
    if count == 1:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    with _group():
        dist.all_reduce(flat)
    parts = torch.split(flat / count, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))

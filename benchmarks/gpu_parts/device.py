"""The machine: its device, its versions, and how fast it multiplies matrices."""

import os
import platform

import torch

from .setup import Report, Setup


def measure(setup: Setup, report: Report) -> None:
    """Report the device and the versions, and the speed of a large matrix product in each precision."""
    report("versions", Python=platform.python_version(), torch=torch.__version__, CUDA=str(torch.version.cuda),
           cuDNN=str(torch.backends.cudnn.version()), cores=os.cpu_count())  # fmt: skip
    if setup.device == "cuda":
        facts = torch.cuda.get_device_properties(0)
        report("GPU", name=facts.name, memory_GB=facts.total_memory / 2**30, processors=facts.multi_processor_count,
               capability=f"{facts.major}.{facts.minor}", bfloat16=str(torch.cuda.is_bf16_supported()))  # fmt: skip
    else:
        report("device", name=setup.device)
    side = 128 if setup.tiny else 8192
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        matrix = torch.ones(side, side, dtype=dtype, device=setup.place)
        seconds = setup.seconds(lambda matrix=matrix: matrix @ matrix)
        report(f"product of {side}×{side} matrices, {str(dtype)[6:]}", TFLOPS=2 * side**3 / seconds / 1e12)

"""The one bridge to ComfyUI: devices and memory, progress and stop, pictures, folders."""

import copy
import hashlib
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

import comfy.model_management
import comfy.model_patcher
import comfy.utils
import folder_paths
import torch
from einops import rearrange
from PIL import Image
from server import PromptServer
from torch import Tensor, nn

from ..gan_models.files import write_atomically
from ..gan_models.progress import Progress

PACK = Path(__file__).resolve().parent.parent
PREVIEW_SIDE = 512
BROWSER_FOLDER = "gan_atelier"
MODEL_EXTENSIONS = {".safetensors"}
TRAINING = "training"
"""Where training runs are kept below a model folder."""

Module = TypeVar("Module", bound=nn.Module)

log = logging.getLogger("GAN Atelier")


# Pictures: ComfyUI's [B, H, W, C] in 0..1 and the models' [B, 3, H, W] in -1..1.


def to_model(image: Tensor) -> Tensor:
    """IMAGE to ``[B, 3, H, W]`` in -1..1: grey is widened, alpha composited on white, one picture made a batch."""
    if image.ndim == 3:
        image = image.unsqueeze(0)
    if image.ndim != 4 or image.shape[-1] not in (1, 2, 3, 4) or image.numel() == 0:
        raise ValueError(f"an image must be [batch, height, width, 1 to 4 channels]; this one is {list(image.shape)}")
    image = image.to(torch.float32)
    if image.shape[-1] in (2, 4):
        alpha = image[..., -1:]
        image = image[..., :-1] * alpha + (1 - alpha)
    return rearrange(image.expand(-1, -1, -1, 3), "b h w c -> b c h w") * 2 - 1


def to_comfy(images: Tensor) -> Tensor:
    """``[B, 3, H, W]`` in -1..1 to IMAGE: ``[B, H, W, 3]`` in 0..1 on ComfyUI's device for results."""
    images = rearrange(images.detach().float(), "b c h w -> b h w c")
    return ((images + 1) / 2).clamp(0, 1).to(results_device())


def to_bytes(image: Tensor) -> Tensor:
    """IMAGE to 8 bits a channel: ``[B, H, W, 3]`` uint8 on the CPU, otherwise as ``to_model``."""
    pixels = rearrange(to_model(image), "b c h w -> b h w c")
    return ((pixels + 1) * 127.5).round().clamp(0, 255).to("cpu", torch.uint8)


def from_bytes(pixels: Tensor) -> Tensor:
    """``[B, H, W, 3]`` uint8 to IMAGE on ComfyUI's device for results."""
    return (pixels.float() / 255).to(results_device())


def mask_from_bool(mask: Tensor) -> Tensor:
    """``[B, H, W]`` bool to MASK on ComfyUI's device for results."""
    return mask.to(results_device(), torch.float32)


def mask_to_model(mask: Tensor) -> Tensor:
    """MASK ``[B, H, W]`` or ``[H, W]`` to ``[B, 1, H, W]`` in 0..1."""
    if mask.ndim == 2:
        mask = mask.unsqueeze(0)
    if mask.ndim != 3:
        raise ValueError(f"a mask must be [batch, height, width]; this one is {list(mask.shape)}")
    return mask.to(torch.float32).unsqueeze(1)


# Devices and memory.


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


def placed(model: Module, activations: int) -> Module:
    """A copy of ``model`` on the compute device, with ``activations`` bytes kept free for its work.

    ComfyUI moves other models out of the way. The original stays as it is, since outputs are cached.
    """
    return Held(copy.deepcopy(model)).placed(activations)


class Held(Generic[Module]):
    """A model that travels between nodes and that ComfyUI moves between where it waits and where it computes.

    Being moved is all that happens to it. Copies and pickles hold a model of their own, on the CPU.
    """

    def __init__(self, model: Module):
        self.model = model
        self._patcher = comfy.model_patcher.ModelPatcher(model, device(), comfy.model_management.unet_offload_device())

    def __reduce__(self):
        return Held, (copy.deepcopy(self.model).cpu(),)

    def placed(self, activations: int) -> Module:
        """The model itself, on the compute device, with ``activations`` bytes kept free for its work."""
        comfy.model_management.load_models_gpu([self._patcher], memory_required=activations, force_full_load=True)
        return self.model


def in_batches(
    work: Callable[[slice], Tensor], count: int, at_most: int, report: Callable[[Progress], None], stage: str
) -> Tensor:
    """The results of ``work`` for ``count`` pictures, a few at a time, and fewer where memory is short.

    On a CPU one at a time: more would gain nothing there and delay a stop.
    """
    results, done, step = [], 0, 1 if device().type == "cpu" else min(count, at_most)
    while done < count:
        report(Progress(done, count, stage))
        part = slice(done, min(done + step, count))
        try:
            results.append(work(part))
        except comfy.model_management.OOM_EXCEPTION:
            if step == 1:
                raise
            step //= 2
            comfy.model_management.soft_empty_cache()
        else:
            done = part.stop
    report(Progress(count, count, stage))
    return torch.cat(results)


def free_memory(activations: int) -> None:
    """Ask ComfyUI to make ``activations`` bytes free on the compute device."""
    comfy.model_management.free_memory(activations, device())


# Progress and stop.


def progress_reporter(node_id: str | None) -> Callable[[Progress], None]:
    """An ``on_progress`` that moves the node's bar, shows previews on it, and raises when the user pressed stop."""
    bar = comfy.utils.ProgressBar(1, node_id=node_id)

    def report(progress: Progress) -> None:
        comfy.model_management.throw_exception_if_processing_interrupted()
        preview = None
        if progress.preview is not None:
            preview = ("JPEG", to_pil(progress.preview), PREVIEW_SIDE)
            show_text(node_id, progress.stage)
        bar.update_absolute(progress.step, progress.total, preview)

    return report


def to_pil(image: Tensor) -> Image.Image:
    """The first picture of ``[B, 3, H, W]`` in -1..1 as 8-bit RGB."""
    pixels = rearrange((image[0].float().clamp(-1, 1) + 1) * 127.5, "c h w -> h w c")
    return Image.fromarray(pixels.round().to(torch.uint8).cpu().numpy())


def show_text(node_id: str | None, text: str) -> None:
    """Show a line of text on the node."""
    if node_id is not None and getattr(PromptServer, "instance", None) is not None:
        PromptServer.instance.send_progress_text(text, node_id)


def tell(node_id: str | None, text: str) -> None:
    """Say something that the user should know, on the node and in the log."""
    log.info(text)
    show_text(node_id, text)


# Model folders.


def register_model_folder(kind: str, *more_extensions: str) -> None:
    """Make ``models/<kind>`` known to ComfyUI, beside what extra_model_paths.yaml says of it."""
    folder_paths.add_model_folder_path(kind, os.path.join(folder_paths.models_dir, kind))
    paths, extensions = folder_paths.folder_names_and_paths[kind]
    folder_paths.folder_names_and_paths[kind] = (paths, extensions | MODEL_EXTENSIONS | {*more_extensions})


def model_files(kind: str) -> list[str]:
    """Names of the model files in all folders of ``kind``."""
    return folder_paths.get_filename_list(kind)


def model_path(kind: str, name: str) -> Path:
    """The file of a listed name. Raises FileNotFoundError for any other."""
    path = folder_paths.get_full_path(kind, name) if name in model_files(kind) else None
    if path is None:
        raise FileNotFoundError(f"there is no model {name!r} in {model_folder(kind)}; press R to refresh the list")
    return Path(path)


def model_folder(kind: str) -> Path:
    """The folder that models of ``kind`` are written to."""
    return Path(folder_paths.get_folder_paths(kind)[0])


def new_model_path(kind: str, name: str, *, overwrite: bool) -> Path:
    """Where to write a model called ``name``, which may have subfolders: with a number if the name is taken.

    Raises:
        ValueError: the name is empty or leads out of the model folder.
    """
    stem = _named(model_folder(kind), name)
    path = stem.with_name(f"{stem.name}.safetensors")
    number = 2
    while path.exists() and not overwrite:
        path = stem.with_name(f"{stem.name}_{number}.safetensors")
        number += 1
    return path


def training_folder(kind: str, name: str) -> Path:
    """The folder of a training run called ``name``, which may have subfolders.

    Raises:
        ValueError: the name is empty or leads out of the model folder.
    """
    return _named(model_folder(kind) / TRAINING, name)


def input_folder() -> Path:
    """ComfyUI's folder for what users bring."""
    return Path(folder_paths.get_input_directory())


def _named(folder: Path, name: str) -> Path:
    """The path of a model in ``folder``, less its ending."""
    stem = name.strip().removesuffix(".safetensors").replace("\\", "/")
    leaf = stem.rsplit("/", 1)[-1].strip(". ")
    if not leaf or ":" in stem or "\0" in stem or Path(stem).is_absolute() or not _inside(folder / stem, folder):
        raise ValueError(f"{name!r} is no name for a model file; give a plain name, such as 'my_model' or 'trees/oak'")
    return folder / stem


# Files that the browser and the nodes hand to each other.


def input_file(reference: str) -> Path:
    """The file that a widget names, such as ``"folder/name.png [input]"``.

    Raises:
        ValueError: the name leads out of its folder.
        FileNotFoundError: there is no such file.
    """
    name, folder = folder_paths.annotated_filepath(reference)
    folder = Path(folder) if folder else input_folder()
    path = folder / name
    if not _inside(path, folder):
        raise ValueError(f"{reference!r} is no name for an input file; it leads out of {folder}")
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {name!r} in {folder}; was it deleted?")
    return path


def temporary_file(data: bytes, suffix: str) -> dict[str, str]:
    """Put a file for the browser into the temp folder, named by its content; returns how ``/view`` calls it."""
    name = hashlib.sha256(data).hexdigest()[:32] + suffix
    path = Path(folder_paths.get_temp_directory()) / BROWSER_FOLDER / name
    if not path.is_file():
        write_atomically(path, data)
    return {"filename": name, "subfolder": BROWSER_FOLDER, "type": "temp"}


def _inside(path: Path, folder: Path) -> bool:
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)

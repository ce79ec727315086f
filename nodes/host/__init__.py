"""The one bridge to ComfyUI: images, devices and memory, progress and stop, model folders, files for the browser.

Node files import this package and ``comfy_api``, nothing else of ComfyUI. It imports of ``gan_models`` only what every
long task reports (``progress``) and how files are read and written (``files``, ``user_files``).
"""

from pathlib import Path

from .changes import State, digest_of_folder, state_of, state_of_models
from .devices import (
    ManagedModel,
    device,
    free_memory,
    inference_dtype,
    results_device,
    training_dtype,
)
from .files import digest, input_file, temporary_file, temporary_path
from .folders import (
    TRAINING,
    download_folder,
    input_folder,
    model_files,
    model_folder,
    model_folders,
    model_path,
    model_subfolder,
    model_subfolders,
    new_model_path,
    register_model_folder,
    training_folder,
)
from .images import (
    from_bytes,
    is_placeholder,
    mask_from_bool,
    mask_to_model,
    resized_text,
    to_bytes,
    to_comfy,
    to_model,
    to_pil,
)
from .lists import takes_lists
from .progress import progress_reporter, show_text, stoppable, tell
from .routes import answer_posts

PACK = Path(__file__).resolve().parent.parent.parent

__all__ = [
    "PACK",
    "TRAINING",
    "ManagedModel",
    "State",
    "answer_posts",
    "device",
    "digest",
    "digest_of_folder",
    "download_folder",
    "free_memory",
    "from_bytes",
    "inference_dtype",
    "input_file",
    "input_folder",
    "is_placeholder",
    "mask_from_bool",
    "mask_to_model",
    "model_files",
    "model_folder",
    "model_folders",
    "model_path",
    "model_subfolder",
    "model_subfolders",
    "new_model_path",
    "progress_reporter",
    "register_model_folder",
    "resized_text",
    "results_device",
    "show_text",
    "state_of",
    "state_of_models",
    "stoppable",
    "takes_lists",
    "tell",
    "temporary_file",
    "temporary_path",
    "to_bytes",
    "to_comfy",
    "to_model",
    "to_pil",
    "training_dtype",
    "training_folder",
]

"""Model folders: what is listed, where files are, and where new ones go."""

import os
from collections.abc import Collection
from pathlib import Path

import folder_paths

from ...gan_models.files import remove_dead_parts
from ...gan_models.quoting import shown

MODEL_EXTENSIONS = {".safetensors"}
TRAINING = "training"
"""Where training runs are kept below a model folder."""
HIDDEN = ".git"
"""A folder that ComfyUI never lists."""
LONGEST_NAME = 200
"""The most bytes of a file's name without its ending, so that there is room for what is written beside it."""


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
        raise FileNotFoundError(f"there is no model {shown(name)} in {model_folder(kind)}; press R to refresh the list")
    return Path(path)


def model_folder(kind: str) -> Path:
    """The folder that models of ``kind`` are written to."""
    return Path(folder_paths.get_folder_paths(kind)[0])


def model_folders(kind: str) -> list[Path]:
    """All folders of ``kind``."""
    return [Path(folder) for folder in folder_paths.get_folder_paths(kind)]


def download_folder(kind: str, file: str) -> Path:
    """The model folder of ``kind`` that has a file or folder of this name; else the one where it is saved."""
    here = (folder for folder in model_folders(kind) if (folder / file).exists())
    return next(here, model_folder(kind))


def model_subfolders(kind: str, file: str) -> list[str]:
    """Names of the folders, at most two levels deep in the folders of ``kind``, that have a file of this name."""
    found = ((path, folder) for folder in model_folders(kind) for depth in ("*", "*/*")
             for path in folder.glob(f"{depth}/{file}"))  # fmt: skip
    return sorted({path.parent.relative_to(folder).as_posix() for path, folder in found})


def model_subfolder(kind: str, name: str, file: str) -> Path:
    """The folder of a listed name. Raises FileNotFoundError for any other."""
    if name not in model_subfolders(kind, file):
        raise FileNotFoundError(f"there is no folder {shown(name)} with a {file} in {model_folder(kind)}; press R to "
                                "refresh the list")  # fmt: skip
    return next(folder / name for folder in model_folders(kind) if (folder / name / file).is_file())


def new_model_path(kind: str, name: str, *, trainings: bool = False, taken: Collection[str] = ()) -> Path:
    """Where to write a model called ``name``, which may have subfolders.

    What processes that were killed left half-written in that folder is deleted.

    Args:
        trainings: whether training runs of this kind are kept below ``TRAINING``, where no model may be saved.
        taken: names of files that the loader does not list.
    Raises:
        ValueError: the name is empty, too long or not a plain one, leads out of the model folder, or is kept for
            something else.
    """
    stem = _named(model_folder(kind), name)
    file_name = f"{stem.relative_to(model_folder(kind)).as_posix()}.safetensors"
    if trainings and inside(stem, model_folder(kind) / TRAINING):
        raise ValueError(f"{shown(name)} lies in the folder of the training runs; give a name outside of {TRAINING}/")
    if file_name.lower() in {other.lower() for other in taken}:
        raise ValueError(f"{shown(name)} is the name of a file that the pack downloads; give another name")
    path = stem.with_name(f"{stem.name}.safetensors")
    remove_dead_parts(path.parent)
    return path


def training_folder(kind: str, name: str) -> Path:
    """The folder of a training run called ``name``, which may have subfolders.

    Raises:
        ValueError: the name is empty, too long or not a plain one, or leads out of the model folder.
    """
    return _named(model_folder(kind) / TRAINING, name)


def input_folder() -> Path:
    """ComfyUI's folder for what users bring."""
    return Path(folder_paths.get_input_directory())


def _named(folder: Path, name: str) -> Path:
    """The path of a model in ``folder``, less its ending."""
    stem = name.strip().removesuffix(".safetensors").replace("\\", "/")
    leaf = stem.rsplit("/", 1)[-1].strip(". ")
    parts = stem.lower().split("/")
    reserved = {".", "..", HIDDEN} & {part.strip() for part in parts}
    if not leaf or reserved or ":" in stem or not stem.isprintable() or stem.startswith("/"):
        raise ValueError(f"{shown(name)} is not a valid name for a model file; give a plain name, such as 'my_model' "
                         "or 'trees/oak'")  # fmt: skip
    if max(len(part.encode()) for part in parts) > LONGEST_NAME:
        raise ValueError(f"{shown(name)} is too long for the name of a file; give one of at most {LONGEST_NAME} bytes")
    if not inside(folder / stem, folder):
        raise ValueError(f"{shown(name)} leads out of {folder} through a link; give a name that stays in that folder")
    return folder / stem


def inside(path: Path, folder: Path) -> bool:
    """Whether a path leads to somewhere below a folder, links followed. Invalid paths don't."""
    try:
        return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
    except (ValueError, OSError):  # NUL, lone surrogates, names that are too long
        return False

"""Stand-in for ``folder_paths``: where models, inputs and outputs are.

The folders start below the pack's own folder; ``configure`` moves them. Nothing is created on import.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection
from pathlib import Path

supported_pt_extensions: set[str] = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}

base_path = str(Path(__file__).resolve().parents[2])
models_dir = ""
input_directory = ""
output_directory = ""
temp_directory = ""
user_directory = ""

folder_names_and_paths: dict[str, tuple[list[str], set[str]]] = {}


def configure(
    base: str | Path | None = None,
    models: str | Path | None = None,
    input: str | Path | None = None,
    output: str | Path | None = None,
    temp: str | Path | None = None,
) -> None:
    """Sets all folders anew; those not given lie below ``base`` (default: the pack's folder).

    Kinds of models that are known already, as those that the pack registers when it is loaded, stay known:
    their folders below ``models_dir`` move along with it, others stay where they are.
    """
    global base_path, models_dir, user_directory
    base_path = os.path.abspath(base or base_path)

    def place(folder: str | Path | None, name: str) -> str:
        return os.path.abspath(folder or os.path.join(base_path, name))

    before, models_dir = models_dir, place(models, "models")
    user_directory = place(None, "user")
    set_input_directory(place(input, "input"))
    set_output_directory(place(output, "output"))
    set_temp_directory(place(temp, "temp"))
    for paths, _ in folder_names_and_paths.values():
        paths[:] = [_moved(path, before, models_dir) for path in paths]
    folder_names_and_paths.setdefault(
        "checkpoints", ([os.path.join(models_dir, "checkpoints")], supported_pt_extensions)
    )
    folder_names_and_paths["custom_nodes"] = ([os.path.join(base_path, "custom_nodes")], set())


def _moved(path: str, old: str, new: str) -> str:
    """Where a path below the folder ``old`` lies once that is ``new``; any other path as it is."""
    inside = Path(path)
    return str(new / inside.relative_to(old)) if inside.is_relative_to(old) else path


def get_input_directory() -> str:
    return input_directory


def get_output_directory() -> str:
    return output_directory


def get_temp_directory() -> str:
    return temp_directory


def get_user_directory() -> str:
    return user_directory


def set_input_directory(input_dir: str) -> None:
    global input_directory
    input_directory = input_dir


def set_output_directory(output_dir: str) -> None:
    global output_directory
    output_directory = output_dir


def set_temp_directory(temp_dir: str) -> None:
    global temp_directory
    temp_directory = temp_dir


def set_user_directory(user_dir: str) -> None:
    global user_directory
    user_directory = user_dir


def get_directory_by_type(type_name: str) -> str | None:
    """The folder of "input", "output" or "temp"; None for any other word."""
    known = {"input": input_directory, "output": output_directory, "temp": temp_directory}
    return known.get(type_name)


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Adds a folder where models of this kind may be; a default goes in front of the others.

    A new kind starts without extensions, hence lists every file.
    """
    paths, _ = folder_names_and_paths.setdefault(folder_name, ([], set()))
    if full_folder_path in paths:
        if not is_default:
            return
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """A copy of the folders of this kind; ``KeyError`` if nobody added one."""
    return list(folder_names_and_paths[folder_name][0])


def recursive_search(directory: str, excluded_dir_names: list[str] | None = None) -> tuple[list[str], dict[str, float]]:
    """The files below a folder, relative to it, and the folders seen with their modification times."""
    if not os.path.isdir(directory):
        return [], {}
    excluded = excluded_dir_names or []
    files: list[str] = []
    seen: dict[str, float] = {}
    for folder, subfolders, names in os.walk(directory, followlinks=True):
        seen[folder] = os.path.getmtime(folder)
        subfolders[:] = [name for name in subfolders if name not in excluded]
        files.extend(os.path.relpath(os.path.join(folder, name), directory) for name in names)
    return files, seen


def filter_files_extensions(files: Collection[str], extensions: Collection[str]) -> list[str]:
    """The files with one of the extensions (lower case, with the dot), sorted; all if there are none."""
    if not extensions:
        return sorted(files)
    return sorted(file for file in files if os.path.splitext(file)[1].lower() in extensions)


def get_filename_list(folder_name: str) -> list[str]:
    """The model files of this kind in all its folders, relative, sorted, each name once."""
    paths, extensions = folder_names_and_paths[folder_name]
    names: set[str] = set()
    for path in paths:
        files, _ = recursive_search(path, excluded_dir_names=[".git"])
        names.update(filter_files_extensions(files, extensions))
    return sorted(names)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """The first file of this name in the folders of this kind, or None. ``..`` leads nowhere."""
    if folder_name not in folder_names_and_paths:
        return None
    inside = os.path.relpath(os.path.join("/", filename), "/")
    for folder in folder_names_and_paths[folder_name][0]:
        path = os.path.join(folder, inside)
        if os.path.isfile(path):
            return path
    return None


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """As get_full_path, but ``FileNotFoundError`` if there is no such file."""
    path = get_full_path(folder_name, filename)
    if path is None:
        raise FileNotFoundError(f"Model in folder '{folder_name}' with filename '{filename}' not found.")
    return path


def is_within_directory(directory: str, target: str) -> bool:
    """Whether the target, links resolved, lies in the directory."""
    try:
        directory, target = os.path.realpath(directory), os.path.realpath(target)
        return os.path.commonpath((directory, target)) == directory
    except ValueError:  # another drive, or a null byte
        return False


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """``"a/b.png [output]"`` -> ``("a/b.png", <output folder>)``; no annotation -> ``(name, None)``."""
    for kind in ("output", "input", "temp"):
        suffix = f"[{kind}]"
        if name.endswith(suffix):
            # One more character, the blank in front of the bracket.
            return name[: -len(suffix) - 1], get_directory_by_type(kind)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """The path of a file that a widget names; ``ValueError`` if it lies outside of its folder."""
    relative, folder = annotated_filepath(name)
    folder = folder or default_dir or get_input_directory()
    path = os.path.abspath(os.path.join(folder, relative))
    if not is_within_directory(folder, path):
        raise ValueError(f"Invalid file path: {relative!r}")
    return path


def exists_annotated_filepath(name: str) -> bool:
    """Whether a file that a widget names exists inside its folder."""
    try:
        return os.path.exists(get_annotated_filepath(name))
    except ValueError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Where the next picture goes: folder (created), file name prefix, counter, subfolder, full prefix.

    The prefix may name a subfolder and hold ``%width%``, ``%height%``, ``%year%`` ... ``%second%``.
    """
    now = time.localtime()
    words = {"width": str(image_width), "height": str(image_height), "year": str(now.tm_year)}
    parts = (("month", now.tm_mon), ("day", now.tm_mday), ("hour", now.tm_hour))
    for word, number in (*parts, ("minute", now.tm_min), ("second", now.tm_sec)):
        words[word] = f"{number:02}"
    for word, text in words.items():
        filename_prefix = filename_prefix.replace(f"%{word}%", text)

    subfolder, filename = os.path.split(os.path.normpath(filename_prefix))
    folder = os.path.join(output_dir, subfolder)
    if not is_within_directory(output_dir, folder):
        raise Exception(f"Saving image outside the output folder is not allowed: {folder} is not in {output_dir}.")
    os.makedirs(folder, exist_ok=True)
    used = [_counter(name, filename) for name in os.listdir(folder)]
    return folder, filename, max(used, default=0) + 1, subfolder, filename_prefix


def _counter(name: str, prefix: str) -> int:
    """7 of ``prefix_00007_.png``; 0 of every other name."""
    if os.path.normcase(name[: len(prefix) + 1]) != os.path.normcase(prefix + "_"):
        return 0
    digits = name[len(prefix) + 1 :].split(".")[0].split("_")[0]
    return int(digits) if digits.isdecimal() else 0


configure()

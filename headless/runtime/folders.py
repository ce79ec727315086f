"""Stand-in for ``folder_paths``: the folders of models, inputs and outputs.

The folders are inside the pack's own folder until ``configure`` moves them. The import creates no folder.
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
    """Sets all folders. Omitted ones are inside ``base`` (default: the current base, at first the pack's folder).

    Registered kinds of models, such as those that the pack registers when it is loaded, stay registered. Their
    folders inside ``models_dir`` move with it; other folders stay where they are.
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
    """Moves a path inside the folder ``old`` to ``new``; other paths stay unchanged."""
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
    """Returns the folder of "input", "output" or "temp"; None for any other word."""
    known = {"input": input_directory, "output": output_directory, "temp": temp_directory}
    return known.get(type_name)


def add_model_folder_path(folder_name: str, full_folder_path: str, is_default: bool = False) -> None:
    """Adds a folder of models of this kind; a default folder comes first.

    A new kind has no extensions yet, so every file is listed.
    """
    paths, _ = folder_names_and_paths.setdefault(folder_name, ([], set()))
    if full_folder_path in paths:
        if not is_default:
            return
        paths.remove(full_folder_path)
    paths.insert(0 if is_default else len(paths), full_folder_path)


def get_folder_paths(folder_name: str) -> list[str]:
    """Returns a copy of the list of folders of this kind. Raises ``KeyError`` if the kind is unknown."""
    return list(folder_names_and_paths[folder_name][0])


def recursive_search(directory: str, excluded_dir_names: list[str] | None = None) -> tuple[list[str], dict[str, float]]:
    """Returns the files inside a folder, relative to it, and the visited folders with their modification times."""
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
    """Returns the files with one of the extensions (lower case, with the dot), sorted; all files if there are none."""
    if not extensions:
        return sorted(files)
    return sorted(file for file in files if os.path.splitext(file)[1].lower() in extensions)


def get_filename_list(folder_name: str) -> list[str]:
    """Returns the relative names of the model files of this kind in all its folders, sorted, each name once."""
    paths, extensions = folder_names_and_paths[folder_name]
    names: set[str] = set()
    for path in paths:
        files, _ = recursive_search(path, excluded_dir_names=[".git"])
        names.update(filter_files_extensions(files, extensions))
    return sorted(names)


def get_full_path(folder_name: str, filename: str) -> str | None:
    """Returns the first file of this name in the folders of this kind, or None. ``..`` cannot leave the folder."""
    if folder_name not in folder_names_and_paths:
        return None
    inside = os.path.relpath(os.path.join("/", filename), "/")
    for folder in folder_names_and_paths[folder_name][0]:
        path = os.path.join(folder, inside)
        if os.path.isfile(path):
            return path
    return None


def get_full_path_or_raise(folder_name: str, filename: str) -> str:
    """Does what get_full_path does, but raises ``FileNotFoundError`` if there is no such file."""
    path = get_full_path(folder_name, filename)
    if path is None:
        raise FileNotFoundError(f"Model in folder '{folder_name}' with filename '{filename}' not found.")
    return path


def is_within_directory(directory: str, target: str) -> bool:
    """Returns whether the target is inside the directory once links are resolved."""
    try:
        directory, target = os.path.realpath(directory), os.path.realpath(target)
        return os.path.commonpath((directory, target)) == directory
    except ValueError:  # another drive, or a null byte
        return False


def annotated_filepath(name: str) -> tuple[str, str | None]:
    """Splits ``"a/b.png [output]"`` into ``("a/b.png", <output folder>)``; a plain name gives ``(name, None)``."""
    for kind in ("output", "input", "temp"):
        suffix = f"[{kind}]"
        if name.endswith(suffix):
            # The extra character is the space before the bracket.
            return name[: -len(suffix) - 1], get_directory_by_type(kind)
    return name, None


def get_annotated_filepath(name: str, default_dir: str | None = None) -> str:
    """Returns the path of a file that a widget names. Raises ``ValueError`` if it is outside its folder."""
    relative, folder = annotated_filepath(name)
    folder = folder or default_dir or get_input_directory()
    path = os.path.abspath(os.path.join(folder, relative))
    if not is_within_directory(folder, path):
        raise ValueError(f"Invalid file path: {relative!r}")
    return path


def exists_annotated_filepath(name: str) -> bool:
    """Returns whether a file that a widget names exists inside its folder."""
    try:
        return os.path.exists(get_annotated_filepath(name))
    except ValueError:
        return False


def get_save_image_path(
    filename_prefix: str, output_dir: str, image_width: int = 0, image_height: int = 0
) -> tuple[str, str, int, str, str]:
    """Returns the place of the next picture: folder (created), file name prefix, counter, subfolder, full prefix.

    The prefix may name a subfolder and contain ``%width%``, ``%height%``, ``%year%`` ... ``%second%``.
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
    """Returns 7 for ``prefix_00007_.png``, and 0 for a name without the prefix."""
    if os.path.normcase(name[: len(prefix) + 1]) != os.path.normcase(prefix + "_"):
        return 0
    digits = name[len(prefix) + 1 :].split(".")[0].split("_")[0]
    return int(digits) if digits.isdecimal() else 0


configure()

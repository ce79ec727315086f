"""Which rooms of the house open into which: every import inside the pack is one of the arrows below."""

import ast
import itertools
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

ARROWS = {
    "gan_models.files": "owners quoting user_files",
    "gan_models.owners": "",
    "gan_models.locks": "files owners quoting",
    "gan_models.precision": "",
    "gan_models.progress": "",
    "gan_models.seeds": "",
    "gan_models.quoting": "",
    "gan_models.user_files": "quoting",
    "gan_models.settings": "quoting",
    "gan_models.filling": "quoting user_files",
    "gan_models.inert_pickle": "quoting user_files",
    "gan_models.batching": "progress",
    "gan_models.blur": "",
    "gan_models.ema": "",
    "gan_models.pictures": "quoting user_files",
    "gan_models.pixels": "",
    "gan_models.kernels": "precision",
    "gan_models.distributed": "",
    "gan_models.state_dict": "files inert_pickle quoting",
    "gan_models.efficientnet": "state_dict",
    "gan_models.weights": "files locks progress",
    "gan_models.labels": "pictures quoting user_files",
    "gan_models.segmentation": "efficientnet files filling labels pixels progress",
    "gan_models.scenes": "blur files labels pixels",
    "gan_models.gaugan.config": "quoting settings",
    "gan_models.gaugan.label_codes": "gaugan.config",
    "gan_models.gaugan.label_offset": "gaugan.config labels",
    "gan_models.gaugan.sizes": "gaugan.config",
    "gan_models.gaugan.colors": "blur gaugan.sizes",
    "gan_models.gaugan.style": "",
    "gan_models.gaugan.errors": "",
    "gan_models.gaugan.networks": "gaugan.config kernels distributed precision seeds",
    "gan_models.gaugan.fast": "gaugan.config gaugan.label_codes gaugan.networks kernels",
    "gan_models.gaugan.detection": "gaugan.config quoting settings state_dict",
    "gan_models.gaugan.checkpoint": "gaugan.detection gaugan.networks files filling quoting settings state_dict",
    "gan_models.gaugan.synthesis": "blur gaugan.label_codes gaugan.networks gaugan.fast gaugan.sizes precision",
    "gan_models.gaugan.synthesizer": "gaugan.checkpoint gaugan.errors gaugan.fast gaugan.label_offset gaugan.networks "
                                     "gaugan.sizes gaugan.style gaugan.synthesis batching labels precision progress "
                                     "quoting settings",
    "gan_models.gaugan.opening": "gaugan.checkpoint gaugan.synthesizer labels quoting settings state_dict",
    "gan_models.gaugan.training": "blur gaugan.checkpoint gaugan.config gaugan.fast gaugan.label_codes "
                                  "gaugan.networks gaugan.style gaugan.synthesis labels scenes weights files locks "
                                  "pictures pixels precision progress distributed ema seeds state_dict efficientnet "
                                  "quoting settings user_files",
    "gan_models.gaugan.train": "gaugan.config gaugan.training labels progress distributed",
    "gan_models.gaugan": "gaugan.checkpoint gaugan.colors gaugan.config gaugan.detection gaugan.errors gaugan.fast "
                         "gaugan.label_codes gaugan.networks gaugan.opening gaugan.sizes gaugan.style gaugan.synthesis "
                         "gaugan.synthesizer state_dict",
    "gan_models.singan": "blur ema files filling inert_pickle locks pixels progress quoting seeds settings",
    "gan_models.convert": "gaugan.checkpoint gaugan.config gaugan.detection singan state_dict",
    "gan_models": "",
}  # fmt: skip
"""What each room of ``gan_models`` may import of ``gan_models``. A package's own name stands for its ``__init__``."""

COMFYUI = {"comfy", "folder_paths", "server"}
FAMILIES = {"gaugan_files": "gaugan", "gaugan_training": "gaugan", "painting": "label_maps",
            "segmentation": "label_maps", "singan_editing": "singan", "singan_training": "singan",
            "singan_harmonizing": "singan",
            "singan_views": "singan"}  # fmt: skip
"""Node files that use another one of their family."""


def modules(*folders: str) -> Iterator[tuple[str, list[str]]]:
    """Every module of the folders, and the modules that it imports."""
    for path in itertools.chain.from_iterable(sorted((ROOT / folder).rglob("*.py")) for folder in folders):
        name = dotted(path)
        package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        imported = []
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                imported += [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                base = package[: len(package) + 1 - node.level] if node.level else []
                start = ".".join([*base, *([node.module] if node.module else [])])
                imported += [f"{start}.{alias.name}" if exists(f"{start}.{alias.name}") else start
                             for alias in node.names]  # fmt: skip
        yield name, imported


def inside(folder: str) -> dict[str, list[str]]:
    """The modules of a folder, and those of the pack that each imports."""
    return {name: [target for target in imported if exists(target)] for name, imported in modules(folder)}


def dotted(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def exists(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


def room(name: str) -> str:
    """The longest name in the table that a module belongs to."""
    parts = name.split(".")
    return next(".".join(parts[:end]) for end in range(len(parts), 0, -1) if ".".join(parts[:end]) in ARROWS)


def test_the_table_names_rooms_that_exist():
    assert all(exists(name) for name in ARROWS)
    assert all(f"gan_models.{name}" in ARROWS for allowed in ARROWS.values() for name in allowed.split())


def test_gan_models_imports_along_the_arrows_alone():
    wrong = []
    for name, imported in inside("gan_models").items():
        allowed = {f"gan_models.{target}" for target in ARROWS[room(name)].split()} | {room(name)}
        wrong += [f"{name} imports {target}" for target in imported
                  if not target.startswith("gan_models") or room(target) not in allowed]  # fmt: skip
    assert not wrong


def test_the_arrows_have_no_circle():
    list(TopologicalSorter({name: [f"gan_models.{target}" for target in allowed.split()]
                            for name, allowed in ARROWS.items()}).static_order())  # fmt: skip


def test_modules_have_no_circle():
    graph = {name: [target for target in imported if target != name] for name, imported in inside("gan_models").items()}
    list(TopologicalSorter(graph).static_order())


def test_every_arrow_is_used():
    found = {(room(name), room(target)) for name, imported in inside("gan_models").items() for target in imported}
    drawn = {(name, f"gan_models.{target}") for name, allowed in ARROWS.items() for target in allowed.split()}
    assert drawn <= found


def test_only_the_host_talks_to_comfyui():
    talking = {name for name, imported in modules("nodes", "gan_models")
               if COMFYUI & {target.split(".")[0] for target in imported}}  # fmt: skip
    assert talking == {"nodes.host.devices", "nodes.host.files", "nodes.host.folders", "nodes.host.progress",
                       "nodes.host.routes"}  # fmt: skip


def test_node_files_import_the_host_the_sockets_and_gan_models():
    wrong = []
    for name, imported in inside("nodes").items():
        if name == "nodes" or name.startswith("nodes.host"):
            continue
        allowed = ["gan_models", "nodes.host", "nodes.sockets", "nodes.taxonomies", "nodes.advice"]
        if family := FAMILIES.get(name.removeprefix("nodes.")):
            allowed.append(f"nodes.{family}")
        wrong += [f"{name} imports {target}" for target in imported if not target.startswith(tuple(allowed))]
    assert not wrong

"""The taxonomies that the nodes offer: those that ship, those in models/gaugan/taxonomies, and numbered classes."""

import logging
from pathlib import Path

from ..gan_models import labels
from . import host

KIND, FOLDER = "gaugan", "taxonomies"
TAXONOMY_TOOLTIP = (
    "landscape has 18 classes for painting landscapes, coco_stuff has the 182 classes of the GauGAN demo, and ade20k "
    "and cityscapes have the classes of these data sets. JSON and CSV files in models/gaugan/taxonomies, with the id, "
    "the name and the colour of every class, are listed, too. numbered has class 0 to class 253, without names."
)

log = logging.getLogger("GAN Atelier")


def taxonomy_folders() -> list[Path]:
    """The folders where users put taxonomies."""
    return [folder / FOLDER for folder in host.model_folders(KIND)]


def taxonomy_names() -> list[str]:
    """The names of all taxonomies, for the list of a widget. Files that cannot be read are named in the log."""
    for problem in labels.taxonomy_problems():
        log.warning(problem)
    return labels.taxonomies()


def taxonomy_state(name: str | None) -> host.State | None:
    """The state of the file of a taxonomy, for a node's fingerprint; None if it has no file.

    Args:
        name: the taxonomy. For any other text, such as "auto", and for None, as of a linked input: the states of all
            files.
    """
    if name in (*labels.TAXONOMIES, labels.NUMBERED):
        return None
    files = labels.taxonomy_files()
    return host.state_of([files[name]] if name in files else files.values())


labels.look_for_taxonomies(taxonomy_folders)

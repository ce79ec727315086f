"""Corrects and splits photographs with label maps: ``python -m tools.photographs PHOTOGRAPHS OUTPUT``.

PHOTOGRAPHS contains ``images/NAME.jpg``, ``labels/NAME.png`` (ids of the landscape taxonomy) and ``CREDITS.csv``.
``OUTPUT/heldout`` gets the photographs of ``heldout.txt`` with the label maps that were painted for them.
``OUTPUT/train`` gets the other photographs, with the edits of ``corrections.json``::

    {"dropped": {NAME: why}, "corrections": {NAME: [EDIT, ...]}}

An edit changes the classes ``from`` (default: all) to ``to`` within the polygon ``where`` ([x, y] in fractions of the
width and height; default: everywhere), if the photograph's colour is between ``color.min`` and ``color.max``
(CIE L*a*b*; default: any). The edits are applied in order. Then specks are removed and borders snap to the edges of the
photograph.
"""

import argparse
import csv
import json
import os
import re
import shutil
from pathlib import Path
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy.ndimage import distance_transform_edt, label, uniform_filter
from skimage.color import rgb2lab

from gan_models.labels import taxonomy
from gan_models.pictures import open_picture

DATA = Path(__file__).resolve().parent.parent / "benchmarks" / "photographs"
IDS = {label_class.name: label_class.id for label_class in taxonomy("landscape").classes}
SPECK = 40  # pixels
RADIUS = 8  # pixels around a border that may change sides
EDGE = 0.03  # contrasts below this are texture, not an edge

Labels = NDArray[np.uint8]
Pixels = NDArray[np.float32]


class ColorRange(TypedDict):
    min: list[float]
    max: list[float]


Edit = TypedDict("Edit", {"from": list[str], "to": str, "where": list[list[float]], "color": ColorRange}, total=False)


def main() -> None:
    parser = argparse.ArgumentParser(description="Correct and split photographs with label maps.")
    parser.add_argument("photographs", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    prepare(arguments.photographs, arguments.output)


def prepare(photographs: Path, output: Path) -> None:
    """Write OUTPUT/train and OUTPUT/heldout."""
    corrections = json.loads((DATA / "corrections.json").read_text())
    heldout = set((DATA / "heldout.txt").read_text().split())
    names = {path.stem for path in (photographs / "labels").glob("*.png")}
    if strangers := sorted((corrections["dropped"].keys() | corrections["corrections"].keys()) - names):
        raise ValueError(f"corrections.json names photographs that are missing: {', '.join(strangers)}")

    train = sorted(names - heldout - corrections["dropped"].keys())
    start(output / "train")
    for name in train:
        image = photographs / "images" / f"{name}.jpg"
        pixels = np.asarray(open_picture(image).convert("RGB"), dtype=np.float32) / 255
        labels = np.asarray(open_picture(photographs / "labels" / f"{name}.png"))
        labels = corrected(labels, pixels, corrections["corrections"].get(name, []))
        write(output / "train", image, without_specks(snapped(without_specks(labels), pixels)))

    painted = sorted(path.stem for path in (DATA / "heldout").glob("*.png") if path.stem in heldout)
    start(output / "heldout")
    for name in painted:
        labels = np.asarray(open_picture(DATA / "heldout" / f"{name}.png"))
        write(output / "heldout", photographs / "images" / f"{name}.jpg", labels)

    credits = photographs / "CREDITS.csv"
    for split, members in (("train", train), ("heldout", painted)):
        copy_credits(credits, output / split / "CREDITS.csv", dict.fromkeys(members, split))
        print(f"{split}: {len(members)} photographs")
    copy_credits(credits, output / "CREDITS.csv", dict.fromkeys(train, "train") | dict.fromkeys(painted, "heldout"))


def corrected(labels: Labels, pixels: Pixels, edits: list[Edit]) -> Labels:
    labels = labels.copy()
    lab = rgb2lab(pixels) if any("color" in edit for edit in edits) else None
    for edit in edits:
        chosen = np.ones(labels.shape, dtype=bool)
        if "from" in edit:
            chosen &= np.isin(labels, [IDS[name] for name in edit["from"]])
        if "where" in edit:
            chosen &= inside(edit["where"], labels.shape)
        if "color" in edit and lab is not None:
            color = edit["color"]
            chosen &= ((lab >= color["min"]) & (lab <= color["max"])).all(axis=-1)
        labels[chosen] = IDS[edit["to"]]
    return labels


def inside(polygon: list[list[float]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    height, width = shape
    mask = Image.new("1", (width, height))
    ImageDraw.Draw(mask).polygon([(x * width, y * height) for x, y in polygon], fill=1)
    return np.asarray(mask)


def without_specks(labels: Labels) -> Labels:
    """Give small areas the label of the nearest other area."""
    specks = np.zeros(labels.shape, dtype=bool)
    for id in np.unique(labels):
        areas, _ = label(labels == id)
        small = np.bincount(areas.ravel()) < SPECK
        small[0] = False
        specks |= small[areas]
    if not specks.any() or specks.all():
        return labels
    rows, columns = distance_transform_edt(specks, return_distances=False, return_indices=True)
    return labels[rows, columns]


def snapped(labels: Labels, pixels: Pixels) -> Labels:
    """Move borders to the photograph's edges: each class's area is filtered, and the strongest class wins."""
    ids = np.unique(labels)
    if len(ids) == 1:
        return labels
    smooth = GuidedFilter(pixels, RADIUS, EDGE**2)
    areas = np.stack([smooth((labels == id).astype(np.float32)) for id in ids])
    return ids[areas.argmax(axis=0)]


class GuidedFilter:
    """The guided filter of He, Sun and Tang (2010), with a colour picture ``[H, W, 3]`` as the guide."""

    def __init__(self, guide: Pixels, radius: int, epsilon: float) -> None:
        self.guide = guide
        self.size = 2 * radius + 1
        self.mean = self.average(guide)
        products = self.average((guide[..., :, None] * guide[..., None, :]).reshape(*guide.shape[:2], 9))
        covariance = products.reshape(*guide.shape, 3) - self.mean[..., :, None] * self.mean[..., None, :]
        self.inverse = np.linalg.inv(covariance + epsilon * np.eye(3, dtype=np.float32))

    def __call__(self, values: Pixels) -> Pixels:
        mean = self.average(values)
        covariance = self.average(self.guide * values[..., None]) - self.mean * mean[..., None]
        slope = np.einsum("hwij,hwj->hwi", self.inverse, covariance)
        offset = mean - (slope * self.mean).sum(axis=-1)
        return (self.average(slope) * self.guide).sum(axis=-1) + self.average(offset)

    def average(self, values: Pixels) -> Pixels:
        return uniform_filter(values, size=(self.size, self.size, *[1] * (values.ndim - 2)), mode="nearest")


def start(folder: Path) -> None:
    """Make empty folders ``images`` and ``labels``."""
    for part in ("images", "labels"):
        shutil.rmtree(folder / part, ignore_errors=True)
        (folder / part).mkdir(parents=True)


def write(folder: Path, image: Path, labels: Labels) -> None:
    target = folder / "images" / image.name
    try:
        os.link(image, target)
    except OSError:  # another file system
        shutil.copy2(image, target)
    Image.fromarray(labels).save(folder / "labels" / f"{image.stem}.png")


def copy_credits(source: Path, target: Path, splits: dict[str, str]) -> None:
    """The rows of the photographs in ``splits``, with a column that names the split of each."""
    if not source.exists():
        return
    with source.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        kept = [row | {"split": splits[row["name"]]} for row in rows if row["name"] in splits]
    for row in kept:
        # Flickr's addresses contain the name of the account.
        if not row["author"] and (account := re.search(r"flickr\.com/photos/([^/]+)/", row["url"])):
            row["author"] = f"{account[1]} (Flickr)"
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*(rows.fieldnames or ["name"]), "split"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(kept)


if __name__ == "__main__":
    main()

"""The photographs' list of held-out names and corrections, and the command that applies them."""

import csv
import importlib.util
import json

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from gan_models.labels import taxonomy

spec = importlib.util.spec_from_file_location("photographs", ROOT / "tools" / "photographs.py")
photographs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(photographs)

SKY, ROCK, SAND = (taxonomy("landscape").find(name).id for name in ("sky", "rock", "sand"))


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Three photographs, blue above grey, with label maps that call everything rock; one held out, one dropped."""
    for part in ("photographs/images", "photographs/labels", "data/heldout"):
        (tmp_path / part).mkdir(parents=True)
    pixels = np.full((60, 90, 3), 120, np.uint8)
    pixels[:27] = 60, 90, 220
    for name in ("a", "b", "c"):
        Image.fromarray(pixels).save(tmp_path / "photographs" / "images" / f"{name}.jpg", quality=98, subsampling=0)
        Image.fromarray(np.full((60, 90), ROCK, np.uint8)).save(tmp_path / "photographs" / "labels" / f"{name}.png")
    rows = "".join(f"{name},here,x,somebody,CC0-1.0,\n" for name in "abc")
    (tmp_path / "photographs" / "CREDITS.csv").write_text(f"name,source,path,author,licence,url\n{rows}")
    monkeypatch.setattr(photographs, "DATA", tmp_path / "data")
    (tmp_path / "data" / "heldout.txt").write_text("b\n")
    Image.fromarray(np.full((60, 90), SAND, np.uint8)).save(tmp_path / "data" / "heldout" / "b.png")
    edits = [{"from": ["rock"], "to": "sky", "where": [[0, 0], [1, 0], [1, 0.47], [0, 0.47]]},
             {"from": ["rock"], "to": "sand", "color": {"min": [0, -128, -128], "max": [100, 128, 128]}}]  # fmt: skip
    write(tmp_path, {"dropped": {"c": "blurred"}, "corrections": {"a": edits}})
    return tmp_path


def write(folder, corrections):
    (folder / "data" / "corrections.json").write_text(json.dumps(corrections))


def test_photographs_are_split_mended_and_credited(data):
    photographs.prepare(data / "photographs", data / "out")
    for split, name in (("train", "a"), ("heldout", "b")):
        for part, ending in (("images", "jpg"), ("labels", "png")):
            assert [path.name for path in (data / "out" / split / part).iterdir()] == [f"{name}.{ending}"]
        with (data / "out" / split / "CREDITS.csv").open() as file:
            assert [row["name"] for row in csv.DictReader(file)] == [name]
    ids = np.asarray(Image.open(data / "out" / "train" / "labels" / "a.png"))
    # The edit's border is two pixels below the photograph's edge, to which it snaps.
    assert (ids[:26] == SKY).all() and (ids[28:] == SAND).all()
    assert (np.asarray(Image.open(data / "out" / "heldout" / "labels" / "b.png")) == SAND).all()


def test_corrections_of_photographs_that_are_not_there_are_named(data):
    write(data, {"dropped": {}, "corrections": {"z": []}})
    with pytest.raises(ValueError, match="names photographs that are missing: z"):
        photographs.prepare(data / "photographs", data / "out")
    assert not (data / "out").exists()


def test_specks_take_the_label_of_what_lies_nearest():
    ids = np.full((40, 40), ROCK, np.uint8)
    ids[:, 20:] = SAND
    ids[3:6, 3:6] = SKY
    wanted = np.full((40, 40), ROCK, np.uint8)
    wanted[:, 20:] = SAND
    assert (photographs.without_specks(ids) == wanted).all()


def test_the_lists_of_the_repository_agree():
    folder = ROOT / "benchmarks" / "photographs"
    heldout = (folder / "heldout.txt").read_text().split()
    assert len(heldout) == len(set(heldout)) == 40
    assert sorted(path.stem for path in (folder / "heldout").glob("*.png")) == sorted(heldout)
    corrections = json.loads((folder / "corrections.json").read_text())
    assert not {*heldout} & (corrections["dropped"].keys() | corrections["corrections"].keys())
    names = set(taxonomy("landscape").names)
    for edits in corrections["corrections"].values():
        for edit in edits:
            assert {edit["to"], *edit.get("from", [])} <= names
    for path in (folder / "heldout").glob("*.png"):
        with Image.open(path) as file:
            assert file.mode == "L" and np.asarray(file).max() < len(names)

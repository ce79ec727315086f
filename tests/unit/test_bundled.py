"""The models that ship with the pack are what the manifest says, and good."""

import csv
import hashlib
import json
import re

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from conftest import ROOT
from PIL import Image, ImageOps

import quality
from gan_models.gaugan import open_synthesizer
from gan_models.labels import taxonomy
from gan_models.singan import Edit, Harmonization, Painting, load
from gan_models.singan.harmony import color_share, edge_correlation
from gan_models.singan.resume import seeded
from gan_models.weights import bundled


def test_bundled_singan_makes_new_pictures_of_its_training_picture():
    model = load(ROOT / bundled("singan")["singan-balloons"])
    picture = model.training_picture()
    samples = model.sample(16, generator=seeded(0))
    distances = [sum(quality.sliced_wasserstein_at_scales(picture, sample)) / 3 for sample in samples[:4].split(1)]
    assert sum(distances) / 4 < 20
    assert quality.diversity(samples, picture) > 0.4
    # A model that knows its picture by heart repeats one thing in a panorama.
    panoramas = model.sample(2, generator=seeded(0), width=5 * model.size[1] // 2)
    assert sum(quality.sliced_wasserstein(picture, panorama) for panorama in panoramas.split(1)) / 2 < 20
    assert quality.psnr(model.reconstruct(), picture) > 30


STYLES = {"noon": "endless-sky_water12", "sunset": "endless-sky_fog8", "winter": "endless-sky_snow19",
          "storm": "endless-sky_fog6", "mist": "endless-sky_hills0"}  # fmt: skip
"""Example photographs with sky and ground, and their names among the held-out ones, whose label maps we have."""


def sky_and_ground(image, ids):
    """Mean colours of sky and ground, ``[2, 3]``."""
    above = torch.isin(ids, torch.tensor(taxonomy("landscape").sky))
    return torch.stack([image[:, above].mean(1), image[:, ~above].mean(1)])


@pytest.mark.parametrize("name, path", bundled("gaugan").items())
def test_bundled_gaugan_paints_in_the_style_of_the_photograph(name, path):
    model = open_synthesizer(ROOT / path)
    photographs, layouts = [], []
    for style, photograph in STYLES.items():
        with Image.open(ROOT / "pictures" / f"{style}.jpg") as file:
            pixels = torch.from_numpy(np.array(file.convert("RGB"))).permute(2, 0, 1).float() / 127.5 - 1
        with Image.open(ROOT / "benchmarks" / "photographs" / "heldout" / f"{photograph}.png") as file:
            ids = torch.from_numpy(np.array(ImageOps.fit(file, (384, 256), Image.Resampling.NEAREST)))
        photographs.append(F.interpolate(pixels[None], size=ids.shape, mode="bilinear", antialias=True)[0])
        layouts.append(ids)
    labels, wanted = torch.stack(layouts), torch.stack(list(map(sky_and_ground, photographs, layouts)))
    right = 0
    for style, photograph in enumerate(photographs):
        made = model.paint(labels, model.encode(photograph[None]))
        for layout in (layout for layout in range(len(layouts)) if layout != style):
            distances = (sky_and_ground(made[layout], labels[layout]) - wanted).norm(dim=2).mean(1)
            right += int(distances.argmin() == style)
        # No flat fills: textures nearly as strong as those of the photographs.
        rough, true = ((x[..., 1:] - x[..., :-1]).abs().mean() for x in (made, torch.stack(photographs)))
        assert 0.3 < rough / true < 2
    assert right >= 10  # of 20; a random choice would get 4


@pytest.mark.parametrize("name, path", bundled("gaugan").items())
def test_every_photograph_of_the_bundled_gaugan_is_credited(name, path):
    with (ROOT / path).with_name(f"{name}-credits.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    heldout = (ROOT / "benchmarks" / "photographs" / "heldout.txt").read_text().split()
    assert sorted(name for name, row in rows.items() if row["split"] == "heldout") == sorted(heldout)
    dropped = json.loads((ROOT / "benchmarks" / "photographs" / "corrections.json").read_text())["dropped"]
    assert not dropped.keys() & rows.keys()
    trained = open_synthesizer(ROOT / path).trained
    assert f"on {len(rows) - len(heldout)} landscape photographs" in trained
    for row in rows.values():
        assert row["licence"] in ("PD", "CC0-1.0") or re.match(r"CC-BY(-SA)?-[234]\.[05]$", row["licence"])
        assert row["source"] and row["path"]
        assert row["author"] or row["url"] or row["licence"] in ("PD", "CC0-1.0")


@pytest.mark.parametrize("name, path", (bundled("singan") | bundled("gaugan")).items())
def test_bundled_files_are_small_and_have_a_card(name, path):
    file = ROOT / path
    assert file.stat().st_size <= (32 << 20 if name in bundled("gaugan") else 5_000_000)
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in card


def example(name):
    """An example picture, ``[1, 3, H, W]`` in [-1, 1], and its mask."""
    with Image.open(ROOT / "pictures" / name) as file:
        pixels = torch.from_numpy(np.array(file.convert("RGBA"))).movedim(-1, 0)[None] / 255
    return pixels[:, :3] * 2 - 1, 1 - pixels[:, 3:]


def test_bundled_singan_harmonizes_an_object_of_foreign_colors():
    model = load(ROOT / bundled("singan")["singan-mountains-harmonize"])
    injection, training = Harmonization(model, *example("mountains_pasted.png"), seeded(0)), model.training_picture()
    assert injection.choose_scale() == 0
    result = injection.inject(0)
    assert color_share(injection.image, training, injection.mask) < 0.05
    assert color_share(result, training, injection.mask) > 0.9
    assert edge_correlation(result, injection.image, injection.mask) > 0.8
    assert quality.psnr(model.reconstruct(), training) > 30


def test_automatic_start_scales_change_the_examples_without_spoiling_them():
    model = load(ROOT / bundled("singan")["singan-balloons"])
    painting, _ = example("balloons_painted.png")
    for injection in (
        Edit(model, *example("balloons_edited.png"), seeded(0)),
        Painting(model, painting, None, seeded(0)),
    ):
        assert injection.choose_scale() in (4, 5, 6)

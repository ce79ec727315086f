"""The example pictures: the files that ship, and the script that renders them."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.labels import decode, palette, taxonomy

PICTURES = Path(__file__).parents[2] / "pictures"
SCRIPTS = PICTURES.parent / "tools" / "example_pictures"
NAMES = (
    "balloons.jpg", "balloons_pasted.png", "balloons_edited.png", "balloons_painted.png", "mountains.jpg",
    "mountains_pasted.png", "pebbles.jpg",
)  # fmt: skip


@pytest.fixture
def rendering(monkeypatch):
    """Imports a module of the renderer, which is a script's package and not part of the pack."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    return lambda name: importlib.import_module(f"rendering.{name}")


@pytest.mark.parametrize("name", NAMES)
def test_picture_ships_at_a_sensible_size(name):
    path = PICTURES / name
    assert path.stat().st_size < 420_000
    with Image.open(path) as picture:
        assert picture.size == (512, 384)


def test_label_maps_are_in_the_colours_of_their_taxonomies():
    for name, colors, wanted in (
        ("lake_labels.png", "landscape", {"sky", "water", "snow", "tree", "mountain"}),
        ("valley_labels.png", "landscape", {"sky", "grass", "mountain", "tree"}),
        ("river_ade20k.png", "ade20k", {"sky", "tree", "river", "grass"}),
    ):
        with Image.open(PICTURES / name) as picture:
            pixels = torch.from_numpy(np.array(picture.convert("RGB")))[None]
        decoded = decode(pixels, [palette(colors)], tolerance=0)
        assert not decoded.off_palette.any()
        assert wanted <= {taxonomy(colors).names[index] for index in decoded.ids.unique().tolist()}


def test_label_maps_are_the_scenes_that_the_script_renders(tmp_path):
    subprocess.run([sys.executable, SCRIPTS / "landscapes.py", "river_ade20k.png", "--folder", tmp_path], check=True)
    pictures = (Image.open(folder / "river_ade20k.png") for folder in (tmp_path, PICTURES))
    again, ships = (np.asarray(picture.convert("RGB")) for picture in pictures)
    assert (again == ships).mean() > 0.99


def test_photographs_are_small_and_free():
    text = (PICTURES / "README.md").read_text(encoding="utf-8")
    for name in ("noon", "sunset", "winter", "autumn", "storm", "mist"):
        assert re.search(rf"\| `{name}.jpg` \| .+ \| (CC0|public domain) \|", text)
        assert (PICTURES / f"{name}.jpg").stat().st_size <= 100_000
        with Image.open(PICTURES / f"{name}.jpg") as picture:
            assert picture.size == (512, 384)


@pytest.mark.parametrize("name, tall", [("balloons", 0.24), ("mountains", 0.42)])
def test_pasted_object_is_what_the_alpha_channel_hides(name, tall):
    with Image.open(PICTURES / f"{name}_pasted.png") as picture:
        assert picture.mode == "RGBA"
        pasted = np.asarray(picture).astype(int)
    with Image.open(PICTURES / f"{name}.jpg") as picture:
        clean = np.asarray(picture.convert("RGB")).astype(int)
    visible, hidden = pasted[..., 3] == 255, pasted[..., 3] == 0
    rows = np.nonzero(hidden.any(axis=1))[0]
    assert 0.01 < hidden.mean() < 0.06
    assert (visible | hidden).mean() > 0.99
    assert np.ptp(rows) / clean.shape[0] == pytest.approx(tall, abs=0.05)
    difference = np.abs(pasted[..., :3] - clean)
    assert difference[visible].mean() < 3
    assert difference[hidden].mean() > 40


def test_edit_is_a_copy_from_the_picture_itself_where_the_alpha_channel_hides_it():
    with Image.open(PICTURES / "balloons_edited.png") as picture:
        edited = np.asarray(picture).astype(int)
    with Image.open(PICTURES / "balloons.jpg") as picture:
        clean = np.asarray(picture.convert("RGB")).astype(int)
    hidden = edited[..., 3] == 0
    difference = np.abs(edited[..., :3] - clean)
    assert 0.01 < hidden.mean() < 0.06
    assert difference[~hidden].mean() < 3
    assert difference[hidden].mean() > 25


@pytest.mark.parametrize("scene", ["morning", "mountains", "shore"])
def test_rendering_depends_on_the_seed_alone(rendering, scene):
    render = rendering(scene).render
    first = render(64, 48, seed=3)
    assert first.shape == (48, 64, 3)
    assert first.dtype == np.float32
    assert np.isfinite(first).all() and first.min() >= 0 and first.max() <= 1
    assert first.std() > 0.08
    assert np.array_equal(first, render(64, 48, seed=3))
    assert not np.allclose(first, render(64, 48, seed=4), atol=0.05)


def test_drawn_companions_render_at_any_size(rendering):
    drawn = rendering("drawn")
    assert drawn.pasted(128, 96).shape == (96, 128, 4)
    assert drawn.sailed(128, 96).shape == (96, 128, 4)
    assert drawn.edited(128, 96).shape == (96, 128, 4)
    assert drawn.painted(128, 96).shape == (96, 128, 3)


def test_camera_sees_flat_ground_where_geometry_says(rendering):
    camera = rendering("camera").Camera(width=8, height=40, horizon=0.25, focal=1.0, altitude=2.0)
    depth = rendering("terrain").trace(lambda x, z: 0 * x, camera, near=0.1, far=1000, steps=4000)
    below = camera.slopes() < 0
    assert np.isinf(depth[~below]).all()
    np.testing.assert_allclose(depth[below][:, 3], -2.0 / camera.slopes()[below], rtol=0.02)


def test_colours_survive_the_way_to_linear_light_and_back(rendering):
    film = rendering("film")
    np.testing.assert_allclose(film.encode(film.linear(12, 128, 250)) * 255, [12, 128, 250], atol=0.01)

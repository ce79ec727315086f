"""The models that ship with the pack are what the manifest says, and good."""

import hashlib

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

import quality
from gan_models.gaugan import open_synthesizer
from gan_models.scenes import render_scene
from gan_models.singan import Edit, Harmonization, Painting, load
from gan_models.singan.resume import seeded
from gan_models.weights import bundled


@pytest.mark.parametrize("name, path", bundled("singan").items())
def test_bundled_singan_makes_new_pictures_of_its_training_picture(name, path):
    model = load(ROOT / path)
    picture = model.training_picture()
    samples = model.sample(50, generator=seeded(0))
    distances = [sum(quality.sliced_wasserstein_at_scales(picture, sample)) / 3 for sample in samples[:8].split(1)]
    assert sum(distances) / 8 < 20
    assert quality.diversity(samples, picture) > 0.4
    # A model that knows its picture by heart repeats one thing in a panorama.
    panoramas = model.sample(4, generator=seeded(0), width=5 * model.size[1] // 2)
    assert sum(quality.sliced_wasserstein(picture, panorama) for panorama in panoramas.split(1)) / 4 < 20
    assert quality.psnr(model.reconstruct(), picture) > 30


@pytest.mark.parametrize("name, path", bundled("gaugan").items())
def test_bundled_gaugan_paints_what_the_label_map_says_in_the_style_of_the_picture(name, path):
    model = open_synthesizer(ROOT / path)
    lights = ["noon", "sunset", "moonlight", "fog"]
    scenes = [render_scene(1_000_000 + index, 256, light) for index, light in enumerate(lights)]
    images, labels = torch.stack([s.image for s in scenes]), torch.stack([s.labels for s in scenes])
    styles = model.encode(images)
    made = torch.stack([model.paint(labels, style[None]) for style in styles])  # [style, layout, 3, H, W]

    def colors(image, ids):
        return torch.stack([image[:, ids == label].mean(1) for label in ids.unique()])

    for layout, (image, ids) in enumerate(zip(images, labels, strict=True)):
        distances = [(colors(image, ids) - colors(made[style, layout], ids)).abs().mean() for style in range(4)]
        assert min(range(4), key=lambda style: distances[style]) == layout
        assert distances[layout] < 0.3
    # No flat fills: textures nearly as strong as those of the true pictures.
    rough, true = ((x[..., 1:] - x[..., :-1]).abs().mean() for x in (made, images))
    assert 0.4 < rough / true < 1.6


@pytest.mark.parametrize("name, path", (bundled("singan") | bundled("gaugan")).items())
def test_bundled_files_are_small_and_have_a_card(name, path):
    file = ROOT / path
    assert file.stat().st_size <= (16 << 20 if name in bundled("gaugan") else 5_000_000)
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in card


def example(name):
    """An example picture, ``[1, 3, H, W]`` in [-1, 1], and its mask."""
    with Image.open(ROOT / "pictures" / name) as file:
        pixels = torch.from_numpy(np.array(file.convert("RGBA"))).movedim(-1, 0)[None] / 255
    return pixels[:, :3] * 2 - 1, 1 - pixels[:, 3:]


def test_automatic_start_scales_change_the_examples_without_spoiling_them():
    model = load(ROOT / bundled("singan")["singan-balloons"])
    painting, _ = example("balloons_painted.png")
    for entry in (
        Harmonization(model, *example("balloons_pasted.png"), seeded(0)),
        Edit(model, *example("balloons_edited.png"), seeded(0)),
        Painting(model, painting, None, seeded(0)),
    ):
        assert entry.choose() in (4, 5, 6)

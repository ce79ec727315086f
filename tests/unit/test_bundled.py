"""The models that ship with the pack are what the manifest says, and good."""

import hashlib

import pytest
from conftest import ROOT

import quality
from gan_models.singan import load
from gan_models.singan.resume import seeded
from gan_models.weights import bundled


@pytest.mark.parametrize("name, path", bundled("singan").items())
def test_bundled_singan_makes_new_pictures_of_its_training_picture(name, path):
    model = load(ROOT / path)
    picture = model.training_picture()
    samples = model.sample(50, generator=seeded(0))
    distances = [sum(quality.sliced_wasserstein_at_scales(picture, sample)) / 3 for sample in samples[:8].split(1)]
    assert sum(distances) / 8 < 45
    assert quality.diversity(samples, picture) > 0.3
    assert quality.psnr(model.reconstruct(), picture) > 24


@pytest.mark.parametrize("name, path", bundled("singan").items())
def test_bundled_files_are_small_and_have_a_card(name, path):
    file = ROOT / path
    assert file.stat().st_size < 5_000_000
    card = file.with_suffix(".md").read_text(encoding="utf-8")
    assert hashlib.sha256(file.read_bytes()).hexdigest() in card

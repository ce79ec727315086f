"""All bits of a seed count, and seeds below 2**32 keep the numbers that they always gave."""

import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from conftest import ROOT
from safetensors.torch import save_file

import singan_toys
from gan_models.gaugan.networks.noise import Noise
from gan_models.gaugan.training.draws import sample_style, training_noise
from gan_models.gaugan.training.pairs import place_in_epochs
from gan_models.gaugan.training.perceptual import PerceptualLoss, load_perceptual
from gan_models.gaugan.training.result import result_of
from gan_models.gaugan.training.trainer import Trainer
from gan_models.scenes import render_scene
from gan_models.seeds import derived_seed, seeded, seeds_default_generator
from gan_models.segmentation import open_landscape_segmenter
from gan_models.singan import train
from gaugan_toys import training_config

OLD = [0, 1, 12345, 2**31 - 1, 2**31, 2**32 - 1]
ALIKE = [7, 7 + 2**32, 7 + 2**33, 7 + 2**62, 7 + 2**63, 7 + 2**64 - 2**32]
"""Seeds that are equal modulo 2**32."""


def numbers(generator):
    return torch.rand(700, generator=generator)


def differ(results):
    return all(not torch.equal(a, b) for a, b in combinations(results, 2))


@pytest.mark.parametrize("seed", OLD)
def test_seeds_below_2_to_32_are_pytorchs_own(seed):
    assert torch.equal(seeded(seed).get_state(), torch.Generator().manual_seed(seed).get_state())


@pytest.mark.parametrize("seed", [2**32, 7 + 2**33, 2**63 - 1, 2**63, 2**64 - 1, 2**80 + 5])
def test_larger_seeds_start_the_mersenne_twister_with_all_their_bits(seed):
    reference = random.Random(seed)
    wanted = [reference.getrandbits(32) % 2**24 / 2**24 for _ in range(700)]
    assert numbers(seeded(seed)).tolist() == wanted


def test_seeds_equal_modulo_2_to_32_differ():
    assert differ([numbers(seeded(seed)) for seed in ALIKE])
    assert differ([torch.randn(20, generator=seeded(seed)) for seed in ALIKE])
    assert torch.equal(numbers(seeded(ALIKE[3])), numbers(seeded(ALIKE[3])))


def test_normal_numbers_of_large_seeds_are_normal():
    drawn = torch.randn(100_000, generator=seeded(2**64 - 1))
    assert abs(drawn.mean()) < 0.02 and abs(drawn.std() - 1) < 0.02


def test_the_default_generator_is_seeded_for_a_while():
    before = torch.get_rng_state()
    drawn = []
    for seed in ALIKE:
        with seeds_default_generator(seed):
            drawn.append(torch.randn(5))
    assert differ(drawn) and torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(7)
    assert torch.equal(torch.randn(5), drawn[0])


@pytest.mark.parametrize("seed", OLD)
def test_seeds_derived_from_small_ones_are_what_they_were(seed):
    number = seed * 1_000_003 + 5
    old = torch.Generator().manual_seed(number % 2**63)
    assert torch.equal(numbers(seeded(derived_seed(seed, number))), numbers(old))


def test_the_noise_of_a_generator():
    like = torch.zeros(1, 1, 8, 8)
    assert differ([Noise(seed).plane(like) for seed in ALIKE])
    old = torch.Generator().manual_seed(7)
    assert torch.equal(Noise(7).plane(like), torch.randn(1, 1, 8, 8, generator=old))


def test_the_draws_of_a_training_step():
    mu, logvar = torch.zeros(2, 6), torch.zeros(2, 6)
    assert differ([sample_style(mu, logvar, seed, 3) for seed in ALIKE])
    assert differ([training_noise(2, seed, 3).plane(torch.zeros(1, 1, 4, 4)) for seed in ALIKE])
    for seed in OLD:
        old = torch.Generator().manual_seed((seed * 1_000_003 + 3) % 2**63)
        assert torch.equal(sample_style(mu, logvar, seed, 3), torch.randn(2, 6, generator=old))
        old = torch.Generator().manual_seed((seed * 1_000_003 + 3 + 2**40) % 2**63)
        plane = training_noise(2, seed, 3).plane(torch.zeros(1, 1, 4, 4))
        assert torch.equal(plane, torch.randn(2, 1, 4, 4, generator=old))


def test_the_first_weights_of_a_training():
    nets = [Trainer(training_config(seed=seed)).generator.state_dict() for seed in ALIKE[:3]]
    assert differ([net["conv_img.weight"] for net in nets])


def test_rendered_scenes():
    assert differ([render_scene(seed, 32).image for seed in ALIKE[:3]])


def test_the_order_of_training_pictures():
    orders = [[place_in_epochs(seed, 30, position) for position in range(30)] for seed in ALIKE]
    assert all(a != b for a, b in combinations(orders, 2))
    assert orders[0] == np.random.default_rng([7, 0]).permutation(30).tolist()


def test_singans_that_are_trained():
    picture = singan_toys.picture(32, 40)
    config = replace(singan_toys.TOY, iterations=2, coarse_iterations=2)
    models = [train(picture, config, generator=seeded(seed)) for seed in ALIKE[:3]]
    assert differ([model.z_rec for model in models]) and differ([model.reconstruct() for model in models])


def test_networks_that_are_built_leave_pytorchs_generator_as_it_was(tmp_path):
    save_file(PerceptualLoss().state_dict(), tmp_path / "vgg19.safetensors")
    pictures, ids = torch.zeros(2, 3, 32, 32), torch.zeros(2, 32, 32, dtype=torch.int64)
    before = torch.get_rng_state()
    singan_toys.trained()
    trainer = Trainer(training_config(), perceptual=load_perceptual(tmp_path / "vgg19.safetensors"))
    trainer.train_step(pictures, ids)
    result_of(trainer, [(pictures, ids)])
    open_landscape_segmenter(ROOT / "weights" / "segmentation-landscape.safetensors")
    assert torch.equal(torch.get_rng_state(), before)

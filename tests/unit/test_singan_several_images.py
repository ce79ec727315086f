"""One model from several pictures; and one picture, which trains as it always did."""

import dataclasses
import hashlib
import pickle

import pytest
import safetensors.torch
import torch

from gan_models.seeds import seeded
from gan_models.singan import SinGAN, load, save, super_resolve, train
from gan_models.singan.batch_statistics import fix_statistics
from gan_models.singan.checkpoint import encode
from gan_models.singan.pyramid import build_pyramid, resize
from gan_models.singan.resume import run_key, train_resumable
from gan_models.singan.scale_training import ScaleTrainer
from singan_toys import TOY, picture, same_weights, trained

BATCH = dataclasses.replace(TOY, normalization="batch", ema_decay=0.0, pool=0, critic_steps=2, generator_steps=2)


def pictures(count=3):
    return torch.cat([picture(seed=seed) for seed in range(count)])


@pytest.fixture(scope="module")
def model():
    return trained(image=pictures())


def test_it_holds_all_pictures_and_a_noise_for_each(model):
    single = trained()
    assert (len(model.training_images), len(single.training_images)) == (3, 1)
    assert model.training_images.shape == (3, 3, 44, 56) and model.training_images.dtype == torch.uint8
    assert torch.equal(model.training_images[:1], single.training_images)
    assert torch.equal(model.z_rec[:1], single.z_rec) and model.z_rec.shape == (3, *single.z_rec.shape[1:])
    assert torch.equal(model.z_rec[:, :1].expand(-1, 3, -1, -1), model.z_rec)
    assert not any(torch.equal(model.z_rec[a], model.z_rec[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert torch.allclose(model.training_images.float() / 127.5 - 1, pictures(), atol=1 / 127)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_every_picture_is_reconstructed(normalization):
    config = dataclasses.replace(
        TOY, iterations=60, coarse_iterations=120, channels=16, reconstruction_weight=50, normalization=normalization
    )
    model, wanted = trained(config, image=pictures(2)), pictures(2)
    found = model.reconstruct()
    assert torch.equal(model.reconstruct_coarse(len(model.sizes)).clamp(-1, 1), found[:1])
    errors = (found[:, None] - wanted[None]).square().mean((2, 3, 4))
    assert (errors.diagonal() * 4 < errors[0, 1]).all(), errors
    assert 10 * torch.log10(4 / errors.diagonal().max()) > 18


def test_amplitudes_come_from_the_mean_error(model):
    last = len(model.sizes) - 1
    real = build_pyramid(pictures(), model.sizes)[last]
    coarser = SinGAN(model.config, model.sizes, model.training_images, model.z_rec)
    for network, amplitude in zip(model.generators[:last], model.amplitudes, strict=False):
        coarser.add_scale(network, amplitude)
    errors = (resize(coarser.reconstruct(), model.size) - real).square().mean((1, 2, 3)).sqrt()
    assert model.amplitudes[last] == pytest.approx(0.1 * errors.mean().item(), rel=1e-4)


def test_the_order_of_random_numbers_repeats(model):
    assert same_weights(model, trained(image=pictures()))
    assert not same_weights(model, trained(image=pictures().flip(0)))


def test_file_and_pickle_keep_everything(model, tmp_path):
    save(model, tmp_path / "several.safetensors")
    for copy in (load(tmp_path / "several.safetensors"), pickle.loads(pickle.dumps(model))):
        assert same_weights(model, copy) and len(copy.training_images) == 3
        assert torch.equal(copy.reconstruct(), model.reconstruct())
        assert torch.equal(copy.sample(1, generator=seeded(1)), model.sample(1, generator=seeded(1)))


def test_the_file_keeps_the_first_picture_apart_as_it_always_did(model):
    one, three = (safetensors.torch.load(encode(each)) for each in (trained(), model))
    assert one.keys() == three.keys() - {"other_images", "other_z_rec"}
    for tensors in (one, three):
        assert tensors["training_image"].shape == (3, 44, 56) and tensors["z_rec"].shape[0] == 1
    assert torch.equal(three["other_images"], model.training_images[1:])
    assert torch.equal(three["other_z_rec"], model.z_rec[1:])


def test_where_one_picture_is_needed_it_is_the_first(model):
    assert torch.allclose(model.training_picture(), picture(), atol=1 / 127)
    assert super_resolve(model, 2, generator=seeded(0)).shape == (1, 3, 88, 112)
    kept = model.sample(1, generator=seeded(0), start_scale=len(model.sizes) - 1)
    assert (kept - model.reconstruct()).abs().mean((1, 2, 3)).argmin() == 0


def test_pictures_and_noise_that_differ_in_number(model):
    with pytest.raises(ValueError, match="there are 3 training images, but the noise for 2"):
        SinGAN(model.config, model.sizes, model.training_images, model.z_rec[:2])


@pytest.mark.parametrize("others", [{"other_images": torch.zeros(2, 3, 44, 56, dtype=torch.uint8)},
                                    {"other_z_rec": torch.zeros(2, 3, 18, 23)},
                                    {"other_images": torch.zeros(1, 3, 44, 50, dtype=torch.uint8),
                                     "other_z_rec": torch.zeros(1, 3, 18, 23)}])  # fmt: skip
def test_a_file_whose_further_pictures_are_incompatible(others, tmp_path):
    tensors = safetensors.torch.load(encode(trained())) | others
    safetensors.torch.save_file(tensors, tmp_path / "odd.safetensors")
    with pytest.raises(ValueError, match=r"odd\.safetensors( is marked as a SinGAN, but|: training_image is)"):
        load(tmp_path / "odd.safetensors")


def test_a_run_on_several_pictures_resumes(tmp_path):
    class Stopped(Exception):
        pass

    def stop(progress):
        if progress.stage.startswith("scale 3 "):
            raise Stopped

    with pytest.raises(Stopped):
        train_resumable(pictures(), TOY, seed=5, folder=tmp_path, on_progress=stop)
    assert len(list(tmp_path.iterdir())) == 1
    resumed = train_resumable(pictures(), TOY, seed=5, folder=tmp_path)
    assert same_weights(resumed, trained(seed=5, image=pictures()))
    keys = {run_key(image, TOY, 5, torch.float32) for image in (pictures(), pictures(2), picture())}
    assert len(keys) == 3


# The states of the generators at the end of every scale, recorded before several pictures could be learned.
RECORDED = [
    (TOY, "352fb15497e91d57"),
    (dataclasses.replace(BATCH, penalty_every=1), "320abf3d6e02b86d"),
    (dataclasses.replace(TOY, normalization="batch"), "fdef9cb47d5b66c0"),
    (dataclasses.replace(TOY, crop=30), "352fb15497e91d57"),
]


@pytest.mark.parametrize("config, recorded", RECORDED)
def test_one_picture_draws_the_random_numbers_that_it_always_drew(config, recorded, monkeypatch):
    states, run = [], ScaleTrainer.run

    def watched(trainer, on_iteration):
        run(trainer, on_iteration)
        states.append(trainer.inputs.rng.get_state())

    monkeypatch.setattr(ScaleTrainer, "run", watched)
    generator = seeded(3)
    train(picture(), config, generator=generator)
    states.append(generator.get_state())
    assert hashlib.sha256(torch.cat(states).numpy().tobytes()).hexdigest()[:16] == recorded


def test_statistics_of_several_pictures_are_those_of_the_batch():
    network = trained(BATCH, image=pictures()).generators[0]
    previous = torch.rand(3, 3, 20, 30) * 2 - 1
    padded = torch.nn.functional.pad(previous + torch.randn(3, 3, 20, 30), (5,) * 4)
    as_a_batch = network.train()(padded, previous)
    fix_statistics(network, padded, previous)
    assert (network(padded, previous) - as_a_batch).abs().max() < 1e-4



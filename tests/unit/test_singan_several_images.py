"""One model from several pictures; and one picture, which trains as it always did."""

import dataclasses
import hashlib
import pickle

import pytest
import torch

from gan_models.seeds import seeded
from gan_models.singan import SinGAN, load, save, super_resolve, train
from gan_models.singan.pyramid import build_pyramid, resize
from gan_models.singan.resume import run_key, train_resumable
from gan_models.singan.scale_training import ScaleTrainer, fix_statistics
from singan_toys import TOY, picture, same_weights, trained

BATCH = dataclasses.replace(TOY, normalization="batch", averaging=0.0, pool=0, critic_steps=2, generator_steps=2)


def pictures(count=3):
    return torch.cat([picture(seed=seed) for seed in range(count)])


@pytest.fixture(scope="module")
def model():
    return trained(image=pictures())


def test_it_holds_all_pictures_and_a_noise_for_each(model):
    single = trained()
    assert (model.pictures, single.pictures) == (3, 1)
    assert model.other_images.shape == (2, 3, 44, 56) and model.other_images.dtype == torch.uint8
    assert torch.equal(model.training_image, single.training_image) and torch.equal(model.z_rec, single.z_rec)
    assert model.other_z_rec.shape == (2, *model.z_rec.shape[1:])
    assert torch.equal(model.other_z_rec[:, :1].expand(-1, 3, -1, -1), model.other_z_rec)
    assert not torch.equal(model.other_z_rec[0], model.other_z_rec[1])
    assert torch.allclose(model.other_images[1].float() / 127.5 - 1, picture(seed=2)[0], atol=1 / 127)


@pytest.mark.parametrize("normalization", ["none", "batch"])
def test_every_picture_is_reconstructed(normalization):
    config = dataclasses.replace(
        TOY, iterations=120, coarse_iterations=240, channels=16, reconstruction_weight=50, normalization=normalization
    )
    model, wanted = trained(config, image=pictures(2)), pictures(2)
    found = model.reconstruct_all()
    assert torch.equal(model.reconstruct(), found[:1])
    errors = (found[:, None] - wanted[None]).square().mean((2, 3, 4))
    assert (errors.diagonal() * 4 < errors[0, 1]).all(), errors
    assert 10 * torch.log10(4 / errors.diagonal().max()) > 18


def test_amplitudes_come_from_the_mean_error(model):
    last = len(model.sizes) - 1
    real = build_pyramid(pictures(), model.sizes)[last]
    coarser = SinGAN(model.config, model.sizes, model.training_image, model.z_rec, None, model.other_images,
                     model.other_z_rec)  # fmt: skip
    for network, amplitude in zip(model.generators[:last], model.amplitudes, strict=False):
        coarser.add_scale(network, amplitude)
    errors = (resize(coarser.reconstruct_all(), model.size) - real).square().mean((1, 2, 3)).sqrt()
    assert model.amplitudes[last] == pytest.approx(0.1 * errors.mean().item(), rel=1e-4)


def test_the_order_of_random_numbers_repeats(model):
    assert same_weights(model, trained(image=pictures()))
    assert not same_weights(model, trained(image=pictures().flip(0)))


def test_file_and_pickle_keep_everything(model, tmp_path):
    save(model, tmp_path / "several.safetensors")
    for copy in (load(tmp_path / "several.safetensors"), pickle.loads(pickle.dumps(model))):
        assert same_weights(model, copy) and copy.pictures == 3
        assert torch.equal(copy.reconstruct_all(), model.reconstruct_all())
        assert torch.equal(copy.sample(1, generator=seeded(1)), model.sample(1, generator=seeded(1)))


def test_a_single_picture_adds_nothing_to_the_file(tmp_path):
    assert not [name for name in trained().state_dict() if name.startswith("other")]


def test_where_one_picture_is_needed_it_is_the_first(model):
    assert torch.allclose(model.training_picture(), picture(), atol=1 / 127)
    assert super_resolve(model, 2, generator=seeded(0)).shape == (1, 3, 88, 112)
    kept = model.sample(1, generator=seeded(0), start_scale=len(model.sizes) - 1)
    assert (kept - model.reconstruct()).abs().mean() < (kept - model.reconstruct_all()[1:]).abs().mean()


@pytest.mark.parametrize("others", [(torch.zeros(2, 3, 44, 56), None), (None, torch.zeros(2, 3, 18, 23)),
                                    (torch.zeros(2, 3, 44, 56), torch.zeros(1, 3, 18, 23)),
                                    (torch.zeros(1, 3, 44, 50), torch.zeros(1, 3, 18, 23))])  # fmt: skip
def test_pictures_and_noise_that_do_not_belong_together(model, others):
    with pytest.raises(ValueError, match="must be equal in number and size"):
        SinGAN(model.config, model.sizes, model.training_image, torch.zeros(1, 3, 18, 23), None, *others)


def test_stopping_and_going_on(tmp_path):
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
        states.append(trainer.rng.get_state())

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



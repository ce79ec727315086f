import copy
import math
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file

from gan_models.files import read_safetensors
from gan_models.gaugan import label_codes, one_hot, synthesize
from gan_models.gaugan.fast.modulation import LabelMaps
from gan_models.gaugan.networks.discriminator import Discriminator, DiscriminatorConfig
from gan_models.gaugan.training.finite import NotFiniteError
from gan_models.gaugan.training.initialization import effective_state
from gan_models.gaugan.training.losses import (
    adversarial_loss,
    color_loss,
    discriminator_loss,
    feature_matching_loss,
    region_loss,
    style_loss,
)
from gan_models.gaugan.training.result import result_of
from gan_models.gaugan.training.state import load_state, save_state
from gan_models.gaugan.training.trainer import Trainer
from gaugan_toys import blob_map, config, generator, projected_config, random_features, training_config


def batch(step=0, count=2, size=32):
    drawn = torch.Generator().manual_seed(step)
    images = torch.rand(count, 3, size, size, generator=drawn) * 2 - 1
    return images, blob_map(training_config().generator, size, size, count, seed=step)


def state(trainer):
    networks = trainer.networks | {"ema": trainer.ema}
    return {f"{name}.{key}": value for name, net in networks.items() for key, value in net.state_dict().items()}


def test_the_discriminator_has_the_papers_layers():
    discriminator = Discriminator(DiscriminatorConfig(22))
    outputs = discriminator(torch.zeros(1, 22, 256, 256))
    shapes = [[tuple(feature.shape[1:]) for feature in features] for features in outputs]
    assert shapes[0] == [(64, 129, 129), (128, 65, 65), (256, 33, 33), (512, 34, 34), (1, 35, 35)]
    assert shapes[1] == [(64, 65, 65), (128, 33, 33), (256, 17, 17), (512, 18, 18), (1, 19, 19)]
    spectral = [name for name, _ in discriminator.scales[0].named_parameters() if name.endswith("original")]
    assert len(spectral) == 3


def test_losses_have_the_values_of_their_formulas():
    def outputs(*values):
        return [[torch.tensor([[value, 0.0]]), torch.tensor([value])] for value in values]

    assert discriminator_loss(outputs(0.5, 3.0), real=True).item() == pytest.approx(0.25)
    assert discriminator_loss(outputs(0.5, -3.0), real=False).item() == pytest.approx(0.75)
    assert adversarial_loss(outputs(0.5, 1.5)).item() == pytest.approx(-1)
    assert feature_matching_loss(outputs(1.0, 1.0), outputs(3.0, 0.0)).item() == pytest.approx((1 + 0.5) / 2)
    assert style_loss(torch.zeros(3, 4), torch.zeros(3, 4)).item() == 0
    checks = torch.tensor([[1.0, 0.0], [0.0, 1.0]]).repeat(8, 8).expand(1, 3, -1, -1)
    assert color_loss(checks, 1 - checks).item() == 0
    assert color_loss(checks, checks + 0.25).item() == pytest.approx(0.25)
    labels = torch.zeros(1, 3, 4, 4)
    labels[:, 0, 0], labels[:, 1, 1:] = 1, 1
    fake, real = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    real[:, 0, 0], real[:, 1, 1:], real[:, 2, 1:, :2], real[:, 2, 1:, 2:] = 0.5, 0.25, 1, -1
    assert region_loss(fake, real, labels).item() == pytest.approx((0.25 * 0.5 + 0.75 * (0.25 + 1)) / 3, rel=0.01)
    assert style_loss(torch.tensor([[2.0]]), torch.tensor([[math.log(4.0)]])).item() == pytest.approx(
        0.5 * (4 + 4 - 1 - math.log(4))
    )


@pytest.mark.parametrize("changes", [{}, {"unknown": True, "instance_edges": True}])
def test_gradients_of_the_fast_path_are_those_of_the_plain_layers(changes):
    net = generator(config(**changes)).train().requires_grad_(True)
    codes = label_codes(net.config, blob_map(net.config, 64, 64, batch=2))
    z = torch.randn(2, net.config.z_dim)
    results = []
    for labels in (one_hot(net.config, codes), LabelMaps(net.config, codes)):
        net.zero_grad()
        image = net(labels, z)
        (image * torch.linspace(-1, 1, image.numel()).view_as(image)).sum().backward()
        results.append([image] + [parameter.grad for parameter in net.parameters()])
    for plain, fast in zip(*results, strict=True):
        torch.testing.assert_close(fast, plain, rtol=1e-2, atol=4e-3 * plain.detach().abs().max().item() + 2e-3)


def test_training_brings_the_pictures_nearer():
    trainer = Trainer(training_config(learning_rate=2e-3, steps=10_000, decay=0.9))
    _, ids = batch()
    colors = torch.linspace(-0.9, 0.9, 3 * 19).view(3, 19)
    images = colors[:, ids].movedim(0, 1)

    def error():
        result = result_of(trainer, [(images, ids)])
        made = synthesize(result.generator, ids, result.encoder.encode(images))
        return (made - images).abs().mean().item()

    before = error()
    for _ in range(80):
        losses = trainer.train_step(images, ids)
    assert error() < 0.5 * before
    assert trainer.step == 80
    assert losses.keys() == {"style", "adversarial", "features", "fake", "real"}


def test_one_pass_of_the_discriminator_gives_the_gradients_of_both_sides():
    trainer = Trainer(training_config(encoder=None, generator=replace(training_config().generator, z_dim=0)))
    images, ids = batch()
    for optimizer in trainer.optimizers.values():
        optimizer.step = lambda: None
    twin = copy.deepcopy(trainer)
    trainer.train_step(images, ids)

    codes = label_codes(twin.config.generator, ids)
    labels = one_hot(twin.config.generator, codes)
    fake = twin.generator(LabelMaps(twin.config.generator, codes), None)
    twin.discriminator(torch.cat([images, labels], 1))
    twin.discriminator.eval()
    outputs, real = (twin.discriminator(torch.cat([shown, labels], 1)) for shown in (fake, images))
    lost = adversarial_loss(outputs) + 10 * feature_matching_loss(outputs, real)
    made = torch.autograd.grad(lost, twin.generator_params, retain_graph=True)
    outputs = twin.discriminator(torch.cat([fake.detach(), labels], 1))
    lost = discriminator_loss(outputs, False) / 2 + discriminator_loss(real, True) / 2
    learned = torch.autograd.grad(lost, twin.discriminator_params)
    both = (trainer.generator_params, made), (trainer.discriminator_params, learned)
    for parameters, wanted in both:
        for parameter, gradient in zip(parameters, wanted, strict=True):
            assert (parameter.grad - gradient).norm() <= 1e-3 * gradient.norm() + 1e-6


def test_the_style_read_from_a_picture_teaches_the_generator_alone():
    changes = {"style_weight": 0.0, "feature_weight": 0.0, "latent_weight": 1.0}
    trainer = Trainer(training_config(**changes))
    fake, z = batch()[0].requires_grad_(), torch.randn(2, trainer.config.generator.z_dim)
    trainer._latent_loss(fake, z).backward()
    assert fake.grad.abs().sum() > 0
    assert all(parameter.grad is None and parameter.requires_grad for parameter in trainer.encoder.parameters())


def test_a_frozen_encoder_does_not_change(tmp_path):
    trainer = Trainer(training_config(latent_weight=1.0, region_weight=1.0))
    trainer.freeze_encoder()
    before = {name: value.clone() for name, value in trainer.encoder.state_dict().items()}
    losses = trainer.train_step(*batch())
    assert losses.keys() == {"adversarial", "features", "latent", "regions", "fake", "real"}
    save_state(trainer, tmp_path / "run.safetensors")
    trainer = load_state(tmp_path / "run.safetensors")
    assert trainer.encoder_frozen
    trainer.train_step(*batch(1))
    assert all(torch.equal(before[name], value) for name, value in trainer.encoder.state_dict().items())


def test_an_interrupted_run_resumes_exactly(tmp_path):
    unbroken, broken = Trainer(training_config()), Trainer(training_config())
    for step in range(4):
        unbroken.train_step(*batch(step))
    for step in range(4):
        broken.train_step(*batch(step))
        save_state(broken, tmp_path / "run.safetensors")
        broken = load_state(tmp_path / "run.safetensors")
    wanted, got = state(unbroken), state(broken)
    assert wanted.keys() == got.keys()
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)


def test_a_run_may_resume_at_another_size_but_not_as_another_net(tmp_path):
    save_state(Trainer(training_config()), tmp_path / "run.safetensors")
    assert load_state(tmp_path / "run.safetensors", size=64, batch=None).config == replace(training_config(), size=64)
    with pytest.raises(ValueError, match="taxonomy landscape, which cannot become ade20k"):
        load_state(tmp_path / "run.safetensors", taxonomy="ade20k")


@pytest.mark.parametrize("projected", [False, True])
def test_runs_of_format_1_can_be_resumed(tmp_path, projected):
    features = random_features() if projected else None
    trainer = Trainer(projected_config() if projected else training_config(), features=features)
    trainer.train_step(*batch(count=trainer.config.batch))
    trainer.freeze_encoder()
    path = tmp_path / "run.safetensors"
    save_state(trainer, path)
    tensors, about = read_safetensors(path)
    before = [("ema/", "averaged/"), ("discriminator/scales.", "critics/critics."), ("discriminator/", "critics/"),
              (".score.", ".judge."), (".embed.", ".tell.")]  # fmt: skip
    for new, old in before:
        tensors = {name.replace(new, old): value for name, value in tensors.items()}
    about["format_version"], about["encoder_held"] = "1", about.pop("encoder_frozen")
    about["config"] = about["config"].replace('"discriminator": ', '"critics": ')
    save_file(tensors, path, about)
    again = load_state(path, features=features)
    assert again.config == trainer.config and again.encoder_frozen and again.step == 1
    wanted, got = state(trainer), state(again)
    assert wanted.keys() == got.keys() and all(torch.equal(wanted[name], got[name]) for name in wanted)
    assert [len(optimizer.state) for optimizer in again.optimizers.values()] == [
        len(optimizer.state) for optimizer in trainer.optimizers.values()
    ]


def test_files_that_are_not_runs_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no file run\.safetensors"):
        load_state(tmp_path / "run.safetensors")
    save_state(Trainer(training_config()), tmp_path / "run.safetensors")
    whole = (tmp_path / "run.safetensors").read_bytes()
    (tmp_path / "half.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"half\.safetensors is damaged"):
        load_state(tmp_path / "half.safetensors")


def test_a_full_disk_leaves_the_older_state(tmp_path, request):
    trainer = Trainer(training_config())
    save_state(trainer, tmp_path / "run.safetensors")
    trainer.train_step(*batch())
    request.getfixturevalue("full_disk")
    with pytest.raises(OSError, match="no file was changed"):
        save_state(trainer, tmp_path / "run.safetensors")
    assert load_state(tmp_path / "run.safetensors").step == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_a_loss_that_is_not_finite_stops_before_the_step():
    trainer = Trainer(training_config())
    trainer.train_step(*batch())
    before = {name: value.clone() for name, value in state(trainer).items() if "running" not in name}
    images, ids = batch(1)
    with pytest.raises(NotFiniteError, match="step 2: a loss is not finite"):
        trainer.train_step(images * math.nan, ids)
    after = state(trainer)
    weights = [name for name in before if not name.endswith(("_u", "_v", "num_batches_tracked"))]
    assert trainer.step == 1
    assert all(torch.equal(before[name], after[name]) for name in weights)


def test_the_ema_follows_the_weights_that_the_generator_uses():
    trainer = Trainer(training_config(decay=0.0))
    trainer.train_step(*batch())
    wanted = effective_state(trainer.generator)
    assert wanted.keys() == trainer.ema.state_dict().keys()
    conv = trainer.generator.head_0.conv_0.eval()
    torch.testing.assert_close(wanted["head_0.conv_0.weight"], conv.weight)
    torch.testing.assert_close(trainer.ema.head_0.conv_0.weight, conv.weight, rtol=0.05, atol=1e-6)


def test_results_work_as_in_training_and_leave_the_run_alone():
    trainer = Trainer(training_config(decay=0.0))
    for step in range(3):
        trainer.train_step(*batch(step))
    images, ids = batch(9, count=8, size=128)
    before = {name: value.clone() for name, value in state(trainer).items()}
    result = result_of(trainer, [(images, ids)])
    assert all(torch.equal(before[name], value) for name, value in state(trainer).items())
    assert trainer.encoder.seen is None and result.encoder.seen.shape == (8, 2, 6)
    assert torch.allclose(result.encoder.seen[:, 0], result.encoder.encode(images), atol=1e-6)
    maps = LabelMaps(trainer.config.generator, label_codes(trainer.config.generator, ids))
    with torch.no_grad():
        z = result.encoder.encode(images)
        used, trained = result.generator(maps, z), result.generator.train()(maps, z)
    torch.testing.assert_close(used, trained, atol=0.02, rtol=0)


def test_the_first_blocks_can_stay_as_they_are():
    start = Trainer(training_config(seed=1)).ema
    trainer = Trainer(training_config(frozen_blocks=2), start={"generator": start})
    assert torch.allclose(trainer.generator.conv_img.weight, start.conv_img.weight)
    before = {name: value.clone() for name, value in trainer.generator.named_parameters()}
    for step in range(2):
        trainer.train_step(*batch(step))
    moved = {name for name, value in trainer.generator.named_parameters() if not torch.equal(value, before[name])}
    assert moved and not any(name.startswith(("fc.", "head_0.", "G_middle_0.")) for name in moved)
    assert {name.split(".")[0] for name in moved} >= {"G_middle_1", "up_0", "up_3", "conv_img"}


@pytest.mark.parametrize("even", [False, True])
def test_the_style_can_act_alike_on_all_cells_of_the_start_grid(tmp_path, even):
    wide = replace(training_config().generator, crop_size=64)
    trainer = Trainer(training_config(generator=wide, size=64, even_style=even))
    for step in range(2):
        trainer.train_step(*batch(step, size=64))
    save_state(trainer, tmp_path / "run.safetensors")
    for net in (trainer.generator, trainer.ema, load_state(tmp_path / "run.safetensors").ema):
        weights, biases = (values.unflatten(0, (-1, 4)) for values in (net.fc.weight, net.fc.bias))
        assert torch.equal(weights, weights[:, :1].expand_as(weights)) == even
        assert not torch.equal(biases, biases[:, :1].expand_as(biases))


def test_only_a_start_grid_that_a_style_makes_can_be_even():
    with pytest.raises(ValueError, match="even_style needs a SPADE generator with a style"):
        training_config(generator=replace(training_config().generator, z_dim=0), encoder=None, even_style=True)

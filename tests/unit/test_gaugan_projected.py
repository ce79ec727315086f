"""Discriminators on the frozen features of EfficientNet-Lite."""

import copy
import os

import pytest
import torch
import torch.nn.functional as F

from gan_models.efficientnet import EfficientNetLite, load_efficientnet, read_efficientnet
from gan_models.gaugan import label_codes, one_hot
from gan_models.gaugan.networks.projected import ProjectedConfig, ProjectedDiscriminator
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.draws import color_window, training_noise
from gan_models.gaugan.training.features import find_features
from gan_models.gaugan.training.losses import (
    adversarial_loss,
    discriminator_loss,
    grid_loss,
    perceptual_loss,
    transfer_loss,
    windows_of,
)
from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.gaugan.training.presets import preset
from gan_models.gaugan.training.state import load_state, save_state
from gan_models.gaugan.training.trainer import Trainer
from gaugan_toys import (
    blob_map,
    projected_config,
    published,
    random_features,
    training_config,
    training_folder,
)

WEIGHTS = os.environ.get("EFFICIENTNET_LITE0")


@pytest.fixture(scope="module")
def features():
    return random_features()


def batch(step=0, count=4):
    drawn = torch.Generator().manual_seed(step)
    images = torch.rand(count, 3, 32, 32, generator=drawn) * 2 - 1
    return images, blob_map(training_config().generator, 32, 32, count, seed=step)


@torch.no_grad()
def test_folded_convolutions_give_what_the_layers_and_their_norms_give(features):
    state = published()
    x = torch.rand(1, 3, 64, 48) * 2 - 1

    def normed(x, conv, norm, stride=1, groups=1):
        weight = state[f"{conv}.weight"]
        padding = 0
        if stride == 1:
            padding = weight.shape[-1] // 2
        else:
            extra = weight.shape[-1] - 2
            x = F.pad(x, (extra // 2, extra - extra // 2) * 2)
        x = F.conv2d(x, weight, None, stride, padding, 1, groups)
        parts = [state[f"{norm}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts, eps=1e-3)

    wanted = F.relu6(normed((x * 127.5 + 127.5 - 127) / 128, "conv_stem", "bn1", 2))
    wanted = F.relu6(normed(wanted, "blocks.0.0.conv_dw", "blocks.0.0.bn1", 1, 32))
    wanted = normed(wanted, "blocks.0.0.conv_pw", "blocks.0.0.bn2")
    seen = features(x)
    torch.testing.assert_close(seen[0], wanted, rtol=1e-4, atol=1e-4)
    first = "blocks.1.0"
    wide = F.relu6(normed(wanted, f"{first}.conv_pw", f"{first}.bn1"))
    wide = F.relu6(normed(wide, f"{first}.conv_dw", f"{first}.bn2", 2, 96))
    wanted = normed(wide, f"{first}.conv_pwl", f"{first}.bn3")
    second = "blocks.1.1"
    wide = F.relu6(normed(wanted, f"{second}.conv_pw", f"{second}.bn1"))
    wide = F.relu6(normed(wide, f"{second}.conv_dw", f"{second}.bn2", 1, 144))
    wanted = wanted + normed(wide, f"{second}.conv_pwl", f"{second}.bn3")
    torch.testing.assert_close(seen[1], wanted, rtol=1e-3, atol=1e-3)
    assert [tuple(part.shape[1:]) for part in seen] == [
        (16, 32, 24), (24, 16, 12), (40, 8, 6), (112, 4, 3), (320, 2, 2)
    ]  # fmt: skip
    assert features.pooled(x).shape == (1, 1280)


@pytest.mark.parametrize("variant", ["lite0", "lite2"])
def test_both_namings_of_the_published_weights_are_read(variant):
    theirs = published(variant)
    with torch.device("meta"):
        blocks = [len(stage) for stage in EfficientNetLite(variant).stages]
    renamed = {}
    for name, value in theirs.items():
        head, *rest = name.split(".")
        if head != "blocks":
            outside = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1",
                       "classifier": "_fc"}  # fmt: skip
            renamed[".".join([outside[head], *rest])] = value
            continue
        stage, block, part, kind = rest
        convolutions = {"conv_dw": "_depthwise_conv", "conv_pwl": "_project_conv", "conv_pw": "_expand_conv"}
        if stage == "0":
            convolutions["conv_pw"] = "_project_conv"
        ours = convolutions.get(part) or f"_bn{int(part[2:]) - (stage != '0')}"
        renamed[f"_blocks.{sum(blocks[: int(stage)]) + int(block)}.{ours}.{kind}"] = value
    one, two = (load_efficientnet(tensors) for tensors in (theirs, renamed))
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), two.state_dict().values(), strict=True))


def test_other_files_are_refused_by_name(tmp_path):
    torch.save({"layer.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other.pth: this is not an EfficientNet-Lite \(its tensors begin with layer"):
        read_efficientnet(tmp_path / "other.pth")
    truncated = {name: value for name, value in published().items() if not name.startswith("blocks.6")}
    with pytest.raises(ValueError, match="not an EfficientNet-Lite"):
        load_efficientnet(truncated)
    with pytest.raises(FileNotFoundError):
        find_features(preset("small", "landscape"), tmp_path / "nowhere.pth")


@pytest.mark.skipif(not WEIGHTS, reason="EFFICIENTNET_LITE0 does not name the file of the published weights")
def test_outputs_are_those_of_a_second_implementation():
    second = pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
    theirs = second.EfficientNet.from_name("efficientnet-lite0").eval()
    theirs.load_state_dict(torch.load(WEIGHTS, weights_only=True))
    ours = read_efficientnet(WEIGHTS)
    image = torch.rand(2, 3, 128, 160) * 2 - 1
    with torch.no_grad():
        x = (image * 127.5 + 0.5) / 128
        x = F.relu6(theirs._bn0(theirs._conv_stem(x)))
        wanted = []
        for number, block in enumerate(theirs._blocks):
            x = block(x)
            if number in (0, 2, 4, 10, 15):
                wanted.append(x)
        for made, right in zip(ours(image), wanted, strict=True):
            torch.testing.assert_close(made, right, rtol=1e-3, atol=1e-3)


def test_every_discriminator_sees_the_labels_and_the_mixing_is_frozen(features):
    discriminator = ProjectedDiscriminator(ProjectedConfig(19, ndf=8, pixel_ndf=4))
    images, ids = batch()
    labels = one_hot(training_config().generator, label_codes(training_config().generator, ids))
    with torch.no_grad():
        seen = features(images)
        outputs = discriminator(torch.cat([images, labels], 1), seen)
        other = discriminator(torch.cat([images, labels.roll(1, 1)], 1), seen)
    assert [tuple(part[-1].shape) for part in outputs] == [(4, 1, side, side) for side in (8, 4, 2, 1, 4)]
    assert all((a[-1] - b[-1]).abs().max() > 1e-4 for a, b in zip(outputs, other, strict=True))
    frozen = [name for name, parameter in discriminator.named_parameters() if not parameter.requires_grad]
    assert frozen == [f"mix_channels.{n}.weight" for n in range(4)] + [f"mix_scales.{n}.weight" for n in range(3)]


def test_one_pass_of_the_discriminator_gives_the_gradients_of_both_sides(features):
    trainer = Trainer(projected_config(), features=features)
    images, ids = batch()
    for optimizer in trainer.optimizers.values():
        optimizer.step = lambda: None
    twin = copy.deepcopy(trainer)
    values = trainer.train_step(images, ids)

    codes = label_codes(twin.config.generator, ids)
    labels = one_hot(twin.config.generator, codes)
    losses, fake = twin._reconstruction_losses(images, codes, labels)
    own, _, _ = twin.styles_of(4)
    twin.discriminator(torch.cat([images, labels], 1), features(images))
    twin.discriminator.eval()
    seen, real_seen = features(fake), features(images)
    outputs = twin.discriminator(torch.cat([fake, labels], 1), seen)
    alike = perceptual_loss([part[own] for part in seen[:4]], [part[own] for part in real_seen[:4]])
    lost = adversarial_loss(outputs) + alike + sum(losses.values())
    assert values["perceptual"] == pytest.approx(alike.item(), rel=1e-4)
    wanted = torch.autograd.grad(lost, twin.generator_params)
    for parameter, gradient in zip(trainer.generator_params, wanted, strict=True):
        assert (parameter.grad - gradient).norm() <= 1e-2 * gradient.norm() + 1e-5
    outputs = twin.discriminator(torch.cat([fake.detach(), labels], 1), [part.detach() for part in seen])
    real = twin.discriminator(torch.cat([images, labels], 1), real_seen)
    lost = discriminator_loss(outputs, False) / 2 + discriminator_loss(real, True) / 2
    wanted = torch.autograd.grad(lost, twin.discriminator_params)
    for parameter, gradient in zip(trainer.discriminator_params, wanted, strict=True):
        assert (parameter.grad - gradient).norm() <= 1e-2 * gradient.norm() + 1e-5


def test_half_of_the_pictures_are_made_in_the_style_of_their_neighbour(features):
    trainer = Trainer(projected_config(), features=features)
    assert trainer.styles_of(4) == ([0, 2], [1, 3], [0, 0, 2, 2])
    assert trainer.styles_of(1) == ([0], [], [0])
    assert Trainer(projected_config(transfers=0.375), features=features).styles_of(8)[1] == [2, 5, 7]
    few = Trainer(projected_config(transfers=0.375, batch=2), features=features)
    others = 0
    for few.step in range(16):
        others += len(few.styles_of(2)[1])
    assert others == 0.375 * 16 * 2
    losses = trainer.train_step(*batch())
    assert losses.keys() == {"style", "transfer", "perceptual", "adversarial", "fake", "real"}


def test_a_picture_of_every_step_keeps_its_own_style(features):
    trainer = Trainer(projected_config(transfers=0.9, batch=2, region_weight=1.0), features=features)
    for step in range(3):
        losses = trainer.train_step(*batch(step, 2))
        assert losses["regions"] > 0 and len(trainer.styles_of(2)[0]) == 1


def test_the_transfer_loss_compares_shared_classes_sky_and_ground():
    labels, real_labels = torch.zeros(1, 4, 2, 4), torch.zeros(1, 4, 2, 4)
    labels[:, 0, 0], labels[:, 2, 1] = 1, 1  # sky above grass
    real_labels[:, 0, 0], real_labels[:, 3, 1] = 1, 1  # sky above sand
    real = torch.zeros(1, 3, 2, 4)
    real[:, :, 0], real[:, :, 1] = 0.5, -0.5
    fake = real.clone()
    assert transfer_loss(fake, real, labels, real_labels, [0, 1]).item() == 0
    fake[:, :, 0] += 0.3  # counted twice, as the class and as the sky, of regions with weights 1, 1 and 0.25
    assert transfer_loss(fake, real, labels, real_labels, [0, 1]).item() == pytest.approx(0.6 / 2.25, abs=1e-3)
    fake[:, :, 1] += 0.6
    assert transfer_loss(fake, real, labels, real_labels, [0, 1]).item() == pytest.approx(0.75 / 2.25, abs=1e-3)


def test_windows_of_a_style_have_less_contrast_than_the_picture():
    labels = torch.ones(1, 1, 16, 32)
    real = torch.linspace(-1, 1, 32).expand(1, 3, 16, 32)
    assert len(windows_of(16, 32, 0.25)) == 16
    covered = torch.zeros(16, 32)
    for window in windows_of(16, 32, 0.4):
        covered[window] += 1
    assert covered.min() == 1
    # A window of the same ramp: its mean colour differs from the picture's, but its contrast is that of any window.
    fake = real[..., :4, :8]
    apart = (real.mean() - fake.mean()).abs().item()
    assert transfer_loss(fake, real, labels[..., :4, :8], labels, [], 0.25).item() == pytest.approx(apart, abs=1e-3)
    assert transfer_loss(fake, real, labels[..., :4, :8], labels, []).item() > apart + 0.4


def test_colours_are_compared_in_a_random_window_of_each_step(features):
    places = [color_window(32, 48, 0.5, 0, step)[1:] for step in range(40)]
    assert all(rows.stop - rows.start == 16 and columns.stop - columns.start == 24 for rows, columns in places)
    assert {rows.start for rows, _ in places} <= {*range(17)} and len({columns.start for _, columns in places}) > 12
    image = torch.rand(2, 3, 32, 48)
    assert torch.equal(image[color_window(32, 48, 1.0, 0, 5)], image)
    with pytest.raises(ValueError, match="color_window must be above 0 and at most 1; it is 0"):
        projected_config(color_window=0.0)
    losses = []
    for share in (1.0, 0.5):
        trainer = Trainer(projected_config(color_window=share, region_weight=1.0), features=features)
        losses.append(trainer.train_step(*batch()))
    assert losses[0]["regions"] != losses[1]["regions"] and losses[0]["transfer"] != losses[1]["transfer"]
    assert losses[0]["style"] == losses[1]["style"]


def test_the_grid_loss_sees_checkerboards_and_weaves():
    drawn = torch.Generator().manual_seed(0)
    clouds = F.interpolate(torch.randn(8, 3, 24, 24, generator=drawn), size=(96, 96), mode="bicubic")
    clouds = clouds + 0.1 * torch.randn(8, 3, 96, 96, generator=drawn)
    assert grid_loss(clouds).item() < 0.3
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    for pattern in ((x + y) % 2, x % 4 // 2, (y % 8) / 8):
        pictures = (clouds + 0.2 * pattern).requires_grad_()
        assert grid_loss(pictures).item() > grid_loss(clouds).item() + 0.1
        (to_pictures,) = torch.autograd.grad(grid_loss(pictures), pictures)
        # The gradient descends towards less of the pattern.
        assert (to_pictures * (pattern - pattern.float().mean())).sum() > 0
    assert grid_loss(torch.randn(1, 3, 8, 8)).item() == 0


def test_a_run_resumes_exactly(tmp_path, features):
    one, two = (Trainer(projected_config(), features=features) for _ in range(2))
    for step in range(2):
        one.train_step(*batch(step))
        two.train_step(*batch(step))
    save_state(two, tmp_path / "run.safetensors")
    two = load_state(tmp_path / "run.safetensors", features=features)
    assert two.config == one.config
    assert one.train_step(*batch(2)) == two.train_step(*batch(2))
    for name, network in one.networks.items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, two.networks[name].state_dict()[key]), (name, key)


@pytest.mark.parametrize("largest_scale", [1.0, 2.0])
def test_a_folder_trains_with_them_and_leaves_a_model(tmp_path, features, monkeypatch, largest_scale):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    pairs = FolderPairs(training_folder(tmp_path / "data", sizes=((40, 70),)), "landscape")
    config = projected_config(steps=4, smallest_crop=0.5, largest_scale=largest_scale)
    assert {config.at_step(step).size for step in range(4)} == ({32} if largest_scale == 1 else {32, 64})
    said = []
    path = run.train(pairs, config, tmp_path / "run", features=features, on_warning=said.append)
    assert path.is_file() and not said


def test_they_cannot_do_without_features():
    with pytest.raises(ValueError, match="need the network that computes them, EfficientNet-Lite0"):
        Trainer(projected_config())


def test_noise_of_a_step_does_not_depend_on_the_number_of_processes(monkeypatch):
    like = torch.zeros(4, 1, 3, 3)
    whole = training_noise(4, 0, 5).plane(like)
    for rank in range(2):
        monkeypatch.setattr("gan_models.gaugan.training.draws.processes", lambda rank=rank: (rank, 2))
        assert torch.equal(training_noise(2, 0, 5).plane(like[:2]), whole[2 * rank :][:2])


def test_presets():
    small, paper = (preset(name, "landscape") for name in ("small", "paper"))
    assert isinstance(small.discriminator, ProjectedConfig) and small.generator.noise and small.encoder.colors
    assert not isinstance(paper.discriminator, ProjectedConfig) and not paper.generator.noise
    assert isinstance(preset("paper", "landscape", discriminators="projected").discriminator, ProjectedConfig)
    old = preset("small", "landscape", discriminators="paper")
    assert (old.generator.ngf, old.color_weight, old.learning_rate * old.generator_rate) == (16, 20, 1e-4)
    baseline = preset("small", "landscape", "pix2pixhd")
    assert isinstance(baseline.discriminator, ProjectedConfig)
    assert [config.generator.overscan for config in (small, paper, old, baseline)] == [64, 0, 0, 0]
    with pytest.raises(ValueError, match="there are no discriminators 'vgg'; there are paper, projected"):
        preset("small", "landscape", discriminators="vgg")


def test_weights_are_looked_for_only_where_they_are_needed(tmp_path):
    assert find_features(preset("paper", "landscape"), tmp_path) is None
    path = tmp_path / "lite0.pth"
    torch.save(published(), path)
    assert isinstance(find_features(preset("small", "landscape"), path), EfficientNetLite)

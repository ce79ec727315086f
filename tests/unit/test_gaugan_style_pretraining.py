"""The style encoder alone learns to tell named styles apart."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.gaugan import EncoderConfig
from gan_models.gaugan.train import main
from gan_models.gaugan.training import loop, run
from gan_models.gaugan.training.config import TrainingConfig
from gan_models.gaugan.training.draws import sample_style
from gan_models.gaugan.training.finite import NotFiniteError
from gan_models.gaugan.training.loop import Enough
from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.gaugan.training.presets import preset
from gan_models.gaugan.training.state import load_state
from gan_models.gaugan.training.style_pretraining import pretrain
from gan_models.gaugan.training.trainer import Trainer
from gaugan_toys import named_pictures, training_config

NAMES = ("blue", "red")


@pytest.fixture
def pairs(tmp_path):
    return FolderPairs(named_pictures(tmp_path / "data", NAMES * 8), "landscape")


def fresh_encoder(config):
    return Trainer(config).encoder


def separation(encoder, folder):
    """Share of new pictures whose drawn style is nearest to the mean style of its name, and the scatter.

    The scatter is the distance of styles from the mean of their name, relative to the distance between the means.
    """
    pairs = FolderPairs(named_pictures(folder, NAMES * 32, seed=1), "landscape")
    pictures = np.stack([np.array(pairs.load(index)[0]) for index in range(len(pairs))])
    with torch.no_grad():
        mu, logvar = encoder(torch.from_numpy(pictures).movedim(3, 1) / 127.5 - 1)
    z = sample_style(mu, logvar, seed=3, step=0)
    means = torch.stack([mu[index::2][:16].mean(0) for index in (0, 1)])
    names = torch.arange(32) % 2
    right = (torch.cdist(z[32:], means).argmin(1) == names).float().mean().item()
    scatter = (mu[32:] - means[names]).norm(dim=1).mean() / (means[0] - means[1]).norm()
    return right, scatter.item()


def same(one, two):
    return all(map(torch.equal, one.state_dict().values(), two.state_dict().values()))


def test_the_encoder_learns_to_separate_named_styles(tmp_path, pairs):
    config = training_config(steps=1000, style_steps=100, encoder=EncoderConfig(ndf=8, layers=3, z_dim=6))
    encoder, seen = fresh_encoder(config), []
    right, scatter = separation(encoder, tmp_path / "before")
    assert right < 0.75 and scatter > 1
    assert pretrain(encoder, pairs, config, on_progress=seen.append) == [*NAMES]
    right, scatter = separation(encoder, tmp_path / "after")
    assert right > 0.95 and scatter < 0.1
    assert [progress.step for progress in seen] == [*range(101)] and seen[0].total == 100
    assert seen[-1].stage.startswith("the style encoder alone: step 100, names 0.")


def test_the_seed_decides_the_weights(pairs):
    config = training_config(style_steps=3)
    start = fresh_encoder(config)
    encoders = []
    for seed in (0, 0, 1):
        encoder = fresh_encoder(config)
        pretrain(encoder, pairs, replace(config, seed=seed))
        encoders.append(encoder)
    assert same(encoders[0], encoders[1])
    assert not same(encoders[0], encoders[2]) and not same(encoders[0], start)


@pytest.mark.parametrize("names", [(None, None), ("red", None, "red")])
def test_fewer_than_two_names_teach_nothing(tmp_path, names):
    config = training_config(style_steps=3)
    encoder = fresh_encoder(config)
    pairs = FolderPairs(named_pictures(tmp_path / "data", names), "landscape")
    assert pretrain(encoder, pairs, config) == sorted({*names} - {None})
    assert same(encoder, fresh_encoder(config))


def test_pictures_without_a_name_are_not_used(tmp_path):
    folder = named_pictures(tmp_path / "data", (*NAMES, None))
    config = training_config(style_steps=3)
    encoders = []
    for _ in range(2):
        encoder = fresh_encoder(config)
        pretrain(encoder, FolderPairs(folder, "landscape"), config)
        encoders.append(encoder)
        Image.new("RGB", (40, 40), "white").save(folder / "images" / "002.png")
    assert same(*encoders)


def test_a_damaged_picture_is_replaced_by_the_next_with_a_name(tmp_path):
    folder = named_pictures(tmp_path / "data", ("blue", None, "red"))
    (folder / "images" / "000.png").write_bytes(b"damaged")
    said = []
    pairs = FolderPairs(folder, "landscape", said.append)
    config = training_config(style_steps=2)
    assert pretrain(fresh_encoder(config), pairs, config) == [*NAMES]
    assert pairs.style(0) is None and len({*said}) == 1
    (folder / "images" / "002.png").write_bytes(b"damaged")
    Image.new("L", (40, 40), 99).save(folder / "labels" / "000.png")
    with pytest.raises(ValueError, match="every training pair whose style has a name is damaged"):
        pretrain(fresh_encoder(config), FolderPairs(folder, "landscape"), config)


def test_a_stop_ends_it_at_once(pairs):
    def stop(progress):
        if progress.step == 2:
            raise KeyboardInterrupt

    config = training_config(style_steps=5)
    stopped, short = fresh_encoder(config), fresh_encoder(config)
    with pytest.raises(KeyboardInterrupt):
        pretrain(stopped, pairs, config, on_progress=stop)
    pretrain(short, pairs, replace(config, steps=2))  # such a short run gets no more steps than these
    assert same(stopped, short)


def test_a_loss_that_is_not_finite_stops_it(pairs):
    config = training_config(style_steps=5)
    encoder = fresh_encoder(config)
    with torch.no_grad():
        encoder.fc_var.bias[0] = float("inf")
    with pytest.raises(NotFiniteError, match="step 1 of the style encoder alone: a loss is not finite"):
        pretrain(encoder, pairs, config)


def test_a_run_starts_with_it_and_resumes_without(tmp_path, pairs, monkeypatch):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    config = training_config(steps=4, style_steps=3)
    learned, seen = fresh_encoder(config), []
    pretrain(learned, pairs, config)
    run.train(pairs, config, tmp_path / "run", minutes=0, on_progress=seen.append)
    state = load_state(tmp_path / "run" / loop.STATE)
    assert state.step == 0 and state.encoder_frozen and same(state.encoder, learned)
    assert [(progress.step, progress.total) for progress in seen[:5]] == [(0, 3), (1, 3), (2, 3), (3, 3), (0, 4)]

    seen.clear()
    run.train(pairs, replace(config, style_steps=0), tmp_path / "run", on_progress=seen.append)
    assert {progress.total for progress in seen} == {4}
    run.train(pairs, config, tmp_path / "whole")
    wanted, got = (load_state(tmp_path / name / loop.STATE) for name in ("whole", "run"))
    with pytest.raises(ValueError, match="style_steps 3, which cannot become 0"):
        load_state(tmp_path / "run" / loop.STATE, style_steps=0)
    assert got.config == config and same(wanted.generator, got.generator) and same(wanted.encoder, got.encoder)


@pytest.mark.parametrize("kind", [Enough, KeyboardInterrupt])
def test_a_stop_before_the_first_step_saves_nothing(tmp_path, pairs, kind):
    def stop(progress):
        if progress.step == 1:
            raise kind

    with pytest.raises(kind):
        run.train(pairs, training_config(style_steps=3), tmp_path / "run", on_progress=stop)
    assert not (tmp_path / "run").exists()


def test_control_c_before_the_first_step_says_so(tmp_path, monkeypatch, capsys):
    def pressed(progress):
        raise Enough

    monkeypatch.setattr("gan_models.gaugan.train._Console", lambda: pressed)
    data = named_pictures(tmp_path / "data", NAMES)
    with pytest.raises(SystemExit):
        main(["--data", str(data), "--output", str(tmp_path / "run"), "--ngf", "2", "--style-steps", "1",
              "--discriminators", "paper"])
    assert "stopped before the first step; nothing was saved" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    "names, found", [((None, None), "name no styles"), (("red", "red"), "name only one style, 'red'")]
)
def test_a_run_says_that_there_is_nothing_to_tell_apart(tmp_path, monkeypatch, names, found):
    monkeypatch.setattr(loop, "RESULT_BATCHES", 2)
    pairs = FolderPairs(named_pictures(tmp_path / "data", names), "landscape")
    said = []
    run.train(pairs, training_config(steps=1, style_steps=3), tmp_path / "run", on_warning=said.append)
    assert any(text.startswith(f"the training data {found}, so the style encoder") for text in said)


def test_settings(tmp_path):
    assert preset("small", "landscape", discriminators="paper").style_steps == 3000
    assert preset("small", "landscape").style_steps == preset("paper", "landscape").style_steps == 0
    with pytest.raises(ValueError, match="style_steps must not be negative"):
        training_config(style_steps=-1)
    older = training_config().to_json().replace(', "style_steps": 0', "")
    assert "style_steps" not in older and TrainingConfig.from_json(older) == training_config()

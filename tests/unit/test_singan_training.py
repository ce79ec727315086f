import dataclasses
import itertools
import math

import pytest
import torch

from gan_models.progress import Progress
from gan_models.singan import SinGANConfig, coarser_scales, reporting, train
from gan_models.singan.resume import SUFFIX, run_key, seeded, train_resumable
from gan_models.singan.scale_training import DivergedError
from gan_models.singan.training_steps import FusedStep, training_step
from singan_toys import TOY, picture, same_weights, trained


class Stopped(Exception):
    pass


@pytest.fixture(autouse=True)
def report_everything(monkeypatch):
    """Scales are done in less than the time between two reports otherwise."""
    monkeypatch.setattr(reporting, "REPORT_SECONDS", 0)


def stop_at(scale: int):
    """An ``on_progress`` that stops in the middle of a scale, 1 = coarsest."""

    def on_progress(progress: Progress) -> None:
        if progress.stage.startswith(f"scale {scale} ") and f"iteration {TOY.iterations} of" not in progress.stage:
            raise Stopped

    return on_progress


def test_paper_preset_is_the_released_schedule():
    paper = SinGANConfig.preset("paper")
    assert [paper.width(n) for n in range(10)] == [32, 32, 32, 32, 64, 64, 64, 64, 128, 128]
    assert {paper.iterations_at(n, 9) for n in range(9)} == {2000}
    assert (paper.critic_steps, paper.generator_steps) == (3, 3)
    assert (paper.penalty_weight, paper.reconstruction_weight) == (0.1, 10)
    assert (paper.learning_rate, paper.decay_at, paper.noise_weight) == (5e-4, 0.8, 0.1)
    assert (paper.normalization, paper.crop, paper.pool, paper.ema_decay, paper.penalty_every) == ("batch", 0, 0, 0, 1)
    assert (paper.distribution_weight, paper.joint_scales, paper.diversity, paper.canvas_share) == (0, 0, 0, 0)


def test_super_resolution_settings():
    config = SinGANConfig.preset("standard").for_super_resolution()
    assert (config.distribution_weight, config.joint_scales, config.diversity, config.canvas_share) == (0, 0, 0, 0)
    assert (config.reconstruction_weight, config.min_size, config.exact_factor) == (100, 18, True)
    assert math.isclose(config.scale_factor, 2 ** (-1 / 3))


@pytest.mark.parametrize("change", [{"iterations": 0}, {"scale_factor": 1.0}, {"learning_rate": 0}, {"crop": -1},
                                    {"distribution_weight": -1}, {"coarse_side": -1}, {"diversity": -1},
                                    {"canvas_share": 1.5}])  # fmt: skip
def test_settings_that_make_no_sense_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        dataclasses.replace(TOY, **change)


def test_unknown_preset_is_named():
    with pytest.raises(ValueError, match="'fast'; the presets are draft, standard, best, paper"):
        SinGANConfig.preset("fast")


@pytest.mark.parametrize("changes", [{}, {"normalization": "batch", "ema_decay": 0.0, "pool": 0, "critic_steps": 2,
                                          "generator_steps": 2, "penalty_every": 1}])  # fmt: skip
def test_same_seed_same_model_and_watching_changes_nothing(changes):
    config = dataclasses.replace(TOY, **changes)
    seen = []
    first = trained(config)
    watched = trained(config, on_progress=seen.append)
    assert same_weights(first, watched)
    assert not same_weights(first, trained(config, seed=1))
    assert seen[0].step < seen[-1].step == seen[-1].total
    assert any(p.preview is not None and p.preview.shape == (1, 3, 44, 112) for p in seen)


def test_progress_counts_what_coarse_scales_cost_more():
    def share_of_coarse(config):
        seen = []
        trained(config, on_progress=seen.append)
        return max(p.step for p in seen if p.stage.startswith("scale 2 ")) / seen[-1].total

    alone = dataclasses.replace(TOY, channels=32, coarse_side=32)
    joint = dataclasses.replace(alone, joint_scales=2, distribution_weight=10)
    assert share_of_coarse(joint) > 1.1 * share_of_coarse(alone)


def test_training_learns_the_picture():
    config = dataclasses.replace(TOY, iterations=60, coarse_iterations=120, channels=16)
    model, untrained = trained(config), trained()
    real = model.training_picture()

    def error(m):
        return (m.reconstruct() - real).square().mean()

    assert 10 * torch.log10(4 / error(model)) > 22
    assert error(model) < error(untrained) / 4


def test_crops_leave_the_settings_of_small_scales_alone():
    large_crop = dataclasses.replace(TOY, crop=200)
    assert same_weights(trained(large_crop), trained(dataclasses.replace(TOY, crop=0)))
    assert not same_weights(trained(large_crop), trained(dataclasses.replace(TOY, crop=30)))


def test_the_patch_distance_is_for_small_scales_and_any_normalization():
    without = dataclasses.replace(TOY, distribution_weight=0)
    with_it = dataclasses.replace(TOY, distribution_weight=50, coarse_side=64)
    assert same_weights(trained(dataclasses.replace(with_it, coarse_side=10)), trained(without))
    assert not same_weights(trained(with_it), trained(without))
    batch = dataclasses.replace(with_it, normalization="batch")
    assert not same_weights(trained(batch), trained(dataclasses.replace(batch, distribution_weight=0)))


def test_samples_can_be_kept_apart():
    config = dataclasses.replace(TOY, crop=0, coarse_side=64, coarse_iterations=60, iterations=30, channels=16)
    apart = dataclasses.replace(config, diversity=1.2, diversity_weight=20)
    real, spreads = picture(), []
    for setting in (config, apart):
        samples = trained(setting).sample(20, generator=seeded(3))
        spreads.append((samples.mean(1).std(0).mean() / real.mean(1).std()).item())
    assert spreads[1] > spreads[0] + 0.15
    small = [dataclasses.replace(setting, coarse_side=10, iterations=6) for setting in (config, apart)]
    assert same_weights(*map(trained, small))


@pytest.mark.parametrize("change", [{"generator_steps": 2}, {"crop": 30}])
def test_settings_that_do_not_go_with_diversity(change):
    with pytest.raises(ValueError, match="diversity needs generator_steps 1, and crop 0 or at least coarse_side"):
        dataclasses.replace(TOY, **({"diversity": 0.5, "coarse_side": 64, "generator_steps": 1, "crop": 0} | change))


def test_larger_canvases_do_not_go_with_crops_of_coarse_scales():
    with pytest.raises(ValueError, match="canvas_share needs crop 0 or at least coarse_side"):
        dataclasses.replace(TOY, canvas_share=0.5, coarse_side=64, crop=30)


def test_pools_of_very_large_scales_are_smaller(monkeypatch):
    ample = trained()
    monkeypatch.setattr(coarser_scales, "POOL_PIXELS", 2 * 44 * 56)
    assert same_weights(trained(), ample)
    monkeypatch.setattr(coarser_scales, "POOL_PIXELS", 1)
    assert not same_weights(trained(), ample)


def test_large_sizes_come_with_crops():
    standard = SinGANConfig.preset("standard")
    assert standard.at_size(512) == dataclasses.replace(standard, max_size=512)
    assert (standard.at_size(1024).max_size, standard.at_size(1024).crop) == (1024, 512)
    assert dataclasses.replace(standard, crop=200).at_size(1024).crop == 200


def test_trains_inside_inference_mode():
    with torch.inference_mode():
        inside = trained()
    assert same_weights(inside, trained())


def test_bfloat16_trains_close_to_float32():
    config = dataclasses.replace(TOY, iterations=20, coarse_iterations=20)
    wide, narrow = trained(config), trained(config, dtype=torch.bfloat16)
    assert narrow.reconstruct().dtype == torch.float32
    assert (wide.reconstruct() - narrow.reconstruct()).abs().mean() < 0.1


@pytest.mark.parametrize("config", [TOY, dataclasses.replace(TOY, joint_scales=2, distribution_weight=10)])
def test_a_resumed_run_gives_the_same_model_as_an_uninterrupted_one(tmp_path, config):
    image = picture()
    with pytest.raises(Stopped):
        train_resumable(image, config, seed=5, folder=tmp_path, on_progress=stop_at(3))
    (kept,) = tmp_path.iterdir()
    assert kept.name == run_key(image, config, 5, torch.float32) + SUFFIX
    stages = []
    resumed = train_resumable(
        image, config, seed=5, folder=tmp_path, on_progress=lambda progress: stages.append(progress.stage)
    )
    assert stages[0].startswith("scale 3 ")
    assert same_weights(resumed, train(image, config, generator=seeded(5)))


def test_the_kept_files_of_earlier_versions_have_the_same_name():
    image = (torch.arange(3 * 40 * 32) % 17 - 8).div(8).view(1, 3, 40, 32)
    assert run_key(image, TOY, 5, torch.float32) == "ed23c71c950edcb0dfc1"


@pytest.mark.parametrize("changes", [{"seed": 6}, {"config": dataclasses.replace(TOY, iterations=5)},
                                     {"image": picture(seed=1)}])  # fmt: skip
def test_another_run_does_not_take_over_the_kept_scales(tmp_path, changes):
    run = {"image": picture(), "config": TOY, "seed": 5} | {}
    with pytest.raises(Stopped):
        train_resumable(run["image"], run["config"], seed=5, folder=tmp_path, on_progress=stop_at(2))
    run |= changes
    stages = []
    train_resumable(run["image"], run["config"], seed=run["seed"], folder=tmp_path,
                    on_progress=lambda progress: stages.append(progress.stage))  # fmt: skip
    assert stages[0].startswith("scale 1 ")
    assert len(list(tmp_path.iterdir())) == 2


def test_a_damaged_kept_file_is_ignored(tmp_path):
    (tmp_path / (run_key(picture(), TOY, 5, torch.float32) + SUFFIX)).write_bytes(b"half a file")
    model = train_resumable(picture(), TOY, seed=5, folder=tmp_path)
    assert model.finished and same_weights(model, trained(seed=5)) and "returns" not in model.facts


def test_a_full_disk_does_not_end_the_training(tmp_path, full_disk):
    warnings = []
    model = train_resumable(picture(), TOY, seed=5, folder=tmp_path, on_warning=warnings.append)
    assert model.finished and not list(tmp_path.iterdir())
    assert len(warnings) == len(model.sizes) and all("No space left" in text for text in warnings)


@pytest.mark.parametrize("last", [math.nan, 100.0])
def test_divergence_is_an_error_and_finished_scales_are_kept(tmp_path, monkeypatch, last):
    diverging = 2
    run = FusedStep.run

    def broken(step, iteration):
        run(step, iteration)
        if step.inputs.scale == diverging:
            for weight in step.ema.averages:
                weight.fill_(last)

    monkeypatch.setattr(FusedStep, "run", broken)
    with pytest.raises(DivergedError, match=r"^scale 3 of \d+ diverged: .* Train with another seed"):
        train_resumable(picture(), TOY, seed=0, folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    monkeypatch.undo()
    resumed = train_resumable(picture(), TOY, seed=0, folder=tmp_path)
    assert list(tmp_path.iterdir()) == [kept] and same_weights(resumed, trained(seed=0))


@pytest.mark.parametrize("changes", [{}, {"joint_scales": 2, "coarse_side": 64}, {"normalization": "batch", "pool": 0,
                                          "ema_decay": 0.0, "penalty_every": 1}])  # fmt: skip
@pytest.mark.parametrize("last", [math.nan, 100.0])
def test_a_training_that_diverges_goes_back_and_halves_its_rates(monkeypatch, changes, last):
    config = dataclasses.replace(TOY, coarse_iterations=30, iterations=30, max_size=40, channels=4, **changes)
    kind = training_step(config)
    run, rates, iterations = kind.run, [], []

    def broken(step, iteration):
        run(step, iteration)
        if step.inputs.scale == 2:
            rates.append(step.optimizers.generator.param_groups[0]["lr"])
            iterations.append(iteration)
            if len(iterations) == 28:
                for weight in step.generator.parameters():
                    weight.data.fill_(last)
                for weight in step.ema.averages:
                    weight.fill_(last)

    monkeypatch.setattr(kind, "run", broken)
    model = trained(config)
    monkeypatch.undo()
    assert model.finished and model.facts["returns"] == 1
    assert torch.isfinite(model.sample(1, generator=seeded(0))).all()
    back = 30
    assert iterations[:back] == list(range(30)) and iterations[back:] == list(range(25, 30))
    assert rates[back - 1] == pytest.approx(2 * rates[-1]) and rates[0] == pytest.approx(10 * rates[back - 1])


def test_repeated_divergence_goes_further_back(monkeypatch):
    config = dataclasses.replace(TOY, coarse_iterations=30, iterations=30, max_size=40, channels=4)
    run, iterations = FusedStep.run, []

    def broken(step, iteration):
        run(step, iteration)
        if step.inputs.scale == 1:
            iterations.append(iteration)
            for weight in step.ema.averages if iteration == 29 else []:
                weight.fill_(math.nan)

    monkeypatch.setattr(FusedStep, "run", broken)
    with pytest.raises(DivergedError, match="scale 2 of"):
        trained(config)
    begins = [first for before, first in itertools.pairwise(iterations) if first < before]
    assert begins == [25, 0, 25, 0]


def test_stop_in_the_first_scale_leaves_nothing(tmp_path):
    with pytest.raises(Stopped):
        train_resumable(picture(), TOY, seed=5, folder=tmp_path, on_progress=stop_at(1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", [0, 2**63 - 1, 2**63, 2**64 - 1])
def test_every_seed_of_the_editor_works_and_counts(seed):
    drawn = torch.randn(4, generator=seeded(seed))
    assert torch.equal(drawn, torch.randn(4, generator=seeded(seed)))
    assert not torch.equal(drawn, torch.randn(4, generator=seeded(seed ^ 1)))


@pytest.mark.parametrize(
    "image, message",
    [
        (torch.full((1, 3, 40, 40), float("nan")), "NaN or infinite"),
        (torch.full((1, 3, 40, 40), float("inf")), "NaN or infinite"),
        (torch.zeros(1, 3, 40, 40), "one colour only"),
        (torch.rand(1, 3, 8, 8), "8x8 pixels"),
        (torch.rand(1, 4, 40, 40), r"must be a tensor \[B, 3, H, W\]"),
        (torch.rand(0, 3, 40, 40), r"must be a tensor \[B, 3, H, W\]"),
        (torch.rand(17, 3, 40, 40), "there are 17 training images; one model learns at most 16"),
        (torch.cat([torch.rand(1, 3, 40, 40), torch.zeros(1, 3, 40, 40)]), "training image 2 of 2 has one colour only"),
    ],
)
def test_images_that_cannot_be_learned(image, message):
    with pytest.raises(ValueError, match=message):
        train(image, TOY, generator=seeded(0))


def test_larger_images_are_resized_and_the_facts_say_so():
    model = trained(image=picture(200, 160))
    assert model.size == (128, 103)
    assert model.facts["original_size"] == [200, 160] and model.facts["trained_size"] == [128, 103]

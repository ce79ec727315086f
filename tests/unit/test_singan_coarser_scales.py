"""Coarse scales that train jointly with the next coarser ones."""

import dataclasses
from functools import partial

import pytest
import torch

from gan_models.ema import EMA
from gan_models.seeds import seeded
from gan_models.singan import SinGANConfig, train
from gan_models.singan.coarser_scales import FrozenScales, JointScales
from gan_models.singan.pyramid import build_pyramid, resize
from gan_models.singan.retraining import retrained
from gan_models.singan.scale_training import ScaleTrainer
from singan_toys import TOY, picture, same_weights, trained

ALONE = dataclasses.replace(TOY, joint_scales=0)
JOINT = dataclasses.replace(TOY, joint_scales=2, coarse_side=64, ema_decay=0.0)


def coarsest(config, scales, image=None):
    """A model of ``config`` whose ``scales`` coarsest scales alone are trained."""

    class Enough(Exception):
        pass

    def on_scale(state):
        if len(state.model.generators) == scales:
            raise Enough

    kept = []
    with pytest.raises(Enough):
        train(picture() if image is None else image, config, generator=seeded(0),
              on_scale=lambda state: (kept.append(state), on_scale(state)))  # fmt: skip
    return kept[-1].model


def trainer(model):
    real = build_pyramid(model.training_images / 127.5 - 1, model.sizes)[len(model.generators)]
    return ScaleTrainer(model, None, real, torch.Generator().manual_seed(1), torch.float32)


def weights(networks):
    return [parameter.detach().clone() for network in networks for parameter in network.parameters()]


def changed(before, networks):
    return [not torch.equal(old, new) for old, new in zip(before, weights(networks), strict=True)]


@pytest.mark.parametrize("images", [1, 2])
def test_it_begins_with_what_the_model_makes(images):
    config = dataclasses.replace(ALONE, joint_scales=2, coarse_side=10, ema_decay=0.9)
    model = coarsest(config, 3, torch.cat([picture(seed=seed) for seed in range(images)]))
    joint = JointScales(model, model.sizes[3], EMA(config.ema_decay))
    frozen = FrozenScales(model, model.sizes[3])
    assert joint.first == 1
    for ema in (False, True):
        for index in range(images):
            pair = [scales.reconstruction(index, ema) for scales in (joint, frozen)]
            torch.testing.assert_close(*pair, atol=1e-2, rtol=0)
        pair = [scales.sample([torch.Generator().manual_seed(5)], ema) for scales in (joint, frozen)]
        torch.testing.assert_close(*pair, atol=1e-2, rtol=0)


@pytest.mark.parametrize("joint_scales", [2, 9])
@pytest.mark.parametrize("wider", [1, 2])
def test_a_sample_and_a_reconstruction_in_one_pass_are_those_of_two(joint_scales, wider):
    config = dataclasses.replace(ALONE, joint_scales=joint_scales, coarse_side=10)
    model = coarsest(config, 3, torch.cat([picture(seed=seed) for seed in range(2)]))
    joint = JointScales(model, model.sizes[3], EMA(config.ema_decay))
    height, width = joint.size
    canvas = height, wider * width
    for index in range(2):
        apart = joint.draw(0, seeded(5), canvas), joint.reconstruction(index)
        together = joint.draw_both(0, seeded(5), canvas, index)
        for one, other in zip(apart, together, strict=True):
            torch.testing.assert_close(one, other, atol=1e-6, rtol=0)


def test_the_model_gets_what_was_learned_only_at_the_end():
    model = coarsest(JOINT, 3)
    before = [weights([generator]) for generator in model.generators]
    one = trainer(model)
    assert one.coarser.first == 1

    def scales_changed():
        return [any(changed(old, [network])) for old, network in zip(before, model.generators, strict=True)]

    seen = []
    one.run(lambda iteration: seen.append(any(scales_changed())))
    assert seen == [False] * JOINT.iterations
    assert scales_changed() == [False, True, True]
    assert all(map(torch.equal, weights(model.generators[1:]), weights(one.coarser.generators)))
    assert not any(parameter.requires_grad for parameter in model.generators.parameters())


def test_rates_fall_with_the_distance():
    one = trainer(coarsest(JOINT, 3))
    rate, factor = JOINT.learning_rate, JOINT.joint_rate
    assert [group["lr"] for group in one.optimizers.generator.param_groups] == pytest.approx(
        [rate, rate * factor, rate * factor**2]
    )
    one.run(lambda iteration: None)
    assert [group["lr"] for group in one.optimizers.generator.param_groups] == pytest.approx(
        [rate / 10, rate * factor / 10, rate * factor**2 / 10]
    )


def test_the_ema_is_kept():
    model = coarsest(dataclasses.replace(JOINT, ema_decay=0.9), 2)
    one = trainer(model)
    one.run(lambda iteration: None)
    assert all(map(torch.equal, weights(model.generators), weights(one.coarser.ema_generators)))
    assert any(changed(weights(one.coarser.ema_generators), one.coarser.generators))


def test_it_is_for_coarse_scales():
    whole = trained(ALONE)
    assert same_weights(trained(dataclasses.replace(ALONE, joint_scales=2, coarse_side=10)), whole)
    two = dataclasses.replace(ALONE, joint_scales=2, coarse_side=max(whole.sizes[1]))
    models = trained(two), trained(dataclasses.replace(two, joint_scales=9))
    assert same_weights(*models) and not same_weights(models[0], whole)
    assert all(map(torch.equal, weights(trained(two).generators[:2]), weights(coarsest(two, 2).generators)))


def test_it_goes_with_crops_and_16_bits():
    config = dataclasses.replace(JOINT, crop=20)
    assert trained(config).finished
    narrow, wide = (trained(JOINT, dtype=dtype).reconstruct() for dtype in (torch.bfloat16, torch.float32))
    assert (narrow - wide).abs().mean() < 0.1


def test_a_preview_is_of_the_networks_in_training():
    one = trainer(coarsest(JOINT, 3))
    before = one.preview(torch.Generator().manual_seed(2))
    one.run(lambda iteration: None)
    after = one.preview(torch.Generator().manual_seed(2))
    one.model.add_scale(one.generator, one.amplitude)
    rebuilt = one.model.reconstruct()
    assert not torch.equal(before, after)
    torch.testing.assert_close(after[..., rebuilt.shape[-1] :], rebuilt)


def test_a_scale_that_learns_few_colours_leaves_the_others_alone():
    model = trained(JOINT)
    before = weights(model.generators)
    palette = torch.tensor([[-1.0, -1, -1], [1, 1, 1]])
    other = retrained(model, 2, palette, seed=0)
    assert not any(changed(before, model.generators))
    assert any(changed(weights([model.generators[2]]), [other.generators[2]]))
    model.config = dataclasses.replace(JOINT, joint_scales=0)
    assert same_weights(other, retrained(model, 2, palette, seed=0))


@pytest.mark.parametrize("kind", [partial(JointScales, ema=EMA(0.0)), FrozenScales])
@pytest.mark.parametrize("canvas", [(30, 78), (60, 39)])
def test_samples_of_other_sizes(kind, canvas):
    model = coarsest(JOINT, 3)
    scales = kind(model, model.sizes[3])
    seeds = [torch.Generator().manual_seed(5)]
    sample = scales.sample(seeds, canvas=canvas)
    assert sample.shape == (1, 3, *canvas)
    assert scales.draw(0, torch.Generator().manual_seed(5), canvas).shape == (1, 3, *canvas)
    assert scales.sample(seeds).shape == (1, 3, *model.sizes[3])


def test_a_pool_is_for_the_own_size():
    model = coarsest(dataclasses.replace(ALONE, pool=2, pool_iterations=3), 2)
    scales, rng = FrozenScales(model, model.sizes[2]), torch.Generator().manual_seed(0)
    scales.draw(0, rng, model.sizes[2])
    pool = scales.pool
    height, width = model.sizes[2]
    wide = [scales.draw(iteration, rng, (height, 2 * width)) for iteration in (1, 2)]
    assert not torch.equal(*wide) and scales.pool is pool


def test_pieces_of_larger_samples_are_learned_from():
    config = dataclasses.replace(JOINT, canvas_share=0.5, diversity=0.5)
    one = trainer(coarsest(config, 2))
    height, width = one.size
    canvases, windows = [], []
    for _ in range(200):
        example = one.inputs.draw(0)
        canvas, window = example.canvas, example.place
        assert example.noise.shape == (1, 3, *canvas) and example.real.shape[2:] == one.size
        canvases.append(canvas)
        windows.append(window)
        assert (window.bottom - window.top, window.right - window.left) == one.size
        assert 0 <= window.top and window.bottom <= canvas[0] and 0 <= window.left and window.right <= canvas[1]
    counts = [canvases.count(canvas) for canvas in ((height, width), (height, 2 * width), (2 * height, width))]
    assert sum(counts) == 200 and 80 < counts[0] < 120 and counts[1] > counts[2] > 15
    assert max(window.left for window in windows) > 0.8 * width
    assert max(window.top for window in windows) > 0.5 * height
    before = weights([one.generator, *one.coarser.generators])
    one.run(lambda iteration: None)
    assert any(changed(before, [one.generator, *one.coarser.generators]))


def test_larger_canvases_are_for_coarse_scales():
    config = dataclasses.replace(JOINT, coarse_side=30)
    larger = dataclasses.replace(config, canvas_share=0.9)
    first, second = trained(config), trained(larger)
    assert not same_weights(first, second)
    fine = [dataclasses.replace(setting, coarse_side=10) for setting in (config, larger)]
    assert same_weights(*map(trained, fine))


def test_it_helps_the_reconstruction():
    config = dataclasses.replace(JOINT, iterations=60, coarse_iterations=60, channels=16, joint_rate=1.0)
    errors = []
    for setting in (config, dataclasses.replace(config, joint_scales=0)):
        model = coarsest(setting, 4)
        errors.append((model.reconstruct() - resize(model.training_picture(), model.sizes[3])).square().mean())
    assert errors[0] < errors[1]


@pytest.mark.parametrize("change", [{"normalization": "batch"}, {"generator_steps": 2}])
def test_settings_that_do_not_go_with_it(change):
    with pytest.raises(ValueError, match="joint_scales needs normalization"):
        dataclasses.replace(JOINT, **change)
    assert SinGANConfig.preset("paper").joint_scales == 0

import random

import pytest
import torch

from gan_models.gaugan.training.augmentation import jittered, simplified, tinted, warped
from gan_models.gaugan.training.pairs import FolderPairs, batches
from gaugan_toys import training_config, training_folder


def test_color_jitter_changes_the_colours_and_nothing_else(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path / "data", 3), "landscape")
    plain, plain_ids = next(batches(pairs, training_config(batch=4), 3))
    varied, ids = next(batches(pairs, training_config(batch=4, color_jitter=0.3), 3))
    again, _ = next(batches(pairs, training_config(batch=4, color_jitter=0.3), 3))
    assert torch.equal(ids, plain_ids) and torch.equal(varied, again)
    assert varied.min() >= -1 and varied.max() <= 1
    assert all((one - other).abs().mean() > 0.01 for one, other in zip(plain, varied, strict=True))
    with pytest.raises(ValueError, match="color_jitter must not be negative"):
        training_config(color_jitter=-0.1)


def test_jitter_keeps_black_and_the_order_of_greys():
    greys = torch.linspace(-1, 1, 9).expand(3, 2, 9)
    changed = jittered(greys, 0.2, random.Random(1))
    assert torch.allclose(changed[:, :, 0], torch.tensor(-1.0))
    assert (changed.diff(dim=2) >= 0).all() and not torch.allclose(changed, greys, atol=0.02)


def test_a_warp_bends_picture_and_label_map_alike():
    ids = torch.zeros(48, 64, dtype=torch.long)
    ids[20:, 10:40] = 5
    pixels = (ids / 5 * 2 - 1).expand(3, -1, -1)
    bent, bent_ids = warped(pixels, ids, 0.05, random.Random(3))
    assert bent.shape == pixels.shape and set(bent_ids.unique().tolist()) == {0, 5}
    assert (bent_ids != ids).float().mean() > 0.02
    # Only where a border runs through a pixel do colours and ids differ.
    wrong = ((bent[0] > 0) != (bent_ids == 5)).float().mean()
    assert wrong < 0.01
    still, still_ids = warped(pixels, ids, 0.0, random.Random(3))
    assert torch.allclose(still, pixels, atol=1e-5) and torch.equal(still_ids, ids)


def test_warped_batches_depend_on_the_step_alone(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path), "landscape")
    config = training_config(warp=0.05)
    plain, _ = next(batches(pairs, training_config(), 3))
    bent, again = (next(batches(pairs, config, 3))[0] for _ in range(2))
    assert torch.equal(bent, again) and not torch.equal(bent, plain)


def test_simplified_label_maps_have_smooth_outlines_and_no_small_areas():
    ids = torch.zeros(96, 128, dtype=torch.long)
    ids[48:] = 7
    ids[20:26, 30:36] = 3
    ids[48:, 70:] = 18
    ids[40:48, ::8] = 7  # a comb along the border
    simple = simplified(ids, 0.04)
    assert simple.shape == ids.shape and simple.dtype == ids.dtype
    assert simple.unique().tolist() == [0, 7, 18]
    assert (simple != ids).float().mean() < 0.12
    row = (simple[:, :60] == 7).int().argmax(0)
    assert row.diff().abs().max() <= 1
    assert torch.equal(simplified(torch.full((40, 24), 5), 0.03), torch.full((40, 24), 5))
    assert (simplified(ids, 0.0) != ids).float().mean() < 0.03


def test_coarse_labels_change_their_share_of_the_label_maps_alone(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path), "landscape")
    plain = [next(batches(pairs, training_config(), step)) for step in range(6)]
    coarse = [next(batches(pairs, training_config(coarse_labels=1.0), step)) for step in range(6)]
    assert all(torch.equal(one[0], other[0]) for one, other in zip(plain, coarse, strict=True))
    assert any(not torch.equal(one[1], other[1]) for one, other in zip(plain, coarse, strict=True))
    with pytest.raises(ValueError, match="coarse_labels must be from 0 to 1; it is 2"):
        training_config(coarse_labels=2.0)


def test_tints_give_each_class_its_own_colour():
    ids = torch.zeros(48, 64, dtype=torch.long)
    ids[:, 32:] = 4
    pixels = torch.rand(3, 48, 64, generator=torch.Generator().manual_seed(0)) - 0.5
    tint = (tinted(pixels, ids, 0.1, random.Random(2)) + 1) / (pixels + 1)
    left, right = tint[:, :, :24], tint[:, :, 40:]
    # Away from the border, every pixel of a class has the same gain in a channel.
    for half in (left, right):
        assert (half.flatten(1).std(1) < 1e-4).all()
    assert (left.mean((1, 2)) - right.mean((1, 2))).abs().max() > 0.02
    assert torch.allclose(tinted(pixels, ids, 0.0, random.Random(2)), pixels, atol=1e-6)


def test_class_jitter_changes_pictures_and_no_label_map(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path), "landscape")
    plain, ids = next(batches(pairs, training_config(), 3))
    (one, same), (again, _) = (next(batches(pairs, training_config(class_jitter=0.2), 3)) for _ in range(2))
    assert torch.equal(ids, same) and torch.equal(one, again) and not torch.equal(one, plain)
    with pytest.raises(ValueError, match="class_jitter must not be negative"):
        training_config(class_jitter=-0.1)

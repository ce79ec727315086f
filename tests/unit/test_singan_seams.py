"""Edits without halos: tones of like surroundings are matched, and contours are removed."""

import pytest
import torch

from gan_models.singan import Edit
from gan_models.singan.resume import seeded
from gan_models.singan.seams import matched, without_contours
from singan_toys import picture, trained

OBJECT = torch.tensor([0.9, -0.9, -0.9]).view(1, 3, 1, 1)


def box(top, bottom, left, right, height=44, width=56):
    mask = torch.zeros(1, 1, height, width)
    mask[:, :, top:bottom, left:right] = 1
    return mask


def test_like_surroundings_are_matched_and_objects_keep_their_colors():
    sky, piece = torch.full((1, 3, 44, 56), -0.2), box(10, 34, 14, 44)
    image = torch.where(piece > 0, sky + 0.12, sky)
    middle = box(18, 26, 24, 34)
    image = torch.where(middle > 0, OBJECT, image)
    out = matched(image, sky, piece)
    around = (piece - box(16, 28, 22, 36)).bool().expand(-1, 3, -1, -1)
    assert (out - sky)[around].abs().max() < 0.06 < (image - sky)[around].abs().min()
    assert torch.equal(out * (1 - piece), image * (1 - piece))
    # What the piece shows in its middle is shifted with it, and no more.
    assert (out - image)[middle.bool().expand(-1, 3, -1, -1)].abs().max() < 0.13


def test_a_border_between_foreign_sides_is_left_alone():
    sky, piece = torch.full((1, 3, 44, 56), -0.2), box(10, 34, 14, 44)
    image = torch.where(piece > 0, OBJECT, sky)
    assert torch.allclose(matched(image, sky, piece), image, atol=1e-4)


@pytest.mark.parametrize("size", [(44, 56), (33, 47), (32, 200)])
def test_any_size_batches_and_masks_that_cover_all(size):
    images = torch.cat([picture(*size), picture(*size, seed=1)])
    whole = torch.ones(1, 1, *size)
    assert torch.allclose(matched(images, picture(*size), whole), images)
    out = matched(images, picture(*size), box(4, 20, 5, 25, *size))
    assert out.shape == images.shape and torch.isfinite(out).all()


def test_contours_are_removed_and_textures_and_far_pixels_stay():
    sky, piece = torch.full((1, 3, 64, 64), 0.2), box(20, 44, 20, 44, 64, 64)
    image = torch.where(piece > 0, torch.full_like(sky, -0.5), sky)
    result = image + 0.02
    result[:, :, 18:20, 20:44] = 0.9
    result[:, :, 20:22, 20:44] = -0.1
    weight = box(10, 54, 10, 54, 64, 64)
    out = without_contours(result, image, piece, weight, 3)
    assert out[:, :, 18:20, 24:40].max() <= 0.2 + 1e-6
    assert torch.allclose(out[:, :, 20:22, 24:40], result[:, :, 20:22, 24:40])
    assert torch.equal(out[:, :, 31:33, 31:33], result[:, :, 31:33, 31:33])
    assert torch.equal(out[:, :, :10], result[:, :, :10])


def test_edits_are_seamless_unless_that_is_off():
    model = trained()
    image, mask = model.training_picture().clone(), box(6, 16, 6, 20)
    image[:, :, 6:16, 6:20] += 0.1
    seamless, plain = (Edit(model, image, mask, seeded(0), choice) for choice in (True, False))
    inside = mask.bool().expand(-1, 3, -1, -1)
    training = model.training_picture()
    errors = [(edit.image - training)[inside].abs().mean() for edit in (seamless, plain)]
    assert errors[0] < 0.8 * errors[1]
    assert torch.equal(plain.image, image)
    assert torch.equal(seamless.inject(2), Edit(model, image, mask, seeded(0)).inject(2))
    first, second = seamless.inject(2), plain.inject(2)
    assert not torch.equal(first, second)
    assert torch.allclose(first[..., 40:, 50:], training[..., 40:, 50:], atol=0.02)

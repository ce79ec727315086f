"""Styles, colours and sizes."""

import copy
import dataclasses
import pickle

import pytest
import torch

from gan_models.gaugan import (
    GeneratorConfig,
    Synthesizer,
    fitting,
    match_colors,
    match_colors_softly,
    mix_styles,
    random_styles,
    transition,
)
from gan_models.gaugan.colors import HALFWAY, MOST_CONTRAST
from gan_models.gaugan.opening import encoder_beside, open_synthesizer
from gan_models.seeds import seeded
from gan_models.weights import Hosted, entries
from gaugan_toys import blob_map, config, encoder, generator


def test_mixing_keeps_the_length_where_a_straight_line_would_not():
    a, b = random_styles(256, 2, seeded(0)).split(1)
    middle = mix_styles(a, b, 0.5)
    assert middle.norm() > 0.95 * min(a.norm(), b.norm())
    assert torch.lerp(a, b, 0.5).norm() < 0.8 * min(a.norm(), b.norm())


@pytest.mark.parametrize(
    ("a", "b", "middle"),
    [
        ([[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]]),
        ([[1.0, 2.0]], [[-1.0, -2.0]], [[0.0, 0.0]]),
        ([[1.0, 2.0]], [[0.0, 0.0]], [[0.5, 1.0]]),
        ([[0.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]]),
        ([[2.0, 0.0]], [[0.0, 2.0]], [[2**0.5, 2**0.5]]),
    ],
)
def test_mixing_of_special_styles(a, b, middle):
    a, b = torch.tensor(a), torch.tensor(b)
    assert torch.allclose(mix_styles(a, b, 0.5), torch.tensor(middle), atol=1e-6)
    assert torch.equal(mix_styles(a, b, 0.0), a) and torch.equal(mix_styles(a, b, 1.0), b)


def test_batches_of_styles():
    many, one = random_styles(5, 3, seeded(0)), random_styles(5, 1, seeded(1))
    mixed = mix_styles(many, one, 0.3)
    assert torch.allclose(mixed[1:2], mix_styles(many[1:2], one, 0.3))
    with pytest.raises(ValueError, match="2 and 3 styles"):
        mix_styles(many, many[:2], 0.5)
    with pytest.raises(ValueError, match="from 3 to 1"):
        transition(many, one, 4)


def test_more_random_styles_begin_with_the_same_ones():
    assert torch.equal(random_styles(256, 3, seeded(4))[:2], random_styles(256, 2, seeded(4)))
    assert torch.allclose(random_styles(64, 200, seeded(4), 2.0).std(), torch.tensor(2.0), rtol=0.05)


def test_random_styles_are_like_those_that_the_encoder_has_seen():
    mu = torch.tensor([[4.0, 0.0], [-4.0, 0.0], [0.0, 9.0]])
    seen = torch.stack([mu, torch.full_like(mu, -8.0)], 1)
    styles = random_styles(2, 300, seeded(4), seen=seen)
    distances = torch.cdist(styles, mu)
    assert distances.amin(1).max() < 0.2
    assert distances.argmin(1).bincount(minlength=3).min() > 70
    assert torch.equal(styles[:2], random_styles(2, 2, seeded(4), seen=seen))
    centre = mu.mean(0).expand(300, -1)
    assert torch.allclose(random_styles(2, 300, seeded(4), 0.0, seen), centre)
    assert torch.allclose(random_styles(2, 300, seeded(4), 2.0, seen) - centre, 2 * (styles - centre), atol=1e-5)


def moments(image):
    return image.flatten(1).mean(1), image.flatten(1).cov()


def test_colours_match_in_mean_and_covariance():
    drawn = seeded(0)
    mixing = torch.tensor([[0.2, 0.1, 0], [0, 0.15, 0.05], [0.02, 0, 0.1]])
    image = 0.1 * torch.randn(1, 3, 40, 50, generator=drawn)
    example = (mixing @ torch.randn(3, 900, generator=drawn) + 0.1).clamp(-1, 1).view(1, 3, 30, 30)
    matched, missing = match_colors(image, example)
    for got, wanted in zip(moments(matched[0]), moments(example[0]), strict=True):
        assert torch.allclose(got, wanted, atol=1e-3)
    assert missing == []
    assert torch.allclose(match_colors(image, image)[0], image, atol=1e-4)


def test_flat_pictures_get_the_colour_and_no_noise():
    flat = torch.full((1, 3, 16, 16), 0.3)
    example = 0.3 * torch.randn(1, 3, 16, 16, generator=seeded(0))
    matched, _ = match_colors(flat, example)
    assert torch.allclose(matched, example.clamp(-1, 1).mean((2, 3), keepdim=True).expand_as(flat), atol=0.02)
    assert torch.allclose(match_colors(example, flat)[0].mean(), flat.mean(), atol=1e-3)


def test_classes_match_separately_and_missing_ones_are_reported():
    drawn = seeded(0)
    image, example = (0.1 * torch.randn(2, 3, 32, 32, generator=drawn) for _ in range(2))
    example[:, :, :16] += 0.5
    ids = torch.zeros(2, 32, 32, dtype=torch.uint8)
    ids[:, :, 16:] = 1
    ids[1, :, 24:] = 7
    there = torch.zeros(1, 8, 8, dtype=torch.uint8)
    there[:, 4:] = 1
    matched, missing = match_colors(image, example, ids, there)
    assert missing == [7]
    for label, rows in ((0, slice(16)), (1, slice(16, None))):
        region = matched[0][:, ids[0] == label]
        assert torch.allclose(region.mean(1), example[0][:, rows].flatten(1).mean(1), atol=0.01)
    overall, _ = match_colors(image, example)
    assert torch.equal(matched[1][:, ids[1] == 7], overall[1][:, ids[1] == 7])


def test_a_soft_match_is_that_of_sky_and_ground_for_other_classes():
    drawn = seeded(0)
    image, example = (0.1 * torch.randn(2, 3, 64, 64, generator=drawn) for _ in range(2))
    example[:, 0, :32] += 0.5
    example[:, 2, 32:] -= 0.5
    ids = torch.zeros(1, 64, 64, dtype=torch.uint8)
    ids[:, 10:32] = 1
    ids[:, 32:] = 4
    there = torch.ones(2, 16, 16, dtype=torch.uint8)
    there[:, 8:] = 7
    matched, missing = match_colors_softly(image, example, ids, there, [0, 1])
    assert missing == []
    for rows in (slice(28), slice(36, None)):  # not where the two fade into each other
        here, wanted = (pictures[:, :, rows].flatten(2) for pictures in (matched, example))
        assert torch.allclose(here.mean(2), wanted.mean(2), atol=0.02)
        assert torch.allclose(here.std(2), wanted.std(2), atol=0.02)
    one, _ = match_colors_softly(image[1:], example[1:], ids, there[1:], [0, 1])
    assert torch.equal(one[0], matched[1])


def test_a_soft_match_changes_contrast_within_bounds():
    drawn = seeded(0)
    image = 0.1 * torch.randn(1, 3, 64, 64, generator=drawn)
    ids = torch.zeros(1, 64, 64, dtype=torch.uint8)
    for factor, kept in ((3, MOST_CONTRAST), (1 / 3, 1 / MOST_CONTRAST), (1.2, 1.2)):
        matched, _ = match_colors_softly(image, factor * image, ids, ids, [])
        assert (matched.std() / image.std()).item() == pytest.approx(kept, rel=0.01)


def test_classes_fade_into_each_other_in_a_soft_match():
    image = torch.zeros(1, 3, 100, 100)
    example = image.clone()
    example[:, :, :50] = 0.8
    ids = (torch.arange(100) >= 50).byte()[:, None].expand(1, 100, 100)
    rows = match_colors_softly(image, example, ids, ids, [0])[0][0, 0, :, 0]
    assert (rows[:45] - 0.8).abs().max() < 0.01 and rows[55:].abs().max() < 0.01
    assert (rows.diff() <= 0).all() and rows.diff().min() > -0.4


@pytest.mark.parametrize("rows", [32, 4])
def test_classes_in_common_get_their_own_colours_by_their_share(rows):
    image = 0.1 * torch.randn(1, 3, 64, 64, generator=seeded(0))
    example = image.clone()
    example[:, 0, :rows] += 0.6
    ids = (torch.arange(64) >= rows).byte()[:, None].expand(1, 64, 64)
    other = 9 * torch.ones_like(ids)
    alike, unlike = (match_colors_softly(image, example, ids, there, [])[0] for there in (ids, other))
    inside = (0, 0, slice(rows - 2))
    own, whole = (pictures[inside].mean().item() for pictures in (example, unlike))
    share = rows / 64
    expected = whole + (own - whole) * share / (share + HALFWAY)
    assert alike[inside].mean().item() == pytest.approx(expected, abs=0.03)


def test_what_an_example_lacks_stays_as_it_is():
    drawn = seeded(0)
    image, example = (0.1 * torch.randn(1, 3, 64, 64, generator=drawn) for _ in range(2))
    example += 0.5
    ids = (torch.arange(64) >= 32).byte()[:, None].expand(1, 64, 64)
    no_sky = torch.ones(1, 64, 64, dtype=torch.uint8)
    matched, missing = match_colors_softly(image, example, ids, no_sky, [0])
    assert missing == ["sky"] and torch.allclose(matched[:, :, :28], image[:, :, :28])
    assert matched[:, :, 36:].mean().item() == pytest.approx(0.5, abs=0.02)
    assert match_colors_softly(image, example, no_sky, no_sky, [0])[1] == []


def test_batches_of_examples_that_do_not_fit():
    image, ids = torch.zeros(3, 3, 16, 16), torch.zeros(3, 16, 16, dtype=torch.uint8)
    with pytest.raises(ValueError, match="2 style images don't match 3"):
        match_colors(image, image[:2])
    with pytest.raises(ValueError, match="2 label maps of style images don't match 3"):
        match_colors_softly(image, image, ids, ids[:2], [0])


def test_fitting_shows_every_pixel_where_it_was():
    config = GeneratorConfig(classes=3)
    rows, columns = fitting(config, 64, 96, "resize")
    assert rows.tolist() == list(range(64)) and columns.tolist() == list(range(96))
    rows, columns = fitting(config, 50, 100, "pad")
    assert rows.tolist() == [*range(50), *[49] * 14] and columns.tolist() == [*range(100), *[99] * 28]
    rows, columns = fitting(config, 20, 1000, "resize")
    assert len(rows) == 32 and len(columns) == 992 and rows[0] == 0 and rows[-1] == 19 and columns.max() == 999
    assert fitting(config, 1, 1, "resize")[0].tolist() == [0] * 32
    with pytest.raises(ValueError, match="multiples of 32"):
        fitting(config, 50, 100, "error")


HOSTED = [entry for entry in entries("gaugan") if isinstance(entry.source, Hosted)]


@pytest.mark.parametrize("entry", HOSTED, ids=lambda entry: entry.name)
def test_settings_of_the_manifest_are_those_of_the_nets(entry):
    assert entry.config.keys() <= {field.name for field in dataclasses.fields(GeneratorConfig)}
    net = {"spade-coco": {"classes": 182, "unknown": True}, "spade-cityscapes": {"classes": 35}}[entry.name]
    assert GeneratorConfig(**net, instance_edges=True, z_dim=0, **entry.config).grid[0] >= 1


@pytest.fixture
def synthesizer():
    return Synthesizer(generator(config(classes=18, unknown=True)), encoder(), "landscape")


def test_copies_and_pickles_paint_the_same(synthesizer):
    ids, z = blob_map(config(classes=18), 64, 64), random_styles(6, 1, seeded(0))
    painted = synthesizer.paint(ids, z)
    for other in (copy.deepcopy(synthesizer), pickle.loads(pickle.dumps(synthesizer))):
        assert len(other.cache) == 0
        assert torch.equal(other.paint(ids, z), painted)
    assert len(synthesizer.cache) == 1


def test_the_memory_estimate_covers_what_is_kept(synthesizer):
    synthesizer.paint(torch.randint(0, 19, (1, 128, 128), generator=seeded(0)))
    assert synthesizer.cache.bytes < synthesizer.memory(1, 128, 128)


def test_an_offset_that_leads_out_of_a_net_without_unknown(synthesizer):
    net = Synthesizer(generator(config(classes=18)), None, "landscape", -1)
    with pytest.raises(ValueError, match="has the id -1"):
        net.paint(torch.zeros(1, 32, 32, dtype=torch.uint8))
    with pytest.raises(ValueError, match="'landscape' has 19 classes, but this GauGAN knows 18"):
        Synthesizer(generator(config(classes=18)), None, "landscape")


def test_files_beside_a_generator(tmp_path):
    for name in ("latest_net_G.pth", "a_net_G.safetensors", "a_net_E.pth", "plain.pth"):
        (tmp_path / name).touch()
    assert encoder_beside(tmp_path / "latest_net_G.pth") is None
    assert encoder_beside(tmp_path / "a_net_G.safetensors") == tmp_path / "a_net_E.pth"
    assert encoder_beside(tmp_path / "plain.pth") is None
    with pytest.raises(FileNotFoundError):
        open_synthesizer(tmp_path / "missing.pth")

"""Scores of models, sheets, and the whole benchmark."""

import re
import sys

import pytest
import torch

import gaugan_gallery
import gaugan_quality
import gaugan_segmentation
from gan_models.gaugan import match_colors_softly
from gan_models.labels import encode, palette
from gan_models.pixels import to_bytes, to_float
from gan_models.segmentation import open_landscape_segmenter
from gaugan_matched import BUNDLED, Matched
from gaugan_metrics import UNKNOWN
from gaugan_scores import HeldOut, flat, spread
from gaugan_segmentation import shrink_labels
from gaugan_sheets import GAP, beside_photographs, drawings, gallery, in_styles
from quality_toys import NAMES, SIZE, STYLES, photograph, synthesizer, write


def test_true_pictures_are_at_distance_zero_from_themselves(held):
    true = held.crops_scores(held.crops.images)
    assert true.kid[0] == pytest.approx(0, abs=1e-12)
    assert true.frechet == pytest.approx(0, abs=1e-6)
    halves = held.photograph_scores()
    assert torch.equal(true.counts, halves.counts)
    assert halves.counts.sum() == (shrink_labels(held.crops.labels) != UNKNOWN).sum()
    assert halves.numbers == (21, 21)
    assert halves.kid[1] > 0 and halves.frechet > 0
    # Both ends of these photographs have the same sky.
    assert halves.style.nearer > 0.5


def test_photographs_of_the_training(held):
    scores = held.training_scores(list(map(photograph, "abcdefghi")))
    assert scores.numbers == (42, 42)
    assert scores.counts is scores.style is scores.peaks is None
    # The same photographs, counted as different ones, are nearer but not at zero, because no pair is excluded.
    assert held.training_scores(held.photographs).kid[0] < scores.kid[0]


def test_flat_pictures_have_the_mean_colors(held):
    labels = torch.tensor([[0, 0], [3, UNKNOWN]])
    image = torch.tensor([[0.2, 0.4], [-1, 0.5]]).expand(3, 2, 2)
    assert torch.allclose(flat(image, labels), torch.tensor([[0.3, 0.3], [-1, 0.5]]).expand(3, 2, 2))
    scores = held.flat_scores()
    assert scores.kid[0] > 0 and scores.frechet > 0
    assert scores.style is scores.diversity is None


class Painter:
    """Paints sky and ground in the colours that it takes a style to be: as good as styles can be kept."""

    encoder = True

    def encode(self, images):
        halves = images.split(images.shape[2] // 2, 2)
        return torch.stack([half.mean((2, 3)) for half in halves], 1)

    def paint(self, labels, z):
        return z[:, (labels[0] > 2).long()].permute(0, 3, 1, 2)


def test_a_model_that_keeps_styles(held):
    scores = held.model_scores(Painter(), held.crops.images)
    assert (scores.style.nearer, scores.style.nearest) == (1, 1)
    assert scores.diversity[0] == pytest.approx(1, abs=0.1)
    assert scores.kid[0] == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("z_dim", [6, 0])
def test_scores_of_a_model(held, z_dim):
    model = synthesizer(z_dim=z_dim)
    painted = held.paint_crops(model)
    assert painted.shape == held.crops.images.shape and painted.dtype == torch.uint8
    z = model.encode(to_float(held.own.images[2:3])) if z_dim else None
    again = to_bytes(model.paint(held.crops.labels[14:15], z))
    assert (painted[14] - again[0].int()).abs().max() <= 1
    scores = held.model_scores(model, painted)
    assert scores.kid[0] > 0 and scores.frechet > 0
    assert scores.counts.sum() == (shrink_labels(held.crops.labels) != UNKNOWN).sum()
    if not z_dim:
        assert scores.style is scores.diversity is None
        return
    assert 0 <= scores.style.nearest <= scores.style.nearer <= 1
    assert min(scores.diversity) > 0


def test_a_model_with_matched_colours(held):
    model = synthesizer()
    matched = Matched(model)
    styles = matched.encode(to_float(held.styles.images))
    labels = held.layouts.labels[:1]
    found = open_landscape_segmenter(BUNDLED).segment(held.styles.images / 255).ids
    sky = model.classes.sky
    for number, image in enumerate(matched.paint(labels, styles[[1, 0]])):
        which = 1 - number
        wanted, _ = match_colors_softly(model.paint(labels, model.encode(to_float(held.styles.images[[which]]))),
                                        to_float(held.styles.images[[which]]), labels, found[[which]], sky)  # fmt: skip
        assert torch.allclose(image, wanted[0], atol=1e-3)


def test_items_are_spread_evenly():
    assert spread(range(10), 5) == [0, 2, 4, 6, 8]
    assert spread("abc", 5) == ["a", "b", "c"]


def test_sheets(held):
    model = synthesizer()
    cell = SIZE + GAP
    painted = held.paint_crops(model)
    pixels = beside_photographs(held.crops, [painted], [0, 7, 14], 2)
    assert torch.equal(pixels[:, cell:, 2 * cell : 3 * cell - GAP], painted[14])
    assert pixels.shape == (3, 2 * cell - GAP, 6 * cell - 2 * GAP + 4 * GAP)
    assert torch.equal(pixels[:, cell:, :SIZE], held.crops.images[14])
    shown = encode(held.crops.labels[7:8], palette("landscape"))[0].permute(2, 0, 1)
    left = 3 * cell - GAP + 4 * GAP + cell
    assert torch.equal(pixels[:, :SIZE, left : left + SIZE], shown)
    assert (pixels[:, cell:, 3 * cell :] == 255).all()
    pixels = in_styles(model, held.layouts.labels, held.styles.images)
    assert pixels.shape == (3, 3 * cell - GAP, 4 * cell - GAP)
    assert torch.equal(pixels[:, :SIZE, 2 * cell : 3 * cell - GAP], held.styles.images[1])


def test_drawings_are_label_maps():
    ids = drawings(64)
    assert ids.shape[1:] == (64, 64) and len(ids) == 12
    assert all(len(one.unique()) > 3 and one.max() <= UNKNOWN for one in ids)
    assert (ids == UNKNOWN).float().mean() < 0.2


def test_gallery(held):
    cell = SIZE + GAP
    shown = gallery(synthesizer(), held.layouts.labels[0], held.styles.images[:2], held.layouts.labels,
                    held.own.images[4])  # fmt: skip
    assert shown.shape == (3, 4 * cell - GAP, 3 * cell - GAP)
    assert torch.equal(shown[:, :SIZE, 2 * cell :], held.styles.images[1])
    assert torch.equal(shown[:, 3 * cell :, :SIZE], held.own.images[4])
    assert (shown[:, 2 * cell : 3 * cell, :SIZE] == 255).all()


def test_the_gallery_shows_free_photographs_only(tmp_path):
    write(tmp_path, map(photograph, NAMES))
    licences = ("CC0-1.0", "CC-BY-SA-4.0", "PD", "CC-BY-4.0", "PD", "")
    rows = [f"{name},{licence}" for name, licence in zip(NAMES, licences, strict=True)]
    (tmp_path / "CREDITS.csv").write_text("\n".join(["name,licence", *rows]))
    assert [one.name for one in gaugan_gallery.free(tmp_path)] == ["dawn", "noon", "reef"]


def test_the_whole_benchmark(tmp_path, network, monkeypatch, capsys):
    """From the files to the tables, with what takes long made small."""
    synthesizer().save(tmp_path / "one.safetensors")
    synthesizer(z_dim=0).save(tmp_path / "two.safetensors")
    write(tmp_path / "data" / "heldout", map(photograph, NAMES))
    write(tmp_path / "data" / "train", map(photograph, "abcd"))
    monkeypatch.setattr(gaugan_quality, "read_efficientnet", lambda path: network)
    monkeypatch.setattr(gaugan_quality, "HeldOut", lambda *given: HeldOut(*given, styles=STYLES, layouts=2))
    monkeypatch.setattr(gaugan_segmentation, "STEPS", 2)
    monkeypatch.setattr(gaugan_segmentation, "BATCH", 2)
    models = [str(tmp_path / f"{name}.safetensors") for name in ("one", "two")]
    options = ["--photographs", str(tmp_path / "data"), "--features", "none", "--size", "64"]
    files = ["--segmentation", str(tmp_path / "net.safetensors"), "--pictures", str(tmp_path / "sheets")]
    files += ["--match-colors"]
    monkeypatch.setattr(sys, "argv", ["gaugan_quality.py", *models, *options, *files])
    gaugan_quality.main()
    printed = capsys.readouterr().out
    assert "6 held-out photographs, 42 crops of 64×64, 2 layouts in 3 styles" in printed
    table = {row[1]: row for row in (re.split(r" ?\| ?", line) for line in printed.splitlines()) if len(row) == 14}
    pictures = ["photographs, half against half", "training photographs", "flat colours"]
    assert list(table)[2:] == [*pictures, "one", "one-matched", "two"]
    assert table["photographs, half against half"][6].endswith("(100 %)")
    assert table["training photographs"][6:13] == ["–"] * 7
    assert table["two"][8:12] == ["–"] * 4 and "–" not in table["one"]
    assert {path.name for path in (tmp_path / "sheets").iterdir()} == {
        f"{name}{ending}.png" for name in ("one", "one-matched", "two") for ending in ("", "-styles", "-painted")
    }

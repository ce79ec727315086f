from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.gaugan.training.pairs import FolderPairs, RenderedPairs, batches
from gan_models.labels import encode, palette
from gan_models.scenes import render_scene
from gaugan_toys import everything, training_config, training_folder


def test_a_folder_gives_its_pairs(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path / "data", 3, sizes=((40, 40), (50, 70))), "landscape")
    assert [image.shape for image, _ in everything(pairs)] == [(40, 40, 3), (50, 70, 3), (40, 40, 3)]
    assert all((image[..., 0] == 30 * ids).all() for image, ids in everything(pairs))


def test_label_maps_may_be_painted_and_255_is_unknown(tmp_path):
    folder = training_folder(tmp_path / "data", 2)
    ids = np.array(Image.open(folder / "labels" / "0.png"))
    colors = encode(torch.from_numpy(ids)[None], palette("landscape"))[0]
    Image.fromarray(colors.numpy()).save(folder / "labels" / "0.png")
    Image.fromarray(np.full((40, 40), 255, np.uint8)).save(folder / "labels" / "1.png")
    (_, painted), (_, unknown) = everything(FolderPairs(folder, "landscape"))
    assert (painted == ids).all() and (unknown == 18).all()
    assert (everything(FolderPairs(folder, "ade20k"))[1][1] == 0).all()


def test_unpaired_and_damaged_files_are_named_and_skipped(tmp_path):
    folder = training_folder(tmp_path / "data", 5)
    (folder / "labels" / "0.png").unlink()
    (folder / "images" / "1.png").unlink()
    (folder / "images" / "2.png").write_bytes((folder / "images" / "2.png").read_bytes()[:90])
    Image.new("RGB", (20, 40)).save(folder / "images" / "3.png")
    said = []
    pairs = FolderPairs(folder, "landscape", said.append)
    assert said == [
        "images/0.png is skipped: it has no label map of the same name",
        "labels/1.png is skipped: it has no picture of the same name",
    ]
    assert len(everything(pairs)) == 3 and len(said) == 4
    assert "the pair 2.png and 2.png is skipped" in said[2]
    assert said[3].endswith("is skipped: the picture is 20×40, the label map 40×40")
    assert all((labels == np.asarray(pairs.load(2)[1])).all() for _, labels in everything(pairs))


def test_ids_beyond_the_taxonomy_are_named(tmp_path):
    folder = training_folder(tmp_path / "data", 1)
    Image.fromarray(np.full((40, 40), 77, np.uint8)).save(folder / "labels" / "0.png")
    said = []
    with pytest.raises(ValueError, match="every training pair is damaged"):
        FolderPairs(folder, "landscape", said.append).load(0)
    assert "has the id 77, but 'landscape' has ids from 0 to 18" in said[0]


def test_folders_without_pairs_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder data/images"):
        FolderPairs(tmp_path / "data", "landscape")
    with pytest.raises(FileNotFoundError, match="there is no training pair in data"):
        FolderPairs(training_folder(tmp_path / "data", 0), "landscape")


def test_pictures_may_have_named_styles(tmp_path):
    folder = training_folder(tmp_path / "data", 5)
    assert [FolderPairs(folder, "landscape").style(index) for index in range(5)] == [None] * 5
    (folder / "styles").mkdir()
    for name, text in (("0", b"Abendlicht \xc3\xbcber K\xc3\xb6ln\n"), ("1", b"\xff"), ("2", b" \n"), ("7", b"noon")):
        (folder / "styles" / f"{name}.txt").write_bytes(text)
    (folder / "styles" / "notes.md").write_text("no style")
    said = []
    pairs = FolderPairs(folder, "landscape", said.append)
    assert [pairs.style(index) for index in range(5)] == ["Abendlicht über Köln", None, None, None, None]
    assert said == [
        "styles/1.txt is skipped: it is not a UTF-8 text file",
        "styles/2.txt is skipped: it is empty; write the style's name into it",
        "styles/7.txt is skipped: it has no picture and label map of the same name",
    ]


def test_a_style_is_that_of_the_picture_that_is_loaded(tmp_path):
    folder = training_folder(tmp_path / "data", 3)
    (folder / "styles").mkdir()
    for index in range(3):
        (folder / "styles" / f"{index}.txt").write_text(f"style {index}")
    (folder / "images" / "1.png").write_bytes(b"damaged")
    pairs = FolderPairs(folder, "landscape")
    assert pairs.style(1) == "style 1"
    assert pairs.load(1)[0].getpixel((0, 0))[1] == 80 and pairs.style(1) == "style 2"


def test_batches_depend_on_the_step_alone(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path / "data", 5, sizes=((40, 40), (50, 70))), "landscape")
    config = training_config(batch=4)
    whole = batches(pairs, config, 0)
    first, second = next(whole), next(whole)
    shares = [next(batches(pairs, config, 1, rank, 2)) for rank in (0, 1)]
    assert torch.equal(second[0], torch.cat([images for images, _ in shares]))
    assert torch.equal(second[1], torch.cat([ids for _, ids in shares]))
    assert first[0].shape == (4, 3, 32, 32) and not torch.equal(first[0], second[0])
    with pytest.raises(ValueError, match="a batch of 4 cannot be shared by 3 processes"):
        next(batches(pairs, config, 0, 0, 3))


def test_batches_of_several_sizes_depend_on_the_step_alone(tmp_path):
    pairs = FolderPairs(training_folder(tmp_path / "data", 5, sizes=((40, 40), (50, 70))), "landscape")
    config = training_config(batch=8, largest_scale=3.0, smallest_crop=0.4)
    sizes = {}
    for step in range(64):
        here = config.at_step(step)
        sizes[here.size] = here.batch, here.smallest_crop
    assert sizes == {32: (8, 0.4), 64: (2, 0.8), 96: (1, 1.0)}
    twice = next(step for step in range(64) if config.at_step(step).batch == 2)
    images, ids = next(batches(pairs, config, twice))
    assert images.shape == (2, 3, 64, 64) and ids.shape == (2, 64, 64)
    shares = [next(batches(pairs, config, twice, rank, 2))[0] for rank in (0, 1)]
    assert torch.equal(images, torch.cat(shares))
    largest = next(step for step in range(64) if config.at_step(step).batch == 1)
    assert len(next(batches(pairs, config, largest, 1, 2))[0]) == 1


def test_the_heights_of_several_sizes_fit_the_net_too():
    config = training_config(largest_scale=4.0)
    config = replace(config, size=64, generator=replace(config.generator, crop_size=64, aspect_ratio=2.0))
    steps = [config.at_step(step) for step in range(99)]
    assert {(here.size, here.height) for here in steps} == {(64, 32), (128, 64), (192, 96), (256, 128)}
    with pytest.raises(ValueError, match="largest_scale must be at least 1; it is 0"):
        replace(config, largest_scale=0.5)


def test_rendered_landscapes_are_kept(tmp_path):
    pairs = RenderedPairs.for_run(tmp_path, 3, training_config())
    image, labels = pairs.load(2)
    assert image.size == labels.size == (36, 36) and image.mode == "RGB" and len(pairs) == 3
    (file,) = tmp_path.rglob("images/*.jpg")
    Image.new("RGB", (36, 36), "red").save(file)
    assert pairs.load(2)[0].getpixel((0, 0))[1] < 10


def test_the_style_of_a_landscape_is_its_lighting(tmp_path):
    pairs = RenderedPairs(tmp_path, 3, (16, 16), first_seed=40)
    assert pairs.style(1) == render_scene(41, 16).lighting.name and not any(tmp_path.iterdir())
    pairs.load(1)
    assert (tmp_path / "styles" / "000041.txt").read_text("utf-8") == f"{pairs.style(1)}\n"


def test_crops_of_unsqueezed_pictures_keep_the_aspect_and_match_their_label_maps(tmp_path):
    """The pictures tell where each pixel was: red grows to the right, green downwards; ids follow both."""
    folder = tmp_path / "data"
    for part in ("images", "labels"):
        (folder / part).mkdir(parents=True)
    y, x = np.mgrid[:120, :200]
    Image.fromarray(np.stack([x, y, 0 * x], 2).astype(np.uint8)).save(folder / "images" / "0.png")
    Image.fromarray((x // 50 + 4 * (y // 40)).astype(np.uint8)).save(folder / "labels" / "0.png")
    config = training_config(smallest_crop=0.5, size=64, batch=2)
    scales, mirrored = [], 0
    for _, (images, ids) in zip(range(20), batches(FolderPairs(folder, "landscape"), config, 0), strict=False):
        for image, label in zip((images + 1) * 127.5, ids, strict=True):
            across, down = image[0], image[1]
            steps = [(across[:, -8] - across[:, 8]).mean() / 47, (down[-8] - down[8]).mean() / 47]
            mirrored += int(steps[0] < 0)
            assert abs(abs(steps[0]) - steps[1]) < 0.04
            scales.append(float(steps[1]) * 64 / 120)
            wanted = (across / 50).floor() + 4 * (down / 40).floor()
            assert (wanted == label).float().mean() > 0.9
            assert 0 <= across.min() and across.max() <= 199 and down.max() <= 119
    assert 0.49 < min(scales) < 0.6 and 0.9 < max(scales) < 1.01 and 5 < mirrored < 35


def test_decoded_pairs_are_kept_while_they_fit(tmp_path, monkeypatch):
    monkeypatch.setattr("gan_models.gaugan.training.pairs.KEPT_BYTES", 2 * 4 * 40 * 40)
    pairs = FolderPairs(training_folder(tmp_path / "data", 3), "landscape")
    first = everything(pairs)
    for index in range(3):
        (tmp_path / "data" / "images" / f"{index}.png").unlink()
    for index in (0, 1):
        kept = pairs.load(index)
        assert all((wanted == np.asarray(part)).all() for wanted, part in zip(first[index], kept, strict=True))
    assert (np.asarray(pairs.load(2)[0]) == first[0][0]).all()  # damaged now, so the next one

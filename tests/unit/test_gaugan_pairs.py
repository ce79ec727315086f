import random
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.gaugan.training.augmentation import jittered, simplified, tinted, warped
from gan_models.gaugan.training.pairs import FolderPairs, RenderedPairs, batches
from gan_models.labels import encode, palette
from gan_models.scenes import render_scene
from gaugan_toys import training_config, training_folder


def everything(pairs):
    return [tuple(np.asarray(part) for part in pairs.load(index)) for index in range(len(pairs))]


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


def classes_of(pairs):
    return [labels for _, labels in everything(pairs)]


def folder_of(path, images, labels=None, size=(24, 16)):
    """A folder with pictures of these names, and the label maps ``{name: Pillow image}``."""
    for part in ("images", "labels"):
        (path / part).mkdir(parents=True, exist_ok=True)
    for name in images:
        Image.new("RGB", size, "teal").save(path / "images" / name)
    for name, image in (labels or {}).items():
        image.save(path / "labels" / name)
    return path


def stripes(*ids, size=(24, 16)):
    return np.repeat(np.array(ids, np.uint8), size[1] // len(ids))[:, None].repeat(size[0], 1)


def test_label_maps_of_all_kinds_are_read_alike(tmp_path):
    """Ids in 8 and 16 bits, with alpha, in RGB, behind a palette, and colours in any order of the palette."""
    ids = stripes(0, 3, 12, 16)
    colors = encode(torch.from_numpy(ids)[None], palette("landscape"))[0].numpy()
    own = Image.fromarray(ids).convert("P")
    own.putpalette(np.random.default_rng(0).integers(0, 256, 768).tolist())
    erased = np.dstack([colors, np.where(ids == 0, 0, 255).astype(np.uint8)])
    erased[ids == 0, :3] = 255
    labels = {
        "a.png": Image.fromarray(ids),
        "b.png": Image.fromarray(ids.astype(np.uint16)),
        "c.png": Image.fromarray(np.dstack([ids, np.full_like(ids, 255)]), "LA"),
        "d.png": Image.fromarray(np.dstack([ids] * 3)),
        "e.png": own,
        "f.png": Image.fromarray(colors).quantize(8),
        "g.tif": Image.fromarray(ids),
        "h.png": Image.fromarray(erased, "RGBA"),
    }
    said = []
    pairs = FolderPairs(folder_of(tmp_path, [f"{name}.jpg" for name in "abcdefgh"], labels), "landscape", said.append)
    read = classes_of(pairs)
    assert all(np.array_equal(found, ids) for found in read[:-1]) and said == []
    assert np.array_equal(read[-1], np.where(ids == 0, 18, ids))


def test_lossy_ids_are_skipped_with_the_reason_and_lossy_colours_are_read(tmp_path):
    ids = stripes(0, 3, 12, 16, size=(64, 64))
    colors = Image.fromarray(encode(torch.from_numpy(ids)[None], palette("landscape"))[0].numpy())
    labels = {"a.jpg": colors, "b.jpg": Image.fromarray(ids), "c.webp": Image.fromarray(ids).convert("RGB")}
    said = []
    folder = folder_of(tmp_path, ["a.png", "b.png", "c.png"], labels, (64, 64))
    pairs = FolderPairs(folder, "landscape", said.append)
    assert all((found == ids).mean() > 0.95 for found in classes_of(pairs))
    assert len(said) == 2 and "b.png and b.jpg is skipped: the levels of this grey picture cannot be ids: J" in said[0]
    assert "c.png and c.webp is skipped: the levels of this grey picture cannot be ids: W" in said[1]


def test_offsets_and_numberings_of_data_sets(tmp_path):
    folder = folder_of(tmp_path, ["a.png"], {"a.png": Image.fromarray(stripes(0, 149))})
    found = classes_of(FolderPairs(folder, "ade20k", choice="ids", offset=1))[0]
    assert np.array_equal(found, stripes(1, 150))
    assert np.array_equal(classes_of(FolderPairs(folder, "ade20k", choice="ade20k_ids_from_0"))[0], found)
    Image.fromarray(stripes(0, 255)).save(folder / "labels" / "a.png")
    found = classes_of(FolderPairs(folder, "cityscapes", choice="cityscapes_train_ids"))[0]
    assert np.array_equal(found, stripes(7, 0))


def test_a_survey_tells_the_classes_and_their_shares(tmp_path):
    labels = {"a.png": Image.fromarray(stripes(0, 0, 0, 3)), "b.png": Image.fromarray(stripes(0, 3, 12, 12))}
    folder = folder_of(tmp_path, ["a.png", "b.png"], labels)
    assert FolderPairs(folder, "landscape").survey() == (
        "2 label maps (ids of 'landscape') with the classes sky 50 %, mountain 25 %, tree 25 %"
    )
    assert FolderPairs(folder, "landscape", offset=1).survey() == (
        "2 label maps (ids of 'landscape' with offset 1) with the classes clouds 50 %, hill 25 %, flower 25 %"
    )
    Image.new("L", (24, 16), 77).save(folder / "labels" / "a.png")
    assert FolderPairs(folder, "landscape").survey().startswith("1 of 2 label maps")
    Image.new("L", (24, 16), 77).save(folder / "labels" / "b.png")
    assert FolderPairs(folder, "landscape").survey() == "none of the 2 label maps that were tried can be read"


def test_a_survey_of_a_large_folder_reads_a_part_of_it(tmp_path):
    names = [f"{index:03d}.png" for index in range(150)]
    folder = folder_of(tmp_path, names, {name: Image.fromarray(stripes(0, 3)) for name in names})
    assert FolderPairs(folder, "landscape").survey() == (
        "50 of 150 label maps (ids of 'landscape') with the classes sky 50 %, mountain 50 %"
    )


def test_label_maps_that_are_mostly_unknown_are_named_once_each(tmp_path):
    labels = {"a.png": Image.fromarray(stripes(0, 255)), "b.png": Image.fromarray(stripes(0, 255, 255, 255))}
    said = []
    pairs = FolderPairs(folder_of(tmp_path, ["a.png", "b.png"], labels), "landscape", said.append)
    pairs.survey()
    for _ in range(2):
        everything(pairs)
    assert len(said) == 1 and said[0].startswith("labels/b.png: 75 % of the pixels are unknown in 'landscape'; check")


@pytest.mark.parametrize("image, labels", [
    ("aachen_000_leftImg8bit", "aachen_000_gtFine_labelIds"),
    ("7", "7_labels"),
    ("7", "7_mask"),
    ("7_image", "7_label"),
    ("855_sat", "855_mask"),
    ("a b", "a b-seg"),
    ("7", "7_Mask"),
])  # fmt: skip
def test_names_may_differ_by_the_endings_of_data_sets(tmp_path, image, labels):
    said = []
    folder = folder_of(tmp_path, [f"{image}.jpg"], {f"{labels}.png": Image.fromarray(stripes(0, 3))})
    assert np.array_equal(classes_of(FolderPairs(folder, "landscape", said.append))[0], stripes(0, 3))
    assert said == [f"1 pair has names with different endings, such as images/{image}.jpg and labels/{labels}.png"]


def test_of_several_label_maps_the_one_with_ids_is_used(tmp_path):
    names = ["color", "instanceIds", "labelIds", "labelTrainIds"]
    labels = {f"a_gtFine_{name}.png": Image.fromarray(stripes(index, index)) for index, name in enumerate(names)}
    said = []
    pairs = FolderPairs(folder_of(tmp_path, ["a_leftImg8bit.png"], labels), "cityscapes", said.append)
    assert classes_of(pairs)[0].max() == 2 and len(pairs) == 1
    assert said[1:] == [f"labels/a_gtFine_{name}.png is skipped: it has no picture of the same name"
                        for name in ("color", "instanceIds", "labelTrainIds")]  # fmt: skip


def test_equal_names_come_before_endings(tmp_path):
    labels = {"a.png": Image.fromarray(stripes(0, 3)), "a_mask.png": Image.fromarray(stripes(1, 1))}
    pairs = FolderPairs(folder_of(tmp_path, ["a.png"], labels), "landscape")
    assert len(pairs) == 1 and np.array_equal(classes_of(pairs)[0], stripes(0, 3))


def test_train_ids_by_name_ask_for_their_palette(tmp_path):
    said = []
    labels = {"a_gtFine_labelTrainIds.png": Image.fromarray(stripes(0, 3))}
    FolderPairs(folder_of(tmp_path, ["a_leftImg8bit.png"], labels), "cityscapes", said.append)
    assert said[0].endswith("; set the palette to cityscapes_train_ids if these are the train ids of Cityscapes")


def test_styles_belong_to_pictures_with_endings_too(tmp_path):
    labels = {f"{name}_mask.png": Image.fromarray(stripes(0, 3)) for name in "ab"}
    folder = folder_of(tmp_path, ["a_image.png", "b_image.png"], labels)
    (folder / "styles").mkdir()
    (folder / "styles" / "a.txt").write_text("noon")
    (folder / "styles" / "b_image.txt").write_text("night")
    assert [FolderPairs(folder, "landscape").style(index) for index in range(2)] == ["noon", "night"]


def test_a_second_picture_of_the_same_name_is_named(tmp_path):
    said = []
    folder = folder_of(tmp_path, ["1.jpg", "1.png"], {"1.png": Image.fromarray(stripes(0, 3))})
    pairs = FolderPairs(folder, "landscape", said.append)
    assert said == ["images/1.jpg is skipped: images/1.png has the same name and is used instead"] and len(pairs) == 1


@pytest.mark.parametrize("around", ['"{}"', "'{}'", ' "{}" ', "“{}”"])
def test_quotes_around_a_path_are_stripped(tmp_path, around):
    folder = training_folder(tmp_path / "my data", 1)
    assert len(FolderPairs(around.format(folder), "landscape")) == 1


def test_what_is_not_read_is_counted_when_nothing_is_found(tmp_path):
    folder = folder_of(tmp_path / "data", [])
    for index in range(3):
        (folder / "images" / f"{index}").mkdir()
        (folder / "images" / f"{index}.heic").write_bytes(b"")
    (folder / "labels" / "notes.txt").write_text("")
    with pytest.raises(FileNotFoundError) as error:
        FolderPairs(folder, "landscape")
    assert str(error.value) == (
        "there is no training pair in data: images/ has 3 subfolders (not searched) and 3 files of other kinds "
        "(.heic); labels/ has 1 file of other kinds (.txt). Put pictures (.png, .jpg, .jpeg, .webp, .bmp, .tif, .tiff) "
        "into images/ and label maps of the same names into labels/"
    )


def test_names_that_fit_nowhere_are_shown(tmp_path):
    folder = folder_of(tmp_path / "data", ["a.png", "b.png"], {"c.png": Image.fromarray(stripes(0, 3))})
    with pytest.raises(FileNotFoundError, match=r"has 2 pictures; labels/ has 1 picture\..*unlike images/a\.png and"):
        FolderPairs(folder, "landscape")


def test_many_files_without_a_partner_are_counted(tmp_path):
    said = []
    images = [f"{index:03d}.png" for index in range(60)]
    folder = folder_of(tmp_path, images, {"000.png": Image.fromarray(stripes(0, 3))})
    FolderPairs(folder, "landscape", said.append)
    assert len(said) == 21 and said[-1] == "39 more files are skipped, as nothing has the same name"


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

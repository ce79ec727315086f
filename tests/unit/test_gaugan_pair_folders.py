import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.labels import encode, palette
from gaugan_toys import everything, training_folder


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

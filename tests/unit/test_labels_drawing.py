"""Drawings: written and read, by index where they are ours and by colour where they are not."""

import io

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image, ImageFilter

from gan_models import labels


@pytest.fixture
def write(tmp_path):
    """``write(data)``: the path of a PNG, from bytes or from a Pillow image."""

    def save(data):
        path = tmp_path / "drawing.png"
        path.write_bytes(data) if isinstance(data, bytes) else data.save(path)
        return path

    return save


def read_drawing(path, target):
    """Ids and lost classes of a file."""
    reading = labels.read(labels.LabelPicture.open(path), target)
    return reading.ids, reading.lost


def every_class(name):
    """A map of stripes, 4 pixels wide, one for each class of the taxonomy: ``[8, 4 * classes]``."""
    return torch.arange(len(labels.taxonomy(name)), dtype=torch.uint8).repeat_interleave(4).expand(8, -1)


@pytest.mark.parametrize("name", labels.TAXONOMIES)
def test_own_drawings_keep_every_id(write, name):
    ids = every_class(name)
    read, lost = read_drawing(write(labels.to_png(ids, name)), labels.taxonomy(name))
    assert read.dtype == torch.uint8 and torch.equal(read[0], ids)
    assert lost == []


def test_own_drawings_are_small_and_show_their_colours(write):
    ids = every_class("landscape")
    data = labels.to_png(ids, "landscape")
    assert len(data) < 1000
    with Image.open(write(data)) as image:
        assert image.mode == "P"
        shown = torch.from_numpy(np.array(image.convert("RGB")))
    assert torch.equal(shown, labels.encode(ids[None], labels.palette("landscape"))[0])


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_another_programs_picture_is_read_by_its_colours(write, mode):
    ids = every_class("landscape")
    colors = labels.encode(ids[None], labels.palette("landscape"))[0]
    read, _ = read_drawing(
        write(Image.fromarray(colors.numpy()).convert(mode)), labels.taxonomy("landscape")
    )
    assert torch.equal(read[0], ids)


def test_a_reordered_palette_is_not_trusted(write):
    ids = every_class("landscape")
    with Image.open(write(labels.to_png(ids, "landscape"))) as image:
        order = list(range(18, -1, -1))
        reordered = image.remap_palette(order)
        reordered.info["Taxonomy"] = image.info["Taxonomy"]
        assert not np.array_equal(np.array(reordered), np.array(image))
        path = write(reordered)
    read, _ = read_drawing(path, labels.taxonomy("landscape"))
    assert torch.equal(read[0], ids)


def test_another_taxonomys_drawing_is_translated(write):
    ids = torch.full((8, 8), labels.taxonomy("landscape").find("sea").id, dtype=torch.uint8)
    ids[4:] = labels.taxonomy("landscape").find("fog").id
    read, lost = read_drawing(write(labels.to_png(ids, "landscape")), labels.taxonomy("cityscapes"))
    wanted, expected = labels.remap(ids[None], labels.taxonomy("landscape"), labels.taxonomy("cityscapes"))
    assert torch.equal(read, wanted) and lost == expected


def test_photographs_and_other_files_are_refused(write, tmp_path):
    photo = Image.effect_noise((64, 64), 90).convert("RGB").filter(ImageFilter.GaussianBlur(1))
    with pytest.raises(ValueError, match="is this a photo"):
        read_drawing(write(photo), labels.taxonomy("landscape"))
    with pytest.raises(ValueError, match=r"drawing\.png is not a picture"):
        read_drawing(write(b"no picture"), labels.taxonomy("landscape"))
    with pytest.raises(FileNotFoundError):
        read_drawing(tmp_path / "gone.png", labels.taxonomy("landscape"))


def test_resize_takes_the_pixel_under_the_centre():
    ids = torch.arange(6, dtype=torch.uint8).reshape(1, 2, 3)
    assert labels.resize(ids, 4, 6).tolist() == [[[0, 0, 1, 1, 2, 2]] * 2 + [[3, 3, 4, 4, 5, 5]] * 2]
    assert torch.equal(labels.resize(labels.resize(ids, 4, 6), 2, 3), ids)
    assert labels.resize(ids, 1, 2).tolist() == [[[3, 5]]]


def test_tables_say_what_the_taxonomies_say():
    tables = labels.tables()
    assert list(tables) == labels.taxonomies()
    for name, table in tables.items():
        classes = labels.taxonomy(name)
        assert table["names"] == classes.names
        assert [tuple(bytes.fromhex(color[1:])) for color in table["colors"]] == [c.color for c in classes.classes]
        assert classes.names[table["base"]] == labels.base_class(name)
        ids = torch.arange(len(classes), dtype=torch.uint8)[None, None]
        for other, there in table["to"].items():
            assert there == labels.remap(ids, classes, labels.taxonomy(other))[0][0, 0].tolist()


@pytest.mark.parametrize("path", sorted((ROOT / "web" / "layouts").glob("*.png")), ids=lambda path: path.stem)
def test_layouts_are_small_drawings_of_landscapes(path):
    ids, _ = read_drawing(path, labels.taxonomy("landscape"))
    assert ids.shape == (1, 512, 512)
    assert path.stat().st_size < 6000
    assert len(labels.taxonomy("landscape").present(ids)) >= 7


def test_a_picture_of_another_taxonomy_becomes_a_drawing_in_its_own():
    ids = torch.arange(8).repeat_interleave(8).repeat(32, 1)
    buffer = io.BytesIO()
    Image.fromarray(labels.encode(ids[None], labels.palette("coco_stuff"))[0].numpy()).save(buffer, "PNG")
    content, warning = labels.to_drawing(buffer.getvalue(), labels.taxonomy("landscape"))
    assert warning.startswith("100 % of the pixels are unknown in 'landscape'")
    with Image.open(io.BytesIO(content)) as drawing:
        assert drawing.info["Taxonomy"] == "coco_stuff" and np.array_equal(np.array(drawing), ids.numpy())


def test_what_is_no_label_map_becomes_no_drawing():
    with pytest.raises(ValueError, match="this file is not a picture"):
        labels.to_drawing(b"no picture", labels.taxonomy("landscape"))

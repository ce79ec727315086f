"""Files are opened as a person sees them: turned by their EXIF orientation."""

import numpy as np
import pytest
from conftest import ROOT
from PIL import Image

from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.labels import LabelPicture, palette, read, taxonomy
from gan_models.pictures import NotAPictureError, open_picture

ORIENTATION = 0x0112
TURNS = {
    1: lambda pixels: pixels,
    2: np.fliplr,
    3: lambda pixels: np.rot90(pixels, 2),
    4: np.flipud,
    5: lambda pixels: np.rot90(np.fliplr(pixels)),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(np.fliplr(pixels), -1),
    8: np.rot90,
}
"""What a viewer does to the stored pixels for each value of the EXIF tag."""


def save(path, pixels, orientation, **options):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(pixels).save(path, exif=exif, **options)


@pytest.mark.parametrize("orientation", TURNS)
def test_every_orientation_is_turned_as_viewers_do(tmp_path, orientation):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    save(tmp_path / "a.png", pixels, orientation)
    np.testing.assert_array_equal(np.asarray(open_picture(tmp_path / "a.png")), TURNS[orientation](pixels))


@pytest.mark.parametrize("name, options", [("a.jpg", {"quality": 95}), ("a.webp", {"lossless": True}), ("a.tif", {})])
def test_jpeg_webp_and_tiff_are_turned(tmp_path, name, options):
    pixels = np.zeros((16, 32, 3), np.uint8)
    pixels[:, :16] = 255
    save(tmp_path / name, pixels, 6, **options)
    turned = np.asarray(open_picture(tmp_path / name)).astype(int)
    assert turned.shape == (32, 16, 3)
    assert turned[:15].min() > 200 and turned[17:].max() < 55


def test_sixteen_bits_are_kept(tmp_path):
    pixels = np.array([[0, 1000], [40000, 65535], [5, 6]], np.uint16)
    save(tmp_path / "a.png", pixels, 3)
    np.testing.assert_array_equal(np.asarray(open_picture(tmp_path / "a.png")), pixels[::-1, ::-1])


def test_colour_tables_texts_and_the_format_are_kept(tmp_path):
    picture = Image.fromarray(np.array([[0, 1, 2]], np.uint8))
    picture.putpalette([9, 9, 9, 8, 8, 8, 7, 7, 7])
    picture.info["comment"] = "kept"
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    picture.save(tmp_path / "a.png", exif=exif)
    found = open_picture(tmp_path / "a.png")
    assert (found.mode, found.size, found.format) == ("P", (1, 3), "PNG")
    assert found.getpalette()[:9] == [9, 9, 9, 8, 8, 8, 7, 7, 7]
    np.testing.assert_array_equal(np.asarray(found), [[0], [1], [2]])


def test_the_file_is_closed_and_another_file_is_refused(tmp_path):
    save(tmp_path / "a.png", np.zeros((2, 2), np.uint8), 1)
    assert open_picture(tmp_path / "a.png").copy().size == (2, 2)
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(NotAPictureError, match=r"^b\.png is not a picture"):
        open_picture(tmp_path / "b.png")
    with pytest.raises(FileNotFoundError):
        open_picture(tmp_path / "c.png")


def test_training_pictures_and_their_label_maps_are_turned(tmp_path):
    for part in ("images", "labels"):
        (tmp_path / part).mkdir()
    pixels = np.full((30, 40, 3), 200, np.uint8)
    pixels[:10] = 20
    ids = np.repeat(np.array([0, 3, 12], np.uint8), 10)[:, None].repeat(40, 1)
    save(tmp_path / "images" / "a.jpg", np.rot90(pixels), 6, quality=95)
    save(tmp_path / "labels" / "a.png", ids, 1)
    save(tmp_path / "images" / "b.png", pixels, 1)
    save(tmp_path / "labels" / "b.png", np.rot90(palette("landscape").tensor().numpy()[ids]), 6)
    pairs = FolderPairs(tmp_path, "landscape")
    for index in range(2):
        picture, found = pairs.load(index)
        np.testing.assert_allclose(np.asarray(picture).astype(int), pixels, atol=8)
        np.testing.assert_array_equal(np.asarray(found), ids)


def test_drawings_are_turned(tmp_path):
    ids = np.repeat(np.array([0, 3, 12, 16], np.uint8), 12)[:, None].repeat(64, 1)
    save(tmp_path / "a.jpg", np.rot90(palette("landscape").tensor().numpy()[ids]), 6, quality=95)
    found = read(LabelPicture.open(tmp_path / "a.jpg"), taxonomy("landscape"))
    np.testing.assert_array_equal(found.ids[0].numpy(), ids)
    assert not found.lost


def test_no_module_that_ships_opens_pictures_in_another_way():
    opening = {
        path.relative_to(ROOT).as_posix()
        for folder in ("nodes", "gan_models")
        for path in (ROOT / folder).rglob("*.py")
        if "Image.open(" in path.read_text(encoding="utf-8")
    }
    assert opening == {"gan_models/pictures.py"}

"""What a picture is: ids, ids behind a palette, colours of a taxonomy, or a photograph."""

import struct
import sys
import zlib

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image, ImageFilter

from gan_models.labels import PALETTES, TAXONOMIES, LabelPicture, encode, palette, read, taxonomy, to_png

LANDSCAPE = taxonomy("landscape")
BANDS = np.repeat(np.array([0, 3, 12, 16], np.uint8), 12)[:, None].repeat(64, 1)


@pytest.fixture
def opened(tmp_path):
    """``opened(image, "name.png", **options)``: the picture, after Pillow has written and the reader opened it."""

    def save(image, name="map.png", **options):
        path = tmp_path / name
        path.write_bytes(image) if isinstance(image, bytes) else image.save(path, **options)
        return LabelPicture.open(path)

    return save


def blobs(name, seed=0, side=64, few=8):
    """A map ``[side, side]`` of rectangles in ``few`` classes of a taxonomy."""
    drawn = np.random.default_rng(seed)
    classes = drawn.choice(len(taxonomy(name)), min(few, len(taxonomy(name))), replace=False)
    ids = np.full((side, side), classes[0], np.uint8)
    for _ in range(12):
        top, left = drawn.integers(0, side - 8, 2)
        height, width = drawn.integers(8, side // 2, 2)
        ids[top : top + height, left : left + width] = drawn.choice(classes)
    return ids


def painted(ids, name):
    return encode(torch.from_numpy(ids)[None], palette(name))[0].numpy()


def distinct(name):
    """The classes of a palette whose colour stands for no other class."""
    colors = palette(name).colors
    return [i for i, color in enumerate(colors) if colors.count(color) == 1]


def random_palette(seed=0):
    return np.random.default_rng(seed).integers(0, 256, 768).tolist()


def behind_a_palette(ids):
    image = Image.fromarray(ids).convert("P")
    image.putdata(ids.flatten().tolist())
    image.putpalette(random_palette())
    return image


def with_alpha(ids):
    return Image.fromarray(np.dstack([ids, np.full_like(ids, 255)]), "LA")


def rgba(ids):
    return Image.fromarray(np.dstack([ids, ids, ids, np.full_like(ids, 255)]), "RGBA")


def float32(ids):
    return Image.fromarray(ids.astype(np.float32))


STORED = {
    "grey": (Image.fromarray, "map.png"),
    "grey BMP": (Image.fromarray, "map.bmp"),
    "grey TIFF": (Image.fromarray, "map.tif"),
    "floats": (float32, "map.tif"),
    "32 bit": (lambda ids: Image.fromarray(ids.astype(np.int32)), "map.tif"),
    "16 bit": (lambda ids: Image.fromarray(ids.astype(np.uint16)), "map.png"),
    "8 bit scaled to 16": (lambda ids: Image.fromarray(ids.astype(np.uint16) * 257), "map.png"),
    "alpha": (with_alpha, "map.png"),
    "RGB": (lambda ids: Image.fromarray(np.dstack([ids] * 3)), "map.png"),
    "RGBA": (rgba, "map.png"),
    "grey palette": (lambda ids: Image.fromarray(ids).convert("P"), "map.png"),
    "quantized greys": (lambda ids: Image.fromarray(ids).convert("RGB").quantize(64), "map.png"),
    "palette of its own": (behind_a_palette, "map.png"),
    "lossless WebP": (lambda ids: Image.fromarray(ids).convert("RGB"), "map.webp"),
}


@pytest.mark.parametrize("stored", STORED)
@pytest.mark.parametrize("name", TAXONOMIES)
@pytest.mark.parametrize("choice", ["auto", "ids"])
def test_ids_are_read_however_they_are_stored(opened, name, stored, choice):
    make, file = STORED[stored]
    for seed in range(4):
        ids = blobs(name, seed)
        options = {"lossless": True} if "WebP" in stored else {}
        reading = read(opened(make(ids), file, **options), taxonomy(name), choice)
        assert reading.ids.dtype == torch.uint8 and np.array_equal(reading.ids[0].numpy(), ids)
        assert reading.found.startswith(f"ids of '{name}'") and not reading.off_palette.any() and not reading.lost


@pytest.mark.parametrize("name", TAXONOMIES)
def test_maps_of_noise_and_of_stripes_are_ids_too(opened, name):
    classes = len(taxonomy(name))
    stripes = np.arange(classes, dtype=np.uint8)[None].repeat(8, 0)
    for ids in (np.random.default_rng(0).integers(0, classes, (40, 40), np.uint8), stripes, stripes.T.copy()):
        assert np.array_equal(read(opened(Image.fromarray(ids)), taxonomy(name)).ids[0].numpy(), ids)


@pytest.mark.parametrize("mode", ["L", "P"])
@pytest.mark.parametrize("name", TAXONOMIES)
def test_a_single_id_in_one_channel_is_that_id(opened, name, mode):
    for value in {*range(0, len(taxonomy(name)), 9), len(taxonomy(name)) - 1}:
        image = Image.new("L", (16, 16), value)
        picture = opened(behind_a_palette(np.array(image)) if mode == "P" else image)
        for choice in ("auto", "ids"):
            assert read(picture, taxonomy(name), choice).ids.unique().tolist() == [value]


@pytest.mark.parametrize("name", PALETTES)
def test_colours_are_read_however_they_are_stored(opened, name):
    target = taxonomy(palette(name).taxonomy)
    for seed in range(4):
        drawn = np.random.default_rng(seed)
        ids = np.array(drawn.choice(distinct(name), 8, replace=False), np.uint8)[blobs("landscape", seed) % 8]
        colors = Image.fromarray(painted(ids, name))
        for image in (
            colors,
            colors.convert("RGBA"),
            colors.quantize(256),
            colors.quantize(256, Image.Quantize.FASTOCTREE),
            colors.quantize(16, Image.Quantize.MAXCOVERAGE),
            colors.convert("P", palette=Image.Palette.ADAPTIVE),
        ):
            assert np.array_equal(read(opened(image), target).ids[0].numpy(), ids)
        assert (read(opened(colors, "map.jpg", quality=90), target).ids[0].numpy() == ids).mean() > 0.93
        assert (read(opened(colors, "map.webp", quality=90), target).ids[0].numpy() == ids).mean() > 0.93


def test_another_taxonomys_indexed_map_is_read_by_its_colours(opened):
    """As segmentation tools write ADE20K: indices from 0, in the palette of the classes from 1."""
    ids = blobs("ade20k", 1) % 40 + 1
    image = Image.fromarray(ids - 1)
    image.putpalette([channel for color in palette("ade20k").colors[1:] for channel in color])
    assert np.array_equal(read(opened(image), taxonomy("ade20k")).ids[0].numpy(), ids)


def test_black_is_not_explained_by_greys_that_are_ids(opened):
    ids = np.repeat(np.arange(0, 8, dtype=np.uint8), 6)[:, None].repeat(48, 1)
    for name in TAXONOMIES:
        reading = read(opened(Image.fromarray(np.dstack([ids] * 3))), taxonomy(name))
        assert np.array_equal(reading.ids[0].numpy(), ids)
    with pytest.raises(ValueError, match=r"match no 'cityscapes' colour.*are the grey levels ids\?"):
        read(opened(Image.fromarray(np.dstack([ids] * 3))), taxonomy("cityscapes"), "cityscapes")


def test_black_itself_is_a_colour(opened):
    colors = np.zeros((32, 32, 3), np.uint8)
    colors[16:] = LANDSCAPE.find("clouds").color
    reading = read(opened(Image.fromarray(colors)), LANDSCAPE)
    assert reading.ids.unique().tolist() == [LANDSCAPE.find("clouds").id, LANDSCAPE.unknown_id]
    assert reading.found == "palette 'landscape'"
    compressed = read(opened(Image.fromarray(colors), "map.jpg", quality=80), LANDSCAPE)
    assert (compressed.ids == reading.ids).float().mean() > 0.97


def test_a_result_that_is_mostly_unknown_is_said_aloud(opened):
    black = read(opened(Image.new("RGB", (16, 16))), taxonomy("landscape"))
    assert black.unknown == 1 and "off palette" not in black.summary
    assert "100 % of the pixels are unknown in 'landscape'" in black.summary
    colors = painted(np.full((16, 16), taxonomy("coco_stuff").find("giraffe").id, np.uint8), "coco_stuff")
    lost = read(opened(Image.fromarray(colors)), taxonomy("landscape"))
    assert lost.summary == (
        "palette 'coco_stuff'; 'landscape' has no class for giraffe, now unknown; 100 % of the pixels are unknown in "
        "'landscape'; check that this is the right taxonomy"
    )
    half = np.full((10, 10), 18, np.uint8)
    half[:6] = 2
    assert read(opened(Image.fromarray(half)), LANDSCAPE).warning == ""
    half[:6, 3:] = 255
    assert read(opened(Image.fromarray(half)), LANDSCAPE).warning.startswith("82 % of the pixels are unknown")


@pytest.mark.parametrize("choice", ["auto", "ids"])
@pytest.mark.parametrize("name", TAXONOMIES)
def test_lossy_ids_are_refused_with_the_reason(opened, name, choice):
    for seed in range(4):
        image = Image.fromarray(blobs(name, seed))
        for quality in (30, 60, 90, 100):
            for mode in ("L", "RGB"):
                with pytest.raises(ValueError, match=r"cannot be ids: JPEG changes them\. Save ids as PNG"):
                    read(opened(image.convert(mode), "map.jpg", quality=quality), taxonomy(name), choice)
            with pytest.raises(ValueError, match=r"cannot be ids: WEBP changes them|has colours, but"):
                read(opened(image.convert("RGB"), "map.webp", quality=quality), taxonomy(name), choice)


@pytest.mark.parametrize("choice", ["auto", "ids"])
def test_ids_that_were_lossy_before_they_became_png_are_refused(opened, choice):
    for path in sorted((ROOT / "web" / "layouts").glob("*.png")):
        with Image.open(path) as image:
            ids = Image.fromarray(np.array(image)[::2, ::2])
        assert np.array_equal(read(opened(ids), LANDSCAPE, choice).ids[0].numpy(), np.array(ids))
        levels = opened(ids, "lossy.jpg", quality=90).values[0].numpy().astype(np.uint8)
        smooth = ids.resize((102, 102), Image.Resampling.BICUBIC)
        for mixed in (Image.fromarray(levels), smooth):
            with pytest.raises(ValueError, match="mixtures of several ids"):
                read(opened(mixed), LANDSCAPE, choice)


def png_of_16_bits(pixels):
    """A PNG file with several channels of 16 bits, of ``[H, W, 3 or 4]``."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 16, {3: 2, 4: 6}[channels], 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("choice", ["auto", "ids"])
@pytest.mark.parametrize("channels", [3, 4])
def test_truncated_ids_are_refused(opened, channels, choice):
    """Pillow reads only the upper half of a PNG with 16 bits and several channels, where all ids are 0."""
    pixels = BANDS[..., None].repeat(channels, 2).astype(np.uint16)
    pixels[..., 3:] = 65535
    reason = "only the upper 8 of the 16 bits .* save it with 8 bits, or as grey with 16 bits"
    with pytest.raises(ValueError, match=reason):
        read(opened(png_of_16_bits(pixels)), LANDSCAPE, choice)


@pytest.mark.parametrize("name", TAXONOMIES)
def test_colours_of_16_bits_are_read(opened, name):
    ids = distinct(name)[1:9]
    ids = np.array(ids, np.uint8)[np.arange(64) // 8][None].repeat(48, 0)
    for scale in (257, 256):
        reading = read(opened(png_of_16_bits(painted(ids, name).astype(np.uint16) * scale)), taxonomy(name))
        assert reading.found == f"palette '{name}'" and np.array_equal(reading.ids[0].numpy(), ids)


@pytest.mark.parametrize("name", TAXONOMIES)
def test_transparent_pixels_are_unknown(opened, name):
    target = taxonomy(name)
    ids = np.array(distinct(name), np.uint8)[blobs("landscape") % 8]
    hole = np.zeros((64, 64), bool)
    hole[20:40, 10:50] = True
    expected = np.where(hole, target.unknown_id, ids)
    alpha = np.where(hole, 0, 255).astype(np.uint8)
    for below in (0, 255):
        colors = np.where(hole[..., None], below, painted(ids, name)).astype(np.uint8)
        erased = Image.fromarray(np.dstack([colors, alpha]), "RGBA")
        levels = np.where(hole, below, ids).astype(np.uint8)
        grey = Image.fromarray(np.dstack([levels, alpha]), "LA")
        quantized = erased.quantize(32, Image.Quantize.FASTOCTREE)
        for picture in (erased, grey, grey.convert("RGBA"), quantized):
            reading = read(opened(picture), target)
            assert np.array_equal(reading.ids[0].numpy(), expected) and not reading.off_palette.any()


def test_a_transparent_index_is_unknown(opened, tmp_path):
    ids = blobs("landscape") % 8
    image = Image.fromarray(ids).convert("P")
    image.putpalette(random_palette())
    picture = opened(image, transparency=5)
    expected = np.where(ids == 5, LANDSCAPE.unknown_id, ids)
    assert np.array_equal(read(picture, LANDSCAPE).ids[0].numpy(), expected)


def test_an_empty_layer_is_unknown(opened):
    reading = read(opened(Image.new("RGBA", (16, 16), (255, 255, 255, 0))), LANDSCAPE)
    assert reading.unknown == 1 and "100 % of the pixels are unknown" in reading.summary


def test_offsets(opened):
    ade = taxonomy("ade20k")
    from_zero = opened(Image.fromarray(np.array([[0, 149, 255]], np.uint8)))
    assert read(from_zero, ade, "ids", offset=1).ids.tolist() == [[[1, 150, 0]]]
    assert read(from_zero, ade, "ade20k_ids_from_0").ids.tolist() == [[[1, 150, 0]]]
    coco = taxonomy("coco_stuff")
    from_one = opened(Image.fromarray(np.array([[0, 1, 182, 255]], np.uint8)))
    assert read(from_one, coco, "ids", offset=-1).ids.tolist() == [[[182, 0, 181, 182]]]
    with pytest.raises(ValueError, match="has the id 149, which the offset makes 159, but"):
        read(from_zero, ade, "ids", offset=10)


def test_an_offset_counts_where_ids_are_recognised(opened):
    ids = blobs("ade20k", 3)
    ids = np.clip(ids, 1, 150)
    picture = opened(Image.fromarray(ids - 1))
    assert np.array_equal(read(picture, taxonomy("ade20k"), offset=1).ids[0].numpy(), ids)
    colors = Image.fromarray(painted(ids % 100, "ade20k"))
    shifted, plain = (read(opened(colors), taxonomy("ade20k"), offset=offset) for offset in (1, 0))
    assert torch.equal(shifted.ids, plain.ids)


def test_train_ids_of_cityscapes(opened):
    names = ["road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
             "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"]  # fmt: skip
    levels = np.array([[*range(19), 255]], np.uint8)
    reading = read(opened(Image.fromarray(levels)), taxonomy("cityscapes"), "cityscapes_train_ids")
    assert [taxonomy("cityscapes").names[i] for i in reading.ids[0, 0]] == [*names, "unlabeled"]
    translated = read(opened(Image.fromarray(levels)), LANDSCAPE, "cityscapes_train_ids")
    assert translated.ids[0, 0, 10] == LANDSCAPE.find("sky").id
    with pytest.raises(ValueError, match="has the id 19, but 'cityscapes_train_ids' has numbers from 0 to 18"):
        read(opened(Image.fromarray(levels[:, :1] + 19)), taxonomy("cityscapes"), "cityscapes_train_ids")


def test_numbers_that_are_no_ids_are_named(opened):
    levels = BANDS.copy()
    levels[:30] = 77
    for choice in ("auto", "ids"):
        with pytest.raises(ValueError, match="has the id 77, but 'landscape' has ids from 0 to 18; choose"):
            read(opened(Image.fromarray(levels)), LANDSCAPE, choice)
    instances = Image.fromarray(np.full((16, 16), 26003, np.uint16))
    with pytest.raises(ValueError, match=r"has the id 26003.* are usually instances"):
        read(opened(instances), taxonomy("cityscapes"))


def test_colours_are_no_ids(opened):
    colors = Image.fromarray(painted(BANDS, "landscape"))
    with pytest.raises(ValueError, match="the picture has colours, but 'ids' are the levels of a grey picture"):
        read(opened(colors), LANDSCAPE, "ids")


@pytest.mark.parametrize("name", TAXONOMIES)
@pytest.mark.parametrize("mode", ["RGB", "L"])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_photographs_are_refused(opened, name, mode, suffix):
    noise = Image.effect_noise((64, 64), 90).convert("RGB").filter(ImageFilter.GaussianBlur(1))
    for path in (ROOT / "pictures" / "mountains.jpg", ROOT / "pictures" / "balloons_pasted.png"):
        with Image.open(path) as photo:
            photo = photo.convert("RGB").resize((128, 96))
        for image in (noise, photo):
            with pytest.raises(ValueError, match="is this a photo"):
                read(opened(image.convert(mode), f"photo.{suffix}"), taxonomy(name))


@pytest.mark.parametrize("name", PALETTES)
def test_the_chosen_taxonomys_palette_is_preferred_in_jpegs_of_low_quality(opened, name):
    target = taxonomy(palette(name).taxonomy)
    for seed in range(8):
        ids = np.array(distinct(name), np.uint8)[blobs("landscape", seed, 128) % len(distinct(name))]
        for quality in (10, 20, 35):
            try:
                reading = read(opened(Image.fromarray(painted(ids, name)), "map.jpg", quality=quality), target)
            except ValueError as error:
                assert f"match no '{target.name}' colour" in str(error)
                continue
            assert reading.found == f"palette '{name}'"


def test_a_clean_map_of_another_palette_is_not_taken_for_the_chosen_one(opened):
    """Nearly all of it in colours that 'landscape' shares with 'coco_stuff'."""
    ids = np.full((40, 40), taxonomy("coco_stuff").find("sea").id, np.uint8)
    ids[:4, :4] = taxonomy("coco_stuff").find("giraffe").id
    reading = read(opened(Image.fromarray(painted(ids, "coco_stuff"))), LANDSCAPE)
    assert reading.found == "palette 'coco_stuff'" and [entry.name for entry in reading.lost] == ["giraffe"]


def test_drawings_keep_classes_that_share_a_colour(opened):
    ids = torch.arange(35, dtype=torch.uint8).repeat(4, 1)
    assert torch.equal(read(opened(to_png(ids, "cityscapes")), taxonomy("cityscapes")).ids[0], ids)
    unnamed = Image.fromarray(ids.numpy())
    unnamed.putpalette(palette("cityscapes").tensor().flatten().tolist())
    assert torch.equal(read(opened(unnamed), taxonomy("cityscapes")).ids[0], ids)


@pytest.mark.parametrize("unit", [1 / 255, 256 / 65535, 1 / 65535], ids=["8 bit", "8 bit of FFmpeg", "16 bit"])
@pytest.mark.parametrize("name", TAXONOMIES)
def test_pixels_of_other_nodes(name, unit):
    """As Load Image gives grey pictures of 8 and of 16 bits, decoded by Pillow or by FFmpeg."""
    classes = len(taxonomy(name))
    stripes = np.arange(classes, dtype=np.uint8)[None].repeat(8, 0)
    for ids in (blobs(name, 2), stripes, stripes % 2, stripes[:, -1:], stripes * 0):
        image = torch.from_numpy(ids * unit).float().expand(2, 3, -1, -1) * 2 - 1
        reading = read(LabelPicture.from_images(image), taxonomy(name), "ids")
        assert reading.ids.shape == (2, *ids.shape) and np.array_equal(reading.ids[1].numpy(), ids)
    image = torch.from_numpy(blobs(name, 2) * unit).float().expand(1, 3, -1, -1) * 2 - 1
    assert np.array_equal(read(LabelPicture.from_images(image), taxonomy(name)).ids[0].numpy(), blobs(name, 2))


def test_transparent_pixels_of_other_nodes_may_have_any_colour():
    ids = torch.from_numpy(BANDS)
    image = (ids / 255).expand(1, 3, -1, -1).clone() * 2 - 1
    image[:, 0, :6] = 1
    alpha = torch.ones(1, 48, 64)
    alpha[:, :6] = 0.2
    read_ids = read(LabelPicture.from_images(image, alpha), LANDSCAPE).ids[0]
    assert (read_ids[:6] == LANDSCAPE.unknown_id).all() and torch.equal(read_ids[6:], ids[6:])


def test_colours_are_counted_once(opened, monkeypatch):
    module, counted = sys.modules[LabelPicture.__module__], []
    count = module.distinct_colors
    monkeypatch.setattr(module, "distinct_colors", lambda colors: counted.append(len(colors)) or count(colors))
    picture = opened(behind_a_palette(blobs("landscape")))
    assert read(picture, LANDSCAPE).found == read(picture, LANDSCAPE).found and counted == [1]

import io
import time

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.labels import PALETTES, decode, draw_legend, encode, palette, taxonomy, with_legend
from gan_models.labels.palette import golden_angle_color

ALL = [palette(name) for name in PALETTES]


def blobs(name, cells=8, cell=32, seed=0):
    """Ids ``[1, H, W]`` in squares, with no class whose colour stands for another one."""
    colors = palette(name).colors
    usable = torch.tensor([i for i, color in enumerate(colors) if colors.index(color) == i], dtype=torch.uint8)
    few = usable[torch.randperm(len(usable), generator=torch.Generator().manual_seed(seed))[:12]]
    chosen = few[torch.randint(len(few), (1, cells, cells), generator=torch.Generator().manual_seed(seed))]
    return chosen.repeat_interleave(cell, 1).repeat_interleave(cell, 2)


def as_jpeg(image, quality):
    file = io.BytesIO()
    Image.fromarray(image[0].numpy()).save(file, "JPEG", quality=quality)
    return torch.from_numpy(np.array(Image.open(file)))[None]


@pytest.mark.parametrize("name", PALETTES)
def test_all_classes_there_and_back(name):
    colors = palette(name).colors
    ids = torch.arange(len(colors), dtype=torch.uint8).view(1, 1, -1)
    decoded = decode(encode(ids, palette(name)), [palette(name)])
    assert decoded.ids.flatten().tolist() == [colors.index(color) for color in colors]
    assert decoded.ids.dtype == torch.uint8 and not decoded.off_palette.any()


@pytest.mark.parametrize("name, shared", [
    ("landscape", {}),
    ("coco_stuff", {}),
    ("ade20k", {"skyscraper": "road"}),
    ("ade20k_oneformer", {"glass": "floor", "clock": "tree"}),
    ("cityscapes", {
        "ego vehicle": "unlabeled", "rectification border": "unlabeled", "out of roi": "unlabeled",
        "static": "unlabeled", "polegroup": "pole", "license plate": "car",
    }),
])  # fmt: skip
def test_shared_colours_mean_the_lowest_id(name, shared):
    names, colors = taxonomy(palette(name).taxonomy).names, palette(name).colors
    first = [colors.index(color) for color in colors]
    assert {names[i]: names[j] for i, j in enumerate(first) if i != j} == shared


@pytest.mark.parametrize("name", PALETTES)
def test_auto_finds_the_palette(name):
    ids = blobs(name)
    decoded = decode(encode(ids, palette(name)), ALL)
    assert decoded.palette.name == name and torch.equal(decoded.ids, ids)


def test_of_equally_good_palettes_the_first_is_taken():
    sky = torch.tensor(taxonomy("landscape").find("sky").color, dtype=torch.uint8).expand(1, 4, 4, 3)
    assert decode(sky, [palette("coco_stuff"), palette("landscape")]).palette.name == "coco_stuff"
    assert decode(sky, [palette("landscape"), palette("coco_stuff")]).palette.name == "landscape"


@pytest.mark.parametrize("quality", [60, 90])
@pytest.mark.parametrize("name", PALETTES)
def test_jpeg_maps_snap(name, quality):
    ids = blobs(name)
    decoded = decode(as_jpeg(encode(ids, palette(name)), quality), ALL)
    assert decoded.palette.name == name
    assert (decoded.ids != ids).float().mean() < 0.01
    assert 0 < decoded.off_palette.float().mean() < 0.3
    assert set(decoded.ids.unique().tolist()) <= set(ids.unique().tolist())


def test_pictures_of_a_batch_snap_as_they_do_alone():
    maps = [as_jpeg(encode(blobs("landscape", seed=seed), palette("landscape")), 60) for seed in range(3)]
    transparent = torch.zeros(3, 256, 256, dtype=torch.bool)
    transparent[1, :100] = True
    together = decode(torch.cat(maps), ALL[:1], transparent=transparent)
    for number, image in enumerate(maps):
        alone = decode(image, ALL[:1], transparent=transparent[number : number + 1])
        assert torch.equal(together.ids[number], alone.ids[0])
        assert torch.equal(together.off_palette[number], alone.off_palette[0])


@pytest.mark.parametrize("name", PALETTES)
def test_antialiased_borders_make_no_third_class(name):
    ids = blobs(name, cells=4, cell=64)
    colors = Image.fromarray(encode(ids, palette(name))[0].numpy())
    smooth = torch.from_numpy(np.array(colors.resize((100, 100), Image.Resampling.BILINEAR)))[None]
    decoded = decode(smooth, [palette(name)])
    assert set(decoded.ids.unique().tolist()) == set(ids.unique().tolist())
    assert decoded.off_palette.any()
    sharp = torch.from_numpy(np.array(Image.fromarray(ids[0].numpy()).resize((100, 100), Image.Resampling.NEAREST)))
    assert (decoded.ids[0] != sharp).float().mean() < 0.03


def test_tolerance_is_per_channel():
    red, green, blue = taxonomy("landscape").find("road").color
    near, far = [red + 3, green - 3, blue + 3], [red + 4, green, blue]
    decoded = decode(torch.tensor([[[near, near, far]]], dtype=torch.uint8), [palette("landscape")], tolerance=3)
    assert decoded.ids.unique().tolist() == [taxonomy("landscape").find("road").id]
    assert decoded.off_palette.tolist() == [[[False, False, True]]]


def test_off_palette_pixels_are_reported():
    ids = blobs("ade20k")
    image = encode(ids, palette("ade20k"))
    image[0, 10:20, 10:20] = torch.tensor([90, 90, 200], dtype=torch.uint8)
    decoded = decode(image, [palette("ade20k")])
    assert decoded.off_palette.sum() == 100 and decoded.off_palette[0, 10:20, 10:20].all()
    assert torch.equal(decoded.ids, ids)


def photo(side=96):
    rng = np.random.default_rng(0)
    noise = Image.fromarray(rng.integers(0, 255, (12, 12, 3), dtype=np.uint8)).resize((side, side), Image.BICUBIC)
    return torch.from_numpy(np.array(noise))[None]


def test_a_photo_is_refused():
    with pytest.raises(
        ValueError, match=r"\d+ % of the pixels match no '\w+' colour \(tolerance 8\)\..*is this a photo"
    ):
        decode(photo(), ALL)


def test_another_palette_is_named():
    image = encode(blobs("coco_stuff"), palette("coco_stuff"))
    image[:, :2] = 255
    with pytest.raises(ValueError, match=r"match no 'ade20k' colour.* Closest: 'coco_stuff' \(1 %\)"):
        decode(image, [palette("ade20k")])


def test_everything_passes_with_the_largest_tolerance():
    decoded = decode(photo(), [palette("landscape")], tolerance=255)
    assert not decoded.off_palette.any() and decoded.ids.max() < len(taxonomy("landscape"))


def test_batches_and_single_pixels():
    ids = torch.tensor([5, 100, 182], dtype=torch.uint8).view(3, 1, 1)
    assert torch.equal(decode(encode(ids, palette("coco_stuff")), ALL).ids, ids)


@pytest.mark.parametrize("image", [
    torch.zeros(1, 4, 4, 3),
    torch.zeros(4, 4, 3, dtype=torch.uint8),
    torch.zeros(1, 4, 4, 4, dtype=torch.uint8),
    torch.zeros(0, 4, 4, 3, dtype=torch.uint8),
])  # fmt: skip
def test_what_is_no_picture_is_refused(image):
    with pytest.raises(ValueError, match=r"must be uint8 \[batch, height, width, 3\]"):
        decode(image, ALL)


def test_ids_beyond_the_palette_are_refused():
    with pytest.raises(ValueError, match="'landscape' has colours for ids 0 to 18, not for all of 0 to 19"):
        encode(torch.tensor([[[0, 19]]], dtype=torch.uint8), palette("landscape"))
    with pytest.raises(ValueError, match="not for all of -1 to 0"):
        encode(torch.tensor([[[0, -1]]], dtype=torch.int16), palette("landscape"))
    with pytest.raises(ValueError, match="no palette 'nope'"):
        palette("nope")


def test_oneformer_colours():
    """As OpenCV makes them from the same hue, saturation and value."""
    assert [golden_angle_color(i) for i in range(8)] == [
        (0, 0, 0), (51, 255, 105), (101, 0, 178), (255, 235, 102), (36, 154, 178), (255, 0, 144), (100, 178, 71),
        (58, 51, 255),
    ]  # fmt: skip
    assert palette("ade20k_oneformer").colors[taxonomy("ade20k").find("wall").id] == (0, 0, 0)


def test_speed_of_a_clean_map():
    """Loose enough for a busy machine; in truth it takes a tenth of this."""
    image = encode(blobs("coco_stuff", cells=16, cell=64), palette("coco_stuff"))
    decode(image, [palette("coco_stuff")])
    began = time.process_time()
    decode(image, [palette("coco_stuff")])
    assert time.process_time() - began < 0.3


def test_the_legend_names_what_is_there():
    ids = blobs("landscape")
    plain, legend = encode(ids, palette("landscape")), with_legend(ids, palette("landscape"))
    assert torch.equal(legend[:, :, : ids.shape[2]], plain)
    assert legend.shape[1] == ids.shape[1] and legend.shape[2] > ids.shape[2] + 40
    fields = {tuple(color) for color in legend[0, :, ids.shape[2] :].reshape(-1, 3).tolist()}
    assert {entry.color for entry in taxonomy("landscape").present(ids)} <= fields


def test_a_legend_needs_some_height_and_grows_in_columns():
    ids = torch.arange(150, dtype=torch.uint8).view(1, 1, 150)
    legend = with_legend(ids, palette("ade20k"))
    assert legend.shape[1] > 100 and legend.shape[2] > 1000
    low = draw_legend(list(taxonomy("ade20k").classes), palette("ade20k"), 64)
    high = draw_legend(list(taxonomy("ade20k").classes), palette("ade20k"), 2048)
    assert low.width > high.width and high.height == 2048

"""Ids that were compressed with loss before other nodes give them are recognised, and no clean map is taken for one."""

import io
import time

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

from gan_models.labels.evidence import looks_compressed
from gan_models.labels.jpeg import was_jpeg

LAYOUTS = sorted((ROOT / "web" / "layouts").glob("*.png"))
CLASSES = {"landscape": 19, "ade20k": 151}


@pytest.fixture(params=CLASSES)
def maps(request):
    """Label maps of 256 x 256 pixels, in few or in many ids, uint8."""
    drawn, found = np.random.default_rng(0), []
    for path in LAYOUTS:
        with Image.open(path) as image:
            ids = np.array(image)[::2, ::2]
        found.append(ids if request.param == "landscape" else drawn.permutation(151)[ids].astype(np.uint8))
    return found


def decoded(ids, kind, quality, mode="L"):
    file = io.BytesIO()
    Image.fromarray(ids).convert(mode).save(file, kind, quality=quality)
    with Image.open(file) as image:
        return levels(np.array(image.convert("RGB"))[..., 1])


def levels(ids):
    return torch.from_numpy(np.ascontiguousarray(ids, np.int32))[None]


def moved(ids, reach, drawn):
    """A map whose pixels are taken from places up to ``reach`` pixels away."""
    y, x = np.mgrid[: ids.shape[0], : ids.shape[1]]
    y, x = (np.clip(at + drawn.integers(-reach, reach + 1, ids.shape), 0, 255) for at in (y, x))
    return ids[y, x]


@pytest.mark.parametrize("quality", [30, 60, 75, 85, 90, 95])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_is_recognised(maps, quality, mode):
    assert all(looks_compressed(decoded(ids, "JPEG", quality, mode)) for ids in maps)


@pytest.mark.parametrize("quality", [50, 75, 80, 90])
def test_webp_is_recognised(maps, quality):
    assert all(looks_compressed(decoded(ids, "WEBP", quality, "RGB")) for ids in maps)


def test_jpeg_in_a_moved_grid_is_recognised(maps):
    assert all(looks_compressed(decoded(ids, "JPEG", 80)[:, 3:-2, 5:-4]) for ids in maps)


def test_smooth_resizing_is_recognised(maps):
    for ids in maps:
        for size, filter in ((400, Image.Resampling.BILINEAR), (180, Image.Resampling.BICUBIC)):
            assert looks_compressed(levels(np.array(Image.fromarray(ids).resize((size, size), filter))))


@pytest.mark.parametrize("size", [32, 64, 150, 256, 512])
def test_clean_maps_of_any_size_are_ids(maps, size):
    for ids in maps:
        resized = Image.fromarray(ids).resize((size, size), Image.Resampling.NEAREST)
        assert not looks_compressed(levels(np.array(resized)))


@pytest.mark.parametrize("reach", [1, 3, 8, 16])
def test_maps_with_ragged_borders_are_ids(maps, reach):
    drawn = np.random.default_rng(1)
    assert not any(looks_compressed(levels(moved(ids, reach, drawn))) for ids in maps)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("among", ["those of the map", "all"])
def test_maps_with_noise_are_ids(maps, share, among):
    drawn = np.random.default_rng(2)
    for ids in maps:
        kinds = np.unique(ids) if among == "those of the map" else np.arange(ids.max() + 1)
        noisy = np.where(drawn.random(ids.shape) < share, drawn.choice(kinds, ids.shape), ids)
        assert not looks_compressed(levels(noisy))


def test_one_compressed_picture_in_a_batch_is_found(maps):
    clean = [levels(ids) for ids in maps]
    assert not looks_compressed(torch.cat(clean))
    assert looks_compressed(torch.cat([*clean, decoded(maps[0], "JPEG", 75)]))


@pytest.mark.parametrize("quality", [30, 60, 75, 85, 95])
def test_the_blocks_of_jpeg_tell_it_alone(maps, quality):
    """In textures too, where no area is flat."""
    texture = np.random.default_rng(3).integers(60, 190, (64, 64)).astype(np.uint8)
    assert was_jpeg(decoded(texture, "JPEG", quality)[0]) and not was_jpeg(levels(texture)[0])
    assert not any(was_jpeg(levels(ids)[0]) for ids in maps)


@pytest.mark.parametrize("shape", [(1, 1), (7, 300), (300, 7), (8, 8), (2, 2), (3, 9)])
def test_small_pictures(shape):
    assert not looks_compressed(levels(np.arange(np.prod(shape)).reshape(shape) // 4 % 150))


def test_it_takes_little_time(maps):
    large = levels(maps[0].repeat(2, 0).repeat(2, 1))
    times = []
    for _ in range(3):
        start = time.process_time()
        looks_compressed(large)
        times.append(time.process_time() - start)
    assert min(times) < 0.2

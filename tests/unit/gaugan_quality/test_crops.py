"""Photographs and crops of them."""

import random

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.pixels import to_bytes, to_float
from gaugan_photographs import (
    Photograph,
    crops,
    find,
    random_crop,
    read_photographs,
    squares,
)
from quality_toys import NAMES, SIZE, photograph, write


def test_crops_show_the_photograph_and_its_labels():
    photographs = [photograph("lake", 160, 96), photograph("reef", 96, 140)]
    cut = crops(photographs, SIZE, each=5)
    assert cut.images.shape == (10, 3, SIZE, SIZE)
    assert cut.sources.tolist() == [0] * 5 + [1] * 5
    again = crops(photographs[1:], SIZE, each=5)
    assert torch.equal(again.images, cut.images[5:]) and torch.equal(again.labels, cut.labels[5:])
    for index, (image, labels) in enumerate(zip(cut.images, cut.labels, strict=True)):
        colored = np.asarray(photographs[index // 5].image).astype(float)
        ids = np.asarray(photographs[index // 5].labels)
        for id in labels.unique().tolist():
            seen = image[:, labels == id].double().mean(1)
            assert seen.tolist() == pytest.approx(colored[ids == id].mean(0).tolist(), abs=12), (index, id)
    assert len({labels.numpy().tobytes() for labels in cut.labels}) > 5


def test_crops_are_whole_or_large():
    one = photograph("wide", 300, 100)
    stripes = np.arange(100, dtype=np.uint8)[:, None].repeat(300, 1)
    one = Photograph("wide", Image.fromarray(stripes).convert("RGB"), Image.fromarray(stripes))
    whole = random_crop(one, 50, random.Random(0), whole=True)[1]
    assert (whole.min(), whole.max()) == (1, 99)
    draw = random.Random(0)
    heights = [int(ids.max()) - int(ids.min()) for _, ids in (random_crop(one, 50, draw) for _ in range(60))]
    assert 56 <= min(heights) < 66 and 92 < max(heights) <= 99
    heights = [int(ids.max()) - int(ids.min()) for _, ids in (random_crop(one, 80, draw) for _ in range(60))]
    assert 78 <= min(heights) < 84


def test_squares_lie_at_the_ends_and_in_the_middle():
    columns = np.arange(90, dtype=np.uint8)[None].repeat(30, 0)
    one = Photograph("x", Image.fromarray(columns).convert("RGB"), Image.fromarray(columns))
    for place, first in ((0, 0), (0.5, 30), (1, 60)):
        assert squares([one], 30, place).labels[0, 0].tolist() == list(range(first, first + 30))
    turned = Photograph("x", one.image.transpose(Image.Transpose.ROTATE_270), Image.fromarray(columns.T.copy()))
    assert squares([turned], 30, 1).labels[0, :, 0].tolist() == list(range(60, 90))


def test_photographs_are_read_in_pairs(tmp_path):
    write(tmp_path, map(photograph, NAMES))
    (tmp_path / "images" / "lake.jpg").unlink()
    (tmp_path / "labels" / "snow.png").unlink()
    read = read_photographs(tmp_path)
    assert [one.name for one in read] == ["dawn", "noon", "pass", "reef"]
    assert np.array_equal(read[1].labels, photograph("noon").labels)
    assert np.abs(np.asarray(read[1].image).astype(int) - np.asarray(photograph("noon").image)).mean() < 12
    assert [one.name for one in find(read, ["reef", "dawn"])] == ["reef", "dawn"]
    with pytest.raises(ValueError, match="the photographs lack lake, snow; there are dawn, noon, pass, reef"):
        find(read, ["lake", "dawn", "snow"])
    photograph("dawn", 80, 40).labels.save(tmp_path / "labels" / "dawn.png")
    with pytest.raises(ValueError, match="the label map of dawn is 80×40, the photograph 80×48"):
        read_photographs(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"contains no images/\*\.jpg"):
        read_photographs(tmp_path / "labels")


def test_bytes_hold_pictures():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    assert torch.equal(to_bytes(to_float(pixels)), pixels)

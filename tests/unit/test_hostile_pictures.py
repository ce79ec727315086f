"""Damaged and hostile pictures are refused in a sentence, before they are decoded if they are too large."""

import os
import random
import subprocess
import sys
import zlib

import numpy as np
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from properties import few, sentence

import hostile_pictures
import trials
from gan_models.gaugan.training.pairs import FolderPairs
from gan_models.labels import LabelPicture, read, taxonomy
from gan_models.pictures import NotAPictureError, open_picture
from gan_models.user_files import require_file
from gaugan_toys import training_folder
from hostile_pictures import png

KINDS = [hostile_pictures.damaged, hostile_pictures.cut, hostile_pictures.chunks, hostile_pictures.odd]


@few(60)
@given(kind=st.sampled_from(KINDS), draw=st.randoms(use_true_random=False))
@pytest.mark.filterwarnings("ignore::UserWarning:PIL.TiffImagePlugin")
def test_damaged_pictures_are_read_or_refused(tmp_path, kind, draw):
    (tmp_path / "a.png").write_bytes(kind(draw))
    with sentence():
        read(LabelPicture.open(tmp_path / "a.png"), taxonomy("landscape"))


@few(8)
@given(draw=st.randoms(use_true_random=False))
def test_bombs_take_no_memory(tmp_path, draw):
    (tmp_path / "a.png").write_bytes(hostile_pictures.bombs(draw))
    trial = trials.run(lambda: LabelPicture.open(tmp_path / "a.png"))
    assert trial.error and not trial.raw and trial.megabytes < 50


def test_the_limits(tmp_path):
    (tmp_path / "a.png").write_bytes(png(9400, 9400, zlib.compress(bytes(100))))
    with pytest.raises(ValueError, match=r"^a\.png has 9400×9400 pixels; at most 50 million are read"):
        open_picture(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(png(4097, 4096, zlib.compress(bytes(100))))
    with pytest.raises(ValueError, match=r"^b\.png has 4097×4096 pixels; at most 17 million are read"):
        LabelPicture.open(tmp_path / "b.png")


# A new process has Python's own filters; pytest has others.
FILTERS = """
import sys, warnings
from gan_models.pictures import open_picture
from gan_models.user_files import stoppable

before = list(warnings.filters)

def unchanged():
    assert warnings.filters == before

try:
    with stoppable(unchanged):
        open_picture(sys.argv[1])
except ValueError as error:
    print(error)
"""


def test_the_warnings_of_other_threads_are_left_alone(tmp_path):
    (tmp_path / "a.png").write_bytes(png(10_000, 10_000, zlib.compress(bytes(100))))
    command = [sys.executable, "-c", FILTERS, tmp_path / "a.png"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.stdout.startswith("a.png has 10000×10000 pixels; at most 50 million are read")
    assert not done.stderr


def test_formats_that_run_programs_are_not_opened(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "a.eps")
    os.rename(tmp_path / "a.eps", tmp_path / "a.png")
    with pytest.raises(NotAPictureError, match=r"^a\.png is not a picture of a known format"):
        open_picture(tmp_path / "a.png")


def test_only_ordinary_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "folder.png").mkdir()
    for name, what in (("pipe.png", "it is a pipe or a device"), ("folder.png", "it is a folder"),
                       ("a" * 300, "File name too long"), ("a\0b", r"a\\x00b"), ("\ud800", r"\\ud800")):  # fmt: skip
        with pytest.raises(FileNotFoundError, match=what) as caught:
            require_file(tmp_path / name)
        assert str(caught.value).isprintable() and tmp_path.name in str(caught.value)


def test_a_bad_file_in_a_training_folder_is_left_out_by_name(tmp_path):
    folder = training_folder(tmp_path / "data", count=8)
    draw = random.Random(0)
    (folder / "images" / "0.png").write_bytes(hostile_pictures.cut(draw))
    (folder / "images" / "1.png").write_bytes(png(9400, 9400, zlib.compress(bytes(100))))
    (folder / "labels" / "2.png").write_bytes(png(65_000, 65_000, zlib.compress(bytes(100))))
    (folder / "labels" / "3.png").write_bytes(b"")
    (folder / "styles").mkdir()
    os.mkfifo(folder / "styles" / "4.txt")
    (folder / "styles" / "5.txt").write_bytes(b"\xff\xfe")
    warnings = []
    pairs = FolderPairs(folder, "landscape", warnings.append)
    for index in range(len(pairs)):
        image, labels = pairs.load(index)
        assert image.size == labels.size == (40, 40)
    said = "\n".join(warnings)
    assert all(f"the pair {n}.png and {n}.png is skipped" in said for n in range(4))
    assert "styles/4.txt is skipped: there is no file" in said and "styles/5.txt is skipped: it is not a UTF-8" in said
    assert all(warning.isprintable() for warning in warnings)

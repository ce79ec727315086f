"""Reading large files of users from a slow disk answers a stop, and the readers do not take it for damage."""

import threading
import time

import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import save_file

from gan_models import files, user_files
from gan_models.files import digest_of, read_safetensors
from gan_models.filling import fill
from gan_models.labels import LabelPicture, encode, palette, read, taxonomy
from gan_models.pictures import open_picture
from gan_models.state_dict import read_state_dict
from gan_models.user_files import open_file, stoppable

MEGABYTES = 24
SLOWNESS = 0.05
"""Seconds for a block on the pretended disk."""


class Stopped(Exception):
    pass


class StopButton:
    """A check that raises once the button was pressed."""

    def __init__(self):
        self.pressed_at = None
        self.checks = 0

    def press(self):
        self.pressed_at = time.monotonic()

    def __call__(self):
        self.checks += 1
        if self.pressed_at is not None:
            raise Stopped


@pytest.fixture
def slow_disk(monkeypatch):
    """Reading takes ``SLOWNESS`` seconds for every block, however small."""

    class Slow(user_files._StoppableFile):
        def readinto(self, buffer, /):
            time.sleep(SLOWNESS)
            return super().readinto(buffer)

        def read(self, size=-1, /):
            time.sleep(SLOWNESS)
            return super().read(size)

    monkeypatch.setattr(user_files, "_StoppableFile", Slow)


@pytest.mark.parametrize("smooth", [False, True], ids=["grey levels", "colours of no class"])
def test_label_pictures_ask_before_every_picture_of_a_batch(smooth):
    ids = torch.randint(19, (4, 12, 12), generator=torch.Generator().manual_seed(0)).repeat_interleave(8, 1)
    images = ids[:, None].repeat_interleave(8, 3).expand(-1, 3, -1, -1) / 127.5 - 1
    if smooth:
        colors = encode(ids.repeat_interleave(8, 2), palette("landscape")).movedim(3, 1).float()
        images = F.avg_pool2d(colors, 3, 1, 1, count_include_pad=False) / 127.5 - 1
    counted = []
    for count in (1, 4):
        button = StopButton()
        with stoppable(button):
            read(LabelPicture.from_images(images[:count]), taxonomy("landscape"))
        counted.append(button.checks)
    assert counted[1] - counted[0] == 3
    button.press()
    with pytest.raises(Stopped), stoppable(button):
        read(LabelPicture.from_images(images), taxonomy("landscape"))


def some_bytes(path):
    path.write_bytes(bytes(MEGABYTES << 20))


def new_format(path):
    torch.save({"w": torch.zeros(MEGABYTES << 18)}, path)


def old_format(path):
    torch.save({"w": torch.zeros(MEGABYTES << 18)}, path, _use_new_zipfile_serialization=False)


def picture(path):
    Image.new("RGB", (4096, 4096)).save(path, "BMP")


def whole(path):
    with open_file(path) as file:
        return file.read()


READERS = [(some_bytes, digest_of), (some_bytes, whole), (new_format, read_state_dict), (old_format, read_state_dict),
           (picture, open_picture)]  # fmt: skip


@pytest.mark.parametrize(("write", "read"), READERS)
def test_a_large_file_on_a_slow_disk_answers_a_stop_within_a_second(tmp_path, slow_disk, write, read):
    path = tmp_path / "large.pth"
    write(path)
    button = StopButton()
    timer = threading.Timer(0.3, button.press)
    timer.start()
    with pytest.raises(Stopped), stoppable(button):
        read(path)
    assert time.monotonic() - button.pressed_at < 1
    assert 1 < button.checks < MEGABYTES


@pytest.mark.parametrize(("write", "read"), READERS)
def test_a_check_that_does_not_raise_changes_nothing(tmp_path, write, read):
    path = tmp_path / "large.pth"
    write(path)
    without, button = read(path), StopButton()
    with stoppable(button):
        found = read(path)
    assert button.checks >= MEGABYTES / 2
    if isinstance(found, tuple):
        assert torch.equal(found[0]["w"], without[0]["w"])
    else:
        assert found == without


def test_the_tensors_of_a_safetensors_file_are_read_one_by_one(tmp_path):
    save_file({str(number): torch.ones(4) for number in range(9)}, tmp_path / "m.safetensors")
    button = StopButton()
    with stoppable(button):
        tensors, _ = read_safetensors(tmp_path / "m.safetensors")
        assert button.checks >= 9
    button.press()
    with pytest.raises(Stopped), stoppable(button):
        read_safetensors(tmp_path / "m.safetensors")
    with torch.device("meta"):
        network = torch.nn.Linear(2, 2)
    tensors, before = {"weight": torch.ones(2, 2), "bias": torch.ones(2)}, button.checks
    with pytest.raises(Stopped), stoppable(button):
        fill(network, tensors, "a line")
    assert button.checks == before + 1


def test_a_stop_belongs_to_its_block_and_to_its_thread(tmp_path):
    some_bytes(tmp_path / "file")
    button = StopButton()
    button.press()
    found = []
    with stoppable(button):
        with stoppable(lambda: None):
            found.append(digest_of(tmp_path / "file"))
        other = threading.Thread(target=lambda: found.append(digest_of(tmp_path / "file")))
        other.start()
        other.join()
        with pytest.raises(Stopped), stoppable(button):
            digest_of(tmp_path / "file")
    assert found == [digest_of(tmp_path / "file")] * 2


def test_what_is_read_is_what_the_file_has(tmp_path, monkeypatch):
    monkeypatch.setattr(user_files, "BLOCK", 1000)
    monkeypatch.setattr(files, "BLOCK", 777)
    data = bytes(range(256)) * 999
    (tmp_path / "file").write_bytes(data)
    with open_file(tmp_path / "file") as file:
        buffer = bytearray(len(data) + 1)
        assert file.readinto(buffer) == len(data) and buffer[:-1] == data
        file.seek(-5000, 2)
        assert file.read() == data[-5000:] and file.read() == b""
        file.seek(3)
        assert file.read(4000) == data[3:4003] and file.tell() == 4003

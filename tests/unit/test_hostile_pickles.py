"""Hostile files of torch.save: nothing runs, nothing freezes, and memory stays within what the reader states."""

import os
import random

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from properties import few, sentence

import hostile_pickles
import trials
from gan_models.inert_pickle import read
from gan_models.state_dict import read_state_dict
from hostile_pickles import in_zip, saved, tensor_program

DRAWS = st.randoms(use_true_random=False)
MOST_SECONDS, MOST_MEGABYTES = 10, 500


def put(path, data, zipped=True):
    path.write_bytes(data if data[:2] == b"PK" or not zipped else in_zip(data))
    return path


@pytest.mark.parametrize("kind", hostile_pickles.KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_every_kind_ends_soon_in_little_memory(tmp_path, kind, seed):
    own = kind in (hostile_pickles.keys, hostile_pickles.odd_tensors, hostile_pickles.damaged)
    path = put(tmp_path / "file.pth", kind(random.Random(seed)), zipped=not own)
    trial = trials.run(lambda: len(read_state_dict(path)[0]), limit=2 * MOST_SECONDS)
    assert not trial.raw
    assert trial.seconds < MOST_SECONDS and trial.megabytes - path.stat().st_size / 1e6 < MOST_MEGABYTES


@few(40)
@given(data=st.binary(max_size=60), draw=DRAWS)
@example(data=b"(lp0\na.", draw=random.Random(0))
def test_any_program_is_read_or_refused(tmp_path, data, draw):
    for program in (data, hostile_pickles.soup(draw)):
        with sentence():
            read(put(tmp_path / "file.pth", program))
        (tmp_path / "old.pth").write_bytes(hostile_pickles.LEGACY + program)
        with sentence():
            read(tmp_path / "old.pth")


@few(20)
@given(draw=DRAWS)
def test_no_code_runs(tmp_path, draw):
    (tmp_path / "file.pth").write_bytes(hostile_pickles.code(draw, str(tmp_path / "it_ran")))
    with pytest.raises(ValueError, match=r"file\.pth"):
        read_state_dict(tmp_path / "file.pth")
    assert os.listdir(tmp_path) == ["file.pth"]


@few(30)
@given(size=st.lists(st.integers(0, 2**70), max_size=9), stride=st.lists(st.integers(-2, 2**70), max_size=9),
       offset=st.integers(-1, 2**40))  # fmt: skip
def test_tensors_with_any_strides_are_within_their_data(tmp_path, size, stride, offset):
    program = tensor_program(tuple(size), tuple(stride), 4, offset=offset)
    with sentence():
        (tensor,) = read_state_dict(put(tmp_path / "file.pth", in_zip(program, {"0": bytes(16)})))[0].values()
        assert tensor.numel() <= 2**18


def test_an_expanded_tensor_may_be_some_times_as_large_as_the_file(tmp_path):
    torch.save({"a": torch.arange(1000.0).expand(3, 1000)}, tmp_path / "file.pth")
    assert torch.equal(read_state_dict(tmp_path / "file.pth")[0]["a"], torch.arange(1000.0).expand(3, 1000))
    program = tensor_program((10**6, 1000), (0, 1), 1000)
    path = put(tmp_path / "large.pth", in_zip(program, {"0": bytes(4000)}))
    with pytest.raises(ValueError, match="claim to be much larger than the file"):
        read_state_dict(path)


def test_shared_storage_is_shared_and_counted(tmp_path):
    base = torch.arange(300_000.0)
    torch.save({"a": base, "b": base.view(3, -1)}, tmp_path / "file.pth")
    found = read_state_dict(tmp_path / "file.pth")[0]
    assert found["a"].data_ptr() == found["b"].data_ptr()
    path = put(tmp_path / "many.pth", in_zip(tensor_program((900_000,), (1,), 10**6, 4000, 1), {"0": bytes(4 * 10**6)}))
    assert len(read_state_dict(path)[0]) == 4000, "the same tensor costs nothing"


@pytest.mark.parametrize("legacy", [True, False])
def test_tensors_without_plain_numbers_are_left_out(tmp_path, legacy):
    odd = {"sparse": torch.eye(3).to_sparse(), "complex": torch.zeros(2, dtype=torch.complex64)}
    if not legacy:
        odd |= {"meta": torch.zeros(2, device="meta"), "small": torch.zeros(3).to(torch.float8_e4m3fn)}
    content = {"w": torch.ones(2), "shape": torch.Size([1, 2]), "where": torch.device("cpu")} | odd
    (tmp_path / "file.pth").write_bytes(saved(content, legacy=legacy and not odd.keys() & {"meta"}))
    if legacy:
        with sentence():
            read_state_dict(tmp_path / "file.pth")
    else:
        assert read_state_dict(tmp_path / "file.pth")[0].keys() == {"w"}


def test_keys_that_are_no_texts_are_left_out(tmp_path):
    torch.save({(1, 2): torch.ones(1), "w": torch.zeros(1), 7: torch.ones(2), 2**61: torch.ones(3)}, tmp_path / "f.pth")
    assert read_state_dict(tmp_path / "f.pth")[0].keys() == {"w", "7"}

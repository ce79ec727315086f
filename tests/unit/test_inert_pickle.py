"""Files that try to run something, in the ways that a pickle has, and files that are broken."""

import builtins
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from contextlib import suppress

import numpy as np
import pytest
import torch
from torch import nn

from gan_models.inert_pickle import Described, read
from gan_models.inert_pickle.machine import Machine
from gan_models.inert_pickle.stand_ins import StandIns


class Call:
    """Pickles as a call of ``function``."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call

    def __call__(self):
        raise AssertionError("pickle only wants to know that what is called could be")


class Filled:
    """Runs something when a pickle fills it."""

    def __init__(self, path):
        self.path = str(path)

    def __setstate__(self, state):
        open(state["path"], "w").close()


def module_with(payload):
    module = nn.Conv2d(3, 4, 3)
    module.payload = payload
    return module


CALLS = {
    "os.system": lambda path: Call(os.system, f"touch {path}"),
    "eval": lambda path: Call(builtins.eval, f"open({str(path)!r}, 'w').close()"),
    "exec": lambda path: Call(builtins.exec, f"open({str(path)!r}, 'w').close()"),
    "torch.save": lambda path: Call(torch.save, 1, str(path)),
    "a method by getattr": lambda path: Call(Call(getattr, path, "touch")),
    "in a module": lambda path: module_with(Call(os.system, f"touch {path}")),
    "as a key": lambda path: {Call(os.mkdir, str(path)): 1},
    "as an argument of what is allowed": lambda path: OrderedDict(a=Call(os.mkdir, str(path))),
}


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize("attack", CALLS.values(), ids=CALLS)
def test_calls_are_refused(tmp_path, attack, legacy):
    path, trace = tmp_path / "hostile.pth", tmp_path / "it_ran"
    torch.save([attack(trace)], path, _use_new_zipfile_serialization=not legacy)
    with pytest.raises(ValueError, match=r"^could not read hostile\.pth: it asks to run [\w.]+, which a file of"):
        read(path)
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists(), "the test's file is harmless"


NUMBERS = [np.float64(0.1), np.float32(0.1), np.float16(0.5), np.int64(-7), np.uint8(200), np.int32(2**31 - 1),
           np.uint64(2**64 - 1), np.bool_(True), np.float64("inf")]  # fmt: skip


@pytest.mark.parametrize("legacy", [True, False])
def test_numpy_scalars_become_numbers(tmp_path, legacy):
    torch.save([*NUMBERS, {"a": np.float64(2)}], tmp_path / "n.pth", _use_new_zipfile_serialization=not legacy)
    *numbers, last = read(tmp_path / "n.pth")
    assert numbers == [number.item() for number in NUMBERS] and last == {"a": 2.0}
    assert {type(number) for number in numbers} == {float, int, bool}


@pytest.mark.parametrize("module", [b"numpy.core.multiarray", b"numpy._core.multiarray"])
@pytest.mark.parametrize("order, data", [(b"<", rb"\0\0\0\0\0\0\xf8?"), (b">", rb"?\xf8\0\0\0\0\0\0")])
def test_numpy_scalars_of_other_versions(module, order, data):
    """As Python 2 wrote them: the bytes are a text."""
    written = (b"c" + module + b"\nscalar\n(cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'" + order
               + b"'\nNNNI-1\nI-1\nI0\ntbS'" + data + b"'\ntR.")  # fmt: skip
    assert Machine(io.BytesIO(written), StandIns()).run() == 1.5


@pytest.mark.parametrize("value", [np.complex64(1), np.str_("a"), np.datetime64("2020-01-01"), np.zeros(3)])
def test_other_numpy_objects_are_refused(tmp_path, value):
    torch.save([value], tmp_path / "n.pth")
    with pytest.raises(ValueError, match=r"^could not read n\.pth: it (holds a numpy scalar of an unsupp|asks to run)"):
        read(tmp_path / "n.pth")


def test_filling_runs_nothing(tmp_path):
    path, trace = tmp_path / "hostile.pth", tmp_path / "it_ran"
    torch.save([Filled(trace)], path)
    (described,) = read(path)
    assert isinstance(described, Described)
    assert (described.kind, described.state) == ("Filled", {"path": str(trace)})
    assert not trace.exists()
    torch.load(path, weights_only=False)
    assert trace.exists()


def in_zip(program: bytes) -> bytes:
    """A file as torch.save writes them, around a hand-written pickle."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", program)
    return buffer.getvalue()


PROGRAMS = {
    # A state that brings its own __setstate__, then a second state that would be handed to it.
    "a planted __setstate__": b"cmodels\nNet\n)\x81}\x8c\x0c__setstate__cos\nsystem\nsb\x8c\x05touchb.",
    "the old way to make an object": b"(Vtouch it_ran\nios\nsystem\n.",
    "another old way": b"(cos\nsystem\nVtouch it_ran\no.",
    "a class that is filled": b"cos\nsystem\n}\x8c\x01a\x8c\x01bsb.",
    "an allowed function that is filled": b"ctorch._utils\n_rebuild_parameter\n}\x8c\x01a\x8c\x01bsb.",
    "a registered number": b"\x82\x01.",
    "an allowed function with nonsense": b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x02)))K\x00)tR.",
    "a list that is filled": b"]}\x8c\x01a\x8c\x01bsb.",
    "data of an unknown kind": b"(\x8c\x07storagecos\nsystem\n\x8c\x010\x8c\x03cpuK\x01tQ.",
    "no data at all": b"K\x01Q.",
    "a name with a zero": b"co\x00s\nsystem\n.",
    "nothing": b"",
}


@pytest.mark.parametrize("name, program", PROGRAMS.items(), ids=PROGRAMS)
def test_hand_written_pickles_do_nothing(tmp_path, monkeypatch, name, program):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.pth").write_bytes(in_zip(program))
    ran = []
    monkeypatch.setattr(os, "system", ran.append)
    with suppress(ValueError):
        read(tmp_path / "file.pth")
    assert not ran and os.listdir() == ["file.pth"]
    if "old way" in name:
        pickle.loads(program)
        assert ran == ["touch it_ran"], "the test's program is harmless"


def test_a_file_leaves_nothing_behind_for_the_next(tmp_path):
    (tmp_path / "first.pth").write_bytes(in_zip(PROGRAMS["an allowed function that is filled"]))
    torch.save([nn.Parameter(torch.ones(2))], tmp_path / "second.pth")
    with suppress(ValueError):
        read(tmp_path / "first.pth")
    assert torch.equal(read(tmp_path / "second.pth")[0], torch.ones(2))


@pytest.mark.parametrize("legacy", [True, False])
def test_everything_else_is_read(tmp_path, legacy):
    base = torch.arange(12.0).view(3, 4)
    shared = nn.Parameter(torch.rand(2, 3))
    tensors = [base.T, base[1:, 2], torch.ones(1, 1, 2).expand(1, 3, 2), shared, shared, torch.tensor(True),
               torch.tensor(0.5, dtype=torch.float64), torch.empty(0, 3)]  # fmt: skip
    content = [*tensors, (1, 2.5, "text"), {"a": None}, nn.Conv2d(1, 2, 3)]
    torch.save(content, tmp_path / "list.pth", _use_new_zipfile_serialization=not legacy)
    found = read(tmp_path / "list.pth")
    assert all(torch.equal(a, b) and a.dtype == b.dtype for a, b in zip(tensors, found[:8], strict=True))
    assert found[3] is found[4]
    assert found[8:10] == [[1, 2.5, "text"], {"a": None}]
    assert found[10].kind == "Conv2d" and found[10].state["kernel_size"] == [3, 3]
    assert torch.equal(found[10].state["_parameters"]["weight"], content[10].weight)


def test_a_module_that_leads_back_to_itself(tmp_path):
    module = nn.Module()
    module.__dict__["itself"] = [module]
    torch.save(module, tmp_path / "loop.pth")
    loop = read(tmp_path / "loop.pth")
    assert loop.state["itself"][0] is loop


def test_a_list_that_holds_itself(tmp_path):
    endless = []
    endless.append(endless)
    torch.save(endless, tmp_path / "loop.pth")
    loop = read(tmp_path / "loop.pth")
    assert loop[0] is loop


NONSENSE = [((5,), (1,)), ((2, 2), (1, 3)), ((2, 2), (1,)), ((-1,), (1,)), (("a",), (1,))]


@pytest.mark.parametrize("size, stride", NONSENSE)
def test_tensors_that_reach_beyond_their_data(tmp_path, size, stride):
    tensor = Call(torch._utils._rebuild_tensor_v2, torch.zeros(4).untyped_storage(), 0, size, stride, False, None)
    program = io.BytesIO()

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing):
            return ("storage", torch.FloatStorage, "0", "cpu", 4) if isinstance(thing, torch.UntypedStorage) else None

    Pickler(program, 2).dump(tensor)
    with zipfile.ZipFile(tmp_path / "file.pth", "w") as archive:
        archive.writestr("archive/data.pkl", program.getvalue())
        archive.writestr("archive/data/0", bytes(16))
    with pytest.raises(ValueError, match=r"^could not read file\.pth: it holds a tensor that"):
        read(tmp_path / "file.pth")


@pytest.mark.parametrize("legacy", [True, False])
def test_damaged_files(tmp_path, legacy):
    buffer = io.BytesIO()
    torch.save([torch.rand(100)], buffer, _use_new_zipfile_serialization=not legacy)
    data = buffer.getvalue()
    path = tmp_path / "file.pth"
    for part in (b"", b"no weights", data[:-50], data[:60], in_zip(b"N"), pickle.dumps([1, 2])):
        path.write_bytes(part)
        with pytest.raises(ValueError, match=r"^(file\.pth is damaged|could not read file\.pth)"):
            read(path)


def test_foreign_files(tmp_path):
    path = tmp_path / "file.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "no weights")
    with pytest.raises(ValueError, match=r"^file\.pth is damaged or is not a file of torch\.save"):
        read(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", b"N.")
    with pytest.raises(ValueError, match="it is compressed"):
        read(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"N.")
        archive.writestr("archive/byteorder", b"big")
    with pytest.raises(ValueError, match="big-endian"):
        read(path)
    with pytest.raises(FileNotFoundError, match=r"there is no file nowhere\.pth"):
        read(tmp_path / "nowhere.pth")

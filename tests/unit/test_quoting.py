"""Names and paths in messages."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest

from gan_models.quoting import LONGEST, plain


@pytest.mark.parametrize("path, text", [
    (PurePosixPath("/models/my net"), "/models/my net"), (PurePosixPath("a\nb/c"), r"a\nb/c"),
    (PureWindowsPath(r"C:\models\net"), r"C:\models\net"),
])  # fmt: skip
def test_paths_are_written_out(path, text):
    assert plain(path) == text


def test_a_long_name_loses_its_end_and_a_long_path_its_start():
    text = "/".join(f"folder {number}" for number in range(30))
    assert plain(text) == f"{text[:LONGEST - 1]}…"
    assert plain(PurePosixPath(text)) == f"…{text[1 - LONGEST:]}"
    assert len(plain(PurePosixPath("\n" * 200))) == LONGEST
    assert plain(PurePosixPath(text[-LONGEST:])) == text[-LONGEST:]

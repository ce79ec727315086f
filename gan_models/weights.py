"""The models that the loaders offer, as ``weights_manifest.json`` lists them, and how their files get here.

Nothing is downloaded but by ``resolve``.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import Any

from huggingface_hub import get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import OfflineModeIsEnabled
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]

from .files import write_atomically
from .progress import OnProgress, Progress

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "weights_manifest.json"
SCHEMA = Path(__file__).parent / "weights_manifest.schema.json"
MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Bundled:
    """A file that ships with the pack, relative to its root."""

    path: str


@dataclass(frozen=True)
class Hosted:
    """A file on the Hugging Face Hub."""

    repo_id: str
    filename: str
    revision: str

    @property
    def url(self) -> str:
        """Where the file is: on the Hub, or on the mirror that HF_ENDPOINT names."""
        mirror = os.environ.get("HF_ENDPOINT", "").rstrip("/") or None
        return hf_hub_url(self.repo_id, self.filename, revision=self.revision, endpoint=mirror)


@dataclass(frozen=True)
class Entry:
    """One model of the manifest.

    Attributes:
        name: what the loader lists and workflows save.
        title: what it is, for a person.
        architecture: "gaugan", "singan", "vgg19" or "efficientnet".
        taxonomy: the taxonomy of its label maps; None where there are none.
        source: where the file comes from.
        sha256: hash of the file; None if nobody knows.
        bytes: size of the file; None if nobody knows.
        license: of the weights.
        homepage: where a person reads more.
        label_offset: what to add to a label id before it goes into the network.
        config: what tensor shapes can't tell.
        verified: somebody of this project has run it.
        notes: what a user should know.
    """

    name: str
    title: str
    architecture: str
    taxonomy: str | None
    source: Bundled | Hosted
    sha256: str | None
    bytes: int | None
    license: str
    homepage: str
    label_offset: int
    config: dict[str, Any]
    verified: bool
    notes: str

    @property
    def file_name(self) -> str:
        """The file's name in a model folder."""
        path = self.source.path if isinstance(self.source, Bundled) else self.source.filename
        return self.name + Path(path).suffix

    @property
    def description(self) -> str:
        """A line for the loader's tooltip: what it is, its size, whether it is downloaded, its licence, caveats."""
        place = "ships with the pack" if isinstance(self.source, Bundled) else "is downloaded at its first use"
        size = f" ({self.bytes / MEGABYTE:.0f} MB)" if self.bytes else ""
        doubt = "" if self.verified else " Unverified: listed from its publisher's description, not tried by us."
        return f"{self.name}: {self.title}; {place}{size}; licence: {self.license}.{doubt} {self.notes}".rstrip()


def entries(architecture: str) -> list[Entry]:
    """The manifest's models of one architecture ("gaugan", "singan", "vgg19", "efficientnet"), in its order."""
    models = json.loads(MANIFEST.read_text(encoding="utf-8"))["models"]
    return [_entry(model) for model in models if model["architecture"] == architecture]


def bundled(architecture: str) -> dict[str, str]:
    """Names of the models that ship with the pack, and their files relative to its root."""
    return {entry.name: entry.source.path for entry in entries(architecture) if isinstance(entry.source, Bundled)}


def resolve(entry: Entry, folder: str | Path, on_progress: OnProgress | None = None) -> Path:
    """The file of a model, downloaded into ``folder`` if it isn't there.

    The client of the Hugging Face Hub does it, so HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE count. A download that
    was stopped goes on where it was. A file gets its name when it is whole and its hash is right.

    Args:
        entry: the model.
        folder: a model folder; made if missing.
        on_progress: hears of the bytes so far. An exception raised in it stops the download.
    Raises:
        FileNotFoundError: the file is neither here nor to be had. The message says where it can be found and where
            to put it.
        ValueError: the file is not the one that the manifest (or the first use) knows.
    """
    if isinstance(entry.source, Bundled):
        path = ROOT / entry.source.path
        if not path.is_file():
            raise FileNotFoundError(f"{entry.source.path} is missing from the pack; install GAN Atelier again")
        return path
    path = Path(folder) / entry.file_name
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        _download(entry, entry.source, path, on_progress)
    _check(entry, path)
    return path


def _entry(model: dict[str, Any]) -> Entry:
    source = model["source"]
    return Entry(**{**model, "source": Bundled(source["bundled"]) if "bundled" in source else Hosted(**source)})


def _download(entry: Entry, source: Hosted, path: Path, on_progress: OnProgress | None) -> None:
    url, token_and_agent = source.url, build_hf_headers()
    try:
        about = get_hf_file_metadata(url)
    except Exception as error:  # httpx's and requests' errors have no common base
        raise _unavailable(entry, source, path, error) from error
    etag = about.etag or ""
    part = path.with_name(f".{path.name}.{re.sub('[^0-9A-Za-z]', '', etag)[:16]}.part")
    for other in path.parent.glob(f".{path.name}.*.part"):
        # Of an older version of the file, or of who knows which, or beyond all bounds.
        if other != part or not etag or (about.size is not None and part.stat().st_size > about.size):
            other.unlink()

    def report(done: int) -> None:
        if on_progress is not None:
            total = about.size or entry.bytes or 0
            stage = f"downloading {entry.name}: {done // MEGABYTE} of {total // MEGABYTE} MB"
            on_progress(Progress(done, max(total, done, 1), stage))

    with _Reporting(part, report) as file:
        try:
            http_get(
                url,
                file,
                resume_size=file.tell(),
                headers=token_and_agent,
                expected_size=about.size,
                displayed_filename=entry.name,
            )
        except Exception as error:
            if error is file.failure:
                raise
            raise _unavailable(entry, source, path, error) from error
    found = _sha256(part)
    # The Hub tags large files with their hash.
    expected = entry.sha256 or (etag if re.fullmatch("[0-9a-f]{64}", etag) else found)
    if found != expected:
        part.unlink()
        raise ValueError(f"what {url} sent is not {entry.name} (sha256 {found[:16]}…, wanted {expected[:16]}…); "
                         "nothing was kept")  # fmt: skip
    part.replace(path)


class _Reporting(FileIO):
    """A partial file that is appended to, and tells how long it is. ``failure`` is what a write raised."""

    def __init__(self, path: Path, report: Callable[[int], None]) -> None:
        super().__init__(path, "ab")
        self.report = report
        self.failure: BaseException | None = None

    def write(self, data: Any) -> int:
        try:
            written = super().write(data)
            self.report(self.tell())
        except BaseException as error:
            self.failure = error
            raise
        return written


def _check(entry: Entry, path: Path) -> None:
    """Compare the file's hash with the manifest's, or with that of its first use, which lies beside it."""
    record = path.with_name(f"{path.name}.json")
    known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    status = path.stat()
    state = {"bytes": status.st_size, "modified": status.st_mtime_ns}
    expected = entry.sha256 or known.get("sha256")
    if expected == known.get("sha256") and state == {name: known.get(name) for name in state}:
        return
    found = _sha256(path)
    if expected not in (None, found):
        raise ValueError(f"{path} is not the file that it was when {'we listed' if entry.sha256 else 'you first used'} "
                         f"{entry.name} (sha256 {found[:16]}…, wanted {expected[:16]}…); delete it (and {record.name}) "
                         "to have it downloaded again")  # fmt: skip
    text = json.dumps({"model": entry.name, "sha256": found} | state, indent=2)
    write_atomically(record, f"{text}\n".encode())


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(MEGABYTE):
            digest.update(block)
    return digest.hexdigest()


def _unavailable(entry: Entry, source: Hosted, path: Path, error: Exception) -> FileNotFoundError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, OfflineModeIsEnabled):
        reason = "downloads are off (HF_HUB_OFFLINE is set)"
    elif status in (401, 403):
        reason = (
            f"the Hub wants to know who asks ({status}): accept the conditions on {entry.homepage} and set HF_TOKEN, "
            "unless the repository is gone"
        )
    elif status == 404:
        reason = "the Hub has no such file any more (404)"
    elif status is not None:
        reason = f"the Hub answered {status}"
    else:
        begun = any(part.stat().st_size for part in path.parent.glob(f".{path.name}.*.part"))
        reason = f"the connection failed ({type(error).__name__})" + (
            "; what has arrived is kept, so run again to go on" if begun else ""
        )
    return FileNotFoundError(
        f"could not download {entry.name}: {reason}. You can also get {source.url} yourself and put it into "
        f"{path.parent} as {path.name}"
    )

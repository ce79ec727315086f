"""The models that the loaders offer, as ``weights_manifest.json`` lists them, and the download of their files.

Only ``resolve`` downloads. It reads a file in blocks through ``HfFileSystem``, because ``hf_hub_download`` can neither
be stopped while hf-xet transfers a file nor, since huggingface_hub 1.18, resume what was stopped.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfFileSystem, get_hf_file_metadata, hf_hub_url
from huggingface_hub.errors import OfflineModeIsEnabled

from .files import digest_of, write_atomically
from .locks import locked
from .progress import OnProgress, Progress

ROOT = Path(__file__).resolve().parent.parent
MANIFEST = ROOT / "weights_manifest.json"
SCHEMA = Path(__file__).parent / "weights_manifest.schema.json"
MEGABYTE = 1 << 20
BLOCK = 8 * MEGABYTE
"""How much of a file one request asks for."""


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
    def endpoint(self) -> str | None:
        """The mirror that HF_ENDPOINT names, or None for the Hub itself."""
        return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None

    @property
    def url(self) -> str:
        """The address of the file on the Hub or its mirror."""
        return hf_hub_url(self.repo_id, self.filename, revision=self.revision, endpoint=self.endpoint)


@dataclass(frozen=True)
class HostedFolder:
    """A model of several files on the Hugging Face Hub, such as a checkpoint of ``transformers``."""

    repo_id: str
    filenames: Sequence[str]
    revision: str

    @property
    def files(self) -> list[Hosted]:
        return [Hosted(self.repo_id, name, self.revision) for name in self.filenames]


@dataclass(frozen=True)
class Entry:
    """One model of the manifest.

    Attributes:
        name: the name that the loader lists and that workflows save.
        title: a description for people.
        architecture: "gaugan", "singan", "segmentation", "vgg19" or "efficientnet".
        taxonomy: the taxonomy of its label maps; None if it uses none.
        source: where the file, or the folder of files, comes from.
        sha256: hash of the file; None if it is unknown, and for folders.
        bytes: size of the file or the folder; None if it is unknown.
        license: the licence of the weights.
        homepage: the address of the publisher's page.
        label_offset: the number to add to a label id before it enters the network.
        config: the settings that tensor shapes cannot tell.
        verified: whether this project has run the model.
        notes: what a user should know.
    """

    name: str
    title: str
    architecture: str
    taxonomy: str | None
    source: Bundled | Hosted | HostedFolder
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
        """The name of the file, or of the folder of files, in a model folder."""
        if isinstance(self.source, HostedFolder):
            return self.name
        path = self.source.path if isinstance(self.source, Bundled) else self.source.filename
        return self.name + Path(path).suffix

    @property
    def description(self) -> str:
        """A line for the loader's tooltip: title, size, whether it is downloaded, licence, caveats."""
        place = "ships with the pack" if isinstance(self.source, Bundled) else "is downloaded on first use"
        size = f" ({self.bytes / MEGABYTE:.0f} MB)" if self.bytes else ""
        doubt = "" if self.verified else " Unverified: listed as its publisher describes it, but not tested here."
        return f"{self.name}: {self.title}; {place}{size}; licence: {self.license}.{doubt} {self.notes}".rstrip()


def entries(architecture: str) -> list[Entry]:
    """The manifest's models of one architecture, in its order."""
    models = json.loads(MANIFEST.read_text(encoding="utf-8"))["models"]
    return [_entry(model) for model in models if model["architecture"] == architecture]


def bundled(architecture: str) -> dict[str, str]:
    """Names of the models that ship with the pack, and their files relative to its root."""
    return {entry.name: entry.source.path for entry in entries(architecture) if isinstance(entry.source, Bundled)}


def resolve(entry: Entry, folder: str | Path, on_progress: OnProgress | None = None) -> Path:
    """Return the file of a model, or its folder of files, and download into ``folder`` what is not there.

    HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE apply as they do to every client of the Hugging Face Hub. A stopped
    download leaves a hidden ``.part`` file, from which the next call resumes. The file gets its name only once it is
    complete and its hash is right. If another process downloads the file, this one waits for it.

    Args:
        entry: the model.
        folder: a model folder; it is created if it is missing.
        on_progress: receives the number of bytes so far. An exception raised in it stops the download, or the waiting.
    Raises:
        FileNotFoundError: the file is neither in the folder nor available. The message says where to get it and where
            to put it.
        ValueError: the file differs from the one that the manifest (or the first use) recorded.
        OSError: the file is missing, and the folder cannot be written or the disk is full.
    """
    if isinstance(entry.source, Bundled):
        path = ROOT / entry.source.path
        if not path.is_file():
            raise FileNotFoundError(f"{entry.source.path} is missing from the pack; reinstall GAN Atelier")
        return path
    place = Path(folder) / entry.file_name
    parts = ([(place / source.filename, source) for source in entry.source.files]
             if isinstance(entry.source, HostedFolder) else [(place, entry.source)])  # fmt: skip
    for path, source in parts:
        if not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            with locked(path.with_name(f".{path.name}.lock"), on_wait=_waiting(entry, on_progress)) as lock:
                if not path.is_file():  # another process may have downloaded it meanwhile
                    _download(entry, source, path, on_progress, lock.require)
        _check(entry, path)
    return place


def _entry(model: dict[str, Any]) -> Entry:
    source = model["source"]
    if "bundled" in source:
        return Entry(**{**model, "source": Bundled(source["bundled"])})
    return Entry(**{**model, "source": (HostedFolder if "filenames" in source else Hosted)(**source)})


def _waiting(entry: Entry, on_progress: OnProgress | None) -> Callable[[str], None]:
    """Reports that another process downloads the model."""

    def report(holder: str) -> None:
        if on_progress is not None:
            on_progress(Progress(0, 1, f"waiting for another download of {entry.name}: {holder}"))

    return report


def _download(
    entry: Entry, source: Hosted, path: Path, on_progress: OnProgress | None, require: Callable[[], None]
) -> None:
    """Download a file that no other process downloads at the same time; ``require`` raises if one does."""
    try:
        about = get_hf_file_metadata(source.url)
    except Exception as error:  # the errors of httpx and of requests have no common base class
        raise _unavailable(entry, source, path, error) from error
    if about.size is None or not about.etag:
        raise _unavailable(entry, source, path, EOFError("no size or no ETag"))
    part = path.with_name(f".{path.name}.{re.sub('[^0-9A-Za-z]', '', about.etag)[:16]}.part")
    for other in path.parent.glob(f".{path.name}.*.part"):
        if other != part or part.stat().st_size > about.size:
            other.unlink()  # it belongs to another version of the file
    with part.open("ab") as file:
        done, failed_at = file.tell(), None
        blocks = _blocks(source, done, about.size)
        while done < about.size:
            try:
                block = next(blocks)
            except Exception as error:
                # Each block has a second chance: several versions of the client do not retry a broken transfer.
                if _status(error) is not None or done == failed_at:
                    raise _unavailable(entry, source, path, error) from error
                failed_at = done
                blocks = _blocks(source, done, about.size)
                continue
            require()
            file.write(block)
            done = file.tell()
            if on_progress is not None:
                stage = f"downloading {entry.name}: {done // MEGABYTE} of {about.size // MEGABYTE} MB"
                on_progress(Progress(done, about.size, stage))
    size, found = part.stat().st_size, digest_of(part)
    # The ETag of a large file is its hash.
    expected = entry.sha256 or (about.etag if re.fullmatch("[0-9a-f]{64}", about.etag) else found)
    require()
    if size == about.size and found == expected:
        part.replace(path)
        return
    part.unlink()
    difference = (f"it has {size} bytes, but {about.size} are expected" if size != about.size else
                  f"its sha256 is {found[:16]}…, but {expected[:16]}… is expected")  # fmt: skip
    raise ValueError(f"{source.url} is not the file that is listed as {entry.name} ({difference}); the download was "
                     "deleted")  # fmt: skip


def _blocks(source: Hosted, start: int, size: int) -> Iterator[bytes]:
    """Yield the bytes of a hosted file from ``start`` to ``size``."""
    files = HfFileSystem(endpoint=source.endpoint, skip_instance_cache=True)
    location = f"{source.repo_id}/{source.filename}"
    with files.open(location, revision=source.revision, block_size=BLOCK, cache_type="none", size=size) as remote:
        remote.seek(start)
        while start < size:
            wanted = min(BLOCK, size - start)
            block = remote.read(wanted)
            if len(block) != wanted:
                raise EOFError(f"{len(block)} of {wanted} bytes arrived")
            start += wanted
            yield block


def _check(entry: Entry, path: Path) -> None:
    """Compare the file's hash with the manifest's, or with the hash that its first use recorded beside the file."""
    record = path.with_name(f"{path.name}.json")
    known = _recorded(record)
    status = path.stat()
    state = {"bytes": status.st_size, "modified": status.st_mtime_ns}
    expected = entry.sha256 or known.get("sha256")
    if expected == known.get("sha256") and state == {name: known.get(name) for name in state}:
        return
    found = digest_of(path)
    if expected not in (None, found):
        origin = "that the manifest lists" if entry.sha256 else "of the first use"
        raise ValueError(
            f"{path} is not the file {origin} for {entry.name} (its sha256 is {found[:16]}…, but {expected[:16]}… is "
            f"expected); delete it and {record.name} to download it again"
        )
    text = json.dumps({"model": entry.name, "sha256": found} | state, indent=2)
    with suppress(OSError):  # a folder that cannot be written has no record, and its files are hashed at every use
        write_atomically(record, f"{text}\n".encode())


def _recorded(path: Path) -> dict[str, Any]:
    """What the first use of a file recorded; nothing if there is no record or it is damaged."""
    try:
        known = json.loads(path.read_bytes()) if path.is_file() else {}
    except (ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _status(error: Exception) -> int | None:
    """The HTTP status behind an error of the client, or None if there was no answer."""
    status: int | None = getattr(getattr(error, "response", None), "status_code", None)
    return status


def _unavailable(entry: Entry, source: Hosted, path: Path, error: Exception) -> FileNotFoundError:
    status = _status(error)
    if isinstance(error, OfflineModeIsEnabled):
        reason = "downloads are off (HF_HUB_OFFLINE is set)"
    elif status in (401, 403):
        reason = (
            f"the Hub requires authorization ({status}); accept the conditions on {entry.homepage} and set HF_TOKEN, "
            "or the repository no longer exists"
        )
    elif status == 404:
        reason = "the file is no longer on the Hub (404)"
    elif status is not None:
        reason = f"the Hub answered {status}"
    else:
        begun = any(part.stat().st_size for part in path.parent.glob(f".{path.name}.*.part"))
        reason = f"the connection failed ({type(error).__name__})" + (
            "; the next run resumes the download" if begun else ""
        )
    return FileNotFoundError(
        f"could not download {entry.name}: {reason}. You can also download {source.url} yourself and save it in "
        f"{path.parent} as {path.name}"
    )

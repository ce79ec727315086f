import dataclasses
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jsonschema
import pytest
from hub import Hub
from huggingface_hub import constants

from gan_models import locks, weights
from gan_models.labels import TAXONOMIES
from gan_models.weights import MANIFEST, ROOT, SCHEMA, Bundled, Hosted, bundled, entries, resolve

CONTENT = random.Random(0).randbytes(600_000)
ENTRY = dataclasses.replace(
    entries("gaugan")[-1], name="toy", source=Hosted("someone/models", "folder/net.pth", "main"), sha256=None
)


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch):
    """Every connection and every name look-up stays on this machine."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self, address):
        assert address[0] in ("127.0.0.1", "::1"), f"a connection to {address}"
        return connect(self, address)

    def guarded_look_up(host, *arguments, **options):
        assert host in ("127.0.0.1", "localhost"), f"a look-up of {host}"
        return look_up(host, *arguments, **options)

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)


@pytest.fixture
def hub(monkeypatch, tmp_path):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no_token"))
    monkeypatch.setattr(weights, "BLOCK", 100_000)
    with Hub(CONTENT) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        yield hub


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "gaugan"


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def record(folder):
    return json.loads((folder / "toy.pth.json").read_text())


class Stop(Exception):
    pass


def stop_at(size):
    def on_progress(progress):
        if progress.step >= size:
            raise Stop

    return on_progress


def test_the_manifest_fits_its_schema():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(MANIFEST.read_text(encoding="utf-8")), schema)
    model = schema["$defs"]["model"]["properties"]
    assert model["taxonomy"]["enum"] == [*TAXONOMIES, None]


@pytest.mark.parametrize("change", [
    {"sha256": "abc"}, {"source": {}}, {"source": {"bundled": "../x"}}, {"architecture": "V A E"}, {"surprise": 1},
    {"name": "With Blanks"}, {"verified": None},
])  # fmt: skip
def test_the_schema_refuses(change):
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    manifest["models"][0] |= change
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(manifest, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_the_code_looks_up_every_architecture_of_the_manifest():
    sources = "".join(
        path.read_text("utf-8") for folder in ("gan_models", "nodes") for path in (ROOT / folder).rglob("*.py")
    )
    for model in json.loads(MANIFEST.read_text(encoding="utf-8"))["models"]:
        assert f'"{model["architecture"]}"' in sources, model["name"]


def test_names_are_unique_and_bundled_files_have_hashes():
    every = [*entries("gaugan"), *entries("singan"), *entries("vgg19")]
    assert len({entry.name for entry in every}) == len(every)
    names = ("singan-balloons", "singan-mountains-harmonize")
    assert bundled("singan") == {name: f"weights/{name}.safetensors" for name in names}
    for entry in every:
        if isinstance(entry.source, Bundled) and (ROOT / entry.source.path).is_file() and entry.sha256:
            assert hashlib.sha256((ROOT / entry.source.path).read_bytes()).hexdigest() == entry.sha256


def test_descriptions_say_what_is_unverified():
    coco, city = (next(e for e in entries("gaugan") if e.name == name) for name in ("spade-coco", "spade-cityscapes"))
    for entry in (coco, city):
        assert not entry.verified and "Unverified" in entry.description and "research use only" in entry.description
        assert entry.source.repo_id == "mit-han-lab/gan-compression" and entry.file_name == f"{entry.name}.pth"
    assert "Unverified" not in entries("singan")[0].description


def test_download(hub, folder):
    seen = []
    path = resolve(ENTRY, folder, seen.append)
    assert path == folder / "toy.pth" and path.read_bytes() == CONTENT
    assert names(folder) == ["toy.pth", "toy.pth.json"]
    assert record(folder)["sha256"] == hub.sha256
    steps = [progress.step for progress in seen]
    assert steps == sorted(steps) and steps[-1] == len(CONTENT) and len(steps) >= 5
    assert {progress.total for progress in seen} == {len(CONTENT)} and "downloading toy" in seen[0].stage


def test_an_existing_file_is_not_downloaded_again(hub, folder):
    resolve(ENTRY, folder)
    asked = len(hub.requests)
    assert resolve(ENTRY, folder).read_bytes() == CONTENT
    assert len(hub.requests) == asked


def test_a_file_that_the_user_put_there_is_used_and_recorded(hub, folder):
    folder.mkdir(parents=True)
    (folder / "toy.pth").write_bytes(b"by hand")
    assert resolve(ENTRY, folder).read_bytes() == b"by hand"
    assert hub.requests == [] and record(folder)["sha256"] == hashlib.sha256(b"by hand").hexdigest()


def test_a_file_beside_which_nothing_can_be_written_is_used(folder, full_disk):
    folder.mkdir(parents=True)
    (folder / "toy.pth").write_bytes(b"by hand")
    right = dataclasses.replace(ENTRY, sha256=hashlib.sha256(b"by hand").hexdigest())
    for entry in (ENTRY, right):
        assert resolve(entry, folder) == folder / "toy.pth" and names(folder) == ["toy.pth"]
    with pytest.raises(ValueError, match="not the file that the manifest lists"):
        resolve(dataclasses.replace(ENTRY, sha256="0" * 64), folder)


def test_a_file_that_changed_after_its_first_use_is_refused(hub, folder):
    path = resolve(ENTRY, folder)
    path.write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(ValueError, match=r"toy\.pth is not the file of the first use for toy .*and toy\.pth\.json"):
        resolve(ENTRY, folder)
    os.utime(path, (1, 1))
    path.write_bytes(CONTENT)
    assert resolve(ENTRY, folder) == path


def test_the_manifest_hash_is_checked(hub, folder):
    right = dataclasses.replace(ENTRY, sha256=hub.sha256)
    assert resolve(right, folder).read_bytes() == CONTENT
    wrong = dataclasses.replace(ENTRY, sha256="0" * 64)
    with pytest.raises(ValueError, match=r"not the file that the manifest lists for toy .*but 0000"):
        resolve(wrong, folder)
    with pytest.raises(ValueError, match=r"listed as toy .*but 0000.*the download was deleted"):
        resolve(wrong, folder / "other")
    assert names(folder / "other") == []


def test_a_corrupted_download_is_refused(hub, folder):
    hub.sent = CONTENT[:-1] + b"?"
    with pytest.raises(ValueError, match="the download was deleted"):
        resolve(ENTRY, folder)
    assert names(folder) == []


def test_a_small_file_has_no_hash_on_the_hub(hub, folder):
    hub.large = False
    assert resolve(ENTRY, folder).read_bytes() == CONTENT


def test_a_broken_connection_is_retried(hub, folder):
    hub.break_at = 250_000
    assert resolve(ENTRY, folder).read_bytes() == CONTENT
    assert hub.bodies.count("bytes=200000-299999") == 2 and len(hub.bodies) == 7


def test_a_file_that_ends_too_early(hub, folder):
    hub.sent = CONTENT[:350_000]
    with pytest.raises(FileNotFoundError, match=r"the connection failed .*the next run resumes .*as toy\.pth"):
        resolve(ENTRY, folder)
    assert len(names(folder)) == 1 and names(folder)[0].endswith(".part")
    hub.sent = CONTENT
    hub.requests.clear()
    assert resolve(ENTRY, folder).read_bytes() == CONTENT
    assert hub.bodies[0] == "bytes=300000-399999"


def test_a_stopped_download_resumes(hub, folder):
    with pytest.raises(Stop):
        resolve(ENTRY, folder, stop_at(200_000))
    assert hub.bodies == ["bytes=0-99999", "bytes=100000-199999"]
    (part,) = names(folder)
    assert (folder / part).stat().st_size == 200_000
    seen = []
    assert resolve(ENTRY, folder, seen.append).read_bytes() == CONTENT
    assert hub.bodies[2] == "bytes=200000-299999" and seen[0].step == 300_000
    assert names(folder) == ["toy.pth", "toy.pth.json"]


def test_a_download_that_was_stopped_at_its_end_is_only_checked(hub, folder):
    with pytest.raises(Stop):
        resolve(ENTRY, folder, stop_at(len(CONTENT)))
    hub.requests.clear()
    assert resolve(ENTRY, folder).read_bytes() == CONTENT
    assert hub.bodies == []


def test_the_partial_file_of_another_version_is_deleted(hub, folder):
    with pytest.raises(Stop):
        resolve(ENTRY, folder, stop_at(200_000))
    hub.content = hub.sent = CONTENT[::-1]
    hub.requests.clear()
    assert resolve(ENTRY, folder).read_bytes() == CONTENT[::-1]
    assert hub.bodies[0] == "bytes=0-99999" and names(folder) == ["toy.pth", "toy.pth.json"]


@pytest.fixture
def downloading(hub, folder, monkeypatch):
    """Somebody else's download, which goes on once the event is set; then this is its result."""
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.01)
    begun, event = threading.Event(), threading.Event()

    def on_progress(progress):
        begun.set()
        event.wait()

    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(resolve, ENTRY, folder, on_progress)
        begun.wait()
        yield event, result
        event.set()


def test_one_of_several_downloads_and_the_others_wait(hub, folder, downloading):
    event, other = downloading
    seen = []

    def on_progress(progress):
        seen.append(progress)
        event.set()

    assert resolve(ENTRY, folder, on_progress) == other.result()
    assert (folder / "toy.pth").read_bytes() == CONTENT and len(hub.bodies) == 6
    assert all(progress.step == 0 for progress in seen)
    assert seen[0].stage.startswith(f"waiting for another download of toy: process {os.getpid()} on ")
    assert names(folder) == ["toy.pth", "toy.pth.json"]


def test_waiting_for_another_download_can_be_stopped(hub, folder, downloading):
    event, other = downloading
    with pytest.raises(Stop):
        resolve(ENTRY, folder, stop_at(0))
    assert len(hub.bodies) == 1
    event.set()
    assert other.result().read_bytes() == CONTENT and names(folder) == ["toy.pth", "toy.pth.json"]


def test_a_download_that_another_process_has_taken_over_writes_nothing_more(hub, folder):
    lock = folder / ".toy.pth.lock"

    def on_progress(progress):
        lock.write_text("another's")

    with pytest.raises(locks.LockedError, match="another process has taken over"):
        resolve(ENTRY, folder, on_progress)
    (part,) = folder.glob("*.part")
    assert part.stat().st_size == 100_000 and lock.read_text() == "another's"


def test_a_download_of_another_size_is_refused(hub, folder):
    hub.large = False

    def on_progress(progress):
        if progress.step == progress.total:
            (part,) = folder.glob("*.part")
            with part.open("ab") as file:
                file.write(b"?")

    with pytest.raises(ValueError, match=r"toy \(it has 600001 bytes, but 600000 are expected\); the download was del"):
        resolve(ENTRY, folder, on_progress)
    assert names(folder) == []


def test_a_full_disk_is_not_reported_as_a_network_error(hub, folder, monkeypatch):
    def full(progress):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left") as caught:
        resolve(ENTRY, folder, full)
    assert not isinstance(caught.value, FileNotFoundError)


def test_a_missing_file(hub, folder):
    hub.status = 404
    with pytest.raises(FileNotFoundError, match="could not download toy: the file is no longer on the Hub") as caught:
        resolve(ENTRY, folder)
    assert f"download {hub.url}/someone/models/resolve/main/folder/net.pth yourself" in str(caught.value)
    assert f"save it in {folder} as toy.pth" in str(caught.value)


def test_a_gated_repository(hub, folder, monkeypatch):
    hub.token = "hf_secret"
    with pytest.raises(FileNotFoundError, match=r"authorization \(401\); accept the conditions on https.*set HF_TOKEN"):
        resolve(ENTRY, folder)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert resolve(ENTRY, folder).read_bytes() == CONTENT
    assert {token for _, path, _, token in hub.requests if path.startswith("/cdn")} == {None}


def test_a_hub_in_trouble(hub, folder):
    hub.status = 418
    with pytest.raises(FileNotFoundError, match="the Hub answered 418"):
        resolve(ENTRY, folder)


def test_no_connection(hub, folder, monkeypatch):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{probe.getsockname()[1]}/")
    with pytest.raises(FileNotFoundError, match=r"the connection failed \(\w*Connect\w*\)\. You can also download"):
        resolve(ENTRY, folder)


def test_a_bundled_file_that_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"weights/gone\.safetensors is missing from the pack"):
        resolve(dataclasses.replace(ENTRY, source=Bundled("weights/gone.safetensors")), tmp_path)


# Downloads do not need torch, which takes seconds to import.
SCRIPT = """
import dataclasses, sys, types
sys.modules["torch"] = types.SimpleNamespace(Tensor=object)
sys.path.append(sys.argv[1])
from gan_models.weights import Hosted, entries, resolve
source = Hosted("someone/models", "folder/net.pth", "main")
entry = dataclasses.replace(entries("gaugan")[-1], name="toy", source=source)
try:
    print(resolve(entry, sys.argv[2]))
except FileNotFoundError as error:
    print(error)
"""


def in_a_process(folder, **variables):
    """The output of a new Python process that starts with these environment variables."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    environment |= variables | {"HF_HOME": str(folder / "hf")}
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[2]), str(folder)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


def test_environment_variables_apply(hub, folder):
    hub.token = "hf_secret"
    offline = in_a_process(folder, HF_ENDPOINT=hub.url, HF_TOKEN="hf_secret", HF_HUB_OFFLINE="1")
    assert "could not download toy: downloads are off (HF_HUB_OFFLINE is set)" in offline and hub.requests == []
    assert in_a_process(folder, HF_ENDPOINT=hub.url, HF_TOKEN="hf_secret") == str(folder / "toy.pth")
    assert (folder / "toy.pth").read_bytes() == CONTENT

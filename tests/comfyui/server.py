"""A real ComfyUI server for tests and tools: finds it, starts it on an empty base folder, and stops it."""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import websocket
from PIL import Image

PACK = Path(__file__).resolve().parents[2]
PREVIEW_IMAGE = 1  # the binary websocket message that holds a preview; bytes 4 to 8 are its format


def find_comfyui() -> Path | None:
    """Returns the ComfyUI folder: ``COMFYUI_PATH``, else the one that contains the pack, else ``~/comfy/ComfyUI``."""
    if named := os.environ.get("COMFYUI_PATH"):
        root = Path(named).expanduser()
        if not (root / "main.py").is_file():
            raise FileNotFoundError(f"COMFYUI_PATH is {named}, but there is no main.py in it.")
        return root.resolve()
    candidates = [Path.home() / "comfy" / "ComfyUI"]
    if PACK.parent.name == "custom_nodes":
        candidates.insert(0, PACK.parent.parent)
    return next((root for root in candidates if (root / "main.py").is_file()), None)


def comfyui_python(root: Path) -> str:
    """Returns the Python of ComfyUI's own environment if it has one, else the running Python."""
    for name in (".venv", "venv"):
        for python in (root / name / "bin" / "python", root / name / "Scripts" / "python.exe"):
            if python.exists():
                return str(python)
    return sys.executable


def _die_with_parent() -> None:
    """Makes the kernel end this process when its parent is killed."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class PromptFailed(Exception):
    """The server refused a prompt, or a node raised."""


class PromptStopped(Exception):
    """The prompt was interrupted."""


@dataclass
class Event:
    """A websocket message. ``type`` is ComfyUI's, or "preview" with the encoded picture in ``image``."""

    type: str
    data: dict[str, Any]
    image: bytes | None = None


class ComfyUI:
    """A running server, as a context manager.

    Args:
        root: the ComfyUI folder.
        base: a folder of its own for models, input, output, temp and user files; made if missing.
        packs: name in ``custom_nodes`` -> folder, linked there.
        arguments: more of ``main.py``'s arguments.
    """

    def __init__(
        self,
        root: Path,
        base: Path,
        packs: Mapping[str, Path] | None = None,
        arguments: Sequence[str] = (),
    ):
        self.root = root
        self.base = base
        self.packs = {"gan-atelier": PACK} if packs is None else packs
        self.arguments = arguments
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ComfyUI:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def start(self, timeout: float = 180) -> None:
        """Starts the server. After a stop, it has the same address as before."""
        for folder in ("custom_nodes", "input", "models", "output", "temp", "user"):
            (self.base / folder).mkdir(parents=True, exist_ok=True)
        for name, folder in self.packs.items():
            link = self.base / "custom_nodes" / name
            if not link.is_symlink():
                link.symlink_to(folder, target_is_directory=True)
        if not self.url:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        port = urllib.parse.urlsplit(self.url).port
        command = [comfyui_python(self.root), "main.py", "--cpu", "--listen", "127.0.0.1", "--port", str(port)]
        command += ["--base-directory", str(self.base), "--disable-api-nodes", *self.arguments]
        command += ["--database-url", f"sqlite:///{self.base / 'comfyui.db'}"]
        # A session of its own, so that stop() also ends the processes that the server started.
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.root,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        deadline = time.monotonic() + timeout
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"ComfyUI in {self.root} did not start. Its log ends:\n{self.log[-3000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for sent, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 10)):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, sent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(patience)
                return

    def _answers(self) -> bool:
        try:
            self.get("/system_stats")
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False
        return True

    @property
    def log_file(self) -> Path:
        return self.base / "comfyui.log"

    @property
    def log(self) -> str:
        """Returns the output of the server so far."""
        return self.log_file.read_text(errors="replace")

    def get(self, path: str, **query: str) -> bytes:
        query_string = f"?{urllib.parse.urlencode(query)}" if query else ""
        with urllib.request.urlopen(self.url + path + query_string, timeout=30) as response:
            return response.read()

    def get_json(self, path: str, **query: str) -> Any:
        return json.loads(self.get(path, **query))

    def post(self, path: str, payload: Mapping[str, Any]) -> Any:
        """Sends JSON, and returns the JSON of the answer, or None if it has no body."""
        request = urllib.request.Request(
            self.url + path, json.dumps(payload).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as response:
            body = response.read()
        return json.loads(body) if body else None

    def object_info(self, node_id: str) -> dict[str, Any]:
        """Returns the server's description of a node; empty if there is no such node."""
        return self.get_json(f"/object_info/{urllib.parse.quote(node_id)}").get(node_id, {})

    def queue(self, prompt: Mapping[str, Any]) -> Job:
        """Queues an API-format graph."""
        return Job(self, prompt)

    def run(self, prompt: Mapping[str, Any], timeout: float = 300) -> dict[str, Any]:
        """Queues an API-format graph and waits for it; returns the outputs by node id, as in the history."""
        return self.queue(prompt).wait(timeout)

    def interrupt(self) -> None:
        """Presses the stop button."""
        self.post("/interrupt", {})

    def picture(self, reference: Mapping[str, str]) -> np.ndarray:
        """Fetches an output picture, ``{"filename", "subfolder", "type"}``, as uint8 [H, W, C]."""
        keys = ("filename", "subfolder", "type")
        data = self.get("/view", **{key: reference[key] for key in keys})
        return np.asarray(Image.open(io.BytesIO(data)))

    def pictures(self, outputs: Mapping[str, Any]) -> dict[str, list[np.ndarray]]:
        """Returns all pictures among a prompt's outputs: node id -> a list of uint8 [H, W, C]."""
        return {
            node: [self.picture(reference) for reference in output["images"]]
            for node, output in outputs.items()
            if "images" in output
        }


class Job:
    """A queued prompt, with a websocket that receives its messages."""

    def __init__(self, server: ComfyUI, prompt: Mapping[str, Any]):
        self.server = server
        client = uuid.uuid4().hex
        address = server.url.replace("http", "ws", 1)
        self._socket = websocket.create_connection(f"{address}/ws?clientId={client}", timeout=30)
        try:
            self.id = server.post("/prompt", {"prompt": prompt, "client_id": client})["prompt_id"]
        except urllib.error.HTTPError as error:
            self._socket.close()
            raise PromptFailed(error.read().decode()) from error

    def events(self, timeout: float = 300) -> Iterator[Event]:
        """Yields messages about this prompt, including the final one. A later call continues where this one stopped.

        Raises:
            TimeoutError: nothing final arrived within ``timeout`` seconds.
        """
        final = ("execution_success", "execution_error", "execution_interrupted")
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                kind, content = self._socket.recv_data()
            except websocket.WebSocketTimeoutException:
                break
            if kind == websocket.ABNF.OPCODE_BINARY:
                if int.from_bytes(content[:4], "big") == PREVIEW_IMAGE:
                    yield Event("preview", {}, content[8:])
                continue
            message = json.loads(content)
            if message["data"].get("prompt_id") != self.id:
                continue
            event = Event(message["type"], message["data"])
            if event.type in final:
                self._socket.close()
                yield event
                return
            yield event
        raise TimeoutError(f"The prompt was not finished within {timeout:g} s. Log:\n{self.server.log[-3000:]}")

    def wait(self, timeout: float = 300) -> dict[str, Any]:
        """Waits for the end; returns the outputs by node id.

        Raises:
            PromptFailed: a node raised.
            PromptStopped: the prompt was interrupted.
        """
        *_, last = self.events(timeout)
        if last.type == "execution_interrupted":
            raise PromptStopped(last.data["node_type"])
        if last.type == "execution_error":
            data = last.data
            raise PromptFailed(f"{data['node_type']}: {data['exception_message']}\n{''.join(data['traceback'])}")
        # The history entry is written just after the message is sent.
        for _ in range(50):
            if entry := self.server.get_json(f"/history/{self.id}").get(self.id):
                return entry["outputs"]
            time.sleep(0.1)
        raise TimeoutError("The prompt succeeded, but never appeared in the history.")

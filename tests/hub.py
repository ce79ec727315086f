"""A small HTTP server on the loopback interface that imitates what a download uses of the Hugging Face Hub."""

import contextlib
import hashlib
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

REPOSITORY = "someone/models"
FILE = "folder/net.pth"


class Hub:
    """The server, as a context manager.

    Attributes:
        content: the file that the server announces, at the path ``FILE`` of the repository ``REPOSITORY``.
        sent: the bytes that it sends; tests replace them to imitate a damaged transfer.
        files: further files of the repository, by their paths.
        status: of the answers that lead to a file.
        token: if set, these answers are 401 unless this token is sent.
        break_at: the connection breaks once, after so many bytes of the file.
        large: whether the ETag is the file's sha256, as it is for large files.
        requests: (method, path, Range, Authorization) of every request.
    """

    def __init__(self, content: bytes, files: Mapping[str, bytes] | None = None, revision: str = "main"):
        self.content = self.sent = content
        self.files = dict(files or {})
        self.revision = quote(revision, safe="")
        self.status = 200
        self.token: str | None = None
        self.break_at: int | None = None
        self.large = True
        self.requests: list[tuple[str, str, str | None, str | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        # As on the real Hub, files come from another host than their metadata.
        self.storage = f"http://localhost:{self._server.server_port}"

    def __enter__(self) -> "Hub":
        threading.Thread(target=self._server.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def bodies(self) -> list[str | None]:
        """The Range headers of the requests for the file itself."""
        return [header for method, path, header, _ in self.requests if method == "GET" and path.startswith("/cdn")]

    def announced(self) -> dict[str, bytes]:
        """Every file, as the server announces it."""
        return {FILE: self.content} | self.files

    def _handler(hub):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                with contextlib.suppress(ConnectionError):  # the client has stopped
                    super().handle()

            def do_GET(self):
                hub.requests.append(
                    (self.command, self.path, self.headers.get("Range"), self.headers.get("Authorization"))
                )
                path, tree = self.path.split("?")[0], f"/api/models/{REPOSITORY}/tree/{hub.revision}"
                name = path.removeprefix(f"/{REPOSITORY}/resolve/{hub.revision}/")
                if path.startswith("/cdn/"):
                    self.body(path.removeprefix("/cdn/"))
                elif path == f"/api/models/{REPOSITORY}/revision/{hub.revision}":
                    self.answer_json({"id": REPOSITORY, "siblings": []})
                elif path.startswith(tree):
                    inside = path.removeprefix(tree).lstrip("/")
                    self.answer_json([{"type": "file", "path": name, "size": len(content), "oid": "0" * 40}
                                      for name, content in hub.announced().items()
                                      if name.rpartition("/")[0] == inside])  # fmt: skip
                elif name not in hub.announced() or hub.status == 404:
                    self.answer(404, {"X-Error-Code": "EntryNotFound"})
                elif hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
                    self.answer(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
                elif hub.status != 200:
                    self.answer(hub.status, {})
                else:
                    # The ETag of a large file is its sha256; that of a small file is the hash of its git blob.
                    content = hub.announced()[name]
                    digest = hashlib.sha256(content).hexdigest()
                    tag = digest if hub.large else digest[:40]
                    self.answer(302, {
                        "Location": f"{hub.storage}/cdn/{name}",
                        "X-Repo-Commit": "0" * 40,
                        "X-Linked-Etag": f'"{tag}"',
                        "X-Linked-Size": str(len(content)),
                        "X-Xet-Hash": digest,
                        "X-Xet-Refresh-Route": f"{hub.url}/xet-read-token",
                    })  # fmt: skip

            do_HEAD = do_GET

            def answer(self, status, headers, body=b""):
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def answer_json(self, value):
                self.answer(200, {"Content-Type": "application/json"}, json.dumps(value).encode())

            def body(self, name):
                content = hub.sent if name == FILE else hub.files[name]
                start, end = self.headers["Range"].removeprefix("bytes=").split("-")
                start, end, total = int(start), int(end), len(content)
                part = content[start : end + 1]
                if not part:
                    self.answer(416, {"Content-Range": f"bytes */{total}"})
                    return
                sent = part
                if hub.break_at is not None and hub.break_at < end:
                    sent, hub.break_at = part[: hub.break_at - start], None
                    self.close_connection = True
                headers = {
                    "Content-Length": str(len(part)),
                    "Content-Range": f"bytes {start}-{start + len(part) - 1}/{total}",
                }
                self.answer(206, headers, sent)

            def log_message(self, *arguments):
                pass

        return Handler

"""A small HTTP server on the loopback that speaks as much of the Hugging Face Hub's protocol as a download needs."""

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/someone/models/resolve/main/folder/net.pth"


class Hub:
    """The server, as a context manager.

    Attributes:
        content: the file.
        sent: what is sent for it; another thing than ``content`` after ``corrupt``.
        status: of the answers at ``PATH``; others are "gated" until ``token`` is sent.
        break_at: the connection breaks after so many bytes, once.
        requests: (method, path, Range, Authorization) of everything that arrived.
    """

    def __init__(self, content: bytes):
        self.content = self.sent = content
        self.status = 200
        self.token: str | None = None
        self.break_at: int | None = None
        self.large = True
        self.requests: list[tuple[str, str, str | None, str | None]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        # As with the real one, files come from another host than what is said of them.
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
        return [header for method, path, header, _ in self.requests if method == "GET" and path == "/cdn"]

    def _handler(hub):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self):
                with contextlib.suppress(ConnectionError):  # the other side has stopped
                    super().handle()

            def do_GET(self):
                hub.requests.append(
                    (self.command, self.path, self.headers.get("Range"), self.headers.get("Authorization"))
                )
                if self.path == "/cdn":
                    self.body()
                elif self.path != PATH or hub.status == 404:
                    self.answer(404, {"X-Error-Code": "EntryNotFound"})
                elif hub.token and self.headers.get("Authorization") != f"Bearer {hub.token}":
                    self.answer(401, {"X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted."})
                elif hub.status != 200:
                    self.answer(hub.status, {})
                else:
                    # Large files have their hash for a tag, small ones that of their git blob.
                    tag = hub.sha256 if hub.large else hub.sha256[:40]
                    self.answer(302, {
                        "Location": f"{hub.storage}/cdn",
                        "X-Repo-Commit": "0" * 40,
                        "X-Linked-Etag": f'"{tag}"',
                        "X-Linked-Size": str(len(hub.content)),
                    })  # fmt: skip

            do_HEAD = do_GET

            def answer(self, status, headers):
                self.send_response(status)
                for name, value in ({"Content-Length": "0"} | headers).items():
                    self.send_header(name, value)
                self.end_headers()

            def body(self):
                start = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").split("-")[0])
                rest = hub.sent[start:]
                total = len(hub.sent)
                headers = {"Content-Length": str(len(rest))}
                if start:
                    headers["Content-Range"] = f"bytes {start}-{total - 1}/{total}"
                self.answer(206 if start else 200, headers)
                if self.command == "HEAD":
                    return
                if hub.break_at is not None:
                    rest, hub.break_at = rest[: hub.break_at], None
                    self.close_connection = True
                self.wfile.write(rest)

            def log_message(self, *arguments):
                pass

        return Handler

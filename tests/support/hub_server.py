"""A hub of models over real HTTP: addresses, sizes and checksums as on the real one, and its accidents."""

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub:
    """What the hub has, and how it behaves.

    Attributes:
        files: Contents by ``owner/repository/file``.
        endpoint: What ``HF_ENDPOINT`` must be.
        requested: Method, path and ``Range`` of each request, in order.
        tokens: What came as authorisation with each request to the hub, and apart from it to its storage.
        cut_after: Bytes after which each of the next downloads breaks off.
        wrong: Send other bytes than were promised, of the same length.
        longer: Send more bytes than were promised.
        ranges: Whether a part of a file can be asked for.
        status: Answer everything with this status and ``X-Error-Code`` instead.
        error_code: The hub's word for the error.
        checksums: Whether it gives any.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.endpoint = ""
        self.port = 0
        self.requested: list[tuple[str, str, str]] = []
        self.tokens: list[str] = []
        self.storage_tokens: list[str] = []
        self.cut_after: list[int] = []
        self.wrong = False
        self.longer = False
        self.ranges = True
        self.status = 0
        self.error_code = ""
        self.checksums = True

    @property
    def ranges_asked(self) -> list[str]:
        """The ``Range`` of each download from the storage."""
        return [
            asked for method, path, asked in self.requested if method == "GET" and path.startswith("/cdn/")
        ]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    hub: Hub


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def hub(self) -> Hub:
        assert isinstance(self.server, _Server)
        return self.server.hub

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def _answer(self, *, body: bool) -> None:
        self.hub.requested.append((self.command, self.path, self.headers.get("Range", "")))
        token = self.headers.get("Authorization", "")
        (self.hub.storage_tokens if self.path.startswith("/cdn/") else self.hub.tokens).append(token)
        if self.hub.status:
            self._send(self.hub.status, {"X-Error-Code": self.hub.error_code}, b"{}" if body else b"")
        elif self.path.startswith("/cdn/"):
            self._send_file(self.hub.files[self.path.removeprefix("/cdn/")])
        elif listed := re.match(r"/api/models/([^/]+/[^/]+)/tree/", self.path):
            self._send_tree(listed[1])
        elif found := re.match(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", self.path):
            self._send_address(found[1], found[2])
        else:
            self._send(404, {}, b"")

    def _send_address(self, repository: str, name: str) -> None:
        if not any(path.startswith(f"{repository}/") for path in self.hub.files):
            self._send(404, {"X-Error-Code": "RepoNotFound"}, b"")
            return
        content = self.hub.files.get(f"{repository}/{name}")
        if content is None:
            self._send(404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b"")
            return
        headers = {
            "X-Repo-Commit": COMMIT,
            "X-Linked-Size": str(len(content)),
            # The storage is another host: this one by its other name.
            "Location": f"http://localhost:{self.hub.port}/cdn/{repository}/{name}",
        }
        if self.hub.checksums:
            headers["X-Linked-Etag"] = f'"{hashlib.sha256(content).hexdigest()}"'
        self._send(302, headers, b"")

    def _send_tree(self, repository: str) -> None:
        listed = [
            {"type": "file", "path": path.removeprefix(f"{repository}/"), "size": 1, "oid": "0"}
            for path in self.hub.files
            if path.startswith(f"{repository}/")
        ]
        if not listed:
            self._send(404, {"X-Error-Code": "RepoNotFound"}, b"")
            return
        self._send(200, {"Content-Type": "application/json"}, json.dumps(listed).encode())

    def _send_file(self, content: bytes) -> None:
        sent = bytes(255 - byte for byte in content) if self.hub.wrong else content
        sent += b"more" if self.hub.longer else b""
        start = int((self.headers.get("Range", "") or "bytes=0-")[6:-1]) if self.hub.ranges else 0
        status = 206 if start else 200
        rest = sent[start:]
        self.send_response(status)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        cut = self.hub.cut_after.pop(0) if self.hub.cut_after else len(rest)
        self.wfile.write(rest[:cut])
        if cut < len(rest):
            self.wfile.flush()
            self.close_connection = True

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def hub_of(files: dict[str, bytes]) -> Iterator[Hub]:
    """Run a hub on loopback, its storage on a host of another name."""
    hub = Hub(files)

    server = _Server(("127.0.0.1", 0), _Handler)
    server.hub = hub
    hub.port = server.server_port
    hub.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)

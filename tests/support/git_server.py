"""A real git server over HTTPS: ``git http-backend`` behind a small server with a certificate of its own."""

import base64
import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

USER, PASSWORD = "somebody", "a-password-of-the-tests"


@dataclass
class GitServer:
    """A server of the repositories below a folder.

    Attributes:
        folder: The folder, with the certificate in it.
        port: Its port on loopback.
        locked: Whether it wants the name and the password.
        redirect: Where it sends everybody, or empty.
        requests: What it was asked: method and path with the query.
    """

    folder: Path
    port: int = 0
    locked: bool = False
    redirect: str = ""
    requests: list[str] = field(default_factory=list)

    @property
    def certificate(self) -> Path:
        """The file of the certificate."""
        return self.folder / "certificate.pem"

    def url(self, name: str = "shop.git") -> str:
        """Return the address of a repository."""
        return f"https://127.0.0.1:{self.port}/{name}"

    def repository(self, name: str = "shop.git") -> Path:
        """Return the folder of a repository, which is made if there is none; it takes pushes."""
        place = self.folder / name
        if not place.exists():
            subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(place)], check=True)
            subprocess.run(["git", "-C", str(place), "config", "http.receivepack", "true"], check=True)
        return place


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that go away."""


@contextmanager
def git_server(folder: Path) -> Iterator[GitServer]:
    """Serve git repositories on loopback."""
    folder.mkdir(parents=True)
    server = GitServer(folder)
    certificate, key = server.certificate, folder / "key.pem"
    making = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", "/CN=codelab tests", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*making, *names, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Server(("127.0.0.1", 0), _handler(server)) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        server.port = listening.server_address[1]
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            thread.join()


def _handler(server: GitServer) -> type[http.server.BaseHTTPRequestHandler]:
    allowed = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            """Answer what reads."""
            self._answer()

        def do_POST(self) -> None:
            """Answer what sends."""
            self._answer()

        def _answer(self) -> None:
            server.requests.append(f"{self.command} {self.path}")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if server.redirect:
                self.send_response(301)
                self.send_header("Location", f"{server.redirect}{self.path}")
            elif server.locked and self.headers.get("Authorization") != allowed:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
            else:
                self._ask_git(body)
                return
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _ask_git(self, body: bytes) -> None:
            path, _, query = self.path.partition("?")
            environment = {
                "PATH": "/usr/bin:/bin",
                "GIT_PROJECT_ROOT": str(server.folder),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_GLOBAL": "/dev/null",
                "GIT_CONFIG_COUNT": "1",
                "GIT_CONFIG_KEY_0": "safe.directory",
                "GIT_CONFIG_VALUE_0": "*",
                "REQUEST_METHOD": self.command,
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "REMOTE_USER": USER,
                "REMOTE_ADDR": "127.0.0.1",
            }
            done = subprocess.run(
                ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self.send_response(int(headers.pop("Status", "200").split()[0]))
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
